"""The `openclaw` task source.  docs/sources.md says what it reads and what it cannot see."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from reporting_governance.adapters.interface import ObservedTask, SourceReading
from reporting_governance.adapters.tasks.openclaw.places import (
    default_state_folder,
    find_database,
    has_run,
    id_of_place,
    old_install_id,
    why_no_database,
)
from reporting_governance.adapters.tasks.rules import MISSING_PART, OTHER_VERSION, UNREADABLE
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from reporting_governance.adapters.tasks.openclaw.processes import Processes
    from reporting_governance.adapters.tasks.openclaw.rows import Snapshot, TaskRow
    from reporting_governance.contracts.finding import Finding

NAME: Final = "openclaw"

#: Schema version of the database this reader was written for, and of older ones it was tried against (see the docs).
VERSION: Final = 18
OLDER_VERSIONS: Final = frozenset((0, 1))
#: How far back ended tasks are read while it is not known where the watch began.
FIRST_LOOK: Final = timedelta(days=1)
MOST_FINDINGS: Final = 20

CANNOT_SEE: Final[Mapping[str, str]] = {
    "spawn_failed": "OpenClaw keeps no record of a sub-agent that it refused to start",
}

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "state": {
            "type": "string",
            "minLength": 1,
            "description": "OpenClaw's state folder.  Default: $OPENCLAW_STATE_DIR, else .openclaw in $OPENCLAW_HOME "
            "or in the home folder.",
        },
        "command": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "minItems": 1,
            "description": "How OpenClaw's program is started.  When given, it is asked instead of the database.",
        },
        "plugins": {
            "type": "boolean",
            "description": "Whether somebody is told when another writer turns its plugins on or off.  Default: true.",
        },
        "package": {
            "type": "string",
            "minLength": 1,
            "description": "Folder of OpenClaw's own package, for its plugins.  Default: the one behind `openclaw` on "
            "the PATH, else where it was found last.",
        },
    },
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Which installation is read, and how."""

    schema: ClassVar[str] = "parameters of source openclaw"
    state: str | None = None
    command: tuple[str, ...] = ()
    plugins: bool = True  #: read by `commands/_plugin_watch.py`, as is the next
    package: str | None = None


