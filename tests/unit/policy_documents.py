"""Shipped and hand-made documents for the policy tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reporting_governance.contracts.reading import read_documents
from reporting_governance.core.policy_examples import complete_event

ROOT = Path(__file__).resolve().parents[2]
TASK = {
    "task_id": "nightly-report",
    "agent_id": "builder",
    "runtime": "local-host",
    "status": "active",
    "title": "Nightly report",
    "started_at": "2026-03-01T08:00:00.000Z",
    "last_checkpoint_at": "2026-03-01T09:00:00.000Z",
    "last_activity_at": "2026-03-01T09:10:00.000Z",
    "checkpoint": {"every_seconds": 1800, "grace_seconds": 300},
}


def shipped(path: str) -> Any:
    """Return a file of the checkout as plain data, read as strictly as the product reads it."""
    file = ROOT / path
    result = read_documents(file.read_bytes(), name=file.name)
    assert not result.findings, result.findings
    [document] = result.documents
    return document.value


def event(event_type: str, *, at: str = "2026-03-01T10:00:00.000Z", **payload: Any) -> dict[str, Any]:
    """Return an event about `TASK`."""
    return complete_event({"event_type": event_type, "timestamp": at, "payload": payload}, TASK)


def firing(condition: str, event_type: str = "watchdog_fired", **more: Any) -> dict[str, Any]:
    """Return the event that says a condition of `TASK` fires."""
    payload = {"phase": "firing", "task": TASK, "due_at": "2026-03-01T09:30:00.000Z", "late_by_seconds": 1800, **more}
    return event(event_type, condition=condition, episode="epi_1", **payload)


def rule(rule_id: str = "own.rule", **changes: Any) -> dict[str, Any]:
    """Return a rule that holds for every `watchdog_fired`; `decision`, `severity` ... go into its output."""
    output = {"decision": "allow", "severity": "medium", "reason": f"because of {rule_id}", "required_actions": []}
    output |= {key: changes.pop(key) for key in OUTPUT_KEYS if key in changes}
    whole = {
        "id": rule_id,
        "title": f"Title of {rule_id}",
        "intent": "a test",
        "triggers": {"event_types": ["watchdog_fired"]},
        "conditions": {"all": [{"fact": "event.event_type", "equals": "watchdog_fired"}]},
        "decision_output": output,
    }
    return {**whole, **changes}


OUTPUT_KEYS = (
    "decision",
    "severity",
    "reason",
    "rewritten_message",
    "suggested_status",
    "required_actions",
    "operator_notice",
)


def pack(*rules: Mapping[str, Any], pack_id: str = "own", **metadata: Any) -> dict[str, Any]:
    """Return a pack of these rules."""
    about = {"id": pack_id, "title": "Own", "version": "1.0.0", "summary": "A test.", "owner": "tests"}
    return {
        "apiVersion": "reporting-governance/v1alpha1",
        "kind": "PolicyPack",
        "metadata": {**about, "severity_default": "medium", **metadata},
        "spec": {"evaluation_mode": "any_rule_match", "rules": list(rules)},
    }


def action(name: str, target: str = "operator_channel", *, mandatory: bool = True, **details: Any) -> dict[str, Any]:
    """Return a required action."""
    return {"action": name, "target": target, "mandatory": mandatory, **({"details": details} if details else {})}


def notice(*, required: bool = True, urgency: str = "high", **more: Any) -> dict[str, Any]:
    """Return the notice of a rule."""
    return {"required": required, "channel": "operator", "urgency": urgency, **more}


UNKNOWABLE = {"fact": "gate.blocked_before", "at_least": 1}  #: unknown where no gate asks
