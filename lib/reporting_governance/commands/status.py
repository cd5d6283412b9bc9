"""`reportgov status`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from reporting_governance.commands._anchoring import anchors_known
from reporting_governance.commands._heads import last_problem
from reporting_governance.commands._hosts import hosts_at_work
from reporting_governance.commands._siblings import trouble_with_runs
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.contracts.times import format_time
from reporting_governance.core.policy_templates import duration_words
from reporting_governance.stages.anchoring import AnchorState
from reporting_governance.stages.status import (
    OpenEpisode,
    StatusReport,
    Telling,
    WatchedSource,
    WatchedTask,
    run_status,
)


@governed_command(
    "status",
    takes="the views of open work",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=(
        "reportgov status",
        "reportgov status --tasks",
        "reportgov status --format json",
        "reportgov status --html status.html",
    ),
    needs="read",
)
@click.option("--html", type=click.Path(dir_okay=False), metavar="FILE", help="Also write a page that a browser shows.")
@click.option("--tasks", "with_tasks", is_flag=True, help="Also list every watched task of ours and what it owes.")
def main(context: CommandContext, *, with_tasks: bool, html: str | None) -> Reply:
    """Show tasks, open episodes and what was told to whom."""
    reply = look(context, with_tasks=with_tasks)
    if html is not None:
        from reporting_governance.commands._status_page import write_status_page

        write_status_page(context, html, reply.document)
    return reply


def look(context: CommandContext, *, with_tasks: bool = False) -> Reply:
    """Return what is open now, as a document and as text."""
    report = run_status(
        context.store,
        context.task_sources(),
        clock=context.clock,
        watchdog=context.settings.watchdog,
        with_tasks=with_tasks,
        last_run_at=context.last_run().began_at,
        profile=context.settings.profile,
        hosts=hosts_at_work(context),
    )
    stale = trouble_with_runs(context)
    succeeded = context.last_run().succeeded_at
    document = {
        **dump(report),
        "profile_refused": context.settings.refused,
        "last_success_at": succeeded and format_time(succeeded),
        "run_trouble": stale and stale.sentence,
        "signing": _signing(context),
        "anchors": [each.dump() for each in anchors_known(context)],
    }
    text = describe(report, context)
    return Reply(document, text if stale is None else f"{text}\n\nNot watched: {stale.sentence}.  {stale.advice}")


def dump(report: StatusReport) -> dict[str, Any]:
    """Return the report as plain JSON data."""
    document = asdict(report)
    document["at"] = format_time(report.at)
    document["reviews"] = [each.dump() for each in report.reviews]
    document["last_run_at"] = report.last_run_at and format_time(report.last_run_at)
    return document


def describe(report: StatusReport, context: CommandContext) -> str:
    """Return what is open as tables, and one line of counts."""
    from reporting_governance.commands._tables import counts, table

    parts = []
    if report.episodes:
        headers = ("task", "condition", "late", "receiver", "told", "proof", "phase", "next", "episode")
        parts.append(table(headers, [row for each in report.episodes for row in _rows(each)]))
    if report.reviews:
        from reporting_governance.commands.review import table_of

        parts.append(table_of(report.reviews))
    if report.waiting:
        waiting = [(each.notice_id, each.receiver, each.since, each.sentence, each.subject) for each in report.waiting]
        parts.append(table(("in the queue", "for", "since", "why", "subject"), waiting))
    if report.stuck:
        rows = [(each.id, each.state, each.reason, each.target, each.subject) for each in report.stuck]
        parts.append(table(("needs a person", "state", "reason", "target", "subject"), rows))
    if report.targets:
        troubles = [(each.target, each.trouble, each.since, each.until, each.why) for each in report.targets]
        parts.append(table(("target", "trouble", "since", "tried again at", "why"), troubles))
    if report.tasks:
        owed = [
            (t.task_id, t.agent_id, t.status, t.promise, t.last_check_in_at, _counted(t), t.due_at, t.looked_at_from)
            for t in report.tasks
        ]
        columns = ("task", "agent", "status", "promise", "last check-in", "it counts", "next owed", "looked at from")
        blind = "; ".join(f"{condition}: {why}" for condition, why in report.native_cannot_see.items())
        parts.append(f"{table(columns, owed)}\nCannot be seen of these: {blind}.")
    if report.sources:
        parts.append(
            table(("source", "instance", "tasks", "cannot see"), [_source_row(each) for each in report.sources])
        )
    if context.settings.refused:
        parts.append(f"The profile was refused, the last good one is in force: {context.settings.refused}")
    if report.log_loss is not None:
        parts.append(
            f"The journal lost what was acknowledged: {report.log_loss.what}.  What to do: `reportgov doctor`; "
            "`reportgov ack self:journal` says that you know."
        )
    if trust := _trust(report):
        parts.append(trust)
    if context.database is not None:
        parts += _skewed(context)
    if problem := last_problem(context.state):
        parts.append(f"Heads of the journal are not signed since {problem['at']}: {problem['problem']}.")
    if held := _anchors(anchors_known(context), report.lines):
        parts.append(held)
    ours = "task of ours" if report.native_tasks == 1 else "tasks of ours"
    foreign = "foreign task with open episodes" if report.foreign_tasks == 1 else "foreign tasks with open episodes"
    watched = {ours: report.native_tasks, foreign: report.foreign_tasks}
    notices = counts(report.notices) or "no notice on its way"
    oldest = (
        "" if report.oldest_pending_seconds is None else f"; oldest {duration_words(report.oldest_pending_seconds)}"
    )
    if report.without_promise:
        watched["of them without a promise to check in"] = report.without_promise
    parts.append(
        f"Watched: {counts(watched) or 'nothing yet'}.  Last run: {_last_run(report)}.  "
        f"Open episodes: {len(report.episodes)}.  "
        f"Undecided events: {report.undecided_events}.  Notices: {notices}{oldest}.  Journal: {report.lines} lines."
    )
    return "\n\n".join(parts)


def _counted(task: WatchedTask) -> str:
    """Return whether a check-in counted, where a calendar makes that a question."""
    if task.counted is None:
        return ""
    return f"counted {task.counted_because}" if task.counted else f"not counted because {task.counted_because}"


def _skewed(context: CommandContext) -> list[str]:
    """Return which hosts' clocks are off, as far as they ran on this database."""
    from reporting_governance.commands._database import SKEW_LIMIT_SECONDS

    found = [each for each in context.postgres.hosts() if abs(each.skew_ms) > SKEW_LIMIT_SECONDS * 1000]
    told = ", ".join(f"{each.name} {each.skew_ms / 1000:+.1f} s" for each in found)
    return [f"Clocks that are off, against the database's: {told}.  What is recorded bears its time."] if told else []


