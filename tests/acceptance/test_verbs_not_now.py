"""silence and routes as processes: what is kept back, what is said about it, and where a notice would go."""

import json
from pathlib import Path

import pytest

from tests.acceptance.verbs import ROOT, Verbs, profile


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def add(verbs: Verbs, *words: str) -> dict:
    """Add a silence and return it."""
    document = verbs.ok("silence", "add", *words, "--comment", "planned move", "--format", "json").document()
    (made,) = document["silences"]
    return made


def test_a_silence_from_its_wish_to_its_end(verbs: Verbs) -> None:
    verbs.overdue()
    verbs.ok("scan")
    verbs.ok("enqueue")
    made = add(verbs, "task_id=nightly-*", "condition=checkpoint_*", "--for", "2h")
    assert (len(made["episodes"]), made["queued"]) == (1, 1)
    assert verbs.ok("dispatch").out == "Dispatched: 1 held.\n"
    assert verbs.ok("run").out == "", "going on waiting is no news"
    (waiting,) = verbs.ok("status", "--format", "json").document()["waiting"]
    assert (waiting["reason"], waiting["cause"], waiting["until"]) == ("silenced", made["silence_id"], made["ends_at"])
    assert made["silence_id"] in verbs.ok("status").out
    assert "kept back" in verbs.ok("explain", "nightly-build").out
    listed = verbs.ok("silence", "list", "--format", "json").document()["silences"]
    assert [each["silence_id"] for each in listed] == [made["silence_id"]]
    ended = verbs.ok("silence", "expire", made["silence_id"], "--format", "json").document()
    assert (ended["ended"], ended["silences"]) == (made["silence_id"], [])
    assert verbs.ok("run", "--format", "json").document()["bridge"]["acked"] == 1
    assert verbs.ok("silence", "list").out == "No silence is in force.\n"
    again = verbs.call("silence", "expire", made["silence_id"])
    assert (again.code, again.out) == (2, "")
    assert "no silence that is still in force" in again.err


