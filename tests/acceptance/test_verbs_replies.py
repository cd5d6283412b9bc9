"""Every verb, as a process, and its JSON reply held to its schema."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.commands.main import VERBS
from tests.acceptance.verbs import ROOT, Verbs, check_reply, profile, with_target

REPORTS = sorted((ROOT / "schemas/reporting-governance/reports").glob("*.schema.json"))


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def test_every_verb_has_a_schema_and_there_is_no_other() -> None:
    assert [path.name.removesuffix(".schema.json") for path in REPORTS] == sorted(VERBS)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name.split(".")[0])
def test_a_schema_is_named_closed_described_and_has_good_examples(path: Path) -> None:
    schema = json.loads(path.read_text())
    assert schema["$id"].endswith(f"/reports/{path.name}")
    assert schema["title"]
    assert schema["description"].endswith(".")
    assert schema["examples"]
    for example in schema["examples"]:
        check_reply(example)
        with pytest.raises(AssertionError):
            check_reply({**example, "no such key": 1})
    for where, each in _objects(schema, "#"):
        assert each.get("additionalProperties") is not None, where
        for name, member in each.get("properties", {}).items():
            assert "$ref" in member or member["description"], f"{where}/{name}"


def _objects(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield where, node
        for key, value in node.items():
            if key != "examples":
                yield from _objects(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _objects(value, f"{where}/{index}")


def test_the_chain_verb_by_verb(verbs: Verbs) -> None:
    assert verbs.ok("init", "--format", "json").document()["profile_written"] is True
    start = ("start", "nightly-build", "--agent", "coder", "--every", "1m", "--at", "2026-01-01T00:00:00Z", "--id", "a")
    assert verbs.ok("report", *start, "--format", "json").document()["recorded"] == 1
    assert verbs.ok("report", *start, "--format", "json").document()["already_recorded"] == 1
    assert verbs.ok("report", "heartbeat", "nightly-build", "--format", "json").document()["refused"] == 0
    scanned = verbs.ok("scan", "--format", "json").document()
    assert (scanned["fired"], [each["condition"] for each in scanned["said"]][-1]) == (1, "checkpoint_overdue")
    decided = verbs.ok("enqueue", "--format", "json").document()
    assert (decided["notices"], decided["requests"]) == (1, 1)
    assert verbs.ok("dispatch", "--format", "json").document()["items"] == 1
    sent = verbs.ok("bridge", "--format", "json").document()
    assert (sent["acked"], sent["items"][0]["proof"]) == (1, "stored")
    assert [each["spool_id"] for each in verbs.outbox()] == [sent["items"][0]["spool_id"]]
    status = verbs.ok("status", "--tasks", "--format", "json").document()
    assert (len(status["episodes"]), status["without_promise"], status["last_run_at"]) == (1, 0, None)
    told = verbs.ok("explain", "nightly-build", "--format", "json").document()
    assert {"event-envelope", "evidence", "notice", "receipt"} <= {each["kind"] for each in told["steps"]}
    acked = verbs.ok("ack", "nightly-build", "--comment", "looking", "--format", "json").document()
    assert (len(acked["subjects"]), acked["withdrawn"], acked["handed_in"]) == (1, [], None)
    taken_back = verbs.ok("ack", "nightly-build", "--undo", "--format", "json").document()
    assert (taken_back["what"], taken_back["subjects"]) == ("unack", acked["subjects"])
    owed = verbs.ok("report", "checkpoint", "nightly-build", "well again", "--format", "json").document()
    assert owed["results"][0]["owed"]["counted"] is True
    ran = verbs.ok("run", "--format", "json").document()
    assert (ran["scan"]["resolved"], ran["bridge"]["acked"]) == (1, 1)
    assert [each["phase"] for each in verbs.outbox()] == ["firing", "resolved"]
    assert verbs.ok("run", "--format", "json").document()["bridge"] is None
    assert verbs.ok("status", "--format", "json").document()["last_run_at"] is not None
    assert verbs.ok("doctor", "--format", "json").document()["rebuilt"] is False
    assert verbs.ok("doctor", "--rebuild", "--format", "json").document()["rebuilt"] is True


def test_the_same_as_text_and_silence_where_there_is_nothing_to_say(verbs: Verbs) -> None:
    for verb in ("scan", "enqueue", "dispatch", "bridge", "run"):
        assert verbs.ok(verb).out == "", verb
    verbs.overdue()
    assert "checkpoint_overdue" in verbs.ok("scan").out
    assert "Queued: 1 notices." in verbs.ok("enqueue").out
    assert "Dispatched: 1 items." in verbs.ok("dispatch").out
    assert "acked" in verbs.ok("bridge").out
    for verb in ("scan", "enqueue", "dispatch", "bridge", "run"):
        assert verbs.ok(verb).out == "", verb
    assert "nightly-build" in verbs.ok("status", "--tasks").out
    assert "every 60 s" in verbs.ok("status", "--tasks").out
    assert "stored by file" in verbs.ok("explain", "nightly-build").out
    assert "1 changed" in verbs.ok("ack", "nightly-build").out


def test_the_example_adds_nothing_the_second_time(verbs: Verbs) -> None:
    first = verbs.ok("run", "--example", "--format", "json").document()["example"]
    assert (first["receipt"]["outcome"], first["receipt"]["proof"]) == ("acked", "stored")
    assert first["added"] > 0
    assert all(os.path.exists(path) for path in first["places"].values())
    again = verbs.ok("run", "--example", "--format", "json").document()["example"]
    assert again == {**first, "added": 0}
    assert not (verbs.state / "journal").exists(), "the state itself stays out of it"


def test_what_is_blocked_is_sent_again(tmp_path: Path) -> None:
    refusing = with_target(tmp_path, "command", {"argv": ["/bin/false"]})
    verbs = Verbs(tmp_path / "state", options=("--profile", str(refusing)))
    verbs.overdue()
    ran = verbs.call("run", "--format", "json")
    assert ran.code == 3, "something needs a person"
    assert ran.document()["bridge"]["blocked"] == 1
    (stuck,) = verbs.ok("status", "--format", "json").document()["stuck"]
    assert stuck["state"] == "blocked"
    retried = verbs.ok("retry", stuck["id"], "--comment", "again", "--format", "json").document()
    assert retried["subjects"] == [stuck["id"]]
    assert verbs.call("bridge", "--format", "json").document()["blocked"] == 1


def test_check_ins_as_json_lines_stand_each_for_itself(verbs: Verbs) -> None:
    lines = '{"verb": "start", "task": "a", "agent": "x"}\n{"verb": "dance", "task": "a"}\n\nno json\n'
    ended = verbs.call("report", "-", "--format", "json", given=lines)
    assert (ended.code, ended.err) == (1, "")
    document = ended.document()
    assert (document["recorded"], len(document["findings"])) == (1, 2)
    assert [each["file"] for each in document["findings"]] == ["standard input, line 2", "standard input, line 4"]


def test_a_promise_by_calendar_is_kept_shown_and_refused_where_it_says_nothing(verbs: Verbs) -> None:
    far = ("--schedule", "0 9 29 2 *", "--time-zone", "Europe/Berlin")
    verbs.ok("report", "start", "leap", "--agent", "x", *far)
    early = verbs.ok("report", "checkpoint", "leap", "here", "--format", "json").document()["results"][0]
    assert early["owed"]["counted"] is False
    assert "this check-in does not count: it came" in verbs.ok("report", "checkpoint", "leap", "still here").out
    (task,) = verbs.ok("status", "--tasks", "--format", "json").document()["tasks"]
    assert (task["counted"], task["due_at"]) == (False, early["owed"]["next_due_at"])
    shown = verbs.ok("status", "--tasks").out
    assert "by calendar: 0 9 29 2 * (Europe/Berlin)" in shown
    assert "not counted because it came" in shown
    assert "Cannot be seen of these: owner_dead" in shown
    for wrong in (("--schedule", "0 25 * * *", "--time-zone", "UTC"), ("--schedule", "0 9 * * *")):
        ended = verbs.call("report", "start", "other", "--agent", "x", *wrong)
        assert ended.code == 1
        assert "Mon..Fri 09:00" in ended.out
    for usage in (("--time-zone", "UTC"), ("--every", "1h", "--schedule", "daily", "--time-zone", "UTC")):
        assert verbs.call("report", "start", "other", "--agent", "x", *usage).code == 2


def test_a_time_in_which_nobody_watched_is_seen_and_gives_one_grace(verbs: Verbs) -> None:
    verbs.ok("report", "start", "quiet", "--agent", "x")
    verbs.ok("scan")
    last = verbs.state / "last-scan"
    an_hour_ago = last.stat().st_mtime - 3600
    verbs.ok("report", "start", "t", "--agent", "x", "--every", "1s", "--grace", "1s")
    time.sleep(2.1)
    os.utime(last, (an_hour_ago, an_hour_ago))
    for _ in range(2):
        scanned = verbs.ok("scan", "--format", "json").document()
        assert scanned["fired"] == 0
        assert "nobody watched from" in scanned["not_judged"][0]["reason"]
    gap = verbs.ok("status", "--format", "json").document()["gap"]
    assert gap["began_at"] < gap["ended_at"]
    assert "Gap seen: nobody watched from" in verbs.ok("status").out
    last.unlink()
    assert verbs.ok("scan", "--dry-run", "--format", "json").document()["fired"] == 0
    assert not last.exists(), "a dry run changes nothing"


def test_the_sources_of_a_profile_are_watched_and_shown(tmp_path: Path) -> None:
    claw = tmp_path / "claw"
    text = ("    when_present: true ", f"    parameters: {{state: {claw}}}\n    when_present: true ")
    verbs = Verbs(tmp_path / "state", options=("--profile", str(profile(tmp_path, text))))
    assert verbs.ok("scan", "--format", "json").document()["unreadable"] == [], "absent is no finding"
    assert verbs.ok("status", "--format", "json").document()["sources"] == []
    (claw / "state").mkdir(parents=True)
    (claw / "state/openclaw.sqlite").write_bytes(b"no database at all")
    ended = verbs.call("scan", "--format", "json")
    document = ended.document()
    assert (ended.code, document["unreadable"], document["fired"]) == (3, ["openclaw"], 1)
    assert document["findings"]
    (source,) = verbs.ok("status", "--format", "json").document()["sources"]
    assert (source["source"], source["instance"]) == ("openclaw", None)
    assert source["unreadable"]
    assert source["cannot_see"]
    assert verbs.call("run").code == 3
    assert "cannot be read" in verbs.outbox()[0]["subject"]


def test_a_source_that_was_there_and_is_gone_is_blind_and_not_well(tmp_path: Path) -> None:
    claw = tmp_path / "claw"
    text = ("    when_present: true ", f"    parameters: {{state: {claw}}}\n    when_present: true ")
    verbs = Verbs(tmp_path / "state", options=("--profile", str(profile(tmp_path, text))))
    (claw / "state").mkdir(parents=True)
    database = sqlite3.connect(claw / "state/openclaw.sqlite")
    database.executescript((ROOT / "tests/cases/openclaw/ended.sql").read_text())
    database.close()
    verbs.ok("run")
    (source,) = verbs.ok("status", "--format", "json").document()["sources"]
    assert (source["unreadable"], source["watched_since"] is None) == (None, False)
    claw.rename(tmp_path / "moved")  # as when its disk is not mounted
    ended = verbs.call("run", "--format", "json")
    assert (ended.code, ended.document()["scan"]["unreadable"]) == (3, ["openclaw"])
    (tmp_path / "moved").rename(claw)
    assert verbs.ok("run", "--format", "json").document()["scan"]["resolved"] == 1
