"""`reportgov review`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError

if TYPE_CHECKING:
    from reporting_governance.stages.reviewing import OpenReview, ReviewReport

LIST, APPROVE, REJECT = "list", "approve", "reject"


class BadWords(UsageError):
    """The words after the verb do not fit what is asked for."""

    message = "{problem}"
    hint = "`reportgov review --help` shows what belongs to which."


@governed_command(
    "review",
    takes="open reviews, or the id of one",
    adds="an act and the status that follows from it; reject also a check-in request; list adds nothing",
    twice="may run twice: a review is closed once, a second act finds nothing and says so, with exit 2",
    examples=(
        "reportgov review list",
        'reportgov review approve rvw_0123… --comment "looked at the import, it is whole"',
        'reportgov review reject nightly-import --comment "the row counts of both sides differ"',
    ),
)
@click.argument("what", metavar="WHAT", type=click.Choice([LIST, APPROVE, REJECT]))
@click.argument("subject", metavar="[ID]", required=False)
@click.option("--comment", default="", help="Why; kept with the act.  The agent of a rejected claim is told it.")
def main(context: CommandContext, *, what: str, subject: str | None, comment: str) -> Reply:
    """Show what decisions ask of a person, and answer it.

    WHAT is list, approve or reject.  ID is that of a review, or of its decision, event or task where only one is open
    about that.  Approved, a claim passes: a task that checks in here gets the status that it claimed.  Rejected, the
    task is active again and its agent is asked for a check-in, with the comment as the reason.
    """
    context.require("read" if what == LIST else "review")
    if what == LIST:
        if subject or comment:
            raise BadWords(problem="list takes no more words")
        return _list(context)
    if not subject:
        raise BadWords(problem=f"{what} takes the id of one review")
    return _close(context, what, as_typed(subject), as_typed(comment))


def _list(context: CommandContext) -> Reply:
    from reporting_governance.stages.reviewing import list_reviews

    reviews = list_reviews(context.store)
    return Reply(_document(LIST, reviews), table_of(reviews) if reviews else "No review is open.")


def table_of(reviews: Sequence[OpenReview]) -> str:
    """Return open reviews as a table."""
    from reporting_governance.commands._tables import table
    from reporting_governance.contracts.times import format_time

    rows = [
        (
            each.review.review_id,
            each.review.task_id or "",
            each.review.agent_id or "",
            each.review.claimed_status.value if each.review.claimed_status else "",
            format_time(each.review.requested_at),
            ", ".join(f"{told.receiver}: {told.state}" for told in each.tellings),
            each.review.question,
        )
        for each in reviews
    ]
    return table(("open review", "task", "agent", "claims", "since", "told", "why"), rows)


def _close(context: CommandContext, what: str, subject: str, comment: str) -> Reply:
    from reporting_governance.commands._elsewhere import belongs_to_another, hand_in

    if belongs_to_another(context.state):
        name = hand_in(context.state, {"what": what, "subject": subject, "comment": comment})
        text = f"{what}: handed in as inbox/{name}; it counts when the owner of {context.state} runs the next command"
        return Reply(_document(what, handed_in=name), text)
    from reporting_governance.contracts.act import ActKind
    from reporting_governance.core.threads import rules_of
    from reporting_governance.stages.reviewing import run_review

    profile = context.settings.profile
    report = run_review(
        context.store,
        subject,
        ActKind(what),
        actor=context.actor,
        comment=comment,
        watchdog=profile.watchdog,
        rules=rules_of(profile.notification),
        clock=context.clock,
    )
    return Reply(_document(what, closed=report), _describe(report))


def _document(
    what: str,
    reviews: Sequence[OpenReview] = (),
    *,
    handed_in: str | None = None,
    closed: ReviewReport | None = None,
) -> dict[str, Any]:
    return {
        "what": what,
        "handed_in": handed_in,
        "act_id": closed and closed.act_id,
        "closed": closed and closed.review.review_id,
        "status": closed and closed.status,
        "status_reason": closed.status_reason if closed else "",
        "request_id": closed and closed.request_id,
        "reviews": [each.dump() for each in reviews],
    }


def _describe(report: ReviewReport) -> str:
    from reporting_governance.commands._text import one_line

    done = "approved" if report.what == APPROVE else "rejected"
    task = report.review.task_id or "its task"
    status = f"{task} is {report.status} now" if report.status else f"{task} stays as it is: {report.status_reason}"
    asked = "; its agent is told at its next contact" if report.request_id else ""
    return one_line(f"{report.review.review_id} {done}, act {report.act_id}; {status}{asked}")
