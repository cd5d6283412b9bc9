"""How much evidence proves, by the written rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reporting_governance.contracts.check_in import OfferedEvidence
from reporting_governance.contracts.evidence import Evidence, Quality
from reporting_governance.core.evidence_builder import Opened, Origin, build_evidence, newest_change_at, newest_write_at

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DIGEST = "a" * 64
FILE = {"kind": "file", "ref": "report.xml", "sha256": DIGEST}
THERE = {"report.xml": Opened(DIGEST)}


def build(offered: dict[str, Any], opened: dict[str, Opened] | None = None, **origin: Any) -> Evidence:
    base: dict[str, Any] = {
        "event_id": "evt_1",
        "task_id": "t1",
        "agent_id": "worker",
        "correlation_id": "run-1",
        "from_other": False,
        "last_change_at": None,
    }
    document = {"class": "tool_output", "summary": "what was done", **offered}
    return build_evidence(OfferedEvidence.parse(document), opened or {}, Origin(**{**base, **origin}), now=NOON)


CHECK = {"class": "verification_output", "refs": [FILE], "exit_status": 0, "changed_at": "2026-03-01T11:00:00Z"}


@pytest.mark.parametrize(
    ("offered", "opened", "origin", "expected"),
    [
        ({}, {}, {}, Quality.NONE),
        ({"refs": [{"kind": "url", "ref": "https://example.org/build/7"}]}, {}, {}, Quality.WEAK),
        ({"refs": [FILE]}, THERE, {}, Quality.MODERATE),
        ({"refs": [{"kind": "file", "ref": "report.xml"}]}, THERE, {}, Quality.MODERATE),
        ({"refs": [FILE]}, {}, {}, Quality.NONE),
        ({"refs": [FILE]}, {"report.xml": Opened(None, "report.xml: gone")}, {}, Quality.NONE),
        ({"refs": [FILE]}, {"report.xml": Opened("b" * 64)}, {}, Quality.NONE),
        ({"refs": [FILE, {"kind": "file", "ref": "other"}]}, THERE, {}, Quality.NONE),
        ({"refs": [FILE, {"kind": "url", "ref": "https://example.org"}]}, THERE, {}, Quality.MODERATE),
        (CHECK, THERE, {}, Quality.STRONG),
        (CHECK, THERE, {"from_other": True}, Quality.DECISIVE),
        ({**CHECK, "exit_status": None}, THERE, {}, Quality.MODERATE),
        ({**CHECK, "exit_status": 1}, THERE, {}, Quality.MODERATE),
        ({**CHECK, "exit_status": 1}, THERE, {"from_other": True}, Quality.MODERATE),
        ({"class": "verification_output", "exit_status": 0, "command": "pytest"}, {}, {}, Quality.WEAK),
        ({**CHECK, "class": "tool_output"}, THERE, {}, Quality.MODERATE),
        ({**CHECK, "changed_at": None}, THERE, {}, Quality.MODERATE),
        ({**CHECK, "changed_at": None}, THERE, {"last_change_at": NOON - timedelta(hours=1)}, Quality.STRONG),
        ({**CHECK, "captured_at": "2026-03-01T10:59:59Z"}, THERE, {}, Quality.MODERATE),
        (CHECK | {"captured_at": "2026-03-01T11:30:00Z"}, THERE, {"last_change_at": NOON}, Quality.MODERATE),
        (CHECK, {}, {"from_other": True}, Quality.NONE),
    ],
)
def test_quality_follows_the_written_rules(
    offered: dict[str, Any], opened: dict[str, Opened], origin: dict[str, Any], expected: Quality
) -> None:
    assert build(offered, opened, **origin).quality is expected


def test_a_digest_that_was_left_out_is_written_down() -> None:
    item = build({"refs": [{"kind": "file", "ref": "report.xml"}]}, THERE)
    assert item.refs[0]["sha256"] == DIGEST


def test_a_bare_assertion_refers_to_the_check_in_itself() -> None:
    assert build({}).refs == ({"kind": "check_in", "ref": "evt_1"},)


def test_a_check_that_failed_supports_no_completion() -> None:
    claims = ["progress", "completion"]
    assert build({**CHECK, "claims": claims}, THERE).supports["claims"] == ["progress", "completion"]
    assert build({**CHECK, "claims": claims, "exit_status": 1}, THERE).supports["claims"] == ["progress"]


def test_evidence_is_never_from_the_future() -> None:
    assert build({"captured_at": "2026-03-02T12:00:00Z"}).captured_at == NOON


def test_equal_evidence_of_one_event_has_one_id() -> None:
    assert build({}).evidence_id == build({}).evidence_id
    assert build({}).evidence_id != build({"summary": "something else"}).evidence_id
    assert build({}).evidence_id != build({}, event_id="evt_2").evidence_id


def test_the_newest_change_is_that_of_a_file() -> None:
    items = [
        {"class": "file_change", "captured_at": "2026-03-01T10:00:00.000Z", "supports": {}},
        {"class": "file_change", "captured_at": "2026-03-01T09:00:00.000Z", "supports": {}},
        {"class": "tool_output", "captured_at": "2026-03-01T11:00:00.000Z", "supports": {}},
    ]
    assert newest_change_at(items, (), NOON) == NOON - timedelta(hours=2)
    patch = {"class": "runtime_artifact", "captured_at": "2026-03-01T11:00:00.000Z", "supports": {"change": {}}}
    assert newest_change_at([*items, patch], (), NOON) == NOON - timedelta(hours=1)
    assert newest_change_at([], (), NOON) is None


@pytest.mark.parametrize(
    ("written", "changed", "quality"),
    [
        (NOON - timedelta(minutes=5), NOON - timedelta(minutes=10), Quality.STRONG),
        (NOON - timedelta(minutes=10), NOON - timedelta(minutes=10), Quality.STRONG),
        (NOON - timedelta(minutes=10), NOON - timedelta(minutes=5), Quality.MODERATE),  # an output of before the change
        (NOON - timedelta(hours=9), None, Quality.STRONG),
        (None, NOON - timedelta(minutes=5), Quality.STRONG),
    ],
)
def test_an_output_is_dated_by_its_file(written: datetime | None, changed: datetime | None, quality: Quality) -> None:
    """Both are told at noon: only the files say which of them came first."""
    check = {key: value for key, value in CHECK.items() if key != "changed_at"}
    there = {"report.xml": Opened(DIGEST, written_at=written)}
    item = build(check, there, last_change_at=NOON, last_write_at=changed)
    assert item.quality is quality
    assert item.supports["check"]["after_last_change"] is (quality is Quality.STRONG)


def test_the_newest_write_is_that_of_changed_code() -> None:
    def told(ref: str, at: str) -> dict[str, Any]:
        change = {"code": not ref.endswith(".md")}
        return {"class": "file_change", "supports": {"change": change, "written_at": f"2026-03-01T{at}:00.000Z"}}

    assert newest_write_at([told("a.py", "09:00"), told("b.py", "08:00"), told("c.md", "11:00")], ()) == (
        NOON - timedelta(hours=3)
    )
    brought = OfferedEvidence.parse({"class": "file_change", "summary": "x", "refs": [{"kind": "file", "ref": "d.py"}]})
    opened = {"d.py": Opened(DIGEST, written_at=NOON)}
    assert newest_write_at([told("a.py", "09:00")], [(brought, opened)]) == NOON
    assert newest_write_at([{"class": "file_change", "supports": {}}], ()) is None


def test_a_document_that_is_changed_later_takes_nothing_from_a_check() -> None:
    code = {"class": "file_change", "captured_at": "2026-03-01T09:00:00.000Z", "supports": {"change": {"code": True}}}
    words = {"class": "file_change", "captured_at": "2026-03-01T10:00:00.000Z", "supports": {"change": {"code": False}}}
    assert newest_change_at([code, words], (), NOON) == NOON - timedelta(hours=3)
    assert newest_change_at([words], (), NOON) == NOON - timedelta(hours=2)
    page = {"class": "file_change", "summary": "x", "refs": [{"kind": "file", "ref": "README.md"}]}
    assert newest_change_at([code], [OfferedEvidence.parse(page)], NOON) == NOON - timedelta(hours=3)


def test_a_check_is_dated_against_what_is_reported_with_it() -> None:
    change = OfferedEvidence.parse({"class": "file_change", "summary": "x", "captured_at": "2026-03-01T11:30:00Z"})
    check = OfferedEvidence.parse({"class": "verification_output", "summary": "x"})
    assert newest_change_at([], [check, change], NOON) == NOON - timedelta(minutes=30)
    later = OfferedEvidence.parse({"class": "file_change", "summary": "x", "captured_at": "2026-03-02T00:00:00Z"})
    assert newest_change_at([], [later], NOON) == NOON


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ({}, {"runner": "", "outcome": "passed", "proves_nothing": None, "after_last_change": True}),
        ({"exit_status": 2}, {"outcome": "failed", "exit_status": 2}),
        ({"exit_status": None}, {"outcome": "unknown", "exit_status": None}),
        ({"command": "pytest -q tests"}, {"runner": "pytest", "outcome": "passed", "proves_nothing": None}),
        ({"command": "ruff check . && pytest"}, {"runner": "ruff, pytest", "outcome": "passed"}),
        ({"command": "./verify-release.sh"}, {"outcome": "passed", "proves_nothing": None}),
        ({"command": "pytest || true"}, {"runner": "pytest", "outcome": "unknown"}),
        ({"command": "pytest --collect-only"}, {"runner": "pytest", "outcome": "unknown"}),
        ({"command": "echo 'all tests passed'"}, {"runner": "echo", "outcome": "unknown"}),
        ({"command": "echo 'pytest passed'; true"}, {"outcome": "unknown"}),
        ({"command": "pytest || true", "exit_status": 1}, {"outcome": "failed"}),
    ],
)
def test_what_a_check_comes_to(offered: dict[str, Any], expected: dict[str, Any]) -> None:
    item = build({**CHECK, "claims": ["completion"], **offered}, THERE)
    check = item.supports["check"]
    assert {key: check[key] for key in expected} == expected
    passed = check["outcome"] == "passed"
    assert (check["proves_nothing"] is None) is (passed or "command" not in offered)
    proven = Quality.WEAK if check["proves_nothing"] else Quality.MODERATE
    assert item.quality is (Quality.STRONG if passed else proven)


def test_a_check_that_proves_nothing_supports_no_completion() -> None:
    offered = {**CHECK, "claims": ["progress", "completion"], "command": "pytest -q || true"}
    assert build(offered, THERE).supports["claims"] == ["progress"]
    assert build(offered, THERE, from_other=True).quality is Quality.WEAK


def test_a_check_without_a_known_change_is_not_dated() -> None:
    assert "after_last_change" not in build({**CHECK, "changed_at": None}, THERE).supports["check"]
    before = build({**CHECK, "captured_at": "2026-03-01T10:00:00Z"}, THERE)
    assert before.supports["check"]["after_last_change"] is False


def test_of_a_command_its_name_and_digest_are_kept() -> None:
    line = "TOKEN=abcdef0123456789 pytest -q --base-url https://user:secret@example.org"
    item = build({**CHECK, "command": line}, THERE)
    assert item.refs[-1]["kind"] == "command"
    assert item.refs[-1]["ref"] == "pytest"
    assert "abcdef" not in repr(item)
    assert "secret" not in repr(item)


@pytest.mark.parametrize(
    ("paths", "change"),
    [
        (["src/main.py", "README.md"], {"paths": ["src/main.py", "README.md"], "code": True}),
        (["README.md", "docs/a.rst"], {"paths": ["README.md", "docs/a.rst"], "code": False}),
        ([], None),
    ],
)
def test_what_a_change_of_files_comes_to(paths: list[str], change: dict[str, Any] | None) -> None:
    refs = [{"kind": "file", "ref": path} for path in paths] or [{"kind": "commit", "ref": "abc"}]
    item = build({"class": "file_change", "refs": refs}, {path: Opened(DIGEST) for path in paths})
    assert item.supports.get("change") == change


def test_of_many_paths_some_are_named_and_all_are_looked_at() -> None:
    paths = [f"docs/{number}.md" for number in range(40)] + ["setup.py"]
    refs = [{"kind": "file", "ref": path} for path in paths]
    change = build({"class": "file_change", "refs": refs}, {path: Opened(DIGEST) for path in paths}).supports["change"]
    assert (len(change["paths"]), change["code"]) == (32, True)
