"""Starts our programs for a probe: no shell, a minimal environment, an own process group that does not outlive them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from reporting_governance.adapters.probes.interface import ProbeStopped, Setting

MOST_OUTPUT_BYTES = 8 * 1024 * 1024
_UNREPORTED = "import sys, time; open('sent.txt', 'w').write(sys.argv[1]); time.sleep(600)"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def own_program() -> tuple[str, ...]:
    """Return the words that start this very package, as `bin/` does."""
    return (sys.executable, "-I", os.path.join(_PACKAGE, "__main__.py"))


class Actors:
    """The programs of one story, on one scratch folder, and all that they said.

    Every record of the state folder is read from the journal itself, not from what a verb says about it.
    """

    def __init__(self, setting: Setting, **environment: str) -> None:
        self.setting = setting
        self.state = os.path.join(setting.scratch, "state")
        self.home = os.path.join(setting.scratch, "home")
        self.said: list[Mapping[str, Any]] = []
        self._environment = environment
        os.mkdir(self.home, 0o700)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the whole environment of what is started: nothing of ours leaks into it."""
        fixed = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": self.home,
            "LANG": "C.UTF-8",
            "OPENCLAW_STATE_DIR": os.path.join(self.setting.scratch, "openclaw"),
            "CLAUDE_CONFIG_DIR": os.path.join(self.setting.scratch, "claude"),
        }
        return {**fixed, **self._environment, **more}

    def verb(
        self,
        verb: str,
        *words: str,
        ends: Sequence[int] = (0,),
        given: object = None,
        state: str | None = None,
        profile: str | None = None,
    ) -> Any:
        """Run one of our verbs with `--format json` and return its answer.

        Args:
            ends: exit codes that are expected.
            given: what stands on its standard input, as plain data; a text stands there as it is.

        Raises: ProbeStopped for another exit code, or an answer that is no JSON.
        """
        options = ("--state", state or self.state, "--profile", profile or self.setting.profile, "--format", "json")
        text = self.run([*self.setting.program, verb, *words, *options], ends=ends, given=given)
        return self._parsed(text, verb)

    def report(self, *check_ins: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Hand in check-ins, as agents do; what each was answered."""
        lines = "".join(f"{json.dumps(each)}\n" for each in check_ins)
        return list(self.verb("report", "-", given=lines)["results"])

    def gate(self, host: str, document: object, *, ends: Sequence[int] = (0,), **more: str) -> Any:
        """Ask the gate as a host does, and return its answer in the host's words; {} where it says nothing."""
        options = ("--host", host, "--state", self.state, "--profile", self.setting.profile)
        text = self.run([*self.setting.program, "gate", *options], ends=ends, given=document, **more)
        return self._parsed(text, "gate") if text.strip() else {}

    def run(self, argv: Sequence[str], *, ends: Sequence[int] = (0,), given: object = None, **more: str) -> str:
        """Run any program to its end and return its standard output.  Raises: ProbeStopped."""
        left = self.setting.deadline - time.monotonic()
        if left <= 0:
            raise ProbeStopped(reason="the time for this probe is over")
        process = subprocess.Popen(
            list(argv),
            env=self.environment(**more),
            cwd=self.setting.scratch,
            stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        name = " ".join(argv[len(self.setting.program) :][:2]) or argv[0]
        try:
            text = given if isinstance(given, str) else json.dumps(given)
            raw = None if given is None else text.encode()
            out, err = process.communicate(raw, timeout=left)
        except subprocess.TimeoutExpired:
            raise ProbeStopped(reason=f"{name} did not end in time") from None
        finally:
            _end(process)
        self.said.append({"argv": list(argv), "given": given, "code": process.returncode, "out": _text(out)})
        if process.returncode not in ends:
            last = _text(err).strip().splitlines()[-1:] or [""]
            raise ProbeStopped(reason=f"{name} ended with {process.returncode}: {last[0][:200]}")
        return _text(out)

    def _parsed(self, text: str, verb: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise ProbeStopped(reason=f"{verb} did not answer in JSON") from None

    def lines(self) -> Iterator[Mapping[str, Any]]:
        """Yield every line of the journal."""
        folder = os.path.join(self.state, "journal", "log")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            with open(os.path.join(folder, name), encoding="utf-8") as log:
                for line in log:
                    yield json.loads(line)

    def records(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the bodies of all records of a kind, oldest first."""
        found = (line.get("record") for line in self.lines())
        return [each["body"] for each in found if each is not None and each["kind"] == kind]

    def files(self, folder: str) -> list[str]:
        """Return the names of what lies in a folder of the state."""
        path = os.path.join(self.state, folder)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def text(self, path: str) -> str:
        """Return a file below the state folder; empty when it is not there."""
        try:
            with open(os.path.join(self.state, path), encoding="utf-8", errors="replace") as file:
                return file.read(MOST_OUTPUT_BYTES)
        except FileNotFoundError:
            return ""

    def kept(self) -> str:
        """Return all that is kept, records and what is stored apart, as one text."""
        parts = [json.dumps(line, ensure_ascii=False) for line in self.lines()]
        for name in self.files("blobs"):
            with open(os.path.join(self.state, "blobs", name), encoding="utf-8", errors="replace") as blob:
                parts.append(blob.read(MOST_OUTPUT_BYTES))
        return "\n".join(parts)

    def wait(self, seconds: float) -> None:
        """Let time pass.  Raises: ProbeStopped where there is none left."""
        if time.monotonic() + seconds >= self.setting.deadline:
            raise ProbeStopped(reason="the time for this probe is over")
        time.sleep(seconds)

    def evidence(self) -> str:
        """Return the digest of all that was said and recorded."""
        whole = {"said": self.said, "journal": list(self.lines())}
        return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    @contextmanager
    def unreported(self, words: str) -> Iterator[int]:
        """Keep an agent at work that never checks in, and hands its words to a file of its own; its process id."""
        argv = [sys.executable, "-I", "-c", _UNREPORTED, words]
        process = subprocess.Popen(
            argv, env=self.environment(), cwd=self.setting.scratch, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process.pid
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and of all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait()


def _text(data: bytes) -> str:
    return data[:MOST_OUTPUT_BYTES].decode("utf-8", "replace")
