"""The `claude-code` task source.  docs/sources.md says what it reads and what it cannot see."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from reporting_governance.adapters.interface import ObservedTask, SourceReading
from reporting_governance.adapters.tasks.claude_code.places import PROJECTS, folder_of, id_of_place, is_present
from reporting_governance.adapters.tasks.rules import CUT_SHORT, OTHER_VERSION, UNREADABLE
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record

if TYPE_CHECKING:
    from reporting_governance.adapters.tasks.claude_code.memo import Memo
    from reporting_governance.adapters.tasks.claude_code.observing import Child, Observer
    from reporting_governance.adapters.tasks.claude_code.places import Found, Listing
    from reporting_governance.adapters.tasks.claude_code.seen import Seen
    from reporting_governance.adapters.tasks.openclaw.processes import Processes
    from reporting_governance.contracts.finding import Finding

NAME: Final = "claude-code"
#: How far back from the beginning of the watch a session may have been active and is still shown.
FIRST_LOOK: Final = timedelta(days=1)
#: A session without a sign of life for so long is shown only while something about it is open.
LONGEST_LOOK: Final = timedelta(days=30)
MOST_OPENED: Final = 2_000  #: transcripts opened in one reading, the newest first
MOST_FINDINGS: Final = 20

CANNOT_SEE: Final[Mapping[str, str]] = {
    "delivery_failed": "a transcript does not say whether a person saw what the agent said",
    "spawn_failed": "a sub-agent that could not be started is told to the agent that asked for it, and to nobody else",
}
NO_PROCESSES: Final = "this Claude Code does not write down which process works on a session"

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "config": {
            "type": "string",
            "minLength": 1,
            "description": "Claude Code's own folder.  Default: $CLAUDE_CONFIG_DIR, else .claude in the home folder.",
        },
        "processes": {
            "enum": ["here", "elsewhere"],
            "default": "here",
            "description": "Where the processes run: elsewhere when the folder is shared with a container or another "
            "machine, whose processes cannot be asked.",
        },
        "waiting": {
            "enum": ["asked", "any"],
            "default": "asked",
            "description": "For which sessions the limit of `waiting_user` counts: those whose agent asked something, "
            "or any that waits for its person.",
        },
    },
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Which installation is read, and how."""

    schema: ClassVar[str] = "parameters of source claude-code"
    config: str | None = None
    processes: str = "here"
    waiting: str = "asked"

    def __post_init__(self) -> None:
        if self.processes not in ("here", "elsewhere"):
            raise ValueError("processes is here or elsewhere")
        if self.waiting not in ("asked", "any"):
            raise ValueError("waiting is asked or any")