def test_a_silence_that_matches_nothing_open_says_so(verbs: Verbs) -> None:
    said = verbs.ok("silence", "add", "agent_id=nobody", "--for", "2h", "--comment", "why").out
    assert "It matches nothing that is open now" in said
    made = add(verbs, "labels.team=core", "--from", "+1h", "--until", "+3h")
    assert made["starts_at"] < made["ends_at"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--for", "2h", "--comment", "x"), "for everything write task_id=*"),
        (("add", "task_id=x", "--comment", "x"), "--for DURATION or --until TIME"),
        (("add", "task_id=x", "--for", "2h", "--until", "+2h", "--comment", "x"), "one of the two"),
        (("add", "task_id=x", "--for", "2h"), "says why"),
        (("add", "taskid=x", "--for", "2h", "--comment", "x"), 'did you mean "task_id"?'),
        (("add", "nightly", "--for", "2h", "--comment", "x"), "write FACT=PATTERN"),
        (("add", "task_id=x", "task_id=y", "--for", "2h", "--comment", "x"), "given twice"),
        (("add", "task_id=x", "--until", "2020-01-01T00:00:00Z", "--comment", "x"), "ends after it starts"),
        (("add", "task_id=x", "--for", "soon", "--comment", "x"), "is no duration"),
        (("list", "more"), "list takes no more words"),
        (("list", "--for", "2h"), "belong to add"),
        (("expire",), "the id of one silence"),
        (("snooze",), "'snooze' is not one of"),
    ],
)
def test_what_nobody_can_mean_is_refused(verbs: Verbs, words: tuple[str, ...], said: str) -> None:
    ended = verbs.call("silence", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not (verbs.state / "journal").exists() or verbs.records("silence") == []


def test_what_another_hands_in_counts_with_the_next_run(verbs: Verbs) -> None:
    verbs.overdue()
    wish = {"silence_id": "sil_0123456789abcdef", "matcher": {"task_id": "nightly-*"}, "comment": "planned"}
    inbox = verbs.state / "inbox"
    (inbox / "a.json").write_text(json.dumps({**wish, "ends_at": "2099-01-01T00:00:00.000Z"}))
    (inbox / "b.json").write_text(
        json.dumps({**wish, "matcher": {"sevrity": "low"}, "ends_at": "2099-01-01T00:00:00Z"})
    )
    ran = verbs.call("run", "--format", "json")
    assert ran.code == 1
    document = ran.document()
    assert (document["inbox"]["recorded"], document["inbox"]["refused"]) == (1, 1)
    assert 'did you mean "severity"?' in document["inbox"]["findings"][0]["message"]
    assert (document["dispatch"]["held"], document["bridge"]) == (1, None)
    (recorded,) = verbs.records("silence")
    assert recorded["created_by"] != ""
    (inbox / "a.json").write_text(json.dumps({"what": "silence_end", "subject": "sil_0123456789abcdef"}))
    assert verbs.ok("run", "--format", "json").document()["bridge"]["acked"] == 1


def test_routes_test_says_where_a_notice_goes_and_why(tmp_path: Path) -> None:
    routes = (
        "    - match: {}",
        "    - match: {condition: silence_timeout}\n      receivers: [operator]\n    - match: {}",
    )
    mute = (
        "  mute_times: []",
        "  mute_times: [{name: always, schedule: '* * * * *', time_zone: UTC, duration_seconds: 600}]",
    )
    mine = profile(tmp_path, routes, mute)
    verbs = Verbs(tmp_path / "state", options=("--profile", str(mine)))
    verbs.overdue()
    verbs.ok("scan")
    (foretold,) = verbs.ok("routes", "test", "nightly-build", "--format", "json").document()["tests"]
    verbs.ok("enqueue")
    (notice,) = verbs.records("notice")
    assert foretold["facts"] == notice["facts"], "what is foretold is what is queued"
    for identity in ("nightly-build", notice["episode_id"], notice["notice_id"], foretold["subject"]):
        (test,) = verbs.ok("routes", "test", identity, "--format", "json").document()["tests"]
        (told,) = test["receivers"]
        assert (told["receiver"], told["route"], test["tells"]) == ("operator", 1, True)
        assert mine.read_text().splitlines()[told["line"] - 1].strip() == "- match: {}"
        assert told["targets"] == [{"target": "outbox", "sender": "file"}]
        assert (told["held"]["reason"], told["held"]["cause"]) == ("muted", "always")
    typed = verbs.ok("routes", "test", "--fact", "condition=silence_timeout", "--format", "json").document()["tests"]
    assert [each["route"] for each in typed[0]["receivers"]] == [0]
    shown = verbs.ok("routes", "test", "nightly-build").out
    assert f"Profile: {mine}" in shown
    assert "muted by always until" in shown
    assert verbs.records("hold") == [], "nothing was written"


def test_routes_test_at_another_time(tmp_path: Path) -> None:
    mute = (
        "  mute_times: []",
        "  mute_times: [{name: night, schedule: '0 22 * * *', time_zone: UTC, duration_seconds: 28800}]",
    )
    verbs = Verbs(tmp_path / "state", options=("--profile", str(profile(tmp_path, mute))))
    asked = ("routes", "test", "--fact", "condition=silence_timeout", "--fact", "agent_id=coder")
    silence = ("--from", "2031-06-01T12:00:00Z", "--until", "2031-06-01T13:00:00Z", "--comment", "move")
    verbs.ok("silence", "add", "agent_id=coder", *silence)

    def held(at: str) -> dict[str, object] | None:
        document = verbs.ok(*asked, "--at", at, "--format", "json").document()
        assert document["at"] == at.replace("Z", ".000Z")
        (told,) = document["tests"][0]["receivers"]
        found: dict[str, object] | None = told["held"]
        return found

    night = {"reason": "muted", "cause": "night", "until": "2031-06-02T06:00:00.000Z"}
    assert held("2031-06-01T22:00:00Z") == night
    assert held("2031-06-02T05:59:59Z") == night
    assert held("2031-06-02T06:00:00Z") is None
    silenced = held("2031-06-01T12:30:00Z")
    assert silenced is not None
    assert (silenced["reason"], silenced["until"]) == ("silenced", "2031-06-01T13:00:00.000Z")
    assert held("2031-06-01T13:00:00Z") is None
    shown = verbs.ok(*asked, "--at", "2031-06-01T23:00:00Z").out
    assert "Calendars and silences as they are at 2031-06-01T23:00:00.000Z" in shown
    assert "kept back then" in shown
    assert "same task_id " in shown
    assert "None" not in shown
    assert verbs.records("hold") == []


def test_routes_test_tells_a_lost_test_notice_to_somebody_else(tmp_path: Path) -> None:
    """As `enqueue` does; the profile names one receiver in its route, and a second one nowhere."""
    deputy = (
        "  receivers:\n",
        "  receivers:\n    deputy: {targets: {box: {sender: file, parameters: {path: deputy.jsonl}}}}\n",
    )
    verbs = Verbs(tmp_path / "state", options=("--profile", str(profile(tmp_path, deputy))))

    def told(lost: str) -> list[str]:
        facts = [f"--fact={each}" for each in ("condition=canary", "source=self", f"task_id=self:canary/{lost}")]
        (test,) = verbs.ok("routes", "test", *facts, "--format", "json").document()["tests"]
        return [each["receiver"] for each in test["receivers"]]

    assert told("operator") == ["deputy"]
    assert told("deputy") == ["operator"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("test",), "say what the notice is about"),
        (("test", "no-such-task"), "no task, event, episode or notice of this id"),
        (("test", "--fact", "conditon=x"), 'did you mean "condition"?'),
        (("show",), "'show' is not"),
    ],
)
def test_routes_refuses_what_it_cannot_answer(verbs: Verbs, words: tuple[str, ...], said: str) -> None:
    ended = verbs.call("routes", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_both_are_among_the_programs_of_a_checkout() -> None:
    assert all((ROOT / "bin" / verb).read_text() == (ROOT / "bin/ack").read_text() for verb in ("silence", "routes"))
