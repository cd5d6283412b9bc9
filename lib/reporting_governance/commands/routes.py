"""`reportgov routes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._durations import Moment
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError

if TYPE_CHECKING:
    from reporting_governance.stages.route_test import RouteTest, WouldTell


class BadFact(UsageError):
    """A fact that no notice has."""

    message = "{problem}"
    hint = "For example: reportgov routes test --fact condition=silence_timeout --fact severity=high"


@governed_command(
    "routes",
    takes="the profile's routes, calendars, silences and the queue; with an ID, the journal",
    adds="nothing",
    twice="may run twice: it only reads",
    examples=(
        "reportgov routes test --fact condition=silence_timeout --fact severity=high",
        "reportgov routes test my-task",
        "reportgov routes test my-task --fact labels.team=core --format json",
        "reportgov routes test --fact condition=silence_timeout --at 2026-03-01T03:00:00Z",
    ),
    needs="read",
)
@click.argument("what", metavar="test", type=click.Choice(["test"]))
@click.argument("identity", metavar="[ID]", required=False)
@click.option("--fact", "facts", multiple=True, metavar="FACT=VALUE", help="A fact of the notice; may be given again.")
@click.option("--at", type=Moment(), help="Judge calendars and silences at this time: +2h, or a time.  Default: now.")
def main(
    context: CommandContext, *, what: str, identity: str | None, facts: tuple[str, ...], at: datetime | timedelta | None
) -> Reply:
    """Show where a notice would go and why: route, targets, what would keep it back, its group, who is told next.

    ID is that of a task, event, episode or notice, whose facts are taken from the records; --fact stands instead of
    one of them.  Nobody is told anything.

    With --at the calendars and silences that we know of today are judged at that time; the queue, and what is open, is
    as it is now.
    """
    from reporting_governance.stages.route_test import run_route_test

    typed = _facts(facts)
    if identity is None and not typed:
        raise BadFact(problem="say what the notice is about: an ID, or --fact FACT=VALUE")
    subject = None if identity is None else as_typed(identity)
    settings = context.settings
    moment = context.clock.now() + at if isinstance(at, timedelta) else at
    tests = run_route_test(
        context.store, settings.policy, settings.profile, subject, typed, clock=context.clock, at=moment
    )
    lines = _lines_of_routes(context)
    return Reply(_document(what, context, tests, lines, moment), _describe(context, tests, lines, moment))


def _facts(words: Sequence[str]) -> Mapping[str, Any]:
    """Return typed facts as a notice carries them; raises BadFact with what was probably meant."""
    from reporting_governance.commands.silence import matchers
    from reporting_governance.contracts.silence import LABEL, unknown_facts

    given = matchers(words)
    for problem in unknown_facts(given):
        raise BadFact(problem=f"{problem.message}; {problem.suggestion}" if problem.suggestion else problem.message)
    labels = {name.removeprefix(LABEL): value for name, value in given.items() if name.startswith(LABEL)}
    plain = {name: value for name, value in given.items() if not name.startswith(LABEL)}
    return {**plain, **({"labels": labels} if labels else {})}


def _lines_of_routes(context: CommandContext) -> Sequence[int | None]:
    """Return the line of each route in the profile's file; None where the file is not what is in force."""
    from reporting_governance.commands._settings import digest_of, read_part
    from reporting_governance.contracts.reading import read_documents

    routes = context.settings.profile.notification.routes
    parts = context.settings.parts
    data = read_part(parts[0].path) if parts else b""
    if not parts or digest_of(data) != parts[0].digest:
        return [None] * len(routes)
    documents = read_documents(data, name=parts[0].path).documents
    spans = [
        documents[0].value_span(f"/notification/routes/{place}") if documents else None for place in range(len(routes))
    ]
    return [None if span is None else span.line for span in spans]