class ClaudeCodeSource:
    """Reads the sessions of one installation of Claude Code."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(
        self, parameters: Mapping[str, Any], *, state_folder: str = "", machine: Processes | None = None
    ) -> None:
        """Name an installation; nothing is opened yet.

        Args:
            parameters: as the profile writes them; see `PARAMETERS_SCHEMA`.
            state_folder: ours; a relative `config` is taken from it, and what was seen is kept in it.
            machine: whose processes are asked; None: this one's.

        Raises: ContractError for parameters of the wrong shape.
        """
        self._parameters = Parameters.parse(parameters)
        self._folder = folder_of(self._parameters.config, state_folder)
        self._state_folder = state_folder
        self._machine = machine
        self._keeps = True

    def is_present(self) -> bool:
        """Tell whether there are transcripts to read."""
        return is_present(self._parameters.dump(), state_folder=self._state_folder)

    def keep_nothing(self) -> None:
        """Do not write down what was seen: somebody only wants to know what would be done."""
        self._keeps = False

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        """Read the sessions that were active since a day before the watch began, and those that are `known`."""
        from reporting_governance.adapters.tasks.claude_code.memo import Memo
        from reporting_governance.adapters.tasks.claude_code.places import transcripts

        instance = id_of_place(self._folder)
        try:
            listing = transcripts(self._folder)
        except OSError as fault:
            return self._unreadable(instance, fault.strerror or str(fault))
        floor = max((now if baseline_at is None else baseline_at) - FIRST_LOOK, now - LONGEST_LOOK)
        memo = Memo(self._memo_path(instance))
        work = _Work(listing, memo, self._observer(instance, now), floor, known)
        work.look()
        if self._keeps:
            memo.keep()
        cannot_see = dict(CANNOT_SEE)
        if work.observer.processes is None:
            cannot_see["owner_dead"] = NO_PROCESSES
        return SourceReading(
            source=NAME,
            instance=instance,
            tasks=work.tasks,
            complete=not (listing.cut_short or listing.unlisted),
            findings=work.findings(os.path.join(self._folder, PROJECTS)),
            cannot_see=cannot_see,
        )

    def _observer(self, instance: str, now: datetime) -> Observer:
        from reporting_governance.adapters.tasks.claude_code.observing import Observer
        from reporting_governance.adapters.tasks.claude_code.processes import read_processes
        from reporting_governance.adapters.tasks.openclaw.processes import OwnProcesses

        here = self._parameters.processes == "here"
        machine = (self._machine or OwnProcesses()) if here else None
        return Observer(
            instance=instance,
            now=now,
            processes=read_processes(self._folder, machine),
            all_waiting=self._parameters.waiting == "any",
        )

    def _memo_path(self, instance: str) -> str | None:
        if not self._state_folder:
            return None
        return os.path.join(self._state_folder, "journal", f"{NAME}-{instance.removeprefix('path-')[:16]}.json")

    def _unreadable(self, instance: str, reason: str) -> SourceReading:
        path = os.path.join(self._folder, PROJECTS)
        return SourceReading(
            source=NAME,
            instance=instance,
            tasks=(),
            complete=False,
            findings=(UNREADABLE.finding(file=path, message=reason),),
            unreadable=f"{path}: {reason}",
            cannot_see=CANNOT_SEE,
        )


class _Work:
    """One reading."""

    def __init__(
        self, listing: Listing, memo: Memo, observer: Observer, floor: datetime, known: frozenset[str]
    ) -> None:
        self.listing, self.memo, self.observer, self.floor, self.known = listing, memo, observer, floor, known
        self.tasks: list[ObservedTask] = []
        self._known_by_session: dict[str, list[str]] = {}
        for each in sorted(known):
            session = each.partition(":")[2].partition(":")[0]
            self._known_by_session.setdefault(session, []).append(each)
        self._opened = 0
        self._strange: list[str] = []  #: transcripts of which not one line is understood
        self._loose: dict[tuple[str, str], list[Child]] = {}  #: by folder and session

    def look(self) -> None:
        """Look at every session that matters; of two files of one session at the one that was active last."""
        for found in self.listing.loose_children:
            if self._is_recent(found) and (seen := self._see(found, of_child=True)) is not None:
                self._loose.setdefault((os.path.dirname(found.path), seen.parent), []).append(_child(found, seen))
        shown: dict[str, list[ObservedTask]] = {}
        for found in sorted(self.listing.sessions, key=lambda each: -each.changed_ns):
            if found.name not in shown and (self._is_recent(found) or self._is_known(found.name)):
                tasks = self._session(found)
                if tasks:
                    shown[found.name] = tasks
        self.tasks = [task for tasks in shown.values() for task in tasks]
        self._say_what_cannot_be_read()

    def _say_what_cannot_be_read(self) -> None:
        """A session in whose place something else stands now is not gone: nothing can be said of it."""
        there = {each.task.task_id for each in self.tasks}
        for path, why in self.listing.problems:
            name = os.path.basename(path).removesuffix(".jsonl")
            for each in self._ids_of(name):
                if each not in there:
                    there.add(each)
                    self.tasks.append(self.observer.not_readable(each, f"its transcript cannot be read: {why}"))

    def findings(self, place: str) -> Sequence[Finding]:
        """Return what there is to say about the files."""
        said = [UNREADABLE.finding(file=path, message=why) for path, why in self.listing.problems[:MOST_FINDINGS]]
        if len(self.listing.problems) > MOST_FINDINGS:
            from reporting_governance.contracts.finding_rules import MORE_FINDINGS

            more = len(self.listing.problems) - MOST_FINDINGS
            said.append(MORE_FINDINGS.finding(file=place, message=f"{more} more findings are not listed"))
        if self.listing.cut_short:
            said.append(CUT_SHORT.finding(file=place, message=self.listing.cut_short))
        if self._strange:
            message = f"{len(self._strange)} transcripts hold no line of a kind this reader knows: {self._strange[0]}"
            said.append(OTHER_VERSION.finding(file=place, message=message))
        return said

    def _session(self, found: Found) -> list[ObservedTask]:
        from reporting_governance.adapters.tasks.claude_code.places import children_of
        from reporting_governance.adapters.tasks.claude_code.seen import Turn

        before = len(self.listing.problems)
        seen = self._see(found)
        if seen is None:
            reason = self.listing.problems[-1][1] if len(self.listing.problems) > before else "it was not looked at"
            ids = self._ids_of(found.name)
            return [self.observer.not_readable(each, f"its transcript cannot be read: {reason}") for each in ids]
        if seen.turn is Turn.UNKNOWN and seen.read_from == 0:
            return []  # nobody has asked anything of it yet
        children = list(self._loose.get((os.path.dirname(found.path), found.name), ()))
        recent = [each for each in children_of(found, self.listing.problems) if self._is_recent(each)]
        pairs = [(each, self._see(each, of_child=True)) for each in recent]
        children.extend(_child(each, own) for each, own in pairs if own is not None)
        tasks = self.observer.observe(found.name, seen, children)
        return [each for each in tasks if self._matters(each)]

    def _see(self, found: Found, *, of_child: bool = False) -> Seen | None:
        from reporting_governance.adapters.hosts.claude_code.tail import Unreadable
        from reporting_governance.adapters.tasks.claude_code.reading import carried_on, read_transcript

        seen = self.memo.get(found)
        if seen is None:
            if self._opened >= MOST_OPENED:
                self.listing.cut_short = f"more than {MOST_OPENED:,} transcripts have changed; the newest were read"
                return None
            self._opened += 1
            try:
                seen = read_transcript(found.path, of_child=of_child)
            except Unreadable as fault:
                self.listing.problems.append((found.path, str(fault)))
                return None
            earlier = self.memo.earlier(found)
            if earlier is not None:
                seen = carried_on(seen, *earlier)
            self.memo.put(found, seen)
        if not seen.understood and found.size:
            self._strange.append(found.path)
            return None
        return seen

    def _is_recent(self, found: Found) -> bool:
        return found.changed_ns >= self.floor.timestamp() * 1e9  # as a number: a file may have any time

    def _is_known(self, session: str) -> bool:
        return bool(self._ids_of(session))

    def _ids_of(self, session: str) -> Sequence[str]:
        return self._known_by_session.get(session, ())

    def _matters(self, observed: ObservedTask) -> bool:
        """The time of a file may be that of a copy: what counts is when the session was last active."""
        at = observed.task.last_activity_at
        return observed.task.task_id in self.known or at is None or at >= self.floor


def _child(found: Found, seen: Seen) -> Child:
    from reporting_governance.adapters.tasks.claude_code.observing import Child

    return Child(found.name, seen)
