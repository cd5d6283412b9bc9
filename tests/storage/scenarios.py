"""What the processes do that the crash tests kill: first use, a busy commit, a rotation, a rebuild, care."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added, Addition, Answer, Group
from reporting_governance.storage.limits import Limits
from tests.storage.back_ends import current
from tests.storage.building import NOW, SPOOL, attempt, birth, event_id, item_id, later, observed, settle
from tests.storage.killing import Report
from tests.storage.oracle import check, record_ids

OTHER_BOOT = "11111111-2222-3333-4444-555555555555"
SHORT_SEGMENTS = Limits(segment_seconds=1, past_seconds=2)


def open_store(root: str, **options: Any) -> FilesStore:
    return current().open(root, now=lambda: later(100), monotonic=lambda: 100.0, **options)


def added_ids(groups: Sequence[Group], answers: Sequence[Answer]) -> list[str]:
    return [
        addition.record.id
        for group, answer in zip(groups, answers, strict=True)
        if isinstance(answer, Added)
        for addition in group.additions
        if addition.record is not None
    ]


def acknowledged(reports: list[Any]) -> list[str]:
    return [identity for report in reports for identity in report]


def commit(store: FilesStore, groups: list[Group], report: Report, *, seconds: float = 0) -> None:
    report(added_ids(groups, store.commit(groups, now=later(seconds))))


def names(store: FilesStore) -> list[Any]:
    store.ready()
    return [store.listing(SPOOL).names[identity] for identity in sorted(store.listing(SPOOL).names)]


def after_the_kill(root: str, reports: list[Any], rerun: Callable[[str, Report], None], *, also_reboot: bool) -> None:
    """Look at what a killed process left, within its boot and after another one, then finish its work."""
    reboot = f"{root}-reboot"
    if also_reboot and os.path.isdir(root):
        shutil.copytree(root, reboot)
        again = open_store(reboot, boot=OTHER_BOOT)
        again.initialise(NOW)
        _check(reboot, reports)
        shutil.rmtree(reboot)
    store = open_store(root)
    store.initialise(NOW)
    for folder in Folder:
        if folder is not Folder.PAST:
            store.listing(folder)
    _check(root, reports)
    rerun(root, lambda said: None)
    ids = record_ids(_check(root, reports))
    assert len(ids) == len(set(ids)), "a record stands twice in the log"


def _check(root: str, reports: list[Any]) -> list[dict[str, Any]]:
    documents = check(root)
    ids = record_ids(documents)
    expected = acknowledged(reports)
    present = [identity for identity in ids if identity in expected]
    assert present == expected, "acknowledged, and not present in order and once"
    return documents


def first_use(root: str, report: Report) -> None:
    store = open_store(root)
    for number in (1, 2):
        seen = store.ready().seq
        if item_id(number) not in store.listing(SPOOL).names:
            commit(store, [birth(number, absent_at=seen)], report)


def working(root: str, report: Report) -> None:
    """Change, close, put away and give birth in one commit; then once more on what that left."""
    store = open_store(root)
    seen = store.ready().seq
    listed = store.listing(SPOOL).names
    groups = [birth(number, absent_at=seen) for number in (11, 12) if item_id(number) not in listed]
    for identity, name in sorted(listed.items()):
        number = int(identity[4:], 16)
        if number == 1 and not _bodies(store, name)["attempts"]:
            groups.append(attempt(name))
        elif number == 2:
            groups.append(settle(name))
        elif number == 3:
            groups.append(settle(name, into_past=True))
    kept = store.past(item_id(4))
    if kept is not None and len(kept.body["receipts"]) < 2:
        again = settle(kept.name, into_past=True)
        # one group that replaces a file in past/ and makes another one: the order of the two matters
        groups.append(Group(additions=(Addition(record=_renamed(again)), *birth(13).additions)))
    if groups:
        commit(store, groups, report)


def _renamed(group: Group) -> Any:
    record = group.additions[0].record
    assert record is not None
    return replace(record, id=f"{record.id}_again")


def _bodies(store: FilesStore, name: Any) -> Any:
    view = store.read(name)
    assert view is not None
    return view.body


def worked_on(root: str) -> None:
    """Make the template: three open items and one in `past/`."""
    store = open_store(root)
    store.commit([birth(number) for number in (1, 2, 3, 4)], now=NOW)
    store.commit([settle(names(store)[3], into_past=True)], now=NOW)


def rotating(root: str, report: Report) -> None:
    """Add in new segments, whose opening lets `past/` forget."""
    store = open_store(root, limits=SHORT_SEGMENTS)
    seen = store.ready().seq
    for number in (21, 22):
        if item_id(number) not in store.listing(SPOOL).names:
            commit(store, [birth(number, absent_at=seen)], report, seconds=number)


def rebuilding(root: str, report: Report) -> None:
    """Find that views are lost, and make all of them anew."""
    store = open_store(root)
    assert len(store.listing(SPOOL).names) == 3
    store.rebuild()


def caring(root: str, report: Report) -> None:
    """Make leaves and snapshot, and rebuild from them."""
    store = open_store(root)
    store.maintain(NOW)
    store.rebuild()


def telling(root: str, report: Report) -> None:
    """Store a long text apart, then erase it."""
    store = open_store(root)
    seen = store.ready().seq
    if event_id(1) not in store.listing(Folder.EVENTS).names:
        commit(store, [observed(1, "long " * 100, absent_at=seen)], report)
    view = store.read(store.listing(Folder.EVENTS).names[event_id(1)])
    assert view is not None
    reference = view.body["event"]["payload"]["message"]
    if store.get_blob(reference) is not None:
        store.erase_blob(reference["$blob"], reason="asked", now=NOW)
    assert store.get_blob(reference) is None


def with_lost_views(root: str) -> None:
    """Make the template of `rebuilding`."""
    worked_on(root)
    for file in os.listdir(f"{root}/{SPOOL.value}")[:2]:
        os.unlink(f"{root}/{SPOOL.value}/{file}")


def with_lost_folders(root: str) -> None:
    """Make a template whose last commit was not applied, with `past/` gone and a file in the place of another folder.

    That commit needs nothing of what is gone: carried on with, and `past/` counted anew, it would hide the loss.
    """
    worked_on(root)
    store = open_store(root)
    store.commit([settle(names(store)[2], into_past=True)], now=NOW)
    applied = f"{root}/journal/applied"
    shutil.copy(applied, f"{root}/before")
    store.commit([birth(8)], now=NOW)
    shutil.move(f"{root}/before", applied)
    for folder in (Folder.PAST, Folder.TASKS):
        shutil.rmtree(f"{root}/{folder.value}")
    with open(f"{root}/{Folder.TASKS.value}", "w") as file:
        file.write("mine")


def with_a_closed_segment(root: str) -> None:
    """Make the template of `caring` and `rotating`."""
    worked_on(root)
    open_store(root, limits=SHORT_SEGMENTS).commit([birth(9)], now=later(3))


def with_a_torn_tail(root: str) -> None:
    """Make a template that has to be healed first."""
    worked_on(root)
    with open(f"{root}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b'{"actor":"uid:0","g":[1,1],"pre')
