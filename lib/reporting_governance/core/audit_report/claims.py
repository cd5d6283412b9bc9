"""What agents claimed, and what the records prove of it: one row for each claim that a task is complete."""

from __future__ import annotations

from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.parts import Claim, Standing
from reporting_governance.core.audit_report.summary import standing_of_claims
from reporting_governance.core.markup import Markup, element, join, value
from reporting_governance.core.page import badge, moment, number, plural, table

STANDINGS = {
    Standing.BACKED: ("supported", "good", "let pass, with evidence that can be checked"),
    Standing.APPROVED: ("approved", "good", "not let pass by a rule, then approved by a person"),
    Standing.UNBACKED: ("not supported", "warn", "let pass, and no evidence that can be checked was there"),
    Standing.HELD: ("held back", "bad", "a rule did not let it pass as it was"),
    Standing.REJECTED: ("rejected", "bad", "a person rejected it"),
    Standing.NOT_JUDGED: ("not judged", "warn", "no decision about it is among the lines shown"),
}


def claims(report: ReportFold) -> Markup:
    """Return the part about claims."""
    if not report.claims.total:
        return element("p", "No agent claimed among these lines that a task is complete.")
    counted = standing_of_claims(report)
    counts = [
        (badge(word, kind), number(counted[standing]), meaning) for standing, (word, kind, meaning) in STANDINGS.items()
    ]
    columns = (
        ("Line", "number"),
        ("Recorded at", "narrow"),
        ("Task and agent", "middle"),
        ("Claimed", "wide even"),
        ("What the records show", "wide even"),
    )
    left = report.claims.left_out
    return join(
        (
            element("p", "Each time an agent said that a task is complete, and what stood behind it at that moment."),
            table("Claims by what became of them", (("Standing", "middle"), ("Claims", "number"), ("Meaning", "wide")),
                  counts, "standing-table"),
            table("Claims of completion", columns, [_row(each) for each in report.claims], "claims-table"),
            element("p", f"{plural(left, 'claim')} between these left out; they are counted above.") if left else None,
        )
    )  # fmt: skip


def _row(claim: Claim) -> tuple[str, Markup, Markup, Markup, Markup]:
    word, kind, _ = STANDINGS[claim.standing]
    who = join((value(claim.task_id), element("br"), element("span", "by ", value(claim.agent_id), class_="quiet")))
    said = (
        value(claim.said) if claim.said else element("span", "that it is complete; no words of its own", class_="quiet")
    )
    return (number(claim.seq), moment(claim.at), who, said, join((badge(word, kind), *_why(claim))))


def _why(claim: Claim) -> list[Markup]:
    lines = []
    if claim.evidence:
        where = f"Evidence of quality {claim.quality}, line {number(claim.evidence_seq or 0)}: "
        lines.append(element("p", where, value(claim.evidence), class_="small"))
    elif claim.quality in (None, "none"):
        lines.append(element("p", "No evidence for it was there when it was judged.", class_="small"))
    else:
        lines.append(element("p", f"The rules saw evidence of quality {claim.quality}.", class_="small"))
    if claim.decision:
        words = f"Line {number(claim.decided_seq or 0)}: decided to {claim.decision.replace('_', ' ')}, "
        rule = ("by rule ", value(claim.policy_id or ""), ": ", value(claim.reason or ""))
        by_none = (claim.policy_id or "").startswith("default.")
        lines.append(element("p", words, *(("no rule was against it",) if by_none else rule), class_="small"))
    if claim.person:
        lines.append(
            element(
                "p",
                value(claim.person),
                " approved it" if claim.person_said == "approve" else " rejected it",
                class_="small",
            )
        )
    return lines
