"""The oracle itself must not be blind: each kind of lie about a sound chain is seen."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.crash.chain.world import STEPS, play, profile_of
from tests.oracle.checker import Arrival, check, lines_of_store
from tests.oracle.memory_world import MemoryWorld

Lines = list[Any]
Arrived = dict[str, list[Arrival]]


def of_kind(lines: Lines, kind: str) -> list[Any]:
    return [line for line in lines if "record" in line and line["record"]["kind"] == kind]


def acked_without_proof(lines: Lines, arrived: Arrived) -> None:
    arrived["operator/outbox"].clear()


def sent_twice(lines: Lines, arrived: Arrived) -> None:
    arrived["pager/program"].append(arrived["pager/program"][0])


def sent_without_an_attempt(lines: Lines, arrived: Arrived) -> None:
    lines.remove(of_kind(lines, "attempt")[0])


def consumed_twice(lines: Lines, arrived: Arrived) -> None:
    first, second = of_kind(lines, "decision-record-artifact")[:2]
    second["record"]["consumes"] = first["record"]["consumes"]


def a_record_twice(lines: Lines, arrived: Arrived) -> None:
    first, second = of_kind(lines, "notice")[:2]
    second["record"]["id"] = first["record"]["id"]


def half_a_group(lines: Lines, arrived: Arrived) -> None:
    del lines[-1]["g"]
    lines[-1]["g"] = [1, 2]


def an_end_nobody_was_told(lines: Lines, arrived: Arrived) -> None:
    for line in of_kind(lines, "notice"):
        if line["record"]["body"]["phase"] == "resolved":
            line["record"]["body"]["phase"] = "review"


def a_thread_left_open(lines: Lines, arrived: Arrived) -> None:
    close = of_kind(lines, "thread-close")[-1]["record"]
    close["kind"], close["consumes"] = "other", []


def an_event_left_undecided(lines: Lines, arrived: Arrived) -> None:
    last = of_kind(lines, "decision-record-artifact")[-1]["record"]
    last["kind"], last["consumes"] = "other", last["consumes"][1:]


LIES = (
    acked_without_proof,
    sent_twice,
    sent_without_an_attempt,
    consumed_twice,
    a_record_twice,
    half_a_group,
    an_end_nobody_was_told,
    a_thread_left_open,
    an_event_left_undecided,
)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_seen(tmp_path: Path, lie: Callable[[Lines, Arrived], None]) -> None:
    world = play(MemoryWorld(str(tmp_path), profile_of(pager=None)))
    world.settle()
    lines = deepcopy(lines_of_store(world.memory))
    arrived = {target: list(each) for target, each in world.arrived().items()}
    check(lines, arrived)
    lie(lines, arrived)
    with pytest.raises((AssertionError, KeyError)):
        check(lines, arrived)


def test_what_was_acknowledged_and_is_missing_is_seen(tmp_path: Path) -> None:
    world = play(MemoryWorld(str(tmp_path), profile_of(pager=None)), 0, STEPS["bridge"])
    lines = lines_of_store(world.memory)
    ids = [line["record"]["id"] for line in lines if "record" in line]
    check(lines, world.arrived(), at_rest=False, acknowledged=[ids])
    for told in ([*ids, "evt_lost"], ids[::-1]):
        with pytest.raises(AssertionError):
            check(lines, world.arrived(), at_rest=False, acknowledged=[told])
