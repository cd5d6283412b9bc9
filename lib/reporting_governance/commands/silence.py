"""`reportgov silence`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._durations import Duration, Moment
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError

if TYPE_CHECKING:
    from reporting_governance.contracts.silence import Silence
    from reporting_governance.stages.silencing import SilenceReport

ADD, LIST, EXPIRE = "add", "list", "expire"


class BadWords(UsageError):
    """The words after the verb do not fit what is asked for."""

    message = "{problem}"
    hint = "`reportgov silence --help` shows what belongs to which."


@governed_command(
    "silence",
    takes="matchers, or the id of a silence",
    adds="a silence (add), or an act that ends one (expire); list adds nothing",
    twice="may run twice: a second `add` is a second silence, a second `expire` finds nothing and says so, with exit 2",
    examples=(
        'reportgov silence add task_id=nightly-* condition=silence_timeout --for 2h --comment "planned move"',
        "reportgov silence add labels.team=core --until 2099-03-02T06:00:00Z --comment 'quiet weekend'",
        "reportgov silence list",
        "reportgov silence expire sil_0123… --comment 'moved already'",
    ),
)
@click.argument("what", metavar="WHAT", type=click.Choice([ADD, LIST, EXPIRE]))
@click.argument("words", metavar="[MATCHER... | ID]", nargs=-1)
@click.option("--for", "duration", type=Duration(), help="How long, for example 2h (add).")
@click.option("--until", type=Moment(), help="Until when: +2h, or a time (add).")
@click.option("--from", "start", type=Moment(), help="From when on.  Default: now (add).")
@click.option("--comment", default="", help="Why; kept with the record (add needs it).")
def main(context: CommandContext, *, what: str, words: tuple[str, ...], comment: str, **times: Any) -> Reply:
    """Keep matching notices back for a while; the end of what was told already is told all the same.

    WHAT is add, list or expire.  A MATCHER is FACT=PATTERN (`*` any characters, `?` any one); all of them must match.
    Facts: task_id, agent_id, runtime, source, instance, title, task_key, condition, event_type, episode, severity,
    policy_id, labels.NAME.
    """
    if what != ADD and any(times.values()):
        raise BadWords(problem="--for, --until and --from belong to add")
    context.require("read" if what == LIST else "silence")
    if what == ADD:
        return _add(context, words, as_typed(comment), **times)
    if what == LIST:
        if words or comment:
            raise BadWords(problem="list takes no more words")
        return _list(context)
    if len(words) != 1:
        raise BadWords(problem="expire takes the id of one silence")
    return _expire(context, as_typed(words[0]), as_typed(comment))


def _add(
    context: CommandContext,
    words: Sequence[str],
    comment: str,
    *,
    duration: int | None,
    until: datetime | timedelta | None,
    start: datetime | timedelta | None,
) -> Reply:
    from reporting_governance.commands._elsewhere import belongs_to_another, hand_in
    from reporting_governance.stages.silencing import add_silence, check_silence

    silence = _silence(context, words, comment, duration, until, start)
    if belongs_to_another(context.state):
        check_silence(silence, context.clock.now())
        document = silence.dump()
        del document["created_by"]  # who it was is the owner of the file
        name = hand_in(context.state, document)
        text = f"silence: handed in as inbox/{name}; it counts when the owner of {context.state} runs the next command"
        return Reply(_document(ADD, handed_in=name), text)
    report = add_silence(context.store, silence, clock=context.clock)
    return Reply(_document(ADD, [report]), _describe(report))


def _silence(
    context: CommandContext,
    words: Sequence[str],
    comment: str,
    duration: int | None,
    until: datetime | timedelta | None,
    start: datetime | timedelta | None,
) -> Silence:
    from reporting_governance.contracts.silence import Silence
    from reporting_governance.stages.silencing import new_id

    if (duration is None) == (until is None):
        raise BadWords(problem="a silence ends: --for DURATION or --until TIME, one of the two")
    now = context.clock.now()
    starts_at = now + start if isinstance(start, timedelta) else start or now
    ends_at = starts_at + timedelta(seconds=duration) if duration is not None else until
    if isinstance(ends_at, timedelta):
        ends_at = now + ends_at
    if ends_at is None or ends_at <= starts_at:
        raise BadWords(problem="a silence ends after it starts")
    return Silence(
        silence_id=new_id(),
        matcher=matchers(words),
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=context.actor,
        comment=comment,
    )


def matchers(words: Sequence[str]) -> dict[str, str]:
    """Return FACT=PATTERN words as a mapping; a fact named twice would silently lose one of its patterns."""
    found: dict[str, str] = {}
    for word in map(as_typed, words):
        name, separator, pattern = word.partition("=")
        if not (name and separator):
            raise BadWords(problem=f"{word!r} is no matcher; write FACT=PATTERN, such as task_id=nightly-*")
        if name in found:
            raise BadWords(problem=f"{name} is given twice")
        found[name] = pattern
    return found


def _list(context: CommandContext) -> Reply:
    from reporting_governance.commands._tables import table
    from reporting_governance.contracts.times import format_time
    from reporting_governance.stages.silencing import list_silences

    reports = list_silences(context.store)
    rows = [
        (
            each.silence.silence_id,
            _words(each.silence),
            format_time(each.silence.starts_at),
            format_time(each.silence.ends_at),
            each.silence.created_by,
            f"{len(each.episodes)} / {each.queued}",
            each.silence.comment,
        )
        for each in reports
    ]
    headers = ("silence", "what", "from", "until", "by", "open / held or queued", "why")
    return Reply(_document(LIST, reports), table(headers, rows) if rows else "No silence is in force.")


def _expire(context: CommandContext, subject: str, comment: str) -> Reply:
    from reporting_governance.commands._elsewhere import belongs_to_another, hand_in
    from reporting_governance.contracts.act import ActKind
    from reporting_governance.stages.silencing import end_silence

    if belongs_to_another(context.state):
        name = hand_in(context.state, {"what": ActKind.SILENCE_END.value, "subject": subject, "comment": comment})
        text = f"expire: handed in as inbox/{name}; it counts when the owner of {context.state} runs the next command"
        return Reply(_document(EXPIRE, handed_in=name), text)
    report = end_silence(context.store, subject, actor=context.actor, comment=comment, clock=context.clock)
    text = f"{subject} ended, act {report.act_id}; what it kept back goes with the next run"
    return Reply(_document(EXPIRE, act_id=report.act_id, ended=subject), text)


def _document(
    what: str,
    reports: Sequence[SilenceReport] = (),
    *,
    handed_in: str | None = None,
    act_id: str | None = None,
    ended: str | None = None,
) -> dict[str, Any]:
    silences = [
        {
            **each.silence.dump(),
            "comment": each.silence.comment,
            "episodes": list(each.episodes),
            "queued": each.queued,
        }
        for each in reports
    ]
    return {"what": what, "handed_in": handed_in, "act_id": act_id, "ended": ended, "silences": silences}


def _words(silence: Silence) -> str:
    return " ".join(f"{name}={pattern}" for name, pattern in sorted(silence.matcher.items()))


def _describe(report: SilenceReport) -> str:
    from reporting_governance.commands._text import one_line
    from reporting_governance.contracts.times import format_time

    silence = report.silence
    begin = (
        f"from {format_time(silence.starts_at)} " if silence.starts_at > datetime.now(silence.starts_at.tzinfo) else ""
    )
    lines = [one_line(f"{silence.silence_id}: {_words(silence)} is silent {begin}until {format_time(silence.ends_at)}")]
    if report.episodes or report.queued:
        lines.append(f"It matches {len(report.episodes)} open episodes and {report.queued} notices in the queue.")
    else:
        lines.append("It matches nothing that is open now; what begins before its end is kept back all the same.")
    return "\n".join(lines)
