"""Real processes at once: each item is settled by exactly one of them, whoever is killed on the way."""

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added
from reporting_governance.storage.limits import Limits
from tests.storage.back_ends import current
from tests.storage.building import NOW, SPOOL, attempt, birth, item_id, later, settle
from tests.storage.oracle import check

ITEMS = 40
LIMITS = Limits(segment_bytes=8000)


def open_store(root: str) -> FilesStore:
    return current().open(root, limits=LIMITS, now=lambda: NOW, monotonic=time.monotonic)


def work(root: str, report: int, seed: int) -> None:
    """Give birth to all items, try each once and settle each once, in any order; then look that nothing is open."""
    chance = random.Random(seed)
    store = open_store(root)
    while True:
        seen = store.ready().seq
        listing = store.listing(SPOOL)
        names = dict(listing.names)
        groups = [settle(name) if name.due != "20260301T040506.789Z" else attempt(name) for name in names.values()]
        groups += [
            birth(number, absent_at=seen)
            for number in range(ITEMS)
            if item_id(number) not in names and not _is_born(store, number)
        ]
        if not groups:
            return
        chance.shuffle(groups)
        chosen = groups[: chance.randint(1, 8)]
        answers = store.commit(chosen, now=NOW)
        said = [list(answer.seqs) for answer in answers if isinstance(answer, Added)]
        os.write(report, json.dumps(said).encode() + b"\n")


def _is_born(store: FilesStore, number: int) -> bool:
    """Tell from the log whether an item ever was: these items leave nothing in `past/`."""
    known: dict[str, Any] = store.__dict__.setdefault("_test_born", {"from": 1, "ids": set()})
    for line in store.replay(known["from"]):
        known["from"] = line.seq + 1
        record = line.document.get("record")
        if record is not None and not record["consumes"]:
            known["ids"].add(record["id"])
    return item_id(number) in known["ids"]


def start(root: str, seed: int) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            work(root, writing, seed)
            code = 0
        except BaseException as error:
            os.write(2, f"writer {seed}: {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(code)
    os.close(writing)
    return child, reading


def read_reports(reading: int) -> list[int]:
    with os.fdopen(reading, "rb") as pipe:
        lines = [json.loads(line) for line in pipe if line.endswith(b"\n")]
    return [seq for said in lines for seqs in said for seq in seqs]


@pytest.mark.parametrize("kills", [0, 25])
def test_four_writers(tmp_path: Path, kills: int) -> None:
    race(str(tmp_path / "state"), writers=4, kills=kills, seed=1)


def race(root: str, *, writers: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    current().prepare(root)
    running: dict[int, int] = {}
    acknowledged: list[int] = []
    for number in range(writers):
        child, reading = start(root, seed * 1000 + number)
        running[child] = reading
    while running:
        if kills and len(running) == writers:
            time.sleep(chance.random() * 0.02)
            os.kill(chance.choice(list(running)), signal.SIGKILL)
        child, status = os.wait()
        acknowledged.extend(read_reports(running.pop(child)))
        if os.WIFSIGNALED(status) and kills:
            kills -= 1
            child, reading = start(root, chance.randrange(10**6))
            running[child] = reading
        else:
            assert os.waitstatus_to_exitcode(status) == 0
    _finish(root, acknowledged)


def _finish(root: str, acknowledged: list[int]) -> None:
    store = open_store(root)
    store.commit([birth(5000)], now=later(1))
    documents = check(root)
    seqs = {document["seq"] for document in documents}
    assert set(acknowledged) <= seqs, "acknowledged, and not there"
    assert len(acknowledged) == len(set(acknowledged)), "one line was acknowledged twice"
    records = [document["record"] for document in documents if "record" in document]
    for kind, expected in (("spool-item", ITEMS + 1), ("attempt", ITEMS), ("receipt", ITEMS)):
        ids = [record["id"] for record in records if record["kind"] == kind]
        assert len(ids) == len(set(ids)) == expected, f"{kind}: not each exactly once"
