"""What is tried of a gate, whatever its host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reporting_governance.adapters.probes.chain import Body, Carried
from reporting_governance.adapters.probes.trying import Trial, Try
from reporting_governance.adapters.probes.voices import Voice
from reporting_governance.errors import ContractError

INSTEAD = "These words stand in place of the agent's."
CLAIM = "All of it is done, says the prober. probing."
UNSEEN = "What a session tells its reader without asking."


@dataclass(frozen=True, kw_only=True)
class Gated:
    """What was asked of a gate, what it answered, and what it recorded."""

    voice: Voice
    question: Body  #: the answer to words that claim nothing
    trace_of_question: int  #: records that those left
    blocked: Body  #: to a claim that a rule holds back
    sent_by_gate: int  #: messages and attempts right after it
    waiting: int  #: notices in the queue right after it
    passed: Body  #: to a claim that nothing objects to
    ruled: Mapping[str, Body]  #: by the word of a rule
    child: Body  #: to a sub-agent
    insists: Sequence[Body]  #: to the same claim, again and again
    reviewed: Sequence[Body]  #: to a claim that waits for a person, again and again
    tool: Body | None  #: to the use of a tool, where the host asks
    said_by_scan: Sequence[Body]
    carried: Carried
    deputy_before: str
    deputy: str
    events: Sequence[Body]
    evidence: Sequence[Body]
    decisions: Sequence[Body]
    reviews: Sequence[Body]
    status: Body
    kept: str
    asked: Body  #: to an agent of whose task a check-in is asked

    def decision(self, word: str) -> Body:
        """Return the first decision of a word's rule.  Raises: LookupError."""
        found = [each for each in self.decisions if each["metadata"]["policy_id"] == f"probing.{word}"]
        return dict(found[0]["spec"])

    def events_of(self, session: str) -> list[Body]:
        """Return the events of a session."""
        return [each for each in self.events if each["task_id"] == self.voice.task(session)]

    def held(self, answer: Body) -> bool:
        """Tell whether an answer holds the agent back."""
        return self.voice.held(answer)

    def instead(self, word: str) -> str:
        """Return the text that stands in place of what a rule objected to."""
        return self.voice.said_instead(self.ruled[word])


def refused(word: str, action: str) -> Try[Gated]:
    """Return the try of an honest refusal: the receipt of the decision says what could not be done."""
    return Try(
        f"the receipt of the decision names {action} as what could not be done",
        lambda w: (
            action in {each["action"] for each in w.decision(word)["receipt"]["blocked_actions"]}
            and w.decision(word)["receipt"]["status"] in ("degraded", "blocked")
        ),
    )


def _types(world: Gated, session: str) -> set[str]:
    return {each["event_type"] for each in world.events_of(session)}


def _seen_by_evidence(world: Gated, evidence_class: str) -> bool:
    task = world.voice.task("works")
    return any(each["task_id"] == task and each["class"] == evidence_class for each in world.evidence)


def _is_canonical(event: Body) -> bool:
    from reporting_governance.contracts.event_envelope import Event

    try:
        Event.parse(event)
    except ContractError:
        return False
    return True


def _promises(world: Gated) -> set[str]:
    return {each["promise"] for each in world.status["tasks"] if each["task_id"] != "ours"}


def _tool_is_refused(world: Gated) -> bool:
    return world.tool is None or world.tool.get("hookSpecificOutput", {}).get("permissionDecision") == "deny"


NO_TRACE: Try[Gated] = Try("words that claim nothing leave a record", lambda w: w.trace_of_question > 0)
UNASKED: Try[Gated] = Try("a session that does not ask is seen", lambda w: UNSEEN in w.kept)
STILL_HELD: Try[Gated] = Try("a session that insists is held for as long as it does", lambda w: w.held(w.insists[-1]))

