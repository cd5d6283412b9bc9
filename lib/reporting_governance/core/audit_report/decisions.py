"""What rules decided: each decision with the rule, and the values that decided."""

from __future__ import annotations

from collections.abc import Iterator

from reporting_governance.core.audit_report.deciding import decision_of
from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.parts import DecisionAccount, Leaf
from reporting_governance.core.markup import Child, Markup, element, join, value
from reporting_governance.core.page import badge, moment, number, plural, table

_MEANINGS = {
    "allow": "let pass",
    "annotate_placeholder": "let pass, and noted that something is missing",
    "rewrite": "sent in other words",
    "block": "held back",
    "require_review": "a person has to look first",
    "force_checkpoint": "the agent has to report first",
    "escalate": "somebody else has to be told too",
    "downgrade_status": "given a lower status than was claimed",
}
_TRUTHS = {"true": ("yes", "good"), "false": ("no", ""), "unknown": ("not known", "warn")}


def decisions(report: ReportFold) -> Markup:
    """Return the part about decisions."""
    total = sum(report.decision_counts.values())
    if not total:
        return element("p", "No decision is among these lines.")
    rows = [
        (kind.replace("_", " "), number(count), _MEANINGS.get(kind, ""))
        for kind, count in sorted(report.decision_counts.items())
    ]
    left = report.decisions.left_out
    words = (
        f"{plural(total, 'decision')}. Of these {number(report.by_default)} were made by no rule: nothing was against "
        "what was reported, and they are not shown one by one."
    )
    columns = (("Decided", "middle"), ("Decisions", "number"), ("Meaning", "wide"))
    return join(
        (
            element("p", words),
            table("Decisions by what was decided", columns, rows, "decided-table"),
            element("p", f"{plural(left, 'decision')} between these left out; they are counted above.")
            if left
            else None,
            *(_decision(each, place) for place, each in enumerate(_understood(report))),
        )
    )


def _understood(report: ReportFold) -> Iterator[DecisionAccount]:
    for each in report.decisions:
        try:
            yield decision_of(*each, report.texts)
        except (LookupError, TypeError, ValueError, AttributeError):
            report.kinds["not understood"] += 1


def _decision(decision: DecisionAccount, place: int) -> Markup:
    key = f"decision-{place + 1}"
    kind = decision.decision.replace("_", " ")
    meaning = _MEANINGS.get(decision.decision, "")
    return element(
        "article",
        element("h3", f"Line {number(decision.seq)}: {kind}", id=key),
        element(
            "p", f"{meaning[:1].upper()}{meaning[1:]}, by rule ", value(decision.policy_id), ". ", *_about(decision)
        ),
        element("p", "The rule says: ", value(decision.reason)) if decision.reason else None,
        _leaves(decision, key),
        *_also(decision),
        aria_labelledby=key,
    )


def _about(decision: DecisionAccount) -> Iterator[Child]:
    yield "Recorded at "
    yield moment(decision.at)
    if decision.task_id:
        yield ", about task "
        yield value(decision.task_id)
    if decision.event_type:
        yield f" ({decision.event_type.replace('_', ' ')})"
    yield f"; weight: {decision.severity}."
    if decision.again:
        yield " It was judged again."


def _leaves(decision: DecisionAccount, key: str) -> Markup:
    if not decision.leaves:
        return element("p", "The record holds no values for this rule.", class_="quiet")
    columns = (("What the rule asked", "middle"), ("It wanted", "middle"), ("It found", "middle"), ("Held", "narrow"))
    left = decision.shown_leaves_of - len(decision.leaves)
    return join(
        (
            table("Values that decided", columns, [_leaf(each) for each in decision.leaves], f"{key}-table"),
            element("p", f"{plural(left, 'value')} more in the line itself.", class_="quiet") if left else None,
        )
    )


def _leaf(leaf: Leaf) -> tuple[Markup, Markup, Markup, Markup]:
    word, kind = _TRUTHS.get(leaf.truth, (leaf.truth, ""))
    wanted = join((f"{leaf.operator} ", value(leaf.wanted)))
    found = join((value(leaf.found), f" ({leaf.reason})" if leaf.reason else None))
    return value(leaf.fact), wanted, found, badge(word, kind)


def _also(decision: DecisionAccount) -> Iterator[Markup]:
    if decision.others_true:
        yield element("p", "Other rules that held: ", value(", ".join(decision.others_true)), class_="small")
    if decision.unknown:
        found = "; ".join(f"{rule}: {why}" for rule, why in decision.unknown)
        yield element("p", "Rules that could not be answered: ", value(found), class_="small")
    if decision.path != "record_only":
        yield element(
            "p", "How far it could be carried out here: ", value(decision.path.replace("_", " ")), class_="small"
        )
    if decision.not_possible:
        found = "; ".join(decision.not_possible)
        yield element("p", badge("not possible here", "warn"), " ", value(found), class_="small")
