"""What a notice about something in the journal would say of it: the facts that routes and silences look at."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.decision_runner import plan_decision
from reporting_governance.core.facts import build_facts, installation, notice_facts
from reporting_governance.core.policy_evaluator import evaluate
from reporting_governance.core.self_events import is_about_us
from reporting_governance.core.self_notices import self_verdict
from reporting_governance.errors import UsageError
from reporting_governance.stages.newest import newest_view
from reporting_governance.stages.policy import Policy
from reporting_governance.storage.interface import Store, expand

Document = Mapping[str, Any]


class NothingToRoute(UsageError):
    """No record of an event or a notice belongs to the id."""

    message = "{subject}: the journal knows no task, event, episode or notice of this id"
    hint = "`reportgov status` lists what is open; --fact FACT=VALUE needs no id."


@frozen
class Said:
    """What a notice about an event would carry, or what one that exists carries."""

    identity: str  #: of the event or the notice
    facts: Document
    phase: Phase
    decision: str  #: what is decided, and by which rule
    tells: bool  #: whether that tells the operator


def said_about(store: Store, subject: str, policy: Policy, profile: ProfileSpec, *, now: datetime) -> Sequence[Said]:
    """Return what would be said about a task, event, episode or notice; nothing for an id that nobody knows.

    Of a task: one for each of its open episodes, else for its newest event.
    """
    events: list[Document] = []
    evidence: list[Document] = []
    for line in store.replay():
        record = line.document.get("record")
        if record is None:
            continue
        kind, body = record["kind"], record["body"]
        if kind == "notice" and body["notice_id"] == subject:
            return (_of_notice(expand(store, body)),)
        if kind == "event-envelope" and _is_about(body, subject):
            events.append(body)
        elif kind == "evidence":
            evidence.append(body)
    chosen = _newest_of_each(events, subject)
    ids = {each["event_id"] for each in chosen}
    mine = [expand(store, each) for each in evidence if each.get("source_event_id") in ids]
    return tuple(_of_event(store, expand(store, each), mine, policy, profile, now) for each in chosen)


def _of_notice(notice: Document) -> Said:
    facts = notice["facts"]
    return Said(notice["notice_id"], facts, Phase(notice["phase"]), f"told by rule {facts.get('policy_id')}", True)


def _is_about(event: Document, subject: str) -> bool:
    payload = event["payload"]
    return subject in (event["event_id"], event["task_id"], payload.get("task_key"), payload.get("episode"))


def _newest_of_each(events: Iterable[Document], subject: str) -> list[Document]:
    """Return the events that decide: the one asked for, else the beginning of each open episode, else the newest."""
    known = list(events)
    named = [each for each in known if each["event_id"] == subject]
    if named or not known:
        return named
    firing = {each["payload"]["episode"]: each for each in known if each["payload"].get("phase") == Phase.FIRING}
    if subject in firing:
        return [firing[subject]]
    over = {each["payload"]["episode"] for each in known if each["payload"].get("phase") == Phase.RESOLVED}
    opened = [event for episode, event in firing.items() if episode not in over]
    return opened or known[-1:]


def _of_event(
    store: Store, event: Document, evidence: Sequence[Document], policy: Policy, profile: ProfileSpec, now: datetime
) -> Said:
    """Judge an event by the packs in force, as `enqueue` does, and return what its notice would carry."""
    key = str(event["payload"].get("task_key") or event["task_id"])
    view = newest_view(store, store.listing(Folder.TASKS), key)
    task: Document = expand(store, view.body) if view else {}
    own = [each for each in evidence if each.get("source_event_id") == event["event_id"]]
    known = [*own, *task.get("evidence", ())]
    facts = build_facts(event, task.get("task"), known, now, grace_seconds=profile.watchdog.grace_seconds)
    if is_about_us(event) and event["payload"].get("phase") == Phase.FIRING:
        verdict = self_verdict(facts, str(event["payload"].get("reason") or ""))
    else:
        verdict = evaluate(policy.packs, facts)
    decision = verdict.decision
    carried = {
        **notice_facts(facts),
        **installation(event),
        "task_key": key,
        "severity": decision.severity.value,
        "policy_id": decision.policy_id,
    }
    said = f"{decision.decision.value} by rule {decision.policy_id}"
    tells = plan_decision(decision, policy.powers).tell_operator
    phase = Phase.RESOLVED if event["payload"].get("phase") == Phase.RESOLVED else Phase.FIRING
    return Said(event["event_id"], carried, phase, said, tells)