def _document(
    what: str, context: CommandContext, tests: Sequence[RouteTest], lines: Sequence[int | None], at: datetime | None
) -> dict[str, Any]:
    from reporting_governance.contracts.times import format_time

    settings = context.settings
    return {
        "what": what,
        "profile": settings.parts[0].path if settings.parts else settings.reference,
        "profile_refused": settings.refused,
        "at": at and format_time(at),
        "tests": [
            {
                "subject": test.subject,
                "facts": dict(test.facts),
                "decision": test.decision,
                "tells": test.tells,
                "receivers": [
                    {
                        "receiver": each.receiver,
                        "route": each.route,
                        "line": lines[each.route],
                        "targets": [{"target": name, "sender": sender} for name, sender in each.targets.items()],
                        "held": None
                        if each.held is None
                        else {
                            "reason": each.held.reason.value,
                            "cause": each.held.cause,
                            "until": each.held.until and format_time(each.held.until),
                        },
                        "group": dict(each.group),
                        "company": each.company,
                        "goes_at": format_time(each.goes_at),
                        "fallback": list(each.fallback),
                    }
                    for each in test.receivers
                ],
            }
            for test in tests
        ],
        "escalation": [
            {"after_seconds": step.after_seconds, "receivers": list(step.receivers), "until": step.until.value}
            for step in settings.profile.notification.escalation
        ],
    }


def _describe(
    context: CommandContext, tests: Sequence[RouteTest], lines: Sequence[int | None], at: datetime | None
) -> str:
    from reporting_governance.commands._tables import table
    from reporting_governance.contracts.times import format_time
    from reporting_governance.core.policy_templates import duration_words

    settings = context.settings
    profile = settings.parts[0].path if settings.parts else settings.reference
    parts = [
        f"Profile: {profile}"
        + (f" (refused, the last good one is in force: {settings.refused})" if settings.refused else "")
    ]
    if at is not None:
        parts.append(f"Calendars and silences as they are at {format_time(at)}; all else as it is now.")
    kept_back = "kept back now" if at is None else "kept back then"
    headers = ("receiver", "by route", "targets", kept_back, "goes together with", "if it fails")
    for test in tests:
        rows = [_row(each, lines) for each in test.receivers]
        parts.append(f"{_about(test)}\n\n{table(headers, rows)}")
    steps = [
        f"after {duration_words(step.after_seconds)} to {', '.join(step.receivers)}, until {step.until.value}"
        for step in settings.profile.notification.escalation
    ]
    parts.append("Escalation, counted from the first telling: " + ("; ".join(steps) or "none") + ".")
    return "\n\n".join(parts)


def _about(test: RouteTest) -> str:
    from reporting_governance.commands._text import one_line

    shown = ("task_id", "condition", "severity", "agent_id", "runtime", "source", "labels")
    facts = ", ".join(f"{name} {test.facts[name]}" for name in shown if test.facts.get(name))
    lines = [one_line(f"{test.subject or 'typed facts'}: {facts}")]
    if test.decision:
        lines.append(f"Decision: {test.decision}")
    if not test.tells:
        lines.append("This decision tells nobody; a notice with these facts would go as follows.")
    return "\n".join(lines)


def _row(each: WouldTell, lines: Sequence[int | None]) -> tuple[object, ...]:
    from reporting_governance.contracts.times import format_time

    line = lines[each.route]
    held = "no"
    if each.held is not None:
        until = f" until {format_time(each.held.until)}" if each.held.until else ""
        held = f"{each.held.reason.value} by {each.held.cause}{until}"
    shared = (name if value is None else f"{name} {value}" for name, value in each.group.items())
    group = ", ".join(shared) or "all of this receiver"
    company = f"; {each.company} wait until {format_time(each.goes_at)}" if each.company else ""
    return (
        each.receiver,
        f"{each.route + 1}" + (f" (line {line})" if line else ""),
        ", ".join(f"{name} ({sender})" for name, sender in each.targets.items()),
        held,
        f"same {group}{company}" if each.group else f"{group}{company}",
        " then ".join(each.fallback) or "nobody stands in",
    )