TRIALS: Mapping[str, Trial[Gated]] = {
    "observation.task_lifecycle": Trial(
        works=[
            Try("a session that asks is a task that starts and claims",
                lambda w: _types(w, "works") >= {"task_started", "task_claimed_complete"}),
        ],
        beyond=[UNASKED],
    ),
    "observation.subagent_lifecycle": Trial(
        works=[Try("a sub-agent that ends is seen as one of its session", lambda w: any(
            each["task_id"] == f"{w.voice.task('parent')}:a1" for each in w.events))],
        beyond=[Try("its start is seen, too", lambda w: any(
            each["event_type"] == "subagent_spawned" for each in w.events))],
        refused=[Try("no event says anything of sub-agents", lambda w: not any(
            each["event_type"].startswith("subagent_") for each in w.events))],
    ),
    "observation.checkpoint_obligations": Trial(
        works=[Try("a session promises check-ins", lambda w: bool(_promises(w) - {"no promise"}))],
        refused=[Try("`status` says of each session that it promises none", lambda w: _promises(w) <= {"no promise"})],
    ),
    "observation.outgoing_report_attempts": Trial(
        works=[Try("words are judged before they go out", lambda w: w.held(w.blocked) and not w.held(w.passed))],
        beyond=[UNASKED],
    ),
    "observation.watchdog_state": Trial(
        works=[Try("a session that has said nothing since is watched", lambda w: bool(w.said_by_scan))],
        refused=[Try("`scan` claims nothing about sessions", lambda w: not w.said_by_scan)],
    ),
    "normalization.canonical_events": Trial(
        works=[Try("every event keeps the shape of the specification",
                   lambda w: bool(w.events) and all(map(_is_canonical, w.events)))],
        beyond=[NO_TRACE],
    ),
    "watchdog.watchdog_evaluation": Trial(
        works=[Try("overdue or silent sessions are found", lambda w: bool(w.said_by_scan))],
        refused=[Try("`scan` claims nothing about sessions", lambda w: not w.said_by_scan)],
    ),
    "enforcement.block_transition": Trial(
        works=[
            Try("a claim that a rule objects to is held back, with the reason",
                lambda w: w.held(w.blocked) and "probe asks for block" in w.voice.reason(w.blocked)),
            Try("a claim that nothing objects to passes", lambda w: not w.held(w.passed)),
            Try("where the host asks about tools, one that a rule objects to is refused", _tool_is_refused),
        ],
        beyond=[STILL_HELD],
        refused=[refused("block", "block_transition")],
    ),
    "enforcement.rewrite_message": Trial(
        works=[Try("the other words are handed to the host", lambda w: w.instead("rewrite") == INSTEAD)],
        beyond=[UNASKED],
        refused=[refused("rewrite", "rewrite_message")],
    ),
    "enforcement.annotate_placeholder": Trial(
        works=[Try("a placeholder is handed to the host", lambda w: bool(w.instead("annotate")))],
        beyond=[UNASKED],
        refused=[refused("annotate", "record_placeholder")],
    ),
    "enforcement.force_checkpoint": Trial(
        works=[Try("an agent of whose task a check-in is asked is told so when it comes to the gate",
                   lambda w: w.held(w.asked) and "check-in" in w.voice.reason(w.asked))],
        beyond=[UNASKED],
    ),
    "enforcement.request_review": Trial(
        works=[Try("a claim waits for a person",
                   lambda w: any(each["decision"] == "require_review" for each in w.reviews))],
        beyond=[Try("the claim is held until the person has answered", lambda w: w.held(w.reviewed[-1]))],
        refused=[refused("review", "request_review")],
    ),
    "enforcement.downgrade_status": Trial(
        works=[Try("what was claimed to be complete waits for verification", lambda w: {
            each["status"] for each in w.status["tasks"] if each["task_id"] == w.voice.task("downgrade")}
            == {"pending_verification"})],
        beyond=[Try("the status that the host itself keeps changes", lambda w: "status" in w.ruled["downgrade"])],
        refused=[refused("downgrade", "set_status")],
    ),
    "enforcement.escalate": Trial(
        works=[
            Try("nobody else is told before its time", lambda w: "probing.escalate" not in w.deputy_before),
            Try("the next receiver is told when nobody has acted", lambda w: "escalation" in w.deputy),
        ],
        beyond=[Try("what a rule escalates is told to the next receiver at once",
                    lambda w: "escalate" in w.deputy_before)],
    ),
    "notification_path.direct_send": Trial(
        works=[Try("a message leaves while the gate is asked", lambda w: w.sent_by_gate > 0)],
        refused=[Try("the notice waits in the queue", lambda w: w.waiting > 0)],
    ),
    "notification_path.final_delivery_proof": Trial(
        works=[Try("of words that passed it is known that they arrived", lambda w: any(
            "proof" in json_of(each) for each in w.events_of("works")))],
        refused=[Try("no record says that they did", lambda w: "delivered" not in json_of(w.events_of("works")))],
    ),
    "storage.events": Trial(
        works=[Try("claims are events of the journal", lambda w: "task_claimed_complete" in _types(w, "works"))],
        beyond=[NO_TRACE],
    ),
    "storage.evidence": Trial(
        works=[
            Try("the change and the check behind a claim are kept",
                lambda w: _seen_by_evidence(w, "file_change") and _seen_by_evidence(w, "verification_output")),
        ],
        beyond=[UNASKED],
    ),
    "storage.decisions": Trial(
        works=[Try("each claim has its decision on record", lambda w: {
            each["event_id"] for each in w.events if each["event_type"] == "task_claimed_complete"}
            <= {each["metadata"]["event_id"] for each in w.decisions})],
        beyond=[NO_TRACE],
    ),
    "storage.original_messages": Trial(
        works=[Try("held words are kept as the agent wrote them", lambda w: f"{CLAIM}block" in w.kept)],
        beyond=[UNASKED],
    ),
}  # fmt: skip


def json_of(value: object) -> str:
    """Return plain data as one text."""
    import json

    return json.dumps(value)
