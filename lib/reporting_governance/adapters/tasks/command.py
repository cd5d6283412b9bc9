"""The `command` task source: any program that prints the states of tasks, one JSON object a line.

It is started without a shell, and understood as the entries of the `json` source are.  docs/sources.md says more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from reporting_governance.adapters.argv import check_argv
from reporting_governance.adapters.interface import SourceReading
from reporting_governance.adapters.tasks.entry_work import MOST_ENTRIES, EntryWork, take_entry
from reporting_governance.adapters.tasks.rules import BAD_ENTRY, CUT_SHORT, UNREADABLE
from reporting_governance.adapters.tasks.running import ProgramFailed, run_bounded
from reporting_governance.contracts.finding import shown
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record

if TYPE_CHECKING:
    from reporting_governance.contracts.finding import Finding

NAME: Final = "command"
MAX_BYTES: Final = 10 * 1024 * 1024
_LONGEST_NAME: Final = 120  #: characters of a command line, where a finding names it
LONGEST_LINE: Final = 256 * 1024  #: bytes of one task's state

CANNOT_SEE: Final[Mapping[str, str]] = {
    "owner_dead": "a printed task state does not say which process runs a task",
    "delivery_failed": "a printed task state does not say what became of a delivery",
}

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "argv": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "The program and its arguments.  No secrets here: every user of the machine can see them.",
        },
        "env": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Further environment variables; values may be ${env:NAME} or ${file:path}.",
        },
        "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 600, "default": 20},
        "instance": {
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "description": "What this list of tasks is called.  Default: made from argv, so that other arguments are "
            "another list, and the tasks of the old one are gone.",
        },
    },
    "required": ["argv"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """What to run, and for how long."""

    schema: ClassVar[str] = "parameters of source command"
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    timeout_seconds: int = 20
    instance: str | None = None

    def __post_init__(self) -> None:
        check_argv(self.argv)
        if not 1 <= self.timeout_seconds <= 600:
            raise ValueError("timeout_seconds is between 1 and 600")
        if self.instance is not None and not (0 < len(self.instance) <= 100 and self.instance.isprintable()):
            raise ValueError("instance has 1 to 100 printable characters")


class CommandSource:
    """Reads the task states that a program prints."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str = "") -> None:
        """Name a program; nothing is started yet.

        Raises: ContractError for parameters of the wrong shape.
        """
        self._parameters = Parameters.parse(parameters)
        self._state_folder = state_folder
        self._shown = shown(" ".join(self._parameters.argv), longest=_LONGEST_NAME)[1:-1]

    def is_present(self) -> bool:
        """Tell whether the program is there and may be run."""
        return self._program() is not None

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        """Run the program once.  Whatever stops it from saying everything makes the source unreadable, never empty."""
        try:
            output = self._output()
        except ProgramFailed as fault:
            return self._unreadable(str(fault.details["reason"]))
        work = EntryWork(self._instance())
        number = 0
        for number, line in enumerate(output.split(b"\n"), start=1):
            if not line.strip():
                continue
            work.entries += 1
            if work.entries > MOST_ENTRIES:
                message = f"it printed more than {MOST_ENTRIES:,} tasks; the others are not read"
                work.findings.append(CUT_SHORT.finding(file=self._shown, message=message))
                work.whole = False
                break
            before = len(work.findings)
            _read_line(work, line, self._shown)
            work.findings[before:] = [_at_line(each, number) for each in work.findings[before:]]
        if work.entries and not work.tasks:
            return self._unreadable(f"none of {work.entries} lines can be understood", work.limited_findings())
        return SourceReading(
            source=NAME,
            instance=work.instance,
            tasks=list(work.tasks.values()),
            complete=work.whole,
            findings=work.limited_findings(),
            cannot_see=CANNOT_SEE,
        )

    def _output(self) -> bytes:
        from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets

        program = self._program()
        if program is None:
            raise ProgramFailed(command=self._shown, reason="the program is not there, or may not be run")
        secrets = Secrets()
        try:
            own = {key: secrets.resolve(value) for key, value in (self._parameters.env or {}).items()}
        except SecretMissing as fault:
            raise ProgramFailed(command=self._shown, reason=str(fault)) from None
        return run_bounded(
            [program, *self._parameters.argv[1:]],
            {**os.environ, **own},
            limit_seconds=self._parameters.timeout_seconds,
            max_bytes=MAX_BYTES,
            shown=self._shown,
            folder=self._state_folder if os.path.isdir(self._state_folder) else None,
            hide=secrets.hide,  # what the program complained about may repeat what it was given
        )

    def _program(self) -> str | None:
        """Return the path of the program; one with a slash in its name starts at our state folder."""
        from shutil import which

        name = os.path.expanduser(self._parameters.argv[0])
        return which(os.path.join(os.path.abspath(self._state_folder), name) if os.sep in name else name)

    def _instance(self) -> str:
        from hashlib import sha256

        if self._parameters.instance is not None:
            return self._parameters.instance
        return "argv-" + sha256("\0".join(self._parameters.argv).encode("utf-8", "replace")).hexdigest()[:32]

    def _unreadable(self, reason: str, findings: Sequence[Finding] = ()) -> SourceReading:
        return SourceReading(
            source=NAME,
            instance=self._instance(),
            tasks=(),
            complete=False,
            findings=findings or (UNREADABLE.finding(file=self._shown, message=reason),),
            unreadable=f"{self._shown}: {reason}",
            cannot_see=CANNOT_SEE,
        )


def _read_line(work: EntryWork, line: bytes, name: str) -> None:
    """Add the task of one line.  A bad line hides no other one, but what it was about is not known."""
    from reporting_governance.adapters.tasks.json_entry import Entry
    from reporting_governance.contracts.reading import Syntax, read_documents

    result = read_documents(line, name=name, syntax=Syntax.JSON, max_bytes=LONGEST_LINE)
    work.findings.extend(result.findings)
    if not result.checkable:
        work.whole = False
        return
    (document,) = result.checkable
    if not isinstance(document.value, dict):
        message = "expected an object that describes a task"
        work.findings.append(BAD_ENTRY.finding(file=name, message=message, span=document.value_span("")))
        work.whole = False
        return
    faults = {each.pointer: each.message for each in result.findings if each.severity == "error"}
    take_entry(work, Entry(document, name, "", None, runtime=NAME), document.value, faults)


def _at_line(finding: Finding, number: int) -> Finding:
    """Return a finding about one line of output with the place it has in the whole of it."""
    more = number - 1
    return replace(
        finding,
        line=number if finding.line is None else finding.line + more,
        column=finding.column or 1,
        end_line=None if finding.end_line is None else finding.end_line + more,
    )
