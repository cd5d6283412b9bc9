"""What the report knows of a task, a claim, a notice and a decision.  Filled by the fold, read by the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from reporting_governance.core.audit_report.kept import Kept


class Lane(StrEnum):
    """Whose word a mark of a timeline is, in the order of the drawing."""

    SAID = "said"  #: the agent's own word: claimed
    EVIDENCE = "evidence"  #: what was kept as proof
    WATCH = "watch"  #: promises that were not kept
    RULES = "rules"  #: what a rule decided
    TOLD = "told"  #: what became of notices
    PERSON = "person"  #: what people did


class Shape(StrEnum):
    """How a mark is drawn.  No two that stand in one lane differ in colour alone."""

    DOT = "dot"
    DIAMOND = "diamond"
    SQUARE = "square"
    RING = "ring"
    TRIANGLE = "triangle"
    CROSS = "cross"
    FLAG = "flag"


class Mark(NamedTuple):
    """One thing that happened to a task."""

    seq: int  #: line of the journal
    at: str  #: when it was recorded
    lane: Lane
    shape: Shape
    what: str  #: in our words
    said: str | None = None  #: in the words of whoever wrote it; None: nothing was said
    said_at: str | None = None  #: when it happened, as its writer says, where that is another time


@dataclass(slots=True)
class Episode:
    """A stretch in which something was wrong with a task."""

    id: str
    condition: str
    due_at: str
    seen_at: str
    ended_at: str | None = None


_MARKS = {Lane.SAID: (12, 20), Lane.EVIDENCE: (12, 20)}


@dataclass(slots=True)
class TaskAccount:
    """One task, as the selected lines show it."""

    key: str
    task_id: str
    agent_id: str
    title: str | None = None
    lanes: dict[Lane, Kept[Mark]] = field(
        default_factory=lambda: {lane: Kept(*_MARKS.get(lane, (10, 15))) for lane in Lane}
    )
    episodes: Kept[Episode] = field(default_factory=lambda: Kept(10, 15))
    claims: int = 0
    unbacked: int = 0
    quiet: bool = True  #: nothing happened but reports and evidence

    def marks(self) -> list[Mark]:
        """Return the marks that are kept, in the order of the journal."""
        return sorted((mark for lane in self.lanes.values() for mark in lane), key=lambda each: each.seq)

    @property
    def left_out(self) -> int:
        """How many marks are not kept."""
        return sum(lane.left_out for lane in self.lanes.values())


class Standing(StrEnum):
    """What the records prove of a claim."""

    BACKED = "backed"  #: let pass, with evidence that can be checked
    UNBACKED = "unbacked"  #: let pass, and no such evidence was there
    HELD = "held"  #: a rule did not let it pass
    APPROVED = "approved"  #: a person did, after a rule had not
    REJECTED = "rejected"  #: a person did not
    NOT_JUDGED = "not_judged"  #: no decision about it is among these lines


class Offered(NamedTuple):
    """A piece of evidence that was offered."""

    seq: int
    quality: str
    kind: str
    summary: str | None


@dataclass(slots=True)
class Claim:
    """That a task is complete, as its agent said; and what stood behind it."""

    seq: int
    at: str
    event_id: str
    task_key: str
    task_id: str
    agent_id: str
    said: str | None
    decision: str | None = None
    policy_id: str | None = None
    reason: str | None = None
    decided_seq: int | None = None
    quality: str | None = None  #: of the best evidence for completion that the rules saw; None: not known, or none
    evidence: str | None = None
    evidence_seq: int | None = None
    person: str | None = None
    person_said: str | None = None  #: approve or reject

    @property
    def standing(self) -> Standing:
        """What is proven of it."""
        if self.person_said is not None:
            return Standing.APPROVED if self.person_said == "approve" else Standing.REJECTED
        if self.decision is None:
            return Standing.NOT_JUDGED
        if self.decision not in ("allow", "annotate_placeholder"):
            return Standing.HELD
        return Standing.BACKED if self.quality in ("moderate", "strong", "decisive") else Standing.UNBACKED


class Answer(NamedTuple):
    """A receipt: what is proven about one attempt, item or notice."""

    seq: int
    at: str
    outcome: str
    proof: str
    reason: str | None
    by: str
    evidence: tuple[tuple[str, str], ...]
    retry_at: str | None


class Try(NamedTuple):
    """An attempt to send."""

    seq: int
    at: str
    number: int
    host: str


@dataclass(slots=True)
class Item:
    """A message to one target: every attempt to send it and every answer."""

    seq: int
    spool_id: str
    target: str
    sender: str
    wanted: str  #: the proof that would settle it
    attempts: Kept[Try] = field(default_factory=lambda: Kept(5, 5))
    attempt_ids: list[str] = field(default_factory=list)
    answers: Kept[Answer] = field(default_factory=lambda: Kept(5, 5))


@dataclass(slots=True)
class NoticeAccount:
    """One telling of one receiver, and its way."""

    seq: int
    at: str
    notice_id: str
    receiver: str
    phase: str
    number: int
    urgency: str
    subject: str | None
    task_id: str | None
    route: int | None
    holds: Kept[tuple[int, str, str, str]] = field(default_factory=lambda: Kept(2, 2))  #: seq, at, reason, cause
    items: Kept[Item] = field(default_factory=lambda: Kept(4, 4))
    answers: Kept[Answer] = field(default_factory=lambda: Kept(2, 2))  #: about the notice itself
    standing: str = "nothing"  #: the best proof of any answer; `refused` when there is none and it was given up


class Leaf(NamedTuple):
    """One thing that a rule asked, and what it found."""

    fact: str
    operator: str
    wanted: str
    found: str
    truth: str
    reason: str | None


@dataclass(slots=True)
class DecisionAccount:
    """One decision: the rule, the values that decided, and what could not be done here."""

    seq: int
    at: str
    decision: str
    policy_id: str
    severity: str
    reason: str | None
    task_id: str | None
    event_type: str | None
    leaves: tuple[Leaf, ...]
    others_true: tuple[str, ...]  #: other rules that held
    unknown: tuple[tuple[str, str], ...]  #: rules that could not be answered, and why
    not_possible: tuple[str, ...]
    path: str
    again: bool
    shown_leaves_of: int  #: how many there were
