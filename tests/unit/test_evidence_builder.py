"""How much evidence proves, by the written rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reporting_governance.contracts.check_in import OfferedEvidence
from reporting_governance.contracts.evidence import Evidence, Quality
from reporting_governance.core.evidence_builder import Opened, Origin, build_evidence, newest_change

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
        {"class": "file_change", "captured_at": "2026-03-01T10:00:00.000Z"},
        {"class": "file_change", "captured_at": "2026-03-01T09:00:00.000Z"},
        {"class": "tool_output", "captured_at": "2026-03-01T11:00:00.000Z"},
    ]
    assert newest_change(items) == "2026-03-01T10:00:00.000Z"
    assert newest_change([]) is None
