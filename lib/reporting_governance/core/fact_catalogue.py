"""Every fact a policy rule can look at: its type, unit and one sentence.  How each is computed: `facts.py`.

A fact that is nullable may be known to be null ("the task has no deadline").  That differs from an unknown fact
("the source cannot tell"), which no rule and no negation of a rule can be satisfied by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from reporting_governance.contracts import check_in
from reporting_governance.contracts.event_envelope import EventType, Phase
from reporting_governance.contracts.evidence import EvidenceClass, Quality
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.task_state import TaskMode, TaskStatus

CONDITIONS = (
    "checkpoint_overdue",
    "silence_timeout",
    "deadline_missed",
    "start_missed",
    "result_not_forwarded",
    "spawn_failed",
    "delivery_failed",
    "report_anchor_missing",
    "claim_unverified",
    "owner_dead",
)
#: what we tell about ourselves; the episode itself is told, no rule has to ask for it
SELF_CONDITIONS = (
    "source_unreadable",
    "profile_refused",
    "log_loss",
    "undeliverable",
    "plugin_drift",
    "clock_skew",
    "no_host",
    "canary",
    "canary_notice",
)
EVENT_PHASES = (Phase.DUE.value, Phase.FIRING.value, Phase.RESOLVED.value)
CLAIM_KINDS = ("none", "progress", "completion", "forwarding")
CLAIM_TYPES = ("progress", "completion")
#: what a report can say to pass by name; "tests" is any of them
CHECKS_ASSERTED = ("all_tests", "tests", "static", "build")
#: names that facts give rise to, for a rule's triggers: each condition that fires, and upstream's two
DERIVED_SIGNALS = (*CONDITIONS, "checkpoint_progress_claim")
LABEL_PREFIX = "task.labels."
REPORT_FIELDS = check_in.REPORT_FIELDS


class FactType(StrEnum):
    """The type of a fact's value, and so the operators that apply to it."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXT = "text"
    CHOICE = "choice"
    QUALITY = "quality"
    TIME = "time"
    TEXTS = "list of texts"
    OBJECTS = "list of objects"


@frozen
class FactSpec:
    """What is promised about one fact."""

    path: str
    type: FactType
    sentence: str
    unit: str | None = None
    nullable: bool = False
    choices: tuple[str, ...] = ()
    item: Mapping[str, FactSpec] = field(default_factory=dict)  #: of a list of objects, by key


def _text(path: str, sentence: str, *, nullable: bool = False) -> FactSpec:
    return FactSpec(path, FactType.TEXT, sentence, nullable=nullable)


def _choice(path: str, choices: tuple[str, ...], sentence: str, *, nullable: bool = False) -> FactSpec:
    return FactSpec(path, FactType.CHOICE, sentence, nullable=nullable, choices=tuple(map(str, choices)))


def _quality(path: str, sentence: str) -> FactSpec:
    return FactSpec(path, FactType.QUALITY, sentence, choices=tuple(map(str, Quality)))


def _time(path: str, sentence: str, *, nullable: bool = True) -> FactSpec:
    return FactSpec(path, FactType.TIME, sentence, unit="UTC", nullable=nullable)


def _yes(path: str, sentence: str) -> FactSpec:
    return FactSpec(path, FactType.BOOLEAN, sentence)


def _number(path: str, unit: str, sentence: str, *, nullable: bool = False) -> FactSpec:
    return FactSpec(path, FactType.INTEGER, sentence, unit=unit, nullable=nullable)


