"""What happened to one id, in plain words: one sentence for each record that belongs to it."""

from collections.abc import Callable, Iterable, Mapping

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Document
from reporting_governance.core.policy_templates import duration_words
from reporting_governance.core.story_gate import gate_words, way_words
from reporting_governance.core.story_plugins import plugin_sentence


@frozen
class Told:
    """One step of a story: which line of the journal, when, who wrote it, and what it says."""

    seq: int
    at: str
    actor: str
    kind: str
    id: str
    sentence: str


def tell(seq: int, line: Document) -> Told:
    """Return one line of the journal as a step of a story."""
    record = line.get("record")
    if record is None:
        return Told(seq, line["ts"], line.get("actor", ""), line["type"], line["pluginId"], plugin_sentence(line))
    sentence = _SENTENCES.get(record["kind"], _other)(record["body"])
    return Told(seq, line["ts"], line.get("actor", ""), record["kind"], record["id"], sentence)


def _event(body: Document) -> str:
    payload = body["payload"]
    if "caused_by" in payload:
        return _caused(body)
    if "condition" not in payload:
        text = payload.get("message") or payload.get("summary") or ""
        said = f": {text}" if isinstance(text, str) and text else ""
        gate = gate_words(payload)
        return f"agent {body['agent_id']} reported {body['event_type']} for task {body['task_id']}{said}{gate}"
    condition, task = payload["condition"], body["task_id"]
    if payload.get("phase") == "resolved":
        return f"{condition} of task {task} ended ({payload.get('resolved_by', 'condition_false')})"
    if payload.get("phase") == "due":
        return f"a check-in of task {task} was due at {payload['due_at']}"
    late = payload.get("late_by_seconds")
    return f"{condition} of task {task} fired: due at {payload['due_at']}, seen {late} s late"


def _caused(body: Document) -> str:
    payload, task = body["payload"], body["task_id"]
    by = f"by {payload['caused_by']}; recorded, not judged"
    if "status" in payload:
        before = f", before {payload['previous_status']}" if payload.get("previous_status") else ""
        return f"task {task} was set to {payload['status']}{before}, {by}"
    what = _CAUSED.get(body["event_type"], f"{body['event_type']} of")
    return f"{what} task {task}, {by}"


_CAUSED = {
    "forced_operator_update": "the operator has to get an update about",
    "operator_review_requested": "a person has to look at",
}


def _evidence(body: Document) -> str:
    return f"evidence of {body['quality']} quality ({body['class']}) was kept: {_text(body['summary'])}"


def _decision(body: Document) -> str:
    decision = body["spec"]["decision"]
    idle = [f"{each['action']}: {each['reason']}" for each in body["spec"].get("effects", ()) if not each["done"]]
    left = f"; nothing to do for {'; '.join(idle)}" if idle else ""
    again = " again" if (body["spec"].get("source") or {}).get("judgement") else ""
    said = f"decided{again} {decision['decision']} by rule {decision['policy_id']}"
    return f"{said}: {_text(decision['reason'])}{way_words(body['spec'])}{left}"


def _notice(body: Document) -> str:
    rung, route = body.get("rung"), body.get("route")
    why = f", named by route {route} of the profile," if route else ""
    if rung:
        why = f", step {rung['step']} of {rung['of']} of the escalation that counts from {rung['began_at']},"
    if body.get("stands_in_for"):
        why = f", who stands in for whom {body['stands_in_for']} was meant for,"
    steps = "; ".join(ladder_words(body.get("ladder", ())))
    then = f"; unless a person acts: {steps}" if steps else ""
    what = f"{body['phase']} notice {body['number']} for receiver {body['receiver']}{why} was queued"
    return f"{what}: {_text(body['subject'])}{then}"


def ladder_words(steps: Iterable[Document]) -> list[str]:
    """Return who is told by each step of an escalation, and when."""
    return [
        f"{' and '.join(step['receivers'])} after {duration_words(step['after_seconds'])}"
        + (" (also after an acknowledgement)" if step.get("until") == "resolved" else "")
        for step in steps
    ]


def _item(body: Document) -> str:
    again = f" (round {body['round'] + 1}, asked for by a person)" if body["round"] else ""
    return f"rendered for {body['target']} by sender {body['sender']}{again}; it lives until {body['not_after']}"


