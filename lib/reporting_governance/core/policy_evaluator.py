"""From facts to one decision: every rule of every pack is looked at, all results are kept, the strongest wins.

Nothing here reads a clock or a file: packs, facts and the time are arguments, so the same input gives the same bytes,
and the order of packs and rules changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from reporting_governance.contracts.decision import (
    Decision,
    DecisionKind,
    Evaluation,
    LeafValue,
    Severity,
    Truth,
)
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.decision_merging import (
    Candidate,
    OperatorMessage,
    merge_candidates,
    unknown_candidate,
)
from reporting_governance.core.fact_reading import fact_as_json
from reporting_governance.core.facts import Facts
from reporting_governance.core.policy_compiling import CompiledPack, CompiledRule
from reporting_governance.core.policy_language import Leaf, unknown_reason
from reporting_governance.core.policy_operators import ABSENT, Unknown, Values
from reporting_governance.core.policy_pack import AppliesTo, WorkflowShape

DEFAULT_ALLOW = "default.allow"
DEFAULT_RESOLVED = "default.resolved"
DEFAULT_CAUSED = "default.caused"
_SHOWN_TEXT = 200  #: characters of a text value that a record shows
_SHOWN_ITEMS = 20  #: elements of a list that a record shows


class Trace(NamedTuple):
    """How one rule turned out, and what it looked at.  A tuple, since one is made of every rule that looks."""

    rule: CompiledRule
    truth: bool | None
    values: Values
    facts: Facts

    def unknown_reason(self) -> str:
        """Say which facts nobody could tell, and why."""
        reasons = (
            f"{leaf.fact}: {unknown_reason(leaf, self.values)}"
            for leaf in self.rule.condition.leaves
            if leaf.test(self.values, self.facts.now) is None
        )
        return "; ".join(dict.fromkeys(reasons))

    def evaluation(self, shown: dict[tuple[int, int], LeafValue] | None = None) -> Evaluation:
        """Return it as it is recorded, with the value behind each leaf.

        Args:
            shown: leaves that other rules of the verdict have looked at already.
        """
        candidate = self.candidate()
        known: dict[tuple[int, int], LeafValue] = {} if shown is None else shown
        leaves = []
        for leaf in self.rule.condition.leaves:
            if (key := (id(leaf), id(self.values))) not in known:
                known[key] = _leaf_value(leaf, self.values, self.facts)
            leaves.append(known[key])
        return Evaluation(
            rule_id=self.rule.rule.id,
            truth=_TRUTHS[self.truth],
            leaves=tuple(leaves),
            outcome=None if candidate is None else candidate.kind,
            reason=self.unknown_reason() if self.truth is None else None,
        )

    def candidate(self) -> Candidate | None:
        """Return what the rule wants; none when it does not hold, or is unknown and says that nothing is lost."""
        rule = self.rule
        if self.truth is True:
            return Candidate(rule.rule, rule.templates, rule.rule.decision_output.decision, rule.severity)
        if self.truth is None:
            return unknown_candidate(rule.rule, rule.templates, rule.severity, self.unknown_reason())
        return None


@frozen
class Verdict:
    """One decision and everything behind it."""

    decision: Decision
    message: OperatorMessage | None  #: what the operator reads if somebody is told; none when no rule wants anything
    traces: tuple[Trace, ...]  #: every rule that was looked at, by rule id

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """How each rule that was looked at turned out, as it is recorded; made when it is asked for."""
        shown: dict[tuple[int, int], LeafValue] = {}
        return tuple(trace.evaluation(shown) for trace in self.traces)


def evaluate(packs: Iterable[CompiledPack], facts: Facts) -> Verdict:
    """Judge one event.

    Args:
        packs: in any order; rule ids are unique among them (`check_together`).
        facts: from `build_facts`.

    Returns: the decision, what to tell, and how each rule that was looked at turned out.
    """
    settled = _not_judged(facts)
    if settled is not None:
        return Verdict(settled, None, ())
    traces = [trace for pack in packs for trace in _look(pack, facts)]
    traces.sort(key=lambda trace: trace.rule.rule.id)
    candidates = _not_outranked([each for trace in traces if (each := trace.candidate()) is not None])
    if not candidates:
        return Verdict(_allow(DEFAULT_ALLOW, "no rule has anything against it"), None, tuple(traces))
    decision, message = merge_candidates(candidates, facts)
    return Verdict(decision, message, tuple(traces))


def _look(pack: CompiledPack, facts: Facts) -> Iterator[Trace]:
    if _applies(pack.pack.metadata.applies_to, facts):
        values = facts.with_labels(pack.labels) if pack.labels else facts.values
        for rule in pack.rules:
            if rule.looks_at(facts):
                yield Trace(rule, rule.condition.test(values, facts.now), values, facts)


def _not_judged(facts: Facts) -> Decision | None:
    """Decide at once about what is recorded and not judged, so that no decision can lead to itself."""
    if facts.known("event.caused_by") is not None:
        return _allow(DEFAULT_CAUSED, "a decision caused this event")
    if facts.known("event.phase") == "resolved":
        return _allow(DEFAULT_RESOLVED, "the condition is over")
    return None


def _allow(policy_id: str, reason: str) -> Decision:
    return Decision(
        decision=DecisionKind.ALLOW,
        policy_id=policy_id,
        severity=Severity.INFO,
        reason=reason,
        rewritten_message=None,
        suggested_status=None,
        required_actions=(),
        operator_notice=None,
    )


def _applies(wanted: AppliesTo | None, facts: Facts) -> bool:
    """Whether a pack is meant for the event; what is not known does not keep a pack away."""
    if wanted is None:
        return True
    alone = facts.known("task.parent_task_id") is None and not facts.known("children.open")
    shape = WorkflowShape.SINGLE_AGENT if alone else WorkflowShape.PARENT_CHILD
    found: tuple[tuple[Sequence[str], object], ...] = (
        (wanted.runtimes, facts.known("event.runtime")),
        (wanted.task_modes, facts.known("task.mode")),
        (wanted.workflow_shapes, shape if facts.known("task.task_id") else None),
        (wanted.channels, facts.known("operator_context.channel")),
    )
    return all(not allowed or value is None or value in allowed for allowed, value in found)


_SHOWN_AS_THEY_ARE = frozenset({bool, int, type(None)})
_TRUTHS = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


def _leaf_value(leaf: Leaf, values: Values, facts: Facts) -> LeafValue:
    truth = leaf.test(values, facts.now)
    value = values.get(leaf.fact, ABSENT)
    if type(value) not in _SHOWN_AS_THEY_ARE and not (type(value) is str and len(value) <= _SHOWN_TEXT):
        value = None if isinstance(value, Unknown) else _shown(fact_as_json(value))
    reason = unknown_reason(leaf, values) if truth is None else None
    return LeafValue(
        fact=leaf.fact,
        operator=leaf.operator,
        truth=_TRUTHS[truth],
        value=value,
        wanted=_shown(leaf.operand),
        reason=reason,
    )


def _shown(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _SHOWN_TEXT:
        return f"{value[: _SHOWN_TEXT - 1]}…"
    if isinstance(value, list):
        return [_shown(each) for each in value[:_SHOWN_ITEMS]]
    return value


def _not_outranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that count: an unknown one only when no hit outranks it by severity."""
    if all(each.unknown is None for each in candidates):
        return list(candidates)
    highest = max((each.severity.rank for each in candidates if each.unknown is None), default=-1)
    return [each for each in candidates if each.unknown is None or each.severity.rank >= highest]
