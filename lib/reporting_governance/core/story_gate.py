"""What a gate answered, and by which way a decision was carried out, in plain words for the story of an id."""

from __future__ import annotations

from reporting_governance.contracts.record import Document

_MOST_TOLD = 600  #: characters of what an agent was told; the whole stands in the event's payload
_POINTS = {
    "finish": "before it stopped",
    "child_finish": "before the sub-agent stopped",
    "tool": "before a tool was used",
    "message": "before the message was sent",
}


def gate_words(payload: Document) -> str:
    """Return what a gate did with an attempt, when, and what the agent was told; empty where no gate was asked."""
    gate = payload.get("gate")
    if not gate or "answer" not in gate:
        return ""
    asked = f"; asked {_POINTS.get(gate.get('hook'), 'by its host')}, the gate of {gate.get('host')}"
    if "late" in gate:
        did = "held it back" if gate["answer"] == "block" else "let it pass"
        return f"{asked} could not judge it and {did}"
    return asked + _did(payload, gate)


def _did(payload: Document, gate: Document) -> str:
    what = f"the use of {payload['tool']['name']}" if payload.get("tool") else "it"
    if gate["answer"] == "block":
        times = gate.get("blocked_before") or 0
        again = f" again ({times + 1} times in this request)" if times else ""
        return f" held {what} back{again} and told the agent: {_told(gate.get('reason'))}"
    if gate["answer"] == "rewrite":
        return f" rewrote it, so that this was sent: {_told(gate.get('message'))}"
    if gate.get("let_go"):
        return f" let {what} pass after it had held the agent {gate['let_go']} times in this request"
    if gate.get("decision", "allow") != "allow":
        return f" let {what} pass, though the decision was {gate['decision']}"
    return f" let {what} pass"


def _told(text: object) -> str:
    if not isinstance(text, str):
        return "(text erased)"
    plain = " ".join(text.split())
    return plain if len(plain) <= _MOST_TOLD else f"{plain[:_MOST_TOLD]} …"


def way_words(spec: Document) -> str:
    """Return the way that a decision took: what was done in place of what could not be, and the path as a whole."""
    receipt, plan = spec.get("receipt") or {}, spec.get("plan") or {}
    gaps = [
        f"{each['action']} ({each['reason']})" + (f", {each['fallback']} instead" if each.get("fallback") else "")
        for each in receipt.get("blocked_actions", ())
    ]
    missing = f"; cannot do here: {'; '.join(gaps)}" if gaps else ""
    path = plan.get("path", "record_only")
    return missing + (f"; effective path: {path}" if path != "record_only" else "")