class OpenClawSource:
    """Reads the tasks of one installation of OpenClaw."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(
        self, parameters: Mapping[str, Any], *, state_folder: str = "", processes: Processes | None = None
    ) -> None:
        """Name an installation; nothing is opened yet.

        Args:
            parameters: as the profile writes them; see `PARAMETERS_SCHEMA`.
            state_folder: ours; a relative `state` is taken from it.
            processes: the processes of the machine the gateway runs on; None: this one's.

        Raises: ContractError for parameters of the wrong shape.
        """
        wanted = Parameters.parse(parameters)
        folder = os.path.expanduser(wanted.state) if wanted.state else default_state_folder()
        self._folder = os.path.abspath(os.path.join(state_folder, folder))
        self._command = wanted.command
        self._processes = processes

    def is_present(self) -> bool:
        """Tell whether there is an installation to read."""
        return bool(self._command) or has_run(self._folder)

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        """Read what is unfinished, what ended after `baseline_at` and is not settled, and what is `known`."""
        ended_after = baseline_at if baseline_at is not None else now - FIRST_LOOK
        try:
            if self._command:
                return self._ask(self._command, now, known, ended_after)
            database = find_database(self._folder)
            if database is None:
                return self._unreadable(self._folder, why_no_database(self._folder))
            return self._read_database(database, now, known, ended_after)
        except (GovernanceError, OSError) as fault:
            return self._unreadable(self._folder, str(fault))

    def _read_database(
        self, database: str, now: datetime, known: frozenset[str], ended_after: datetime
    ) -> SourceReading:
        from reporting_governance.adapters.tasks.openclaw.database import Reader, read_database
        from reporting_governance.adapters.tasks.openclaw.ledger import UnknownLayout
        from reporting_governance.adapters.tasks.openclaw.sessions import add_sessions
        from reporting_governance.adapters.tasks.openclaw.snapshot import (
            agent_databases,
            install_id,
            read_snapshot,
        )

        def read(reader: Reader) -> tuple[int, str | None, Snapshot, Mapping[str, str]]:
            snapshot = read_snapshot(reader, ended_after=ended_after, known=known)
            return reader.version, install_id(reader), snapshot, agent_databases(reader)

        try:
            version, own_id, snapshot, agents = read_database(database, read)
        except UnknownLayout as fault:
            program = _program_on_path()
            if program is None:
                return self._unreadable(database, str(fault))
            return self._ask((program,), now, known, ended_after)
        snapshot = add_sessions(snapshot, self._folder, agents)
        findings = [*_about_version(database, version, snapshot), *_about_rows(database, snapshot)]
        instance = own_id or old_install_id(self._folder) or id_of_place(self._folder)
        return self._reading(instance, snapshot, now, known, findings)

    def _ask(
        self, command: Sequence[str], now: datetime, known: frozenset[str], ended_after: datetime
    ) -> SourceReading:
        from dataclasses import replace

        from reporting_governance.adapters.tasks.openclaw.program import ask_program

        snapshot = ask_program(command, state_folder=self._folder)
        wanted = [each for each in snapshot.tasks if _is_wanted(each, known, ended_after)]
        findings = _about_rows(" ".join(command), snapshot)
        return self._reading(id_of_place(self._folder), replace(snapshot, tasks=wanted), now, known, findings)

    def _reading(
        self, instance: str, snapshot: Snapshot, now: datetime, known: frozenset[str], findings: Sequence[Finding]
    ) -> SourceReading:
        from reporting_governance.adapters.tasks.openclaw.observe import Observer, is_settled
        from reporting_governance.adapters.tasks.openclaw.owners import Owners
        from reporting_governance.adapters.tasks.openclaw.processes import OwnProcesses

        processes = self._processes or OwnProcesses()
        owners = Owners(snapshot=snapshot, processes=processes, now=now)
        observer = Observer(snapshot=snapshot, owners=owners, instance=instance, explained=owners.explained())
        tasks: list[ObservedTask] = []
        for row in snapshot.tasks:
            observed = observer.observe(row)
            if row.task_id in known or not is_settled(observed, row):
                tasks.append(observed)
        return SourceReading(
            source=NAME,
            instance=instance,
            tasks=tasks,
            complete=snapshot.whole,
            findings=findings,
            cannot_see=CANNOT_SEE,
        )

    def _unreadable(self, path: str, reason: str) -> SourceReading:
        return SourceReading(
            source=NAME,
            instance="",
            tasks=(),
            complete=False,
            findings=(UNREADABLE.finding(file=path, message=reason),),
            unreadable=reason,
            cannot_see=CANNOT_SEE,
        )


def _is_wanted(row: TaskRow, known: frozenset[str], ended_after: datetime) -> bool:
    if not row.has_ended or row.task_id in known:
        return True
    return row.ended_at is not None and row.ended_at >= ended_after


def _about_version(database: str, version: int, snapshot: Snapshot) -> Iterable[Finding]:
    """An older version lacks what it always lacked; a version never tried, or parts gone from a known one, are news."""
    missing = ", ".join(sorted(snapshot.missing)) or "nothing that is read"
    if version != VERSION and version not in OLDER_VERSIONS:
        message = f"its schema version is {version}, this reader was written for {VERSION}; missing: {missing}"
        yield OTHER_VERSION.finding(file=database, message=message)
    elif version == VERSION and snapshot.missing:
        yield MISSING_PART.finding(file=database, message=f"missing: {missing}")


def _about_rows(place: str, snapshot: Snapshot) -> list[Finding]:
    findings = [each.rule.finding(file=place, message=each.message) for each in snapshot.remarks[:MOST_FINDINGS]]
    if len(snapshot.remarks) > MOST_FINDINGS:
        from reporting_governance.contracts.finding_rules import MORE_FINDINGS

        more = len(snapshot.remarks) - MOST_FINDINGS
        findings.append(MORE_FINDINGS.finding(file=place, message=f"{more} more findings are not listed"))
    return findings


def _program_on_path() -> str | None:
    import shutil

    return shutil.which("openclaw")
