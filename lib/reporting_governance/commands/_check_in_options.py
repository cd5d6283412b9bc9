"""From the options of `report` to one check-in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from reporting_governance.commands._text import as_typed
from reporting_governance.contracts.check_in import REPORT_FIELDS, CheckIn, Verb
from reporting_governance.contracts.evidence import EvidenceClass
from reporting_governance.errors import ContractError, UsageError


class BadCheckIn(UsageError):
    """The options do not make a check-in."""

    message = "{problem}"
    hint = "`reportgov report --help` shows what belongs to which verb."


def check_in_of(verb: Verb, options: Mapping[str, Any], now: datetime) -> CheckIn:
    """Return what the options say.  Raises: BadCheckIn."""
    options = {key: _as_typed(key, value) for key, value in options.items()}
    if not options["task"]:
        raise BadCheckIn(problem=f"{verb.value} needs the id of a task")
    if verb is Verb.START and not options["agent"]:
        raise BadCheckIn(problem="start needs --agent: who works on the task")
    document: dict[str, Any] = {
        "verb": verb.value,
        "task": options["task"],
        "agent": options["agent"],
        "id": options["call_id"],
        "at": _moment(options["at"], now),
        "message": options["message"] or None,
        "report": {name: options[name] for name in REPORT_FIELDS if options[name] is not None} or None,
        "claim": options["claim"],
        "title": options["title"] or None,
        "checkpoint": _promise(options),
        "deadline_at": _moment(options["deadline"], now),
        "mode": options["mode"],
        "parent_task_id": options["parent"],
        "labels": _labels(options["labels"]),
        "runtime": options["runtime"],
        "status": options["status"],
        "child": options["child"],
        "step": options["step"],
        "evidence": _evidence(verb, options, now),
    }
    try:
        return CheckIn.parse({key: value for key, value in document.items() if value is not None}, source="report")
    except ContractError as fault:
        raise BadCheckIn(problem=str(fault.details["problem"])) from None


def _as_typed(key: str, value: Any) -> Any:
    """Return an option's text as it was typed; paths stay as they came, since that is how they are opened."""
    return as_typed(value) if isinstance(value, str) and key != "files" else value


def _moment(value: datetime | timedelta | None, now: datetime) -> str | None:
    from reporting_governance.contracts.times import format_time

    if value is None:
        return None
    return format_time(now + value if isinstance(value, timedelta) else value)


def _promise(options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if options["every"] is None and options["schedule"] is None:
        if options["grace"] is not None:
            raise BadCheckIn(problem="--grace belongs to --every or --schedule")
        if options["time_zone"] is not None:
            raise BadCheckIn(problem="--time-zone belongs to --schedule")
        return None
    if options["every"] is not None and options["schedule"] is not None:
        raise BadCheckIn(problem="a promise is --every or --schedule, not both")
    promise = {
        "every_seconds": options["every"],
        "schedule": options["schedule"],
        "time_zone": options["time_zone"],
        "grace_seconds": options["grace"],
    }
    return {key: value for key, value in promise.items() if value is not None}


def _labels(given: Sequence[str]) -> Mapping[str, str] | None:
    labels = {}
    for each in given:
        key, separator, value = as_typed(each).partition("=")
        if not (key and separator):
            raise BadCheckIn(problem=f"--label {each}: write KEY=VALUE")
        labels[key] = value
    return labels or None


def _evidence(verb: Verb, options: Mapping[str, Any], now: datetime) -> list[Mapping[str, Any]] | None:
    files: Sequence[str] = options["files"]
    of_a_check = {
        "exit_status": options["exit_status"],
        "command": options["command"],
        "changed_at": _moment(options["changed_at"], now),
    }
    is_check = any(each is not None for each in of_a_check.values())
    if verb is not Verb.EVIDENCE and not files and not is_check:
        if options["supports"] or options["kind"]:
            raise BadCheckIn(problem="--supports and --class need evidence: --file or --command")
        return None
    item: dict[str, Any] = {
        "class": options["kind"] or _class_of(files, is_check=is_check),
        "summary": options["message"] or _summary(files, options["exit_status"]),
        "refs": [{"kind": "file", "ref": os.path.abspath(path)} for path in files],  # as the caller's shell means it
        "claims": list(options["supports"]),
    }
    return [item | {key: value for key, value in of_a_check.items() if value is not None}]


def _summary(files: Sequence[str], exit_status: int | None) -> str:
    return f"{len(files)} files" if exit_status is None else f"exit status {exit_status}"


def _class_of(files: Sequence[str], *, is_check: bool) -> str:
    if is_check:
        return EvidenceClass.VERIFICATION_OUTPUT.value
    return EvidenceClass.FILE_CHANGE.value if files else EvidenceClass.TOOL_OUTPUT.value
