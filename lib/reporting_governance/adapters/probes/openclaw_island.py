"""A gateway of OpenClaw where it reaches nobody: a home of its own, and a network that is loopback and its peers only.

Its processes are children of ours in groups of their own, and are killed by the id with which they were started.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from reporting_governance.adapters.probes.interface import NotHere, ProbeStopped, Setting
from reporting_governance.adapters.probes.running import Actors

PLUGIN = "reporting-governance"
_PORT = 18789
Answer = TypeVar("Answer")


class Island:
    """One gateway.  Use as a context manager.  Raises: NotHere where the program is not, or cannot be cut off."""

    def __init__(self, setting: Setting) -> None:
        words = setting.hosts.get("openclaw")
        if not words:
            raise NotHere(reason="OpenClaw's program is not on this machine, or not named")
        missing = [each for each in ("unshare", "nsenter") if shutil.which(each) is None]
        if missing or sys.platform != "linux":
            raise NotHere(reason="this machine cannot cut OpenClaw off from the network (unshare, nsenter)")
        self.setting = setting
        self.folder = os.path.join(setting.scratch, "island")
        self.home = os.path.join(self.folder, "home")
        self.state = os.path.join(self.home, ".openclaw")
        self._words = tuple(words)
        self._started: list[subprocess.Popen[bytes]] = []
        os.makedirs(self.state, mode=0o700)

    def __enter__(self) -> Island:
        peers = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openclaw_peers.py")
        argv = ["unshare", "-rn", sys.executable, "-I", peers, self.folder]
        try:
            self._peers = self._start(argv, "peers.log")
            self.port = int(self.until(self._port, "the peers of OpenClaw"))
            self._configure()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        for process in reversed(self._started):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def _port(self) -> str:
        if self._started[0].poll() is not None:
            raise NotHere(
                reason=f"this machine cannot cut OpenClaw off from the network: {self.text('peers.log')[-200:]}"
            )
        return self.text("port")

    def _configure(self) -> None:
        base = f"http://127.0.0.1:{self.port}"
        model = {"id": "m", "name": "m", "contextWindow": 128000, "maxTokens": 4096, "input": ["text"]}
        provider = {"baseUrl": f"{base}/v1", "apiKey": "prober", "api": "openai-completions"}
        auth = {"mode": "token", "token": "prober"}
        config = {
            "gateway": {"mode": "local", "bind": "loopback", "port": _PORT, "auth": auth},
            "channels": {
                "telegram": {"enabled": True, "botToken": "42:prober", "apiRoot": base, "dmPolicy": "disabled"}
            },
            "models": {"providers": {"prober": {**provider, "models": [{**model, "reasoning": False}]}}},
            "agents": {"defaults": {"model": {"primary": "prober/m"}}},
            "tools": {"toolSearch": False},
        }
        with open(os.path.join(self.state, "openclaw.json"), "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2)

    def environment(self) -> dict[str, str]:
        """Return the whole environment of OpenClaw's processes."""
        return {
            "HOME": self.home,
            "OPENCLAW_HOME": self.home,
            "OPENCLAW_STATE_DIR": self.state,
            "NO_COLOR": "1",
            "CI": "1",
            "PATH": f"{os.path.dirname(self._words[0])}:/usr/local/bin:/usr/bin:/bin",
        }

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs OpenClaw on the island."""
        inside = ["nsenter", "-t", str(self._peers.pid), "-U", "-n", "--preserve-credentials"]
        return [*inside, *self._words, *words]

    def script(self, name: str, line: str) -> str:
        """Write a program of one line; its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{line}\n")
        os.chmod(path, 0o700)
        return path

    def program(self) -> str:
        """Return a program that is OpenClaw on this island."""
        variables = [f"{name}={value}" for name, value in self.environment().items()]
        return self.script("openclaw", f'exec env -i {shlex.join(variables)} {shlex.join(self.command())} "$@"')

    def run(self, *words: str) -> str:
        """Run OpenClaw to its end and return its standard output.  Raises: ProbeStopped."""
        process = subprocess.Popen(
            self.command(*words), env=self.environment(), cwd=self.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._started.append(process)
        try:
            out, err = process.communicate(timeout=max(0.1, self.setting.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise ProbeStopped(reason=f"openclaw {words[0]} did not end in time") from None
        if process.returncode != 0:
            said = err.decode("utf-8", "replace").strip()[-200:]
            raise ProbeStopped(reason=f"openclaw {words[0]} ended with {process.returncode}: {said}")
        return out.decode("utf-8", "replace")

    def start_gateway(self) -> None:
        """Start the gateway and return when it answers.  Raises: ProbeStopped."""
        gateway = self._start(self.command("gateway", "run"), "gateway.log")

        def answers() -> bool:
            if gateway.poll() is not None:
                raise ProbeStopped(reason=f"the gateway ended: {self.text('gateway.log')[-200:]}")
            try:
                self.run("cron", "list", "--json")
            except ProbeStopped:
                return False
            return True

        self.until(answers, "the gateway")

    def begin(self, *words: str) -> None:
        """Start OpenClaw and leave it at work."""
        self._start(self.command(*words), "begun.log")

    def turn(self, chat: str, words: str) -> None:
        """Let an agent take a turn whose answer goes to a chat."""
        session = ("--agent", "main", "--session-id", f"s{chat}", "--message", words)
        self.run("agent", *session, "--deliver", "--channel", "telegram", "--reply-to", chat, "--json")

    def arrives(self, chat: str) -> str:
        """Return the first text that arrives in a chat.  Raises: ProbeStopped where none does."""
        return self.until(lambda: "\n".join(self._arrived(chat)), f"a message to {chat}")

    def _arrived(self, chat: str) -> list[str]:
        sent = [each["body"] for each in self.requests() if each.get("method") == "sendMessage"]
        return [str(each["text"]) for each in sent if str(each["chat_id"]) == chat]

    def requests(self) -> list[dict[str, Any]]:
        """Return what the peers were asked."""
        return [json.loads(line) for line in self.text("requests.jsonl").splitlines()]

    def text(self, name: str) -> str:
        """Return a file of the island; empty when it is not there."""
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def until(self, question: Callable[[], Answer], what: str) -> Answer:
        """Ask until the answer is true, and return it.  Raises: ProbeStopped at the deadline."""
        while time.monotonic() < self.setting.deadline:
            answer = question()
            if answer:
                return answer
            time.sleep(0.2)
        raise ProbeStopped(reason=f"{what} did not come in time")

    def _start(self, argv: Sequence[str], output: str) -> subprocess.Popen[bytes]:
        with open(os.path.join(self.folder, output), "ab") as log:
            process = subprocess.Popen(
                list(argv), env=self.environment(), cwd=self.home, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._started.append(process)
        return process


def put_plugin_in(island: Island, actors: Actors) -> None:
    """Put our plugin into the gateway as an operator does; its gate is the program that is probed."""
    actors.run(
        [*actors.setting.program, "gate", "install", "--host", "openclaw", "--write", "--program", island.program(),
         "--state", actors.state, "--profile", actors.setting.profile],
    )  # fmt: skip
    gate = island.script("gate", f'exec {shlex.join([*actors.setting.program, "gate"])} "$@"')
    island.run("config", "set", f"plugins.entries.{PLUGIN}.config.command", json.dumps([gate]), "--strict-json")