_EVENT = (
    _text("event.event_id", "The event that is judged."),
    _choice("event.event_type", tuple(EventType), "What was observed."),
    _text("event.runtime", "The runtime the task runs in."),
    _text("event.agent_id", "The agent the event is about."),
    _text("event.task_id", "The task the event is about."),
    _text("event.correlation_id", "The run the task belongs to."),
    _time("event.timestamp", "When it happened; a missed time is dated at the time that was missed.", nullable=False),
    _choice(
        "event.condition", CONDITIONS + SELF_CONDITIONS, "The watched condition the event speaks of.", nullable=True
    ),
    _choice("event.phase", EVENT_PHASES, "Where that condition's episode stands.", nullable=True),
    _text("event.episode", "The episode of that condition.", nullable=True),
    _time("event.due_at", "When what is missing was due."),
    _time("event.anchor_at", "The observation that last made the condition false."),
    _number("event.late_by_seconds", "seconds", "How late it was when the event was made.", nullable=True),
    _text("event.source", "The task source that saw it.", nullable=True),
    _text("event.reason", "Why the condition holds, in the words of who saw it.", nullable=True),
    _text("event.caused_by", "The decision that caused the event.", nullable=True),
    _number("event.evidence_ref_count", "references", "How many evidence references the event carries."),
)
_TASK = (
    _text("task.task_id", "The task."),
    _text("task.agent_id", "The agent that runs the task."),
    _text("task.runtime", "The runtime the task runs in."),
    _text("task.title", "What people call the task.", nullable=True),
    _text("task.name", "The title, or the id where there is none."),
    _choice("task.status", tuple(TaskStatus), "What the task says of itself; `in_progress` reads as active."),
    _choice("task.mode", tuple(TaskMode), "Whether somebody sees the task's own output."),
    _time("task.started_at", "When the task started."),
    _time("task.status_changed_at", "When the status last changed."),
    _time("task.finished_at", "When the task ended."),
    _time("task.last_checkpoint_at", "The last check-in."),
    _time("task.last_activity_at", "The last activity of any kind that the source saw."),
    _time("task.last_evidence_at", "The last evidence."),
    _time("task.last_sign_of_life_at", "The newest of start, check-in, activity and evidence."),
    _time("task.deadline_at", "When the task has to be finished."),
    _text("task.report_anchor", "Where the operator sees the task's reports.", nullable=True),
    _text("task.parent_task_id", "The task that started this one.", nullable=True),
    _yes("task.expects_forwarding", "Whether its result has to be forwarded."),
    _yes("task.owes_checkpoints", "Whether the task promised check-ins."),
    _number("task.checkpoint_every_seconds", "seconds", "How often it promised to check in.", nullable=True),
    FactSpec("task.label_names", FactType.TEXTS, "The names of its labels; each value is `task.labels.NAME`."),
)
_CHECKPOINT = (
    _yes("checkpoint.is_overdue", "Whether a promised check-in is late by more than its grace."),
    _yes("checkpoint.operator_visible_update_sent", "Whether a check-in answers what was due."),
    _time("checkpoint.due_at", "When the check-in was or is due."),
    _number("checkpoint.late_by_seconds", "seconds", "How late the check-in is; 0 when it is not."),
)
_CLAIM = (
    _yes("claim.is_progress_bearing", "Whether the report claims that work went on."),
    _yes("claim.completion_asserted", "Whether the report claims that the task is complete."),
    _choice("claim.kind", CLAIM_KINDS, "What the report claims."),
    _number("claim.text_similarity_to_last", "percent", "How much the text repeats the last report."),
    _yes("claim.checks_passed_asserted", "Whether the report says that tests or checks pass."),
    _yes(
        "claim.failure_disclosed", "Whether the report says plainly that a check fails, and not that such checks pass."
    ),
    _yes("claim.asks_back", "Whether the text ends in a question that the person has to answer."),
    FactSpec(
        "claim.checks_asserted",
        FactType.TEXTS,
        "Which checks it says to pass by name: all tests, tests, static checks (types, lint), the build.",
        choices=CHECKS_ASSERTED,
    ),
    _yes("claim.next_step_dispatched_asserted", "Whether the report says that the next step was already handed on."),
    _yes("claim.dispatch_receipt_present", "Whether evidence, or a new child, shows that something was handed on."),
)
_EVIDENCE = (
    _number("evidence.new_items_since_last_checkpoint", "items", "Evidence newer than the check-in before this one."),
    _quality("evidence.completion_min_quality", "The quality that evidence for completion reaches; none without any."),
    _quality("evidence.max_quality", "The best quality among all evidence; none without any."),
    FactSpec(
        "evidence.classes",
        FactType.TEXTS,
        "The classes of the evidence, each once.",
        choices=tuple(map(str, EvidenceClass)),
    ),
    _time("evidence.newest_at", "The newest evidence."),
    _number("evidence.checks_run", "checks", "How many checks are among the evidence."),
    _number("evidence.failing_checks", "checks", "How many of them failed and did not pass when they ran again."),
    _number("evidence.checks_proving_nothing", "checks", "How many of them would pass whatever the work is like."),
    _yes("evidence.code_changed", "Whether code, and not only documents, was changed in this segment."),
    _yes("evidence.documents_only", "Whether something was changed in this segment, and all of it is documents."),
    _yes("evidence.check_after_last_change", "Whether a check that proves something ran after the last change."),
    _quality(
        "evidence.best_check_after_last_change",
        "The best quality among the checks that passed after the last change; none without any.",
    ),
    FactSpec(
        "evidence.checks_passed",
        FactType.TEXTS,
        "Which checks passed after the last change; all tests only where nothing says that they were narrowed to some.",
        choices=CHECKS_ASSERTED,
    ),
    _yes("evidence.reaches_back", "Whether all that was done in this segment was read."),
    FactSpec(
        "evidence.items",
        FactType.OBJECTS,
        "The evidence itself.",
        item={
            "class": _choice("item.class", tuple(EvidenceClass), "What kind of thing it is."),
            "quality": _quality("item.quality", "How much it proves."),
            "captured_at": _time("item.captured_at", "When it was captured.", nullable=False),
            "claims": FactSpec("item.claims", FactType.TEXTS, "The claims it supports.", choices=CLAIM_KINDS[1:]),
        },
    ),
)
_MESSAGE = (
    _text("message.text", "The report as the agent wrote it."),
    *(_yes(f"message.{name}_present", f"Whether the report says: {name.replace('_', ' ')}.") for name in REPORT_FIELDS),
    _yes("message.has_required_checkpoint_fields", "Whether all five of these are there."),
)
_CHILDREN = (
    _number("children.open", "tasks", "Children that have not finished."),
    _number("children.finished_unforwarded", "tasks", "Children whose result nobody was shown."),
    _number("children.failed_untold", "tasks", "Children that failed to start and whose operator was not told."),
)
_OPERATOR = (
    _text("operator_context.channel", "The channel the operator reads.", nullable=True),
    _text("operator_context.target", "The operator's place in that channel.", nullable=True),
    _text("operator_context.report_anchor", "The message the operator sees.", nullable=True),
    _text("operator_context.locale", "The operator's language.", nullable=True),
    _text("operator_context.time_zone", "The operator's IANA zone.", nullable=True),
)
_TOOL = (
    _text("tool.name", "The tool that the agent is about to use, as its host calls it."),
    _text("tool.command", "The command line that it is about to run.", nullable=True),
    _text("tool.path", "The file that it is about to change.", nullable=True),
)
_GATE = (
    _text("gate.host", "The agent's host that asks whether the report may pass."),
    _text("gate.hook", "The point at which the host asks."),
    _number("gate.blocked_before", "times", "How often this report was held back before, for the same reason."),
)

CATALOGUE: Mapping[str, FactSpec] = {
    spec.path: spec
    for group in (_EVENT, _TASK, _CHECKPOINT, _CLAIM, _EVIDENCE, _MESSAGE, _CHILDREN, _OPERATOR, _TOOL, _GATE)
    for spec in group
}


def fact_spec(path: str) -> FactSpec | None:
    """Return what is promised about a fact; none for a path that is no fact."""
    if path.startswith(LABEL_PREFIX) and len(path) > len(LABEL_PREFIX):
        return _text(path, "A label of the task.", nullable=True)
    return CATALOGUE.get(path)
