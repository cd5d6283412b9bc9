"""`reportgov report`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from reporting_governance.commands._check_in_options import BadCheckIn, check_in_of
from reporting_governance.commands._durations import Duration, Moment
from reporting_governance.commands._text import one_line
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.contracts.check_in import CheckIn, ChildStep, ClaimKind, ReportClaim, Verb
from reporting_governance.contracts.evidence import EvidenceClass
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.task_state import TaskMode
from reporting_governance.errors import ExitCode

_STDIN = "-"  #: instead of a verb: JSON lines on standard input
_NO_ANSWER = (Verb.START.value, Verb.HEARTBEAT.value)  #: nobody expects these to count for a due time
_MAX_BYTES = 16 * 1024 * 1024
_SHOWN = 500  #: characters of somebody's words that a line shows; all of them stand in the JSON answer
_WHERE_ROOTS_ARE = (
    "the artifact_roots of the profile lie in the folder that holds the state folder. "
    "Set REPORTGOV_STATE, or --state, to a folder inside the one where the work is done."
)


@governed_command(
    "report",
    takes="one check-in as arguments, or check-ins as JSON lines on standard input (-)",
    adds="events and evidence; a heartbeat adds nothing but a sign of life",
    twice="may run twice: with --id (or an id in the line) the same check-in is recorded once",
    examples=(
        'reportgov report start nightly-build --agent coder --every 15m --title "Nightly build"',
        'reportgov report start standup --agent coder --schedule "Mon..Fri 09:00" --time-zone Europe/Berlin',
        'reportgov report checkpoint nightly-build "tests written, now the docs"',
        'reportgov report checkpoint nightly-build --completed "tests written" --next-step docs --needs-operator no',
        "reportgov report evidence nightly-build --file src/build.py",
        "reportgov report complete nightly-build --supports completion --file out.xml --command pytest --exit-status 0",
        "reportgov report child nightly-build --child sub-7 --step finished",
        "reportgov report complete nightly-build",
        "some-agent --events | reportgov report -",
    ),
)
@click.argument("verb", metavar="WHAT", type=click.Choice([*(verb.value for verb in Verb), _STDIN]))
@click.argument("task", required=False)
@click.argument("message", required=False, default="")
@click.option("--agent", help="Who works on the task; a start needs it.")
@click.option("--id", "call_id", help="Your own id of this call; sent again, it is recorded once.")
@click.option("--at", type=Moment(), help="When it happened.  Default: now.")
@click.option("--title", default="", help="What the task is, for people (start).")
@click.option("--every", type=Duration(), help="Promise a check-in this often, for example 15m (start).")
@click.option(
    "--schedule",
    metavar="CALENDAR",
    help='Promise check-ins at the times of a calendar: cron ("0 9 * * 1-5") or OnCalendar ("Mon..Fri 09:00") (start).',
)
@click.option("--time-zone", metavar="ZONE", help="The schedule's IANA time zone, such as Europe/Berlin (start).")
@click.option("--grace", type=Duration(), help="How late such a check-in may be.  Default: the profile's (start).")
@click.option("--deadline", type=Moment(), help="When the task must be done: +2h, or a time (start).")
@click.option("--mode", type=click.Choice([each.value for each in TaskMode]), help="Who sees the output (start).")
@click.option("--parent", help="Id of the task that started this one (start).")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="May be given again (start).")
@click.option("--runtime", help="What the agent runs on (start).")
@click.option("--status", help="What the task says of itself (start, checkpoint, fail).")
@click.option("--claim", type=click.Choice([each.value for each in ReportClaim]), help="What this report claims.")
@click.option("--current-status", metavar="TEXT", help="Field of a report: how the task stands.")
@click.option("--completed", "completed_this_segment", metavar="TEXT", help="Field: what was done since the last one.")
@click.option("--next-step", metavar="TEXT", help="Field: what is done next.")
@click.option("--next-report", "next_report_condition", metavar="TEXT", help="Field: when the next report follows.")
@click.option("--needs-operator", "operator_intervention_needed", metavar="TEXT", help="Field: what a person must do.")
@click.option("--child", help="Id of a child task (child).")
@click.option("--step", type=click.Choice([each.value for each in ChildStep]), help="What happened to it (child).")
@click.option("--class", "kind", type=click.Choice([each.value for each in EvidenceClass]), help="Kind of evidence.")
@click.option("--file", "files", multiple=True, help="Evidence: a file below an artifact root; may be given again.")
@click.option("--exit-status", type=int, help="Of a check that ran; its output is then the --file.")
@click.option("--command", help="The command line of that check.")
@click.option("--changed-at", type=Moment(), help="When what it checks was last changed.")
@click.option(
    "--supports", multiple=True, type=click.Choice([each.value for each in ClaimKind]), help="Claim that it supports."
)
def main(context: CommandContext, *, verb: str, **options: Any) -> Reply:
    """Record an agent's check-in: start, checkpoint, evidence, complete, and the like.

    WHAT is start, checkpoint, evidence, complete, fail, wait, block, pause, resume, child or heartbeat; or - for JSON
    lines on standard input, one check-in each.

    A check-in for an unknown task starts it.  The answer says what the agent owes now.
    """
    if verb != _STDIN:
        return record(context, [check_in_of(Verb(verb), options, context.clock.now())])
    given = [name for name, value in options.items() if value not in (None, "", ())]
    if given:
        raise BadCheckIn(problem=f"- takes everything from standard input, so {given[0]} beside it says nothing")
    from reporting_governance.commands._checking import read_check_ins

    check_ins, findings = read_check_ins(_standard_input(), name="standard input")
    return record(context, check_ins, findings)


def record(context: CommandContext, check_ins: Sequence[CheckIn], findings: Sequence[Finding] = ()) -> Reply:
    """Record check-ins as the user who runs this process; `findings` are about lines that are no check-ins."""
    from reporting_governance.commands._artifacts import AllowedRoots, deployment_folder
    from reporting_governance.commands._elsewhere import belongs_to_another
    from reporting_governance.stages.report import run_report

    if belongs_to_another(context.state):
        return _handed_in(context.state, check_ins, findings)
    if not context.is_set_up:  # it would be made now
        context.require("state.init")
    profile = context.settings.profile
    roots = AllowedRoots(profile.artifact_roots, folder=deployment_folder(context.state))
    report = run_report(
        context.store,
        check_ins,
        uid=context.actor_uid,
        profile=profile,
        clock=context.clock,
        artifacts=roots,
        operators=_operators(context),
    )
    document = {
        **report.dump(),
        "evidence_folders": list(roots.folders),
        "findings": [each.dump() for each in findings],
        "handed_in": [],
    }
    lines = [line for result in document["results"] for line in _answers(result)]
    if any(each.outside for result in report.results for each in result.counts_for_nothing):
        lines.append(one_line(f"Evidence may lie below {', '.join(roots.folders)}: {_WHERE_ROOTS_ARE}"))
    if findings:
        from reporting_governance.commands._tables import findings as findings_text

        lines.append(findings_text(findings))
    if any(each.of_another for each in report.results):
        lines.append(_refused_for_others(context))
    return Reply(document, "\n".join(lines), ExitCode.NO if report.refused or findings else ExitCode.DONE)


def _operators(context: CommandContext) -> frozenset[int]:
    """Return who may check in for a task that somebody else started: the caller, or nobody of those who call."""
    uid = context.actor_uid
    if context.is_owner:
        return frozenset((uid,))
    from reporting_governance.contracts.role import Action

    verdict = context.roles.judge(Action.REPORT_FOR_OTHERS, uid)
    return frozenset((uid,)) if verdict.is_allowed else frozenset()


def _refused_for_others(context: CommandContext) -> str:
    """Record that the caller may not check in for others, and return what is to be said about it."""
    from reporting_governance.commands._role_gate import recorded_refusal
    from reporting_governance.contracts.role import Action

    error = recorded_refusal(context, context.roles.judge(Action.REPORT_FOR_OTHERS, context.actor_uid))
    return one_line(f"{error}  {error.advice()}")


def _handed_in(state: str, check_ins: Sequence[CheckIn], findings: Sequence[Finding]) -> Reply:
    """Leave check-ins to the owner of the state, and say so."""
    from reporting_governance.commands._elsewhere import hand_in
    from reporting_governance.stages.report_result import ReportReport

    names = [hand_in(state, each.dump()) for each in check_ins]
    text = f"{len(names)} handed in to the inbox of {state}; they count when its owner runs the next command"
    document = {
        **ReportReport().dump(),
        "evidence_folders": [],
        "findings": [each.dump() for each in findings],
        "handed_in": names,
    }
    return Reply(document, text, ExitCode.NO if findings else ExitCode.DONE)


def _answers(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the agent, or a person, should know; nothing when all is well."""
    if line := _answer(result):
        yield line
    for each in result.get("counts_for_nothing", ()):
        about = f"{result['task']}: evidence {each['evidence']} counts for nothing"
        yield one_line(f"{about}: {each['why']}; {each['advice']}")


def _answer(result: Mapping[str, Any]) -> str:
    """Return what the agent, or a person, should know; empty when all is well."""
    task = result["task"]
    if not result["recorded"]:
        return one_line(f"{task}: {result.get('reason') or 'not recorded'}")
    owed: Mapping[str, Any] = result.get("owed") or {}
    parts = []
    if result.get("reason"):
        parts.append(str(result["reason"]))
    if owed.get("checkpoint_request"):
        because = f": {_cut(owed['asked_because'])}" if owed.get("asked_because") else ""
        parts.append(f"a check-in is asked of you since {owed['asked_at']}{because}")
    if owed.get("next_due_at") and owed.get("counted") is False and result["verb"] not in _NO_ANSWER:
        parts.append(f"this check-in does not count: {owed['reason']}")
    if owed.get("next_due_at"):
        parts.append(f"next check-in due at {owed['next_due_at']}")
    return one_line(f"{task}: {'; '.join(parts)}") if parts else ""


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _standard_input() -> bytes:
    data = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise BadCheckIn(problem=f"standard input holds more than {_MAX_BYTES} bytes")
    return data
