"""What is exported is verified: every end of a log, every filter, with all that can befall a log."""

import random
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.errors import StorageError, UsageError
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.storage.limits import Limits
from reporting_governance.verifier.verifying import Wish, verify_wish
from tests.stages.export_world import LONG, event, exported, open_state, opened, signing
from tests.storage.building import later
from tests.storage.oracle import read_log

SMALL = Limits(segment_bytes=3_000)


def torn(state: str, chance: random.Random) -> None:
    """Leave what a writer that was stopped in the middle leaves, at the end of the log."""
    path = max(Path(state, "journal/log").iterdir())
    lines = path.read_bytes().splitlines(keepends=True)
    whole = lines[chance.randrange(len(lines))]
    rest = chance.choice([b"x\n", b"\n", whole, whole[: len(whole) // 2], whole * 3 + b"y", b"\x00" * 70, b"{}\n"])
    with path.open("ab") as log:
        log.write(rest)


def eventful_state(state: str, seed: int) -> None:
    """Write a log in which all sorts of things happen, in small segments."""
    chance = random.Random(seed)
    open_state(state, limits=SMALL).initialise(later(0))
    for number in range(40):
        store = open_state(state, limits=SMALL)
        seconds = number * chance.choice([1, 1, 9000])
        what = chance.random()
        if what < 0.15:
            store.ready()
            torn(state, chance)
        elif what < 0.25:
            store.commit(
                [Group(additions=(Addition(type=LineType.LOG_CLOCK_STEP, meta={"by_ms": 5}),))], now=later(seconds)
            )
        elif what < 0.35:
            erase_one(state, store, later(seconds))
        elif what < 0.55:
            pair = [
                each.additions[0] for each in (event(number * 10, task="tsk_0"), event(number * 10 + 1, agent="tester"))
            ]
            store.commit([Group(additions=tuple(pair))], now=later(seconds))
        else:
            text = chance.choice(["done", f"{number} {LONG}", "Authorization: Bearer abcdefghijklmnop"])
            store.commit([event(number * 10, task=f"tsk_{number % 3}", message=text)], now=later(seconds))
        if chance.random() < 0.1:
            signing(store).sign_head()
    open_state(state, limits=SMALL).ready()


def erase_one(state: str, store: Any, now: Any) -> None:
    named = [each for each in sorted(Path(state, "blobs").iterdir()) if LONG.encode() in each.read_bytes()]
    if named:
        store.erase_blob(named[0].name, reason="asked for", now=now)


def check(path: str, key: str) -> None:
    """Nothing may be found that speaks against what was exported, and everything is signed."""
    said = verify_wish(Wish(path, keys=(key,), require="authenticity"))
    failed = [each for each in said.document["findings"] if each["verdict"] == "failed"]
    assert (said.exit_code, failed) == (0, []), said.document


FILTERS: list[dict[str, Any]] = [
    {},
    {"tasks": ["tsk_0"]},
    {"agents": ["tester"]},
    {"types": ["log.heartbeat"]},
    {"since": "2026-03-01T04:05:20.000Z", "until": "2026-03-03T00:00:00.000Z"},
]


@pytest.mark.parametrize(
    ("seed", "stride"), [(1, 7), *(pytest.param(each, 1, marks=pytest.mark.long) for each in range(20))]
)
def test_every_end_and_every_filter(tmp_path: Path, seed: int, stride: int) -> None:
    state, out = str(tmp_path / "state"), tmp_path / "out"
    out.mkdir()
    eventful_state(state, seed)
    whole = exported(state, f"{out}/whole.zip", signed=True, recorded=False)
    key = next(each["meta"]["vkey"] for each in read_log(state) if each["type"] == "log.key")
    check(whole.file.path, key)
    ends, refused = 0, []
    for last in range(1, whole.size + 1, stride):
        chosen = FILTERS[last % len(FILTERS)]
        options = {"signed": True, "recorded": False, "withhold_blobs": last % 7 == 0}
        path = f"{out}/{last}.zip"
        try:
            exported(state, path, chosen=chosen, last=last, **options)
        except UsageError:
            continue  # in the middle of a group, or in a void stretch
        except StorageError as fault:
            refused.append(str(fault))
            continue
        ends += 1
        bundle = opened(path)
        assert bundle.manifest["size"] == last
        check(path, key)
    assert ends > 3
    assert all("no line up to" in each for each in refused), "only a text that was erased later keeps an end back"
