"""What happened to one id, in plain words: one sentence for each record that belongs to it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reporting_governance.contracts.record import Document


@dataclass(frozen=True, slots=True)
class Told:
    """One step of a story: which line of the journal, when, who wrote it, and what it says."""

    seq: int
    at: str
    actor: str
    kind: str
    id: str
    sentence: str


def related(lines: Iterable[tuple[int, Document]], identity: str) -> list[tuple[int, Document]]:
    """Return the lines that belong to an id, in order: its own, its ancestors and its descendants.

    Args:
        lines: `(seq, line)` of every line that may belong, in order.  A record names its parents, so one pass
            downwards finds descendants; ancestors are followed back through the parents.
    """
    all_lines = list(lines)
    by_id = {line["record"]["id"]: (seq, line) for seq, line in all_lines if "record" in line}
    wanted = {identity} | {key for key, (_, line) in by_id.items() if _touches(line["record"], identity)}
    wanted |= _ancestors(by_id, wanted)
    for _, line in all_lines:
        record = line.get("record")
        if record and any(parent in wanted for parent in record["parents"]):
            wanted.add(record["id"])
    return [(seq, line) for seq, line in all_lines if line.get("record", {}).get("id") in wanted]


def _touches(record: Mapping[str, Any], identity: str) -> bool:
    return any(view[1] == identity for view in record["views"]) or identity in record["about"]


def _ancestors(by_id: Mapping[str, tuple[int, Document]], start: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        entry = by_id.get(waiting.pop())
        for parent in entry[1]["record"]["parents"] if entry else ():
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def tell(seq: int, line: Document) -> Told:
    """Return one line of the journal as a step of a story."""
    record = line["record"]
    sentence = _SENTENCES.get(record["kind"], _other)(record["body"])
    return Told(seq, line["ts"], line.get("actor", ""), record["kind"], record["id"], sentence)


def _event(body: Document) -> str:
    payload = body["payload"]
    if "condition" not in payload:
        text = payload.get("message") or payload.get("summary") or ""
        said = f": {text}" if isinstance(text, str) and text else ""
        return f"agent {body['agent_id']} reported {body['event_type']} for task {body['task_id']}{said}"
    condition, task = payload["condition"], body["task_id"]
    if payload.get("phase") == "resolved":
        return f"{condition} of task {task} ended ({payload.get('resolved_by', 'condition_false')})"
    if payload.get("phase") == "due":
        return f"a check-in of task {task} was due at {payload['due_at']}"
    late = payload.get("late_by_seconds")
    return f"{condition} of task {task} fired: due at {payload['due_at']}, seen {late} s late"


def _evidence(body: Document) -> str:
    return f"evidence of {body['quality']} quality ({body['class']}) was kept: {_text(body['summary'])}"


def _decision(body: Document) -> str:
    decision, receipt = body["spec"]["decision"], body["spec"].get("receipt") or {}
    blocked = ", ".join(each["action"] for each in receipt.get("blocked_actions", ()))
    gap = f"; this runtime cannot do: {blocked}" if blocked else ""
    return f"decided {decision['decision']} by rule {decision['policy_id']}: {_text(decision['reason'])}{gap}"


def _notice(body: Document) -> str:
    return (
        f"{body['phase']} notice {body['number']} for receiver {body['receiver']} was queued: {_text(body['subject'])}"
    )


def _item(body: Document) -> str:
    again = f" (round {body['round'] + 1}, asked for by a person)" if body["round"] else ""
    return f"rendered for {body['target']} by sender {body['sender']}{again}; it lives until {body['not_after']}"


def _attempt(body: Document) -> str:
    return (
        f"attempt {body['number']} began on {body['host']}; without an answer by {body['deadline_at']} it is in doubt"
    )


def _receipt(body: Document) -> str:
    reason = f" ({body['reason']})" if body.get("reason") else ""
    proof = "" if body["proof"] == "none" else f", proof: {body['proof']}"
    again = f"; tried again at {body['retry_at']}" if body.get("retry_at") else ""
    evidence = "; ".join(f"{key} {value}" for key, value in sorted(body["evidence"].items()))
    return f"{body['outcome']}{reason}{proof} by {body['settled_by']}{again}" + (f"; {evidence}" if evidence else "")


def _act(body: Document) -> str:
    comment = _text(body.get("comment", ""))
    return f"{body['actor']} said {body['what']} about {body['subject']}" + (f": {comment}" if comment else "")


def _request(body: Document) -> str:
    return f"a check-in was asked of the agent; its next contact is answered with it (request {body['request_id']})"


def _close(body: Document) -> str:
    return f"nothing more to tell: {body['reason']}"


def _hold(body: Document) -> str:
    return kept_back(body["reason"], body["cause"], body.get("until"))


def kept_back(reason: str, cause: str, until: str | None) -> str:
    """Say why a notice is not sent now.

    Args:
        reason, cause, until: as in a `Hold`.
    """
    if reason == "inhibited":
        return f"kept back: the episode {cause}, which is open and told to the same receiver, explains it"
    what = f"the mute time {cause} of the profile is open" if reason == "muted" else f"the silence {cause} matches it"
    return f"kept back: {what}" + (f", until {until}" if until else "")


def _silence(body: Document) -> str:
    matcher = " ".join(f"{name}={pattern}" for name, pattern in sorted(body["matcher"].items()))
    comment = _text(body.get("comment", ""))
    wish = f"{body['created_by']} wished silence about {matcher} from {body['starts_at']} until {body['ends_at']}"
    return wish + (f": {comment}" if comment else "")


def _silence_close(body: Document) -> str:
    return f"the silence was over by its own time; seen at {body['ended_at']}"


def _other(body: Document) -> str:  # noqa: ARG001 - one signature for all
    return "recorded"


def _text(value: object) -> str:
    """Text, or what stands for text that lies apart or was erased."""
    return value if isinstance(value, str) else "(text erased)"


_SENTENCES: Mapping[str, Callable[[Document], str]] = {
    "event-envelope": _event,
    "evidence": _evidence,
    "decision-record-artifact": _decision,
    "notice": _notice,
    "spool-item": _item,
    "attempt": _attempt,
    "receipt": _receipt,
    "act": _act,
    "checkpoint-request": _request,
    "thread-close": _close,
    "hold": _hold,
    "silence": _silence,
    "silence-close": _silence_close,
}
