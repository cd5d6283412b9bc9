"""What is no network: an outbox, programs, a folder for somebody else."""

import fcntl
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.adapters.senders.openclaw_peer import NEW, TOLD, captured
from tests.fault_matrix.peer import GIVEN_ID, Got

FILLED = 600_000  #: bytes before the disk is full: more than the journal ever has here


class Outbox:
    """A file of JSON lines."""

    def __init__(self, sender: str, fault: str, folder: Path, root: Path) -> None:
        self._shown_path = f"outbox/{folder.name}.jsonl"
        self._path = root / self._shown_path
        if fault == "one of two":
            fault = "refused"
        self._fault = fault
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if fault == "refused":
            self._path.mkdir()
        elif fault == "hang":
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        elif fault == "truncated":
            self._path.write_bytes(b"x" * FILLED + b"\n")

    def parameters(self) -> Mapping[str, Any]:
        return {"path": self._shown_path}

    def heal(self) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        if self._fault == "refused":
            self._path.rmdir()

    def got(self) -> Sequence[Got]:
        if not self._path.is_file():
            return []
        found, offset = [], 0
        for line in self._path.read_bytes().splitlines(keepends=True):
            try:
                document = json.loads(line)
            except ValueError:  # a line that was cut is no message
                document = None
            if document is not None:
                found.append(Got.of(document["subject"], place=str(offset)))
            offset += len(line)
        return found

    def outside(self, attempts: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        return ()

    def close(self) -> None:
        os.close(self._lock)


#: Takes the message as `command` and `openclaw` give it, then ends as `mode.json` says; `got` counts what it has done.
_PROGRAM = """
import json, os, signal, sys, time
folder = sys.argv[1]
mode = json.load(open(folder + "/mode.json"))
given = [each.partition("=")[2] for each in sys.argv if each.startswith("--message=")] or [sys.stdin.readline()]
if mode["then"] == "kill":
    os.kill(int(open(folder + "/bridge.pid").read()), signal.SIGKILL)
    sys.exit(1)
if mode["got"]:
    with open(folder + "/got.jsonl", "a") as notes:
        notes.write(json.dumps(given[0]) + "\\n")
if mode["then"] == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
while mode["then"] in ("hang", "drip"):
    time.sleep(0.1)
    if mode["then"] == "drip":
        print(end="x", flush=True)
if mode["then"] == "late":
    time.sleep(3)
sys.stderr.write(mode["stderr"])
sys.stdout.write(mode["stdout"])
sys.stdout.flush()
sys.exit(mode["exit"])
"""


def _ends(got: bool = True, then: str = "", code: int = 0, stdout: str = "", stderr: str = "") -> dict[str, Any]:
    return {"got": got, "then": then, "exit": code, "stdout": stdout, "stderr": stderr}


_STORED = json.dumps({"proof": "stored", "id": GIVEN_ID})
_COMMAND: Mapping[str, Mapping[str, Any]] = {
    "no fault": _ends(stdout=_STORED),
    "hang": _ends(then="hang"),
    "drip": _ends(then="drip"),
    "reset": _ends(got=False, then="crash"),
    "truncated": _ends(stdout=_STORED[:15]),
    "4xx": _ends(got=False, code=3, stdout=json.dumps({"reason": "no such user"})),
    "429": _ends(got=False, code=75, stdout=json.dumps({"retry_after_seconds": 120})),
    "5xx": _ends(got=False, code=75),
    "200 ok:false": _ends(got=False, stdout=json.dumps({"ok": False, "error": "channel_not_found"})),
    "HTML page": _ends(got=False, stdout="<!DOCTYPE html><html>Please sign in</html>"),
    "drop": _ends(then="crash"),
    "kill -9 during": _ends(got=False, then="kill"),
    "late answer": _ends(then="late", stdout=_STORED),
}


def _openclaw() -> Mapping[str, Mapping[str, Any]]:
    """Return how OpenClaw's program ends, in what it was seen to print (`tests/openclaw/outputs`)."""
    known = {**TOLD, **captured(NEW)}

    def printed(name: str, got: bool) -> dict[str, Any]:
        return _ends(got=got, code=known[name]["exit"], stdout=known[name]["stdout"], stderr=known[name]["stderr"])

    sent = printed("sent", True)
    return {
        "no fault": sent,
        "refused": printed("unreachable", False),
        "DNS": printed("unknown-name", False),
        "hang": _ends(then="hang"),
        "drip": _ends(then="drip"),
        "reset": printed("gateway-closed", False),
        "truncated": {**sent, "stdout": sent["stdout"][:60]},
        "4xx": printed("403", False),
        "429": printed("429", False),
        "5xx": printed("500", False),
        "200 ok:false": printed("payload-not-ok", False),
        "HTML page": printed("page", False),
        "drop": printed("drops", True),
        "kill -9 during": _ends(got=False, then="kill"),
        "late answer": {**sent, "then": "late"},
    }


class ProgramPeer:
    """A program, for `command` and for `openclaw`."""

    def __init__(self, sender: str, fault: str, folder: Path, root: Path) -> None:
        self._sender = sender
        self._folder = folder
        self._fault = fault
        self._modes = _COMMAND if sender == "command" else _openclaw()
        self._is_healthy = fault == "no fault"
        (folder / "program.py").write_text(_PROGRAM)
        self._end_as(self._modes.get("4xx" if fault == "one of two" else fault, self._modes["no fault"]))

    def _end_as(self, mode: Mapping[str, Any]) -> None:
        (self._folder / "mode.json").write_text(json.dumps(mode))

    def parameters(self) -> Mapping[str, Any]:
        limit = 1 if self._fault in ("hang", "drip", "late answer") and not self._is_healthy else 100
        argv = [sys.executable, str(self._folder / "program.py"), str(self._folder)]
        if self._sender == "openclaw":
            return {"channel": "telegram", "to": "4242", "command": argv, "timeout_seconds": limit}
        if self._fault == "refused" and not self._is_healthy:
            argv = ["/no/such/program"]
        return {"argv": argv, "timeout_seconds": limit, "best_proof": "stored"}

    def heal(self) -> None:
        self._is_healthy = True
        self._end_as(self._modes["no fault"])

    def got(self) -> Sequence[Got]:
        notes = self._folder / "got.jsonl"
        place = GIVEN_ID if self._sender == "command" else "101"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [Got.of(json.loads(line), place=place) for line in lines]

    def outside(self, attempts: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Hand in what the program found out when nobody listened any more; OpenClaw's knows nothing of attempts."""
        if self._fault != "late answer" or self._sender != "command":
            return ()
        told = {"attempt_id": attempts[0], "proof": "stored", "id": "late-1", "evidence": {"id": GIVEN_ID}}
        return (told,)

    def close(self) -> None:
        """Nothing lives on."""


class OuterRuntime:
    """A folder, and a runtime outside that takes files from it and says what became of them."""

    def __init__(self, sender: str, fault: str, folder: Path, root: Path) -> None:
        self._folder = root / f"handed-over-{folder.name}"
        self._fault = fault
        self._got: list[Got] = []
        self._late: list[Mapping[str, Any]] = []
        if fault == "refused":
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            self._folder.write_text("a file where a folder should be")

    def parameters(self) -> Mapping[str, Any]:
        return {"folder": self._folder.name}

    def heal(self) -> None:
        if self._fault == "refused":
            self._folder.unlink()

    def got(self) -> Sequence[Got]:
        return list(self._got)

    def outside(self, attempts: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Take what lies there, send it, and hand in a receipt."""
        if self._fault == "hang":
            return ()
        said: list[Mapping[str, Any]] = []
        for path in sorted(self._folder.glob("*.json")):
            document = json.loads(path.read_text())
            path.rename(path.with_suffix(".taken"))
            if self._fault in ("4xx", "one of two"):
                said.append({"attempt_id": document["attempt_id"], "refused": "550 no such mailbox", "id": "b-1"})
                continue
            self._got.append(Got.of(document["subject"], place=GIVEN_ID))
            proof = {"attempt_id": document["attempt_id"], "proof": "stored", "id": "r", "evidence": {"id": GIVEN_ID}}
            if self._fault == "late answer":
                self._late.append(proof)
            else:
                said.append(proof)
        return said

    def late(self) -> Sequence[Mapping[str, Any]]:
        """Return what is said when nobody waits for it any more."""
        return self._late

    def close(self) -> None:
        """Nothing lives on."""
