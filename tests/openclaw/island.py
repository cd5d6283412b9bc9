"""A real OpenClaw on an island: a network namespace with nothing but loopback, a home of its own, and two peers.

The peers' process holds the namespace; every OpenClaw process is started into it with nsenter.  Everything is stopped
by process id, and only what was started here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .install import Program

GATEWAY_PORT = 18789
TOKEN = "synthetic-token"


class Island:
    """One scratch folder with a home, peers and at most one gateway.  Use as a context manager."""

    def __init__(
        self,
        folder: Path,
        program: Program,
        *,
        tools: dict[str, Any] | None = None,
        telegram: dict[str, Any] | None = None,
    ) -> None:
        self.folder = folder
        self.program = program
        self.home = folder / "home"
        self.state = self.home / ".openclaw"
        self.tools = tools or {}
        self.telegram = {"dmPolicy": "disabled", **(telegram or {})}
        self._updates = 0
        self._started: list[subprocess.Popen[bytes]] = []
        self.gateway: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Island:
        self.state.mkdir(parents=True)
        peers = Path(__file__).with_name("peers.py")
        self.peers = subprocess.Popen(
            ["unshare", "-rn", sys.executable, str(peers), str(self.folder)], start_new_session=True
        )
        self._started.append(self.peers)
        self.port = int(self.wait_for(lambda: self._read("port"), 20, "the peers' port"))
        self._write_config(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._started):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)

    def _read(self, name: str) -> str | None:
        path = self.folder / name
        return path.read_text() if path.exists() else None

    def _write_config(self, port: int) -> None:
        base = f"http://127.0.0.1:{port}"
        model = {
            "id": "m",
            "name": "m",
            "contextWindow": 128000,
            "maxTokens": 4096,
            "input": ["text"],
            "reasoning": False,
        }
        config = {
            "gateway": {
                "mode": "local",
                "bind": "loopback",
                "port": GATEWAY_PORT,
                "auth": {"mode": "token", "token": TOKEN},
            },
            "channels": {"telegram": {"enabled": True, "botToken": "42:synthetic", "apiRoot": base, **self.telegram}},
            "models": {
                "providers": {
                    "fake": {
                        "baseUrl": f"{base}/v1",
                        "apiKey": "synthetic",
                        "api": "openai-completions",
                        "models": [model],
                    }
                }
            },
            "agents": {"defaults": {"model": {"primary": "fake/m"}}},
            "tools": {"toolSearch": False, **self.tools},
        }
        (self.state / "openclaw.json").write_text(json.dumps(config, indent=2))

    def environment(self) -> dict[str, str]:
        """Return the whole environment an OpenClaw process gets."""
        return {
            "HOME": str(self.home),
            "OPENCLAW_HOME": str(self.home),
            "OPENCLAW_STATE_DIR": str(self.state),
            "NO_COLOR": "1",
            "CI": "1",
            "PATH": f"{self.program.node.parent}:/usr/bin:/bin",
        }

    def inside(self, *command: str) -> list[str]:
        """Return the command line that runs any program inside the island."""
        return ["nsenter", "-t", str(self.peers.pid), "-U", "-n", "--preserve-credentials", *command]

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs OpenClaw inside the island."""
        return self.inside(str(self.program.node), str(self.program.openclaw), *arguments)

    def start(self, *arguments: str, output: str) -> subprocess.Popen[bytes]:
        """Start OpenClaw and leave it running; its output goes to `output` in the island's folder."""
        with (self.folder / output).open("ab") as log:
            process = subprocess.Popen(
                self.command(*arguments),
                env=self.environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def run(self, *arguments: str, seconds: float = 120, check: bool = True) -> str:
        """Run OpenClaw to its end and return its standard output."""
        process = subprocess.Popen(
            self.command(*arguments),
            env=self.environment(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        if check and process.returncode != 0:
            said = f"{out.decode()}\n{err.decode()[-3000:]}"
            raise AssertionError(f"openclaw {' '.join(arguments)} ended with {process.returncode}:\n{said}")
        return out.decode()

    def json(self, *arguments: str, seconds: float = 120) -> Any:
        """Run OpenClaw with --json and return the parsed answer."""
        return json.loads(self.run(*arguments, "--json", seconds=seconds))

    def start_gateway(self) -> None:
        """Start the gateway and return when it answers."""
        self.gateway = self.start("gateway", "run", output="gateway.log")
        self.wait_for(self._gateway_answers, 240, "the gateway")

    def _gateway_answers(self) -> bool:
        assert self.gateway is not None
        if self.gateway.poll() is not None:
            raise AssertionError(f"the gateway ended: {self._read('gateway.log')}")
        try:
            self.run("cron", "list", "--json", seconds=60)
        except AssertionError:
            return False
        return True

    def kill_gateway(self) -> None:
        """kill -9 the gateway's whole process group."""
        assert self.gateway is not None
        os.killpg(self.gateway.pid, signal.SIGKILL)
        self.gateway.wait(timeout=30)
        self.gateway = None

    def stop_gateway(self, seconds: float = 60) -> int:
        """Ask the gateway to stop, wait, and return its exit status."""
        assert self.gateway is not None
        os.kill(self.gateway.pid, signal.SIGTERM)
        status = self.gateway.wait(timeout=seconds)
        self.gateway = None
        return status

    def telegram_fails(self, how: int | str | None) -> None:
        """Let every sendMessage fail with this HTTP status, or as a word of peers.py says; None: succeed again."""
        path = self.folder / "telegram-status"
        if how is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(str(how))

    def telegram_says(self, chat: str, text: str) -> None:
        """Let a person write to the bot; needs `telegram` of `{"dmPolicy": "open", "allowFrom": ["*"]}`."""
        self._updates += 1
        who = {"id": int(chat), "first_name": "Person", "is_bot": False}
        message = {
            "message_id": 9000 + self._updates,
            "date": int(time.time()),
            "chat": {"id": int(chat), "type": "private", "first_name": "Person"},
            "from": who,
            "text": text,
        }
        with (self.folder / "updates.jsonl").open("a") as updates:
            updates.write(json.dumps({"update_id": 100 + self._updates, "message": message}) + "\n")

    def requests(self) -> list[dict[str, Any]]:
        """Return what the peers were asked so far."""
        return [json.loads(line) for line in (self._read("requests.jsonl") or "").splitlines()]

    @property
    def database(self) -> Path:
        """The state database the gateway writes."""
        return self.state / "state" / "openclaw.sqlite"

    @staticmethod
    def wait_for(question: Any, seconds: float, what: str) -> Any:
        """Ask until the answer is true, and return it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := question():
                return found
            time.sleep(0.2)
        raise AssertionError(f"waited {seconds} s for {what}")


def can_isolate() -> str | None:
    """Return why this machine cannot make an island, or None when it can."""
    if sys.platform != "linux":
        return "network namespaces need Linux"
    for tool in ("unshare", "nsenter", "ip"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    done = subprocess.run(
        ["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True, text=True, timeout=20, check=False
    )
    return None if done.returncode == 0 else f"unshare -rn fails: {done.stderr.strip()}"