def _attempt(body: Document) -> str:
    return (
        f"attempt {body['number']} began on {body['host']}; without an answer by {body['deadline_at']} it is in doubt"
    )


def _receipt(body: Document) -> str:
    why = _REASONS.get(body.get("reason") or "")
    reason = f" ({body['reason']}{f': {why}' if why else ''})" if body.get("reason") else ""
    proof = "" if body["proof"] == "none" else f", proof: {body['proof']}"
    again = f"; tried again at {body['retry_at']}" if body.get("retry_at") else ""
    evidence = "; ".join(f"{key} {value}" for key, value in sorted(body["evidence"].items()))
    where = f" at {body['target']}" if body.get("target") else ""
    return f"{body['outcome']}{reason}{proof} by {body['settled_by']}{where}{again}" + (
        f"; {evidence}" if evidence else ""
    )


#: What a reason means, where its own word leaves that open.
_REASONS = {
    "rate_limited": "nothing was tried, its target has had as many as it may for now",
    "target_down": "nothing was tried, its target could not be reached a short while ago",
    "refused": "for good, by the receiver or by who was to carry it there",
    "never_confirmed": "it may have arrived, and nobody has said so in its time",
    "not_sent": "surely nothing left",
    "lifetime": "nothing could be sent in the time it was worth sending",
}


def _act(body: Document) -> str:
    comment = _text(body.get("comment", ""))
    said = _ACTS.get(body["what"], "{actor} said " + str(body["what"]) + " about {subject}")
    return said.format(actor=who_acted(body), subject=body["subject"]) + (f": {comment}" if comment else "")


def who_acted(act: Document) -> str:
    """Return who did something, and who vouches for that where it was not the operating system."""
    vouched = act.get("vouched_by")
    return f"{act['actor']} (vouched for by {vouched})" if vouched else str(act["actor"])


_ACTS = {
    "ack": "{actor} acknowledged {subject}: no more repeats and no escalation until it is over",
    "unack": "{actor} took the acknowledgement of {subject} back: repeats go on, the escalation begins anew",
    "retry": "{actor} asked to send {subject} again",
    "silence_end": "{actor} ended the silence {subject}",
    "approve": "{actor} approved {subject}: what was claimed passes",
    "reject": "{actor} rejected {subject}: the task goes on, its agent is asked for a check-in",
}


def _request(body: Document) -> str:
    why = f", because: {_text(body['reason'])}" if body.get("reason") else ""
    return (
        f"a check-in was asked of the agent; its next contact is answered with it (request {body['request_id']}){why}"
    )


def _review(body: Document) -> str:
    until = f", wanted until {body['deadline_at']}" if body.get("deadline_at") else ""
    return f"a person was asked about {_text(body['subject'])}{until}: {_text(body['question'])}"


def _return(body: Document) -> str:
    item = body["item"]
    rendered = item["rendered"]
    subject = _text(rendered["subject"]) if isinstance(rendered, Mapping) else _text(None)
    sent = f"what was sent to {item['target']} came back after it had counted as sent: {subject}"
    again = f"`reportgov retry {item['spool_id']}` sends it again"
    return f"{sent}; {body['attempt_id']}, attempt {_number(body)}, told nobody; {again}"


def _number(body: Document) -> int:
    """Return which attempt of a returned item came back."""
    return next(int(each["number"]) for each in body["attempts"] if each["attempt_id"] == body["attempt_id"])


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


def _job(body: Document) -> str:
    state, lease = body["state"], body.get("lease")
    text = f"job {body['kind']} is {state}, attempt {body['attempts']} of {body['max_attempts']}"
    if lease is not None:
        return f"{text}: process {lease['pid']} on {lease['host']} has it until {lease['until']}"
    why = body.get("error") or body.get("reason")
    after = f"; not before {body['due_at']}" if "due_at" in body else ""
    return (f"{text}: {_text(why)}" if why else text) + after


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
    "item-return": _return,
    "checkpoint-request": _request,
    "review": _review,
    "thread-close": _close,
    "hold": _hold,
    "silence": _silence,
    "silence-close": _silence_close,
    "job": _job,
}
