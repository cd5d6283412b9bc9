"""Several processes on one state at once, some of them killed; and what they said before they died."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

from reporting_governance.errors import Busy
from reporting_governance.storage.interface import Added, Answer, Group, Store
from tests.oracle.checker import Derived, tellings
from tests.storage.killing import Report

LONGEST_SECONDS = 60  #: of one process; a test must not wait for ever


class Told:
    """A store that tells at once which records it acknowledged."""

    def __init__(self, store: Store, report: Report) -> None:
        self._store = store
        self._report = report

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Sequence[Group], **given: Any) -> list[Answer]:
        answers = self._store.commit(groups, **given)
        added = [group for group, answer in zip(groups, answers, strict=True) if isinstance(answer, Added)]
        records = [addition.record for group in added for addition in group.additions]
        self._report([record.id for record in records if record is not None])
        return answers


def together(
    act: Callable[[Report], object], *, number: int = 4, killing: random.Random | None = None
) -> list[list[str]]:
    """Do the same in several processes at once; with `killing`, some of them end somewhere in the middle.

    Returns for each the ids of the records that were acknowledged to it.
    """
    children: list[tuple[int, int]] = []
    for _ in range(number):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _live(act, writing)
        os.close(writing)
        children.append((child, reading))
    if killing is not None:
        for child, _ in children[: killing.randint(1, number)]:
            time.sleep(killing.uniform(0, 0.06))
            os.kill(child, signal.SIGKILL)
    return [_end_of(child, reading) for child, reading in children]


def _live(act: Callable[[Report], object], writing: int) -> None:
    code = 1
    try:
        signal.alarm(LONGEST_SECONDS)
        act(lambda said: _say(writing, said))
        code = 0
    except Busy:
        code = 75
    except BaseException as error:
        _say(writing, f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def _say(writing: int, said: Any) -> None:
    os.write(writing, json.dumps(said).encode("ascii") + b"\n")


def _end_of(child: int, reading: int) -> list[str]:
    with os.fdopen(reading, "rb") as pipe:
        said = [json.loads(line) for line in pipe if line.endswith(b"\n")]
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or os.waitstatus_to_exitcode(status) in (0, 75), f"a process failed: {said}"
    return [identity for report in said for identity in report]


def told_all(derived: Derived) -> None:
    """Both receivers heard of both tasks, and of their end; a repeat may have come too late to be one."""
    told = tellings(derived)
    assert len(told) == 4, f"somebody was not told: {told}"
    for phases in told.values():
        assert [each for each in phases if each[0] != "repeat"] == [("firing", 1), ("resolved", 1)], told
        assert len(phases) <= 3, told
