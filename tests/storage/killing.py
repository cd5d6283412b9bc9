"""Kill a process at one exact step, and look at what it leaves.

A child is forked, told at which event to die, and runs a scenario.  Events are our own steps with the journal and with
bundles (write, sync, pwrite, which Python's audit events do not show), every open, rename, remove, mkdir and so on
below the state, and with a database every message to it and every answer that is whole.
Each answer that the child got is reported at once through a pipe, so that what was acknowledged is known.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.storage.back_ends import current

Report = Callable[[Any], None]
Scenario = Callable[[str, Report], None]  #: takes the state's root, and where to report

_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.utime", "os.truncate", "os.listdir")
_OURS = (
    "reporting_governance.journal",
    "reporting_governance.bundle",
    "tests.message",
    "reporting_governance.openclaw_config",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a child: the reports it got out, and whether it died at its event."""

    reports: list[Any]
    killed: bool


def killed_everywhere(
    template: str, scratch: str, scenario: Scenario, *, first: int = 1, stride: int = 1
) -> Iterator[tuple[int, str, Outcome]]:
    """Run the scenario on copies of a template folder, killed at event after event until it gets to its end.

    Killed at `first`, then always `stride` events later.

    Yields the number of the event, the folder that is left, and the outcome; the last one is a whole run.
    """
    number = first
    while True:
        root = f"{scratch}/{number}"
        current().copy(template, root)
        outcome = run_killed(root, scenario, number)
        yield number, root, outcome
        current().remove(root)
        if not outcome.killed:
            return
        number += stride


def run_killed(root: str, scenario: Scenario, event: int | None) -> Outcome:
    """Run the scenario in a child that is killed just before its n-th event; None: never."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _live(root, scenario, event, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        reports = [json.loads(line) for line in pipe if line.endswith(b"\n")]
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) == 0, f"the child failed at event {event}: {reports}"
    return Outcome(reports, killed)


def _live(root: str, scenario: Scenario, event: int | None, writing: int) -> None:
    code = 1
    try:
        if event is not None:
            current().show_steps(root)
            _die_at(event, root)
        scenario(root, lambda said: _say(writing, said))
        code = 0
    except BaseException as error:
        _say(writing, f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def _say(writing: int, said: Any) -> None:
    os.write(writing, json.dumps(said).encode("ascii") + b"\n")


def _die_at(number: int, root: str) -> None:
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in _OURS:
            path = arguments[1]
        elif event in _EVENTS:
            path = arguments[0]
        else:
            return
        if isinstance(path, str) and path.startswith(root):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
