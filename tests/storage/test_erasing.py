"""A text is erased by a line, then the file goes: killed in between, the next one finishes it; nothing else changes."""

import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.erasing import EraseReport, NothingToErase, run_erase
from reporting_governance.storage.dry_run import DryRunStore
from reporting_governance.storage.files.store import FilesStore
from tests.storage.building import NOW, birth, event_id, observed
from tests.storage.killing import Report, killed_everywhere
from tests.storage.oracle import check, views_on_disk
from tests.storage.scenarios import OTHER_BOOT, open_store

WORDS = " ".join(f"what somebody said, part {number};" for number in range(20))


class At:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


def erase(where: str, what: str, **options: Any) -> EraseReport:
    store = open_store(where)
    return run_erase(store, store.keeper().eraser(), what, reason="asked for", clock=At(), **options)


def told(where: str) -> None:
    """Tell the same words twice, others once, and leave copies where a state may have them."""
    store = open_store(where)
    store.commit([observed(1, WORDS), observed(2, WORDS), observed(3, f"{WORDS} and more")], now=NOW)
    for folder, name in (
        ("outbox", "notices.jsonl"),
        ("operator-notify-bridge-receipts", "2026-03-01.jsonl"),
        ("corrupt", "x.json"),
    ):
        with open(f"{where}/{folder}/{name}", "w") as file:
            file.write(json.dumps({"said": f"he wrote: {WORDS[:120]}…", "number": 7}) + "\n" + '{"other":1}\n')


def digest_of(where: str, number: int) -> str:
    store = open_store(where)
    store.ready()
    view = store.read(store.listing(Folder.EVENTS).names[event_id(number)])
    assert view is not None
    digest: str = view.body["event"]["payload"]["message"]["$blob"]
    return digest


@pytest.fixture
def state(root: str) -> str:
    told(root)
    return root


@pytest.mark.parametrize("by", ["id", "digest"])
def test_the_same_words_go_everywhere_and_nothing_else_does(state: str, by: str) -> None:
    one, two, other = (digest_of(state, number) for number in (1, 2, 3))
    before, views = Path(f"{state}/journal/log/000000000001.jsonl").read_bytes(), views_on_disk(state)
    report = erase(state, event_id(1) if by == "id" else one)
    assert {each.digest for each in report.erased} == {one, two}
    assert os.listdir(f"{state}/blobs") == [other]
    assert report.larger == (other,)
    assert report.open == (event_id(1), event_id(2))
    lines = check(state)
    assert Path(f"{state}/journal/log/000000000001.jsonl").read_bytes().startswith(before)
    said = [each for each in lines if each["type"] == "record.erased"]
    assert {each["meta"]["blob"] for each in said} == {one, two}
    assert {each["reason"] for each in said} == {"asked for"}
    assert tuple(each["seq"] for each in said) == report.lines
    assert views_on_disk(state) == views, "a view holds the digest, not the words"


def test_copies_of_ours_are_cleaned_and_others_are_told(state: str) -> None:
    report = erase(state, event_id(1))
    assert {each.path: each.cleaned for each in report.elsewhere} == {
        "outbox/notices.jsonl": False,
        "operator-notify-bridge-receipts/2026-03-01.jsonl": True,
        "corrupt/x.json": False,
    }
    cleaned = Path(f"{state}/operator-notify-bridge-receipts/2026-03-01.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in cleaned] == [{"said": "(erased)", "number": 7}, {"other": 1}]
    assert WORDS[:60] in Path(f"{state}/outbox/notices.jsonl").read_text()


def test_a_line_that_quotes_them_is_told(state: str) -> None:
    [answer] = open_store(state).commit([birth(5, body={"text": f"about {WORDS[:100]}"})], now=NOW)
    assert erase(state, event_id(1)).quoting == answer.seqs  # type: ignore[union-attr]


def test_a_dry_run_says_the_same_and_changes_nothing(state: str) -> None:
    before = {str(path): path.read_bytes() for path in Path(state).rglob("*") if path.is_file()}
    base = FilesStore(state, actor="uid:0", heals=False)
    store = DryRunStore(base, actor="uid:0")
    planned = run_erase(store, base.keeper().eraser(), event_id(1), reason="r", clock=At(), dry_run=True)
    assert {str(path): path.read_bytes() for path in Path(state).rglob("*") if path.is_file()} == before
    done = erase(state, event_id(1))
    assert (planned.erased, planned.elsewhere, planned.open) == (done.erased, done.elsewhere, done.open)
    assert planned.lines == ()


def test_a_second_time_there_is_nothing_to_do(state: str) -> None:
    erase(state, event_id(1))
    size = len(check(state))
    again = erase(state, event_id(1))
    assert (again.erased, again.lines, len(again.already)) == ((), (), 1)
    assert len(check(state)) == size


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        ("a" * 64, "no line that is kept names a blob"),
        ("evt_nobody", "no line that is kept holds a record"),
        (event_id(9), "stand in the line itself"),
    ],
)
def test_what_cannot_be_erased_is_said(state: str, what: str, problem: str) -> None:
    open_store(state).commit([observed(9, "short")], now=NOW)
    with pytest.raises(NothingToErase, match=problem):
        erase(state, what)


def test_what_a_killed_process_left_unnamed_goes_once_it_is_old(state: str) -> None:
    data = Path(f"{state}/blobs/{digest_of(state, 1)}").read_bytes()
    for name, age in (("f" * 64, 7200), (f"{'e' * 64}.tmp", 7200), ("d" * 64, 0)):
        path = Path(f"{state}/blobs/{name}")
        path.write_bytes(data)
        os.utime(path, (time.time() - age,) * 2)
    report = erase(state, event_id(1))
    assert report.unnamed == 2
    assert "d" * 64 in os.listdir(f"{state}/blobs"), "somebody may be about to name it"


def test_after_another_boot_what_a_line_erased_is_gone(state: str) -> None:
    """Killed between line and file, and then the host starts anew: the views are made again, and the file goes too."""
    digest = digest_of(state, 1)
    data = Path(f"{state}/blobs/{digest}").read_bytes()
    open_store(state).erase_blob(digest, reason="r", now=NOW)
    Path(f"{state}/blobs/{digest}").write_bytes(data)
    open_store(state, boot=OTHER_BOOT).ready()
    assert not os.path.exists(f"{state}/blobs/{digest}")


def erasing(where: str, report: Report) -> None:
    report(list(erase(where, event_id(1)).lines))


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.long)], ids=["now and then", "at every step"])
def test_killed(tmp_path: Path, stride: int) -> None:
    template = str(tmp_path / "template")
    told(template)
    other, views = digest_of(template, 3), views_on_disk(template)
    for number, where, outcome in killed_everywhere(template, str(tmp_path / "killed"), erasing, stride=stride):
        copy = f"{where}-reboot"
        shutil.copytree(where, copy)
        for place, options in ((copy, {"boot": OTHER_BOOT}), (where, {})):
            open_store(place, **options).ready()
            said = {each["meta"]["blob"] for each in check(place) if each["type"] == "record.erased"}
            assert {name for name in os.listdir(f"{place}/blobs") if len(name) == 64}.isdisjoint(said)
            seqs = {each["seq"] for each in check(place)}
            assert all(seq in seqs for reported in outcome.reports for seq in reported)
            erase(place, event_id(1))
            assert os.listdir(f"{place}/blobs") == [other], f"killed at {number}"
            assert views_on_disk(place) == views
            copied = Path(f"{place}/operator-notify-bridge-receipts/2026-03-01.jsonl").read_text()
            assert WORDS[:60] not in copied
        shutil.rmtree(copy)
    assert number > 20
