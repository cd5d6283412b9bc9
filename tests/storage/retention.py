"""A log of many days for the tests of keeping and erasing, and an oracle for one whose first segments are gone."""

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added
from reporting_governance.storage.limits import Limits
from reporting_governance.verifier.merkle import extend, root
from tests.storage.building import SPOOL, attempt, birth, event_id, item_id, later, observed, settle
from tests.storage.killing import Report
from tests.storage.oracle import views_on_disk

DAY = 24 * 3600
DAYS = 8
#: every day opens a segment; what is over is forgotten after two
DAILY = Limits(segment_seconds=DAY - 600, past_seconds=2 * DAY)
LONG = "somebody's own words, and many of them " * 10


def open_daily(where: str, day: float = DAYS, **options: Any) -> FilesStore:
    """Return the store as it is opened on a day, counted from 0."""
    return FilesStore(
        where, actor="uid:0", limits=DAILY, now=lambda: later(day * DAY), monotonic=lambda: day * DAY, **options
    )


def days_of_work(where: str, *, days: int = DAYS, open_since: int | None = None) -> None:
    """Fill a state: each day an item is born, tried and settled, and an event with a long text comes and goes.

    Args:
        open_since: on this day another item is born, which stays open.
    """
    for day in range(days):
        store, now = open_daily(where, day), later(day * DAY)
        number = day + 1
        groups = [birth(number), observed(number, f"{LONG}{day}")]
        if day == open_since:
            groups.append(birth(900))
        store.commit(groups, now=now)
        store.commit([attempt(store.listing(SPOOL).names[item_id(number)])], now=now)
        listed = store.listing(SPOOL).names[item_id(number)], store.listing(Folder.EVENTS).names[event_id(number)]
        store.commit([settle(listed[0], into_past=day % 2 == 0), settle(listed[1])], now=now)
        store.maintain(now)


def pruning(where: str, report: Report) -> None:
    """Retire what is older than three days; the line that says so is acknowledged."""
    store = open_daily(where)
    store.keeper().finish()
    _, seq, _ = store.keeper().retire(later((DAYS - 3) * DAY), reason="old", approver="uid:0", now=later(DAYS * DAY))
    report([seq])


def leaves_by_hand(where: str) -> list[bytes]:
    """Return the leaf hash of every line there ever was: of retired ones what is kept, of the others by their bytes."""
    layout, found = Layout(where), []
    firsts = layout.segments()
    for name in sorted(os.listdir(layout.leaves)):
        if name.endswith(".leaves") and int(name[:12]) < firsts[0]:
            assert int(name[:12]) == len(found) + 1, "leaf hashes of retired lines are missing"
            with open(f"{layout.leaves}/{name}", "rb") as file:
                data = file.read()
            found.extend(data[at : at + 32] for at in range(0, len(data), 32))
    found.extend(sha256(b"\x00" + raw).digest() for raw in physical_lines(where))
    return found


def physical_lines(where: str) -> Iterator[bytes]:
    """Yield the lines that are kept, without their LF."""
    layout = Layout(where)
    for first in layout.segments():
        with open(layout.segment(first), "rb") as file:
            yield from file.read().split(b"\n")[:-1]


def documents(where: str) -> list[dict[str, Any]]:
    """Return what the kept lines say, without those that a line declares void."""
    lines = dict(enumerate(physical_lines(where), start=Layout(where).segments()[0]))
    void: set[int] = set()
    for seq in sorted(lines, reverse=True):
        if seq not in void and b'"type":"log.torn"' in lines[seq]:
            void.update(range(json.loads(lines[seq])["meta"]["from_seq"], seq))
    return [json.loads(raw) for seq, raw in lines.items() if seq not in void]


def root_by_hand(where: str, size: int | None = None) -> str:
    """Return the root over the first lines of the log, from kept leaf hashes and kept lines alone."""
    leaves = leaves_by_hand(where)
    return root(extend(0, (), leaves[: len(leaves) if size is None else size])[1]).hex()


def check_pruned(where: str, before: list[bytes], views: dict[str, Any]) -> list[dict[str, Any]]:
    """Check a state that may have been pruned.

    Args:
        before: leaf hashes of all lines before; they are still its beginning.
        views: what was open then; nothing of it is lost.
    """
    open_daily(where).ready()  # whatever a killed process left is healed first
    kept = documents(where)
    leaves = leaves_by_hand(where)
    assert leaves[: len(before)] == before, "a hash of the log has changed"
    assert len(leaves) == kept[-1]["seq"]
    for document in kept:
        assert document["prev"] == leaves[document["seq"] - 2].hex() if document["seq"] > 1 else "0" * 64
    gone = kept[0]["seq"] - 1
    said = [each for each in kept if each["type"] == "log.segment_retired"]
    assert gone <= max((each["meta"]["to"] for each in said), default=0), "lines are gone, and none says so"
    for each in said:
        meta = each["meta"]
        part = leaves[meta["from"] - 1 : meta["to"]]
        assert (meta["lines"], meta["root"]) == (len(part), root(extend(0, (), part)[1]).hex())
    store = open_daily(where)
    head = store.tree_head()
    assert (head.size, head.root.hex()) == (len(leaves), root(extend(0, (), leaves)[1]).hex())
    assert {name: body for name, body in views_on_disk(where).items() if name in views} == views
    store.rebuild()
    assert {name: body for name, body in views_on_disk(where).items() if name in views} == views
    assert [line.seq for line in store.replay()] == [each["seq"] for each in kept]
    _blobs_are_there(where, kept)
    return kept


def _blobs_are_there(where: str, kept: list[dict[str, Any]]) -> None:
    erased = {each["meta"]["blob"] for each in kept if each["type"] == "record.erased"}
    for body in [*(each for each in kept), *views_on_disk(where).values()]:
        for digest in digests_in(body):
            there = os.path.exists(f"{where}/blobs/{digest}")
            assert there != (digest in erased), f"blob {digest[:8]} of a line that is kept"


def digests_in(value: Any) -> Iterator[str]:
    """Yield the digests of all blobs that a value names."""
    if isinstance(value, dict):
        if "$blob" in value:
            yield value["$blob"]
        for each in value.values():
            yield from digests_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from digests_in(each)


def answer_of(answers: list[Any]) -> Added:
    """Return the one answer of a commit that was added."""
    [answer] = answers
    assert isinstance(answer, Added)
    return answer
