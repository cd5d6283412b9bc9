"""What an agent waits for at each turn: one cold call of the gate, in a process of its own, over a long transcript."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.bench.measuring import Result, only_told, process_seconds, scratch

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_CASES = os.path.join(_ROOT, "tests", "cases", "transcripts")
_MAIN = os.path.join(_ROOT, "lib", "reporting_governance", "__main__.py")
_BYTES = 5_000_000
_ROUNDS = 50
_TARGET_MS = 150


def run() -> Iterator[Result]:
    """Yield what a call costs against starting Python: a claim that is recorded, and an answer that leaves no trace."""
    with scratch() as folder:
        for case, what in (("or-true", "a claim is held and recorded"), ("question-answered", "nothing is claimed")):
            yield _calls(folder, case, what)


def _calls(folder: str, case: str, what: str) -> Result:
    transcript = os.path.join(folder, f"{case}.jsonl")
    _write_long(transcript, os.path.join(_CASES, case, "transcript.jsonl"))
    state = os.path.join(folder, "state")
    bare, gate = [], []
    for number in range(_ROUNDS + 1):
        bare.append(process_seconds([sys.executable, "-I", "-c", "pass"]))
        gate.append(_seconds(state, transcript, f"{case}-{number}"))
    gate = sorted(gate[1:])  # the first one compiles the profile and makes the state
    p95 = gate[int(len(gate) * 0.95)] * 1000
    hint = f"p95 of {_ROUNDS} calls {p95:.0f} ms (wanted: {_TARGET_MS}), median {gate[len(gate) // 2] * 1000:.0f} ms"
    ratio = gate[len(gate) // 2] / sorted(bare)[len(bare) // 2]
    return only_told(f"gate, {what}, over a transcript of 5 MB / starting Python", ratio, hint)


def _seconds(state: str, transcript: str, session: str) -> float:
    hook = {
        "session_id": session,
        "transcript_path": transcript,
        "cwd": "/home/dev",
        "hook_event_name": "Stop",
        "stop_hook_active": False,
    }
    command = [sys.executable, "-P", _MAIN, "gate", "--host", "claude-code", "--state", state, "--profile",
               "strict-manager-mode"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.path.join(_ROOT, "lib")}
    began = time.perf_counter()
    subprocess.run(command, input=json.dumps(hook).encode(), env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def _write_long(path: str, source: str) -> None:
    """Write a transcript whose newest request lies behind 5 MB of earlier ones."""
    with open(source, encoding="utf-8") as file:
        newest = file.read()
    earlier = {"type": "user", "isMeta": True, "message": {"role": "user", "content": "x" * 8_000}}
    line = f"{json.dumps(earlier)}\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(line * (_BYTES // len(line)))
        file.write(newest)
