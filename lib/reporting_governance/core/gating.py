"""From a decision to what a gate answers, and what it remembers of a session so that it never loops.

What is remembered stands in the payload of the session's newest judged event (`payload.gate`), and by folding that in
the task's view: a log that is replayed remembers the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from reporting_governance.contracts.decision import DecisionKind
from reporting_governance.contracts.gate_answer import AnswerKind
from reporting_governance.contracts.gate_settings import Posture

_HOLDS_IN_ENFORCE = frozenset({DecisionKind.REQUIRE_REVIEW, DecisionKind.ESCALATE})
_PASSES = frozenset({DecisionKind.ALLOW, DecisionKind.ANNOTATE_PLACEHOLDER})
#: reasons that are remembered of one segment; each is the id of a rule
_MOST_REASONS = 64
_MOST_OTHERS = 8  #: other segments of one task that are remembered, the newest
_TIMES_ALL = 2  #: how often `max_blocks` a segment is held for whatever reasons
_OF_TOOL = "tool:"  #: before the rule by which the use of a tool was refused


class Memory(NamedTuple):
    """What a gate has answered in one segment of one session."""

    session_id: str = ""
    segment: str = ""
    digest: str = ""  #: of what was judged last
    hook: str = ""
    answer: AnswerKind | None = None
    reason: str = ""
    message: str | None = None
    decision: str = "allow"
    policy_id: str = ""
    decision_id: str = ""
    blocks: Mapping[str, int] = MappingProxyType({})  #: by rule, how often it has held the session back
    told: tuple[str, ...] = ()  #: rules of which the operator was told
    asked: str | None = None  #: the checkpoint request that the agent was told of
    judged: int = 0  #: how many attempts of the segment were recorded
    let_go: int = 0  #: how often it had been held when the last attempt was let go; 0: that was not let go
    #: what was counted in other segments, by session and segment: several sessions may work on one task in turn
    others: Mapping[str, Mapping[str, Any]] = MappingProxyType({})

    @property
    def name(self) -> str:
        """What the segment is called among those of one task."""
        return f"{self.session_id}/{self.segment}"

    def held(self, rule: str, max_blocks: int) -> int:
        """Return how often the segment was held, where that is as often as it may be for one rule, or for all; else 0.

        A segment in which one rule after the other objects would be held by each of them, again and again.  Refused
        uses of tools do not count: a session can go on and stop without them, so that nothing turns in a circle.
        """
        of_rule = self.blocks.get(rule, 0)
        of_all = sum(times for name, times in self.blocks.items() if not name.startswith(_OF_TOOL))
        if of_rule >= max_blocks:
            return of_rule
        return of_all if of_all >= _TIMES_ALL * max_blocks else 0

    def most(self, *, of_tools: bool) -> int:
        """Return how often one rule at most has held the segment, or has refused it a tool."""
        found = (times for name, times in self.blocks.items() if name.startswith(_OF_TOOL) is of_tools)
        return max(found, default=0)

    def held_once_more(self, rule: str, *, of_tools: bool) -> Mapping[str, int]:
        """Return the blocks with one more by a rule."""
        name = f"{_OF_TOOL}{rule}" if of_tools else rule
        return {**self.blocks, name: self.blocks.get(name, 0) + 1}

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "session_id": self.session_id,
            "segment": self.segment,
            "digest": self.digest,
            "hook": self.hook,
            "answer": None if self.answer is None else self.answer.value,
            "reason": self.reason,
            "message": self.message,
            "decision": self.decision,
            "policy_id": self.policy_id,
            "decision_id": self.decision_id,
            "blocks": dict(list(self.blocks.items())[-_MOST_REASONS:]),
            "told": list(self.told[-_MOST_REASONS:]),
            "asked": self.asked,
            "judged": self.judged,
            "let_go": self.let_go,
            "others": dict(self.others),
        }


def remembered(body: Mapping[str, Any] | None, session_id: str, segment: str) -> Memory:
    """Return what a task's view remembers of a segment; of another one, or of another session, nothing."""
    kept = (body or {}).get("gate") or {}
    asked = kept.get("asked")
    if "digest" not in kept:
        return Memory(session_id=session_id, segment=segment, asked=asked)
    if kept["session_id"] != session_id or kept["segment"] != segment:
        return _of_another(kept, Memory(session_id=session_id, segment=segment, asked=asked))
    answer = kept.get("answer")
    return Memory(
        session_id=session_id,
        segment=segment,
        digest=kept["digest"],
        hook=kept["hook"],
        answer=None if answer is None else AnswerKind(answer),
        reason=kept["reason"] or "",
        message=kept["message"],
        decision=kept["decision"],
        policy_id=kept["policy_id"],
        decision_id=kept["decision_id"],
        blocks=kept["blocks"],
        told=tuple(kept["told"]),
        asked=asked,
        judged=kept["judged"],
        others=kept.get("others") or {},
    )


def _of_another(kept: Mapping[str, Any], fresh: Memory) -> Memory:
    """Return what is remembered of a segment when another one was judged last; only what was counted is kept of it."""
    others = dict(kept.get("others") or {})
    name = f"{kept['session_id']}/{kept['segment']}"
    others.pop(name, None)
    others[name] = {key: kept[key] for key in ("blocks", "told", "judged")}
    counted = others.pop(fresh.name, None)
    others = dict(list(others.items())[-_MOST_OTHERS:])
    if counted is None:
        return fresh._replace(others=others)
    return fresh._replace(
        blocks=counted["blocks"], told=tuple(counted["told"]), judged=counted["judged"], others=others
    )


def attempt_digest(*parts: str) -> str:
    """Return the digest of everything that an attempt is judged by: its words, and what was done."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def is_same(memory: Memory, digest: str, hook: str, *, blocked_before: bool) -> bool:
    """Tell whether an attempt was answered already: a host may ask about one message at two points.

    What is held back and comes again at the same point is a new attempt: otherwise it would be held for ever.
    """
    if not digest or memory.digest != digest or memory.answer is None or blocked_before:
        return False
    return memory.answer is not AnswerKind.BLOCK or memory.hook != hook


def is_rewritten(memory: Memory, message: str) -> bool:
    """Tell whether a message is what we made of the last one: a host may show it at its next point.

    It is nobody's new report, and rewritten once more it would say twice what is missing.
    """
    return memory.answer is AnswerKind.REWRITE and memory.message is not None and memory.message == message


def wanted_answer(kind: DecisionKind, posture: Posture) -> AnswerKind:
    """Return what a decision asks of a host that can do everything."""
    if kind in _PASSES:
        return AnswerKind.PASS
    if kind is DecisionKind.REWRITE:
        return AnswerKind.REWRITE
    if kind in _HOLDS_IN_ENFORCE and posture is Posture.ADVISE:
        return AnswerKind.PASS
    return AnswerKind.BLOCK


def possible_answer(wanted: AnswerKind, *, can_rewrite: bool, can_block: bool) -> tuple[AnswerKind, tuple[str, ...]]:
    """Return the strongest answer that a host can carry out, and what had to be given up for it."""
    gaps: list[str] = []
    if wanted is AnswerKind.REWRITE and not can_rewrite:
        gaps.append("this host cannot change a message")
        wanted = AnswerKind.BLOCK
    if wanted is AnswerKind.BLOCK and not can_block:
        gaps.append("this host cannot hold anything back")
        wanted = AnswerKind.PASS
    return wanted, tuple(gaps)
