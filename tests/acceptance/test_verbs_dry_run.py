"""A dry run says what would be done, and leaves the state as it is, byte for byte."""

import json
from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs, profile, tree, with_target

STAGES = ("scan", "enqueue", "dispatch", "bridge", "run")


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def dry(verbs: Verbs, verb: str, *more: str) -> dict:
    """Run a verb dry, make sure that it changed nothing, and return its reply."""
    before = tree(verbs.state.parent)
    ended = verbs.ok(verb, "--dry-run", "--format", "json", *more)
    assert tree(verbs.state.parent) == before
    document = ended.document()
    assert document["dry_run"] is True
    return document


@pytest.mark.parametrize("verb", STAGES)
def test_where_there_is_no_state_none_is_made(verbs: Verbs, verb: str) -> None:
    dry(verbs, verb)
    assert not verbs.state.exists()
    assert verbs.ok(verb, "--dry-run").out == "", "nothing to say is nothing said"


def test_each_stage_says_beforehand_what_it_does_then(verbs: Verbs) -> None:
    verbs.overdue()
    for verb, counts in (
        ("scan", ("fired", "due", "looked_at")),
        ("enqueue", ("decided", "notices", "requests")),
        ("dispatch", ("dispatched", "items")),
    ):
        said = dry(verbs, verb)
        assert any(said[each] for each in counts)
        assert verbs.ok(verb, "--dry-run").out.startswith("Dry run: nothing was recorded or sent.\n")
        done = verbs.ok(verb, "--format", "json").document()
        assert {each: said[each] for each in counts} == {each: done[each] for each in counts}
    due = dry(verbs, "bridge")["due"]
    assert [(each["target"], each["attempts"]) for each in due] == [("operator/outbox", 0)]
    assert verbs.outbox() == []
    sent = verbs.ok("bridge", "--format", "json").document()
    assert [each["spool_id"] for each in sent["items"]] == [each["spool_id"] for each in due]
    assert dry(verbs, "bridge")["due"] == []


def test_a_dry_run_walks_the_whole_chain(verbs: Verbs) -> None:
    verbs.overdue()
    verbs.overdue("second")
    said = dry(verbs, "run")
    assert [said[stage]["dry_run"] for stage in STAGES[:4]] == [True] * 4
    assert (said["scan"]["fired"], said["enqueue"]["notices"], said["dispatch"]["items"]) == (2, 2, 2)
    assert len(said["bridge"]["due"]) == 2
    assert verbs.outbox() == []
    done = verbs.ok("run", "--format", "json").document()
    assert done["bridge"]["acked"] == 2
    assert dry(verbs, "run")["bridge"] is None


def test_what_was_dropped_in_the_inbox_is_read_and_stays(verbs: Verbs) -> None:
    verbs.ok("init")
    (verbs.state / "inbox/a.json").write_text(json.dumps({"verb": "start", "task": "dropped", "agent": "x"}))
    (verbs.state / "inbox/b.json").write_text("no json")
    before = tree(verbs.state)
    ended = verbs.call("run", "--dry-run", "--format", "json")
    inbox = ended.document()["inbox"]
    assert (ended.code, inbox["read"], inbox["recorded"], inbox["refused"]) == (1, 2, 1, 1)
    assert tree(verbs.state) == before
    assert verbs.call("run", "--format", "json").document()["inbox"] == inbox


def test_a_sender_is_not_even_asked(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    refusing = with_target(tmp_path, "command", {"argv": ["/usr/bin/touch", str(trace)]})
    verbs = Verbs(tmp_path / "state", options=("--profile", str(refusing)))
    verbs.overdue()
    dry(verbs, "run")
    assert not trace.exists()
    verbs.ok("run")
    assert trace.exists(), "or this test would show nothing"


def test_a_profile_that_was_never_read_is_not_kept_either(verbs: Verbs, tmp_path: Path) -> None:
    verbs.overdue()
    other = profile(tmp_path, ("repeat_seconds: 14400", "repeat_seconds: 60"))
    dry(verbs, "scan", "--profile", str(other))


def test_a_state_that_needs_care_is_left_alone(verbs: Verbs) -> None:
    verbs.overdue()
    applied = verbs.state / "journal/applied"
    applied.write_bytes(bytes(256))  # as after a kill in the middle of a commit
    before = tree(verbs.state)
    ended = verbs.call("scan", "--dry-run")
    assert (ended.code, ended.out) == (75, "")
    assert "the views are behind the journal" in ended.err
    assert tree(verbs.state) == before
    verbs.ok("status")
    assert dry(verbs, "scan")["fired"] == 1


def test_the_example_is_no_dry_run(verbs: Verbs) -> None:
    ended = verbs.call("run", "--example", "--dry-run")
    assert (ended.code, ended.out) == (2, "")
    assert "--dry-run" in ended.err
    assert not verbs.state.exists()
