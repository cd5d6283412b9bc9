"""What an agent waits for at each turn: one cold call of the gate, in a process of its own, over a long transcript."""

import compileall
import json
import os
import sys
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from tests.bench.measuring import Result, Spent, at_most, only_told, process_spent, scratch

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_CASES = os.path.join(_ROOT, "tests", "cases", "transcripts")
_PACKAGE = os.path.join(_ROOT, "lib", "reporting_governance")
_BYTES = 5_000_000
_ROUNDS = 50
_WARM_UP = 1  #: the first call makes the state and keeps the compiled profile
_TARGET_MS = 150
_BARE = {"starting Python": "pass", "importing click": "import click"}


class _Way(NamedTuple):
    """One way through the gate."""

    what: str
    case: str
    answer: bytes  #: what the answer has in it, or something else was measured
    earlier: bool = True  #: the 5 MB lie before the newest request; else behind it, as outputs of its commands


_WAYS = (
    _Way("a claim is held and recorded", "or-true", b'"block"'),
    _Way("nothing is claimed, nothing is recorded", "question-answered", b"{}"),
    _Way("a claim is held, and all of the 5 MB is one turn", "or-true", b'"block"', earlier=False),
)


def run() -> Iterator[Result]:
    """Yield what a call takes in milliseconds, and its processor time against starting Python."""
    compileall.compile_dir(_PACKAGE, quiet=1)  # as it is after an installation
    with scratch() as folder:
        transcripts = [_write_long(folder, way) for way in _WAYS]
        bare: dict[str, list[Spent]] = {name: [] for name in _BARE}
        gate: list[list[Spent]] = [[] for _ in _WAYS]
        for number in range(-_WARM_UP, _ROUNDS):
            for name, code in _BARE.items():
                bare[name].append(process_spent([sys.executable, "-I", "-c", code]))
            for place, way in enumerate(_WAYS):
                spent = _call(folder, transcripts[place], way, f"{place}-{number}")
                if number >= 0:
                    gate[place].append(spent)
    floor = {name: median(each.processor for each in spent) * 1000 for name, spent in bare.items()}
    for way, calls in zip(_WAYS, gate, strict=True):
        yield from _told(way, calls, floor)


def _told(way: _Way, calls: list[Spent], floor: dict[str, float]) -> Iterator[Result]:
    waits = sorted(each.seconds * 1000 for each in calls)
    p95 = waits[int(len(waits) * 0.95)]
    name = f"a cold gate over a transcript of 5 MB, {way.what}"
    hint = f"median {median(waits):.0f} ms, of {len(waits)} calls"
    if way.earlier:
        yield at_most(f"{name}: p95 in ms", p95, _TARGET_MS, hint)
    else:
        yield only_told(f"{name}: p95 in ms", p95, hint)
    processor = median(each.processor for each in calls) * 1000
    beside = ", ".join(f"{what} {spent:.0f} ms" for what, spent in floor.items())
    ratio = processor / floor["starting Python"]
    yield only_told(f"{name}: processor time, to `python -c pass`", ratio, f"{processor:.0f} ms; {beside}")


def _call(folder: str, transcript: str, way: _Way, session: str) -> Spent:
    hook = {
        "session_id": session,
        "transcript_path": transcript,
        "cwd": "/home/dev",
        "hook_event_name": "Stop",
        "stop_hook_active": False,
    }
    command = [sys.executable, "-P", os.path.join(_PACKAGE, "__main__.py"), "gate", "--host", "claude-code",
               "--state", os.path.join(folder, "state"), "--profile", "strict-manager-mode"]  # fmt: skip
    path = {"PYTHONPATH": os.path.dirname(_PACKAGE)}
    spent = process_spent(command, path, given=json.dumps(hook).encode())
    assert way.answer in spent.output, spent.output
    return spent


def _write_long(folder: str, way: _Way) -> str:
    """Write a transcript of 5 MB; return its path."""
    with open(os.path.join(_CASES, way.case, "transcript.jsonl"), encoding="utf-8") as file:
        newest = file.readlines()
    path = os.path.join(folder, f"{way.case}-{way.earlier}.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        if way.earlier:
            line = (
                f"{json.dumps({'type': 'user', 'isMeta': True, 'message': {'role': 'user', 'content': 'x' * 8_000}})}\n"
            )
            file.write(line * (_BYTES // len(line)))
            file.writelines(newest)
        else:
            file.write(newest[0])
            file.writelines(_one_command(number) for number in range(_BYTES // 10_000))
            file.writelines(newest[1:])
    return path


def _one_command(number: int) -> str:
    """Return the two lines of a command with an output of nearly 10 kB."""
    use = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"command": f"cat part-{number}.log"}}
    output = "all is as it was\n" * 270
    result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": output, "is_error": False}
    lines = (
        {"type": "assistant", "message": {"role": "assistant", "content": [use]}},
        {
            "type": "user",
            "message": {"role": "user", "content": [result]},
            "toolUseResult": {"stdout": output, "stderr": "", "interrupted": False},
        },
    )
    return "".join(f"{json.dumps(each)}\n" for each in lines)
