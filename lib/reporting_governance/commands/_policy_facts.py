"""`policy facts`: what rules see of a message, an event or a session, and where it came from."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reporting_governance.commands._tables import findings, table
from reporting_governance.commands._text import as_typed, one_line
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.contracts.finding import Finding, FindingRule, Severity, shown
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.contracts.times import format_time, parse_time
from reporting_governance.core.fact_catalogue import CATALOGUE
from reporting_governance.core.fact_origins import fact_origins
from reporting_governance.core.fact_reading import fact_as_json
from reporting_governance.core.facts import Facts, build_facts
from reporting_governance.core.policy_examples import complete_event
from reporting_governance.core.policy_operators import Unknown
from reporting_governance.errors import ExitCode, UsageError

_TYPE = "event.event_type"
_MOST_BYTES = 64 * 1024 * 1024
_KEYS = frozenset({"title", "event", "task", "evidence", "now", "expect"})
NO_SUBJECT = FindingRule(
    id="GOV203",
    severity=Severity.ERROR,
    sentence="A line is no message, event or example that rules could look at.",
    help="A line is plain text, a JSON text, an event envelope, or an object with message, report, or event.",
)


class Unreadable(UsageError):
    """What was named cannot be read."""

    message = "{path}: {reason}"
    hint = "Name a file that you may read, or - for standard input."


@frozen
class _Judged:
    """One subject and its facts."""

    source: str
    line: int | None
    facts: Facts


def show_facts(context: CommandContext, path: str | None, *, transcript: str | None, as_lines: bool) -> Reply:
    """Print the facts of each line of a file, or of the end of a session.

    Raises: Unreadable.
    """
    now = context.clock.now()
    faults: list[Finding] = []
    if transcript is not None:
        judged = [_of_transcript(transcript, now)]
    else:
        name = as_typed(path or "-")
        judged = list(_of_lines(_read(name), "standard input" if name == "-" else name, now, faults))
    document = {
        "what": "facts",
        "min_coverage": None,
        "packs": [],
        "decisions": [],
        "judged": [_document(each) for each in judged],
        "findings": [each.dump() for each in faults],
    }
    text = "\n".join(_lines(judged)) if as_lines else "\n\n".join(_describe(each) for each in judged)
    if faults and not as_lines:
        text = "\n\n".join(part for part in (text, findings(faults)) if part)
    elif faults:
        sys.stderr.write(findings(faults) + "\n")
    return Reply(document, text, ExitCode.NO if faults else ExitCode.DONE)


def _read(name: str) -> bytes:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(_MOST_BYTES + 1)
    except OSError as fault:
        raise Unreadable(path=name, reason=fault.strerror or str(fault)) from None
    if len(data) > _MOST_BYTES:
        raise Unreadable(path=name, reason=f"larger than {_MOST_BYTES} bytes; take it in parts")
    return data


def _of_lines(data: bytes, name: str, now: datetime, faults: list[Finding]) -> Iterator[_Judged]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        text = line.decode("utf-8", "replace").strip()
        try:
            facts = _facts_of(_parsed(text), now)
        except ValueError as fault:
            faults.append(_at(name, number, str(fault)))
            continue
        problem = _strange_type(facts.event_type)
        if problem is not None:
            sys.stderr.write(one_line(f"{name}:{number}: {problem}") + "\n")
        yield _Judged(name, number, facts)


def _at(name: str, line: int, message: str) -> Finding:
    from reporting_governance.contracts.finding import Span

    return NO_SUBJECT.finding(file=name, message=message, span=Span(line=line, column=1, end_line=line, end_column=1))


def _parsed(text: str) -> Mapping[str, Any]:
    """Return what a line says as an example has it; raises ValueError in plain words."""
    value: object = text
    if text[0] in '{["':
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as fault:
            raise ValueError(f"this line is not valid JSON: {fault}") from None
    if isinstance(value, str):
        return {"event": {"payload": {"message": value}}}
    if not isinstance(value, Mapping):
        raise ValueError("a line is a text or an object, not a list")
    if "event_type" in value:
        return {"event": value, "task": value.get("payload", {}).get("task") if _has_payload(value) else None}
    if isinstance(value.get("event"), Mapping):
        unknown = sorted(set(value) - _KEYS)
        if unknown:
            raise ValueError(f"beside event a line may have {', '.join(sorted(_KEYS))}, not {unknown[0]}")
        return value
    if {"message", "report"} & set(value):
        return {"event": {"payload": dict(value)}}
    raise ValueError("there is no event, message or report in this line")


def _has_payload(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("payload"), Mapping)


def _facts_of(given: Mapping[str, Any], now: datetime) -> Facts:
    task, evidence, event = given.get("task"), given.get("evidence", ()), given["event"]
    if task is not None and not isinstance(task, Mapping):
        raise ValueError("task is an object: the state of a task")
    if evidence is not None and not _are_objects(evidence):
        raise ValueError("evidence is a list of objects, or null where it was not read")
    at = given.get("now") or event.get("timestamp")
    try:
        moment = now if at is None else parse_time(at)
    except (ValueError, TypeError, AttributeError):
        raise ValueError("the time of the event is no time such as 2026-01-05T09:00:00.000Z") from None
    facts = build_facts(complete_event({"timestamp": format_time(moment), **event}, task), task, evidence, moment)
    problem = _strange_type(facts.event_type)
    return facts if problem is None else replace(facts, values={**facts.values, _TYPE: Unknown(problem)})


def _strange_type(name: str) -> str | None:
    """Return what is wrong with the type of an event that no rule can look at."""
    known = CATALOGUE[_TYPE].choices
    if name in known:
        return None
    meant = did_you_mean(name, known)
    return f"no event is of type {shown(name)}; " + (meant or f"types are {', '.join(known)}")


def _are_objects(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, Mapping) for each in value)


def _of_transcript(path: str, now: datetime) -> _Judged:
    """Return the facts of what a Claude Code session did since its newest request, and said last."""
    from reporting_governance.adapters.hosts.claude_code.hook import STRANGE
    from reporting_governance.adapters.hosts.claude_code.transcript import read_deeds
    from reporting_governance.contracts.deed import DeedKind
    from reporting_governance.core.deeds import evidence_of, segment_of
    from reporting_governance.core.evidence_builder import Origin

    read = read_deeds(path)
    if read.unreadable is not None:
        raise Unreadable(path=path, reason=read.unreadable.removeprefix(f"{path}: "))
    if read.strange:
        raise Unreadable(path=path, reason=STRANGE)
    segment = segment_of(read.deeds)
    begun = segment[0] if segment and segment[0].kind is DeedKind.REQUEST else None
    task_id = f"claude-code:{read.session_id or 'session'}"
    origin = Origin(
        event_id="evt_example",
        task_id=task_id,
        agent_id="claude-code",
        correlation_id=task_id,
        from_other=False,
        last_change_at=None,
    )
    items = [each.dump() for each in evidence_of(read.deeds, origin, now)]
    payload: dict[str, Any] = {"message": read.last_text} if read.last_text else {}
    payload["segment"] = {"id": begun.id if begun else "", "reaches_back": read.complete}
    if begun is not None and begun.at is not None:
        payload["segment"]["began_at"] = format_time(begun.at)
    event = complete_event(
        {
            "timestamp": format_time(now),
            "runtime": "claude-code",
            "agent_id": "claude-code",
            "task_id": task_id,
            "correlation_id": task_id,
            "payload": payload,
            "evidence_refs": [{"kind": "evidence", "ref": each["evidence_id"]} for each in items],
        }
    )
    return _Judged(path, None, build_facts(event, None, items, now))


def _rows(judged: _Judged) -> Sequence[Mapping[str, Any]]:
    facts = judged.facts
    return [
        {
            "fact": path,
            "known": not isinstance(facts.values[path], Unknown),
            "value": fact_as_json(facts.values[path]),
            "from": origin,
        }
        for path, origin in fact_origins(facts).items()
    ]


def _document(judged: _Judged) -> dict[str, Any]:
    return {
        "source": judged.source,
        "line": judged.line,
        "event_type": judged.facts.event_type,
        "signals": sorted(judged.facts.signals),
        "claim_types": sorted(judged.facts.claim_types),
        "facts": list(_rows(judged)),
    }


def _lines(several: Sequence[_Judged]) -> Iterator[str]:
    for judged in several:
        for row in _rows(judged):
            yield json.dumps({"source": judged.source, "line": judged.line, **row}, ensure_ascii=False)


def _describe(judged: _Judged) -> str:
    facts = judged.facts
    rows = [
        (row["fact"], _shown(row["value"]) if row["known"] else "not known", row["from"].removeprefix("not known: "))
        for row in _rows(judged)
    ]
    place = judged.source if judged.line is None else f"{judged.source}, line {judged.line}"
    head = f"{place}: {facts.event_type}"
    if facts.signals or facts.claim_types:
        head += f"; rules look at it for {', '.join(sorted({*facts.signals, *facts.claim_types}))} too"
    return f"{head}\n\n{table(('fact', 'value', 'where it came from, or why it is not known'), rows)}"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
