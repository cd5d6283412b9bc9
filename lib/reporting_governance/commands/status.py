"""`reportgov status`."""

from dataclasses import asdict
from typing import Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.contracts.times import format_time
from reporting_governance.core.policy_templates import duration_words
from reporting_governance.stages.status import OpenEpisode, StatusReport, run_status


@governed_command(
    "status",
    takes="the views of open work",
    adds="nothing",
    twice="reads only",
    examples=("reportgov status", "reportgov status --tasks", "reportgov status --format json"),
)
@click.option("--tasks", "with_tasks", is_flag=True, help="Also list every watched task of ours and what it owes.")
def main(context: CommandContext, *, with_tasks: bool) -> Reply:
    """Show tasks, open episodes and what was told to whom."""
    report = run_status(context.store, clock=context.clock, with_tasks=with_tasks)
    return Reply(dump(report), describe(report))


def dump(report: StatusReport) -> dict[str, Any]:
    """Return the report as plain JSON data."""
    document = asdict(report)
    document["at"] = format_time(report.at)
    return document


def describe(report: StatusReport) -> str:
    """Return what is open as tables, and one line of counts."""
    from reporting_governance.commands._tables import counts, table

    parts = []
    if report.episodes:
        headers = ("task", "condition", "late", "receiver", "told", "proof", "phase", "next", "episode")
        parts.append(table(headers, [row for each in report.episodes for row in _rows(each)]))
    if report.stuck:
        rows = [(each.id, each.state, each.reason, each.target, each.subject) for each in report.stuck]
        parts.append(table(("needs a person", "state", "reason", "target", "subject"), rows))
    if report.tasks:
        owed = [
            (t.task_id, t.agent_id, t.status, t.promise, t.last_check_in_at, t.looked_at_from) for t in report.tasks
        ]
        parts.append(table(("task", "agent", "status", "promise", "last check-in", "looked at from"), owed))
    watched = {"tasks of ours": report.native_tasks, "foreign tasks with open episodes": report.foreign_tasks}
    notices = counts(report.notices) or "no notice on its way"
    oldest = (
        "" if report.oldest_pending_seconds is None else f"; oldest {duration_words(report.oldest_pending_seconds)}"
    )
    parts.append(
        f"Watched: {counts(watched) or 'nothing yet'}.  Open episodes: {len(report.episodes)}.  "
        f"Undecided events: {report.undecided_events}.  Notices: {notices}{oldest}.  Journal: {report.lines} lines."
    )
    return "\n\n".join(parts)


def _rows(episode: OpenEpisode) -> list[tuple[object, ...]]:
    late = duration_words(episode.late_by_seconds)
    first = (episode.task_id, episode.condition, late)
    if not episode.tellings:
        return [(*first, "nobody yet", "", "", "", "", episode.episode_id)]
    return [
        (
            *first,
            each.receiver,
            f"{each.state}, acked by {each.acked_by}" if each.acked_by else each.state,
            each.proof,
            each.phase,
            each.next_at,
            episode.episode_id,
        )
        for each in episode.tellings
    ]
