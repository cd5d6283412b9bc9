"""Wrong calls: what is wrong is said in a line or two on stderr, the exit code is 2, and nothing is recorded."""

from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs, tree

START = ("report", "start", "nightly-build", "--agent", "coder")

#: arguments, and what stderr must say
WRONG: list[tuple[tuple[str, ...], str]] = [
    (("report", "start", "nightly-build"), "start needs --agent"),
    (("report", "start", "", "--agent", "coder"), "start needs the id of a task"),
    (("report", "dance", "nightly-build"), "'dance' is not one of"),
    ((*START, "--every", "5x"), "'5x' is no duration"),
    ((*START, "--every", "0"), "at least one second"),
    ((*START, "--every", "1h1"), "is no duration"),
    ((*START, "--every", "-5m"), "is no duration"),
    ((*START, "--every", "٥m"), "is no duration"),
    ((*START, "--grace", "5m"), "--grace belongs to --every"),
    ((*START, "--deadline", "tomorrow"), "is no time"),
    ((*START, "--deadline", "2026-01-01T00:00:00"), "is no time"),
    ((*START, "--at", "2026-13-01T00:00:00Z"), "is no time"),
    ((*START, "--at", "2026-02-30T00:00:00Z"), "is no time"),
    ((*START, "--label", "foo"), "write KEY=VALUE"),
    ((*START, "--mode", "sometimes"), "'sometimes' is not one of"),
    (("report", "child", "nightly-build"), "child and step"),
    (("report", "evidence", "nightly-build", "--class", "rumour"), "'rumour' is not one of"),
    (("report", "evidence", "nightly-build", "--exit-status", "fine"), "not a valid integer"),
    (("report", "complete", "nightly-build", "--status", "active"), "status"),
    (("report", "checkpoint", "x" * 5000), ""),
    (("scan", "surplus"), "unexpected extra argument"),
    (("scan", "--profile", "no-such-mode"), "minimal-solo-mode, standard-team-mode"),
    (("scan", "--profile", "/no/such/file.yaml"), "No such file or directory"),
    (("scan", "--profile", "/"), "Is a directory"),
    (("scan", "--profile", ""), "--profile is empty"),
    (("scan", "--state", ""), "--state is empty"),
    (("scan", "--format", "xml"), "'xml' is not one of"),
    (("enqueue", "--limit", "0"), "not in the range"),
    (("enqueue", "--limit", "many"), "not a valid integer"),
    (("enqueue", "--profile", "no-such-mode"), "no-such-mode"),
    (("enqueue", "--parallel", "2"), "No such option"),
    (("enqueue", "surplus"), "unexpected extra argument"),
    (("dispatch", "--limit", "-1"), "not in the range"),
    (("dispatch", "--limit", ""), "not a valid integer"),
    (("dispatch", "--profile", "no-such-mode"), "no-such-mode"),
    (("dispatch", "--format", "yaml"), "'yaml' is not one of"),
    (("dispatch", "surplus"), "unexpected extra argument"),
    (("bridge", "--limit", "0"), "not in the range"),
    (("bridge", "--parallel", "0"), "not in the range"),
    (("bridge", "--parallel", "65"), "not in the range"),
    (("bridge", "--max-seconds", "0"), "not in the range"),
    (("bridge", "--max-seconds", "soon"), "not a valid integer"),
    (("run", "--max-seconds", "-1"), "not in the range"),
    (("run", "--max-seconds", "nan"), "not a valid integer"),
    (("run", "--max-seconds", ""), "not a valid integer"),
    (("run", "--profile", "no-such-mode"), "no-such-mode"),
    (("run", "--example", "--dry-run"), "--dry-run"),
    (("run", "surplus"), "unexpected extra argument"),
    (("status", "surplus"), "unexpected extra argument"),
    (("status", "--profile", "no-such-mode"), "no-such-mode"),
    (("status", "--task"), "--task"),
    (("status", "--format", ""), "'' is not one of"),
    (("status", "--dry-run"), "No such option"),
    (("explain",), "Missing argument 'ID'"),
    (("explain", "epi_00000000000000000000000000000000"), "no record of this id"),
    (("explain", "../../etc/passwd"), "no record of this id"),
    (("explain", ""), "no record of this id"),
    (("explain", "a", "b"), "unexpected extra argument"),
    (("ack",), "Missing argument 'ID'"),
    (("ack", "no-such-task"), "nothing that is open has this id"),
    (("ack", "../../etc/passwd"), "nothing that is open has this id"),
    (("ack", ""), "nothing that is open has this id"),
    (("ack", "nightly-build", "--comment"), "requires an argument"),
    (("ack", "nightly-build", "again"), "unexpected extra argument"),
    (("retry",), "Missing argument 'ID'"),
    (("retry", "spl_00000000000000000000000000000000"), "no blocked item"),
    (("retry", "../../etc/passwd"), "no blocked item"),
    (("retry", ""), "no blocked item"),
    (("retry", "nightly-build"), "no blocked item"),
    (("doctor", "--repair"), "No such option"),
    (("doctor", "surplus"), "unexpected extra argument"),
    (("doctor", "--profile", "no-such-mode"), "no-such-mode"),
    (("doctor", "--format", "xml"), "'xml' is not one of"),
    (("doctor", "--state", ""), "--state is empty"),
    (("init", "surplus"), "unexpected extra argument"),
    (("init", "--profile", "no-such-mode"), "no-such-mode"),
    (("init", "--profile", ""), "--profile is empty"),
    (("init", "--state", ""), "--state is empty"),
    (("init", "--force"), "No such option"),
]


@pytest.fixture(scope="module")
def verbs(tmp_path_factory: pytest.TempPathFactory) -> Verbs:
    """Return verbs on a state with an overdue task of which nobody was told."""
    verbs = Verbs(tmp_path_factory.mktemp("wrong") / "state")
    verbs.overdue()
    verbs.ok("scan")
    return verbs


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=lambda value: " ".join(value)[:60] if value else "")
def test_a_wrong_call_is_refused_and_changes_nothing(verbs: Verbs, arguments: tuple[str, ...], said: str) -> None:
    before = tree(verbs.state)
    ended = verbs.call(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert ended.err.count("\n") <= 6
    assert tree(verbs.state) == before


def test_there_are_five_for_each_verb() -> None:
    counts: dict[str, int] = {}
    for arguments, _ in WRONG:
        counts[arguments[0]] = counts.get(arguments[0], 0) + 1
    assert min(counts.values()) >= 5, counts
    assert len(counts) == 12


def test_a_word_that_is_no_status_is_an_answer_of_no(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    ended = verbs.call(*START, "--status", "ongoing", "--format", "json")
    document = ended.document()
    assert (ended.code, document["refused"], document["recorded"]) == (1, 1, 0)
    assert "ongoing" in document["results"][0]["reason"]
    assert verbs.records("event-envelope") == []


def test_text_of_agents_drives_no_terminal_and_forges_no_line(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    evil = "a\nforged: all is well\x1b[2J\u202e"
    start = ("report", "start", evil, "--agent", evil, "--title", evil, "--every", "1m", "--at", "2026-01-01T00:00:00Z")
    outs = [verbs.call(*start).out, verbs.call("report", "checkpoint", evil, evil).out]
    outs += [verbs.call(*words).out for words in (("run",), ("status", "--tasks"), ("explain", evil), ("ack", evil))]
    for out in outs:
        assert not set(out) & {"\x1b", "\u202e"}, out
        assert not any(line.startswith("forged") for line in out.splitlines()), out
