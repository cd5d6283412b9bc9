"""prune and erase as their owner calls them, and what explain says of what is retired."""

import json
import os
from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import Folder
from tests.acceptance.verbs import Verbs, tree
from tests.storage.building import event_id, item_id
from tests.storage.oracle import views_on_disk
from tests.storage.retention import days_of_work, documents, leaves_by_hand

LONG = "somebody's own words, and many of them " * 10


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    days_of_work(str(tmp_path / "state"), open_since=3)
    return Verbs(tmp_path / "state")


def test_prune_retires_what_is_old_and_names_what_is_open(verbs: Verbs) -> None:
    where = str(verbs.state)
    before = leaves_by_hand(where)
    views = {name: body for name, body in views_on_disk(where).items() if not name.startswith("past/")}
    verbs.call("prune", "--keep", "9999d")  # whatever is to be healed is healed
    dry = tree(verbs.state)
    planned = verbs.call("prune", "--keep", "30d", "--dry-run", "--format", "json")
    assert tree(verbs.state) == dry
    ended = verbs.call("prune", "--keep", "30d", "--reason", "the plan of 2026", "--format", "json")
    assert planned.code == ended.code == 3
    document = ended.document()
    assert [each["id"] for each in document["held_by"]] == [item_id(900)]
    assert document["held_by"][0]["folder"] == Folder.SPOOL.value
    assert len(document["segments"]) == 3
    assert planned.document()["segments"] == document["segments"]
    kept = documents(where)
    assert kept[0]["seq"] == document["segments"][-1]["to_seq"] + 1
    assert [each["meta"]["reason"] for each in kept if each["type"] == "log.segment_retired"] == ["the plan of 2026"]
    assert leaves_by_hand(where)[: len(before)] == before
    verbs.call("doctor", "--rebuild")
    assert {name: body for name, body in views_on_disk(where).items() if name in views} == views


def test_prune_says_in_words_what_keeps_the_rest(verbs: Verbs) -> None:
    ended = verbs.call("prune", "--keep", "30d")
    assert ended.code == 3
    assert item_id(900) in ended.out
    assert "3 segments retired" in ended.out
    again = verbs.call("prune", "--keep", "30d")
    assert again.code == 3
    assert "segments retired" not in again.out


def test_prune_needs_to_be_told_how_long(verbs: Verbs) -> None:
    assert verbs.call("prune").code == 2
    assert verbs.call("prune", "--keep", "long").code == 2


def test_only_the_owner_prunes_and_erases(verbs: Verbs) -> None:
    if os.geteuid() != 0:
        pytest.skip("another user can only be tried as root")
    for each in (verbs.state, *verbs.state.rglob("*")):
        os.chown(each, 65534, 65534)
    for arguments in (("prune", "--keep", "30d"), ("erase", event_id(1), "--reason", "r")):
        for dry in ((), ("--dry-run",)):
            ended = verbs.call(*arguments, *dry)
            assert ended.code == 1
            assert "belongs to nobody" in ended.err
    assert documents(str(verbs.state))[0]["seq"] == 1


def test_erase_tells_where_the_words_stand_still(verbs: Verbs) -> None:
    (verbs.state / "outbox/notices.jsonl").write_text(json.dumps({"body": f"he said: {LONG[:100]}…"}) + "\n")
    document = verbs.ok("erase", event_id(1), "--reason", "asked for", "--format", "json").document()
    assert [each["records"] for each in document["erased"]] == [[f"event-envelope {event_id(1)}"]]
    assert document["elsewhere"] == [{"path": "outbox/notices.jsonl", "is_whole": False, "cleaned": False}]
    assert "erased" in verbs.ok("erase", event_id(1), "--reason", "again").out


def test_events_go_to_standard_output_or_into_a_new_file(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    verbs.ok("report", "start", "t", "--agent", "a")
    size = len(verbs.journal())
    printed = [json.loads(line) for line in verbs.ok("export-audit", "--as", "cloudevents").out.splitlines()]
    assert [each["data"]["seq"] for each in printed] == list(range(1, size + 1))
    target = tmp_path / "events.jsonl"
    call = ("export-audit", "--as", "cloudevents", "--output", target, "--format", "json")
    assert verbs.ok(*call).document()["events"] == size
    assert [json.loads(line) for line in target.read_text().splitlines()] == printed
    again = verbs.call(*call)
    assert (again.code, "there already" in again.err) == (2, True)
    assert len(verbs.journal()) == size, "nothing is recorded of it"
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    for more in (("--reproducible",), ("--proof", "1"), ("--format", "json")):
        assert verbs.call("export-audit", "--as", "cloudevents", *more).code == 2
