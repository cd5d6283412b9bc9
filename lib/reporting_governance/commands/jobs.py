"""`reportgov jobs`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._durations import Duration
from reporting_governance.commands._jobs_shown import document_of, line_of, story_of, table_of
from reporting_governance.commands._text import as_typed, exactly_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.contracts.job import MOST_ATTEMPTS, Job, JobState
from reporting_governance.core.jobs import DEFAULT_ATTEMPTS
from reporting_governance.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from reporting_governance.adapters.jobs.interface import JobHost
    from reporting_governance.stages.job_steps import Gate
    from reporting_governance.stages.jobs_run import JobsRun

ENQUEUE, RUN, STATUS, LIST, CANCEL = "enqueue", "run", "status", "list", "cancel"
#: what each takes besides its words
_OPTIONS: Mapping[str, frozenset[str]] = {
    ENQUEUE: frozenset(("key", "max_attempts", "deadline", "wait")),
    RUN: frozenset(("limit", "wait")),
    STATUS: frozenset(),
    LIST: frozenset(("limit", "only")),
    CANCEL: frozenset(),
}
#: what each needs a role for; of a job that is asked for also what the job itself does
_ACTIONS = {ENQUEUE: "job.enqueue", RUN: "orchestration.run", STATUS: "read", LIST: "read", CANCEL: "job.cancel"}
_SHOWN = 50  #: jobs in a list
_BEGUN = 1_000  #: attempts in one run


class BadWords(UsageError):
    """The words after the verb do not fit what is asked for."""

    message = "{problem}"
    hint = "`reportgov jobs --help` shows what belongs to which."


@governed_command(
    "jobs",
    takes="what is to be run (enqueue), jobs that are due (run), the id of a job (status, cancel)",
    adds="jobs, and what becomes of them; status and list add nothing",
    twice="may run twice: runners share the jobs, none is begun by two; a key is one job as long as that is open",
    examples=(
        "reportgov jobs enqueue scan",
        "reportgov jobs enqueue command --key nightly --max-attempts 5 -- /bin/echo done",
        "reportgov jobs list",
        "reportgov jobs status job_0123…",
        "reportgov jobs cancel job_0123…",
        "reportgov jobs run",
        "reportgov jobs enqueue command --wait --deadline 10m -- /bin/echo done",
    ),
)
@click.argument("what", metavar="WHAT", type=click.Choice(list(_OPTIONS)))
@click.argument("words", metavar="[KIND [-- ARGUMENTS...] | ID]", nargs=-1)
@click.option("--key", metavar="TEXT", help="As long as a job with this key is open there is no second one (enqueue).")
@click.option(
    "--max-attempts",
    type=click.IntRange(1, MOST_ATTEMPTS),
    metavar="NUMBER",
    help=f"How often it is tried at most; {DEFAULT_ATTEMPTS} where nothing is said (enqueue).",
)
@click.option("--deadline", type=Duration(), help="How long an attempt may take; 1h where nothing is said (enqueue).")
@click.option("--limit", type=click.IntRange(1, 100_000), metavar="NUMBER", help="So many at most (run, list).")
@click.option("--only", type=click.Choice([each.value for each in JobState]), help="Jobs in this state (list).")
@click.option("--wait", is_flag=True, help="Run it here until it is over (enqueue); go on until none is open (run).")
def main(context: CommandContext, *, what: str, words: tuple[str, ...], **options: Any) -> Reply:
    """Keep work of our own in the journal until it is done: asked for, run, tried again, cancelled.

    \b
    enqueue  KIND is a verb (run, scan, enqueue, dispatch, bridge, export-audit, verify-audit, verify-descriptor,
             verify-profile, verify-policy, prune, doctor), `command` for a program and its arguments, run without a
             shell in the folder where you are now, or `noop`.  What begins with a dash stands behind --.
    run      Runs what is due, and takes over what a runner that is gone has left.  Ends with 1 when a job failed for
             good or was refused, with 3 when one failed and will be tried again.
    status   One job, how its last attempts went, and where their output lies.
    list     The jobs that changed last.  What is over is kept for 30 days.
    cancel   A job is skipped; one that runs is ended within seconds.
    """
    foreign = [name for name, value in options.items() if value not in (None, False) and name not in _OPTIONS[what]]
    if foreign:
        raise BadWords(problem=f"{what} takes no --{foreign[0].replace('_', '-')}")
    given = tuple(map(exactly_typed if what == ENQUEUE else as_typed, words))
    if what != ENQUEUE:
        context.require(_ACTIONS[what])
    if what == ENQUEUE:
        return _enqueue(context, given, **{name: options[name] for name in _OPTIONS[ENQUEUE]})
    if what in (STATUS, CANCEL):
        if len(given) != 1:
            raise BadWords(problem=f"{what} takes the id of one job")
        return _status(context, given[0]) if what == STATUS else _cancel(context, given[0])
    if given:
        raise BadWords(problem=f"{what} takes no more words")
    if what == LIST:
        return _list(context, options["limit"] or _SHOWN, options["only"])
    return _run(context, options["limit"] or _BEGUN, wait=options["wait"])


def _enqueue(
    context: CommandContext,
    words: Sequence[str],
    *,
    key: str | None,
    max_attempts: int | None,
    deadline: int | None,
    wait: bool,
) -> Reply:
    from reporting_governance.stages.jobs_enqueue import JobRequest, enqueue_jobs

    if not words:
        raise BadWords(problem="enqueue takes the kind of the job")
    _require_job(context, words, wait=wait)
    request = JobRequest(
        kind=words[0],
        arguments=tuple(words[1:]),
        key=None if key is None else exactly_typed(key),
        max_attempts=max_attempts or DEFAULT_ATTEMPTS,
        deadline_seconds=deadline,
        folder=None if words[0] == "noop" else _folder_here(),
    )
    (made,) = enqueue_jobs(context.store, [request], clock=context.clock)
    if not wait:
        there = "" if made.is_new else ", and was there already"
        text = f"{made.job.job_id}: {made.job.state.value}{there}"
        return Reply(document_of(ENQUEUE, context, job=made.job.dump(), is_new=made.is_new), text)
    from reporting_governance.stages.jobs_list import find_job

    _run_here(context, limit=MOST_ATTEMPTS, only=made.job.job_id, wait=True)
    status = find_job(context.store, made.job.job_id)
    document = document_of(ENQUEUE, context, job=status.job.dump(), is_new=made.is_new, attempts=status.attempts)
    return Reply(document, story_of(status, context), _code_of(status.job))


def _folder_here() -> str:
    try:
        return exactly_typed(os.getcwd())
    except FileNotFoundError:
        raise BadWords(problem="the folder where you are is gone, and a job is run where it is asked for") from None


def _require_job(context: CommandContext, words: Sequence[str], *, wait: bool) -> None:
    """Let only somebody ask for a job who may do what it does; the owner of the state may do everything."""
    if context.is_owner:
        context.require(_ACTIONS[ENQUEUE])
        return
    from reporting_governance.core.role_uses import job_actions

    for action in job_actions(words[0], words[1:]):
        context.require(action)
    if wait:  # then it is run here
        context.require(_ACTIONS[RUN])


def _run(context: CommandContext, limit: int, *, wait: bool) -> Reply:
    done = _run_here(context, limit=limit, wait=wait)
    document = document_of(RUN, context, jobs=[job.dump() for job in done.ran])
    return Reply(document, "\n".join(map(line_of, done.ran)), done.exit_code)


def _status(context: CommandContext, job_id: str) -> Reply:
    from reporting_governance.stages.jobs_list import find_job

    status = find_job(context.store, job_id)
    return Reply(
        document_of(STATUS, context, job=status.job.dump(), attempts=status.attempts), story_of(status, context)
    )


def _list(context: CommandContext, limit: int, only: str | None) -> Reply:
    from reporting_governance.stages.jobs_list import list_jobs

    found = list_jobs(context.store, limit=limit, state=None if only is None else JobState(only))
    document = document_of(
        LIST, context, jobs=[job.dump() for job in found.jobs], open=found.open, settled=found.settled
    )
    counted = f"{found.open} open, {found.settled} over, {len(found.jobs)} shown"
    return Reply(document, f"{table_of(found.jobs)}\n\n{counted}" if found.jobs else counted)


def _cancel(context: CommandContext, job_id: str) -> Reply:
    from reporting_governance.core.jobs import CANCELLED
    from reporting_governance.stages.jobs_cancel import cancel_job

    done = cancel_job(context.store, job_id, clock=context.clock)
    document = document_of(CANCEL, context, job=done.job.dump())
    if done.was_open:
        return Reply(document, f"{job_id}: cancelled")
    said = done.job.reason or done.job.state.value
    return Reply(document, f"{job_id}: was over: {said}", ExitCode.DONE if said == CANCELLED else ExitCode.NO)


# -- running


def _run_here(context: CommandContext, *, limit: int, wait: bool, only: str | None = None) -> JobsRun:
    import time

    from reporting_governance.commands._stopping import stop_on_signals
    from reporting_governance.stages.jobs_run import run_jobs

    with stop_on_signals() as stop:
        return run_jobs(
            context.store,
            _host(context),
            clock=context.clock,
            limit=limit,
            stop=stop,
            pause=time.sleep if wait else None,
            only=only,
            gate=None if context.is_owner else _gate(context),
        )


def _gate(context: CommandContext) -> Gate:
    """Return what refuses a job that does more than the one who runs it may."""
    from reporting_governance.commands._role_gate import job_refusal

    return lambda job: job_refusal(context, job.kind, job.arguments)


def _host(context: CommandContext) -> JobHost:
    import reporting_governance
    from reporting_governance.adapters.jobs.host import LocalJobHost
    from reporting_governance.adapters.jobs.processes import this_place
    from reporting_governance.storage.boot import boot_id

    entrance = os.path.join(os.path.dirname(os.path.abspath(reporting_governance.__file__)), "__main__.py")
    profile = context.profile_reference
    if os.path.exists(profile):  # the job runs elsewhere
        profile = os.path.abspath(profile)
    return LocalJobHost(
        context.state,
        this_place(os.uname().nodename, boot_id(), is_among_others=context.database is not None),
        program=(sys.executable, "-I", entrance),
        options=(*context.place.options, "--profile", profile),
    )


def _code_of(job: Job) -> ExitCode:
    if job.state in (JobState.SUCCEEDED, JobState.SKIPPED):
        return ExitCode.DONE
    return ExitCode.NO if job.state in (JobState.FAILED, JobState.BLOCKED) else ExitCode.PARTIAL
