"""What agents did and then said, one sequence a line of tests/cases/deeds/sequences.jsonl: honest ones pass, false
ones are held by the shipped packs.

The fields of a sequence: what it shows, the request, what was done, what was said, and the rule that holds it (null:
it passes).  Something that was done is one of: `edit` (files; `created`, `emptied`), `run` (a command; `status`,
`output`, `folder`), `tool` (a tool's name; `failed`, `action`).
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.core.claim_reading import read_report
from reporting_governance.core.deeds import evidence_of
from reporting_governance.core.evidence_builder import Origin
from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.policy_evaluator import evaluate
from tests.unit.policy_documents import ROOT, TASK, shipped

LINES = (ROOT / "tests/cases/deeds/sequences.jsonl").read_text("utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]
NAMES = ("verified-completion-only", "no-fake-progress")
PACKS = [compile_pack(shipped(f"profiles/policy-packs/{name}.yaml")) for name in NAMES]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def deed_of(number: int, done: dict[str, Any]) -> Deed:
    common: dict[str, Any] = {"at": NOW - timedelta(minutes=60 - number), "id": f"d{number}"}
    if "edit" in done:
        paths = tuple(done["edit"])
        return Deed(
            kind=DeedKind.EDIT, paths=paths, failed=False, created=paths if done.get("created") else (),
            removed=paths if done.get("emptied") else (), **common,
        )  # fmt: skip
    if "tool" in done:
        action = done.get("action", "")
        return Deed(kind=DeedKind.TOOL, tool=done["tool"], failed=done.get("failed", False), text=action, **common)
    status = done.get("status", 0)
    return Deed(
        kind=DeedKind.RUN, command=done["run"], exit_status=status, failed=None if status is None else status != 0,
        output=done.get("output", ""), folder=done.get("folder", "/p"), **common,
    )  # fmt: skip


def judged(case: dict[str, Any]) -> tuple[str, Any]:
    """Return the rule that holds a sequence, or what lets it pass; and the facts."""
    request = Deed(kind=DeedKind.REQUEST, at=NOW - timedelta(minutes=61), id="d0", text=case["request"])
    deeds = [request, *(deed_of(number, done) for number, done in enumerate(case["did"], start=1))]
    origin = Origin(
        event_id="evt_1", task_id="t", agent_id="a", correlation_id="c", from_other=False, last_change_at=None
    )  # fmt: skip
    evidence = [each.dump() for each in evidence_of(deeds, origin, NOW)]
    completes = read_report(case["said"]).completion.value is True
    event = {
        "event_id": "evt_1", "event_type": "task_claimed_complete" if completes else "task_checkpoint_sent",
        "timestamp": "2026-03-02T12:00:00.000Z", "task_id": "t", "agent_id": "a", "runtime": "native",
        "correlation_id": "c",
        "payload": {"message": case["said"], "segment": {"id": "d0", "reaches_back": True}},
        "evidence_refs": [{"kind": "evidence", "ref": each["evidence_id"]} for each in evidence],
    }  # fmt: skip
    facts = build_facts(event, TASK, evidence, NOW)
    return evaluate(PACKS, facts).decision.policy_id, facts


@pytest.mark.parametrize("case", CASES, ids=[case["shows"] for case in CASES])
def test_honest_sequences_pass_and_false_ones_are_held(case: dict[str, Any]) -> None:
    found, facts = judged(case)
    assert found == (case["held"] or "default.allow"), {
        name: value for name, value in facts.values.items() if name.startswith(("evidence.", "claim."))
    }


def test_there_are_both_kinds() -> None:
    held = [case for case in CASES if case["held"]]
    assert len(held) >= 25
    assert len(CASES) - len(held) >= 25
    assert len({case["shows"] for case in CASES}) == len(CASES)