def _trust(report: StatusReport) -> str:
    """Return when the clock or the watch was last not to be trusted."""
    parts = []
    if report.clock_set_at:
        parts.append(f"The clock was last set, or the host slept or started, at {report.clock_set_at}.")
    if report.gap:
        parts.append(f"Gap seen: nobody watched from {report.gap['began_at']} to {report.gap['ended_at']}.")
    return "  ".join(parts)


def _signing(context: CommandContext) -> dict[str, Any]:
    """Return how far the journal is signed, and why it is no further."""
    return {"newest_head": context.store.newest_log_checkpoint(), "problem": last_problem(context.state)}


def _anchors(states: Sequence[AnchorState], lines: int) -> str:
    """Return who else holds signed heads of the journal, up to which line; empty where nobody was named."""
    said = []
    for each in states:
        holds = f"{each.size} of {lines} lines" if each.size else "nothing yet"
        since = "" if each.failed_since is None else f" (fails since {format_time(each.failed_since)}: {each.problem})"
        said.append(f"{each.name} holds {holds}{since}")
    return f"Anchors: {'; '.join(said)}." if said else ""


def _source_row(source: WatchedSource) -> tuple[object, ...]:
    blind = "; ".join(f"{condition}: {why}" for condition, why in source.cannot_see.items())
    if source.unreadable:
        return (source.source, "cannot be read", "", source.unreadable)
    return (source.source, source.instance, source.tasks, blind or "nothing is hidden")


def _last_run(report: StatusReport) -> str:
    if report.last_run_at is None:
        return "never (the line for crontab is `reportgov run`)"
    return f"{duration_words(max(0, int((report.at - report.last_run_at).total_seconds())))} ago"


def _told(telling: Telling) -> str:
    """Return what a receiver knows; of several targets, also where it is otherwise."""
    parts = [f"{telling.state}, acked by {telling.acked_by}" if telling.acked_by else telling.state]
    others = (each for each in telling.targets if each.state != telling.state)
    parts += [f"{each.target}: {each.state}" + (f" ({each.reason})" if each.reason else "") for each in others]
    return "; ".join(parts)


def _rows(episode: OpenEpisode) -> list[tuple[object, ...]]:
    late = duration_words(episode.late_by_seconds)
    if episode.unknown:
        late = f"unknown: {episode.unknown}"
    first = (episode.task_id, episode.condition, late)
    if not episode.tellings:
        return [(*first, "nobody yet", "", "", "", "", episode.episode_id)]
    return [
        (
            *first,
            each.receiver,
            _told(each),
            each.proof,
            each.phase,
            each.next_at,
            episode.episode_id,
        )
        for each in episode.tellings
    ]
