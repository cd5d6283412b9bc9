"""Evidence made of what an agent did since the newest request: changed files and checks that ran.

Graded by the rules of evidence.schema.json.  A changed file shows that something was done, never that it works.
A check shows that it works only when it passed and ran after the last change of code; its own exit status says whether
it passed, or, where the host gives none, its summary line.  Order is the order of the deeds, not their times: hosts'
times are coarse, and several calls of one message bear the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.contracts.evidence import CheckKind, Evidence
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.acts import act_of_tool, acts_in
from reporting_governance.core.check_programs import PROGRAMS
from reporting_governance.core.checks import FAILED, PASSED, CheckRun, checks_in, folders_of, joined
from reporting_governance.core.code_changes import changed_paths, placed_files
from reporting_governance.core.command_words import Command, base_name, commands_of
from reporting_governance.core.deed_items import MOST_PATHS, act_item, change_item, check_item, dispatch_item
from reporting_governance.core.file_kinds import FileKind, kind_of_file
from reporting_governance.core.removed_tests import of_segment as removed_tests_of

if TYPE_CHECKING:
    # it brings what watches tasks with it, which a gate that answers in a hurry does not need
    from reporting_governance.core.evidence_builder import Origin

__all__ = ["MOST_ITEMS", "MOST_PATHS", "evidence_of", "segment_of"]
MOST_ITEMS = 32
#: folders of a project in which its checks are started, though what changes lies beside them
_CHECK_FOLDERS = frozenset("test tests spec specs __tests__ e2e build out bin ci scripts".split())
#: folders in which programs are looked for
_PROGRAM_FOLDERS = frozenset("bin .bin sbin Scripts".split())
_MADE_HERE = "its runner was put there in the same request"

Order = tuple[int, int]  #: place of the deed, place in its command line


def segment_of(deeds: Sequence[Deed]) -> Sequence[Deed]:
    """Return the deeds from the newest request on; all of them when there is no request among them."""
    for index in range(len(deeds) - 1, -1, -1):
        if deeds[index].kind is DeedKind.REQUEST:
            return deeds[index:]
    return deeds


@frozen
class _Change:
    order: Order
    deed: Deed
    paths: tuple[str, ...]  #: empty: it changed files that it does not name

    @property
    def kinds(self) -> frozenset[FileKind]:
        return frozenset(kind_of_file(path) for path in self.paths or ("",))

    @property
    def code(self) -> bool:
        return FileKind.CODE in self.kinds


@frozen
class _Check:
    order: Order
    deed: Deed
    run: CheckRun

    def but(self, proves_nothing: str) -> _Check:
        return replace(self, run=replace(self.run, proves_nothing=proves_nothing))


class _Act(NamedTuple):
    order: Order
    deed: Deed
    name: str


def evidence_of(deeds: Sequence[Deed], origin: Origin, now: datetime) -> tuple[Evidence, ...]:
    """Return what the newest segment proves, in the order in which it happened; at most `MOST_ITEMS` items.

    All changes are one item, and so are all sub-agents that were started.  A check that was repeated, as widely or
    wider, counts by its last outcome alone: a test that failed, was mended and passed is no failing check.  Of too many
    checks the failing ones are kept first, then the last that passed.
    """
    segment = segment_of(deeds)
    begun_by = segment[0].id if segment and segment[0].kind is DeedKind.REQUEST else ""
    found = _found(segment)
    changes = found.changes
    last_code = _last_code(changes)
    checks = [_in_its_folder(each, changes) for each in _newest(found.checks)]
    items: list[tuple[Order, Evidence]] = []
    if changes:
        items.append((changes[-1].order, _change_item(changes, origin, begun_by, now)))
    spawned = [
        (place, each) for place, each in enumerate(segment) if each.kind is DeedKind.SPAWN and each.failed is False
    ]
    if spawned:
        items.append(((spawned[-1][0], 0), dispatch_item(spawned[-1][1], origin, begun_by, now)))
    if found.acts:
        proven = not any(each.code for each in changes) or any(
            each.run.outcome == PASSED and each.run.proves_nothing is None and each.order > last_code for each in checks
        )
        told = [(each.name, each.deed) for each in found.acts]
        items.append((found.acts[-1].order, act_item(told, proven, origin, begun_by, now)))
    for each in _most_telling(checks, MOST_ITEMS - len(items)):
        after = each.order > last_code and not _older(each.deed, origin)
        items.append((each.order, check_item(each.run, each.deed, after, origin, begun_by, now)))
    return tuple(item for _, item in sorted(items, key=lambda pair: pair[0]))


class _Found(NamedTuple):
    changes: list[_Change]
    checks: list[_Check]
    acts: list[_Act]


def _found(segment: Sequence[Deed]) -> _Found:
    found, removed = _Found([], [], []), removed_tests_of(segment)
    placed: set[str] = set()  #: files that were written, wherever they lie
    for place, deed in enumerate(segment):
        if deed.kind is DeedKind.EDIT and deed.failed is not True:
            found.changes.append(_Change((place, 0), deed, deed.paths))
            removed.edited(deed)
            placed.update(deed.paths)
        elif deed.kind is DeedKind.TOOL and (name := act_of_tool(deed)) is not None:
            found.acts.append(_Act((place, 0), deed, name))
        elif deed.kind is DeedKind.RUN:
            commands = commands_of(deed.command)
            folders = folders_of(deed, commands)
            found.changes.extend(_changes_by(deed, place, commands, folders))
            found.acts.extend(_Act((place, 0), deed, name) for name in acts_in(deed, commands))
            runs = {run.at_command: run for run in checks_in(deed, commands)}
            for index, command in enumerate(commands):
                removed.ran(command, folders[index])
                placed.update(joined(folders[index], each) or each for each in placed_files(command))
                if index in runs:
                    run = _weakened(runs[index], removed.why(), placed)
                    found.checks.append(_Check((place, index), deed, run))
    return found


def _weakened(run: CheckRun, missing: str | None, placed: Set[str]) -> CheckRun:
    """Say of a check that what was done before it in the same request takes its proof from it."""
    if run.proves_nothing is not None or run.outcome != PASSED:
        return run
    if base_name(run.program) in PROGRAMS and any(_is_its_runner(path, run) for path in placed):
        return replace(run, proves_nothing=_MADE_HERE)
    if missing is not None and run.kind in (CheckKind.TEST, CheckKind.ANY):
        return replace(run, proves_nothing=missing)
    return run


def _is_its_runner(path: str, run: CheckRun) -> bool:
    folder, _, name = path.rpartition("/")
    if name != base_name(run.program):
        return False
    searched = {joined(run.folder, each) or each.rstrip("/") for each in run.search}
    return base_name(folder) in _PROGRAM_FOLDERS or folder in searched or path.endswith(f"/{run.program.lstrip('./')}")


def _last_code(changes: Sequence[_Change]) -> Order:
    """Return where code was changed last; where code was changed at all, settings count with it."""
    if not any(each.code for each in changes):
        return (-1, -1)
    return max(each.order for each in changes if each.kinds != {FileKind.DOCUMENT})


def _change_item(changes: Sequence[_Change], origin: Origin, begun_by: str, now: datetime) -> Evidence:
    newest_first = changes[::-1]
    last = _last_code(changes)
    return change_item(
        list(dict.fromkeys(path for each in newest_first for path in each.paths if path)),
        frozenset(kind for each in changes for kind in each.kinds),
        [each.deed for each in newest_first],
        # documents that were changed later make no check older
        next((each.deed for each in newest_first if each.order == last), changes[-1].deed),
        origin,
        begun_by,
        now,
    )


def _changes_by(deed: Deed, place: int, commands: Sequence[Command], folders: Sequence[str]) -> Iterator[_Change]:
    for index, command in enumerate(commands):
        paths = changed_paths(command, folders[index], deed.command)
        if paths is not None:
            # before the check of the same place: `ruff --fix` changes first and says then what is left
            yield _Change((place, index - 1), deed, tuple(joined(folders[index], each) or each for each in paths))


def _older(deed: Deed, origin: Origin) -> bool:
    """Return whether the task has reported a change that is newer than a check."""
    return origin.last_change_at is not None and deed.at is not None and deed.at < origin.last_change_at


def _newest(checks: Sequence[_Check]) -> list[_Check]:
    """Leave out checks that were repeated later with an outcome."""
    kept: list[_Check] = []
    for each in reversed(checks):
        if not any(_repeats(later.run, each.run) for later in kept):
            kept.append(each)
    kept.reverse()
    return kept


def _repeats(later: CheckRun, earlier: CheckRun) -> bool:
    """Return whether a later check has an outcome and covers all that an earlier one covered."""
    if later.runner != earlier.runner or later.proves_nothing or later.outcome not in (PASSED, FAILED):
        return False
    if later.folder and earlier.folder and later.folder != earlier.folder:
        return False
    if not {each for each in later.scope if each.startswith("-")} <= earlier.scope:
        return False
    wide = [each for each in later.scope if not each.startswith("-")]
    narrow = [each for each in earlier.scope if not each.startswith("-")]
    return not wide or (bool(narrow) and all(any(_covers(one, each) for one in wide) for each in narrow))


def _covers(wide: str, narrow: str) -> bool:
    return narrow == wide or narrow.startswith((f"{wide}/", f"{wide}::"))


def _in_its_folder(check: _Check, changes: Sequence[_Change]) -> _Check:
    """Say of a check that ran beside all that was changed that it proves nothing."""
    folder = check.run.folder
    if not folder or check.run.proves_nothing or check.run.outcome != PASSED:
        return check
    if base_name(folder) in _CHECK_FOLDERS:
        folder = folder.rpartition("/")[0]
    paths = [path for each in changes if each.code for path in each.paths or ("",)]
    outside = all(path.startswith("/") and not _covers(folder or "/", path) for path in paths)
    if not paths or not outside or any(each.startswith(("/", "..")) for each in check.run.scope):
        return check
    return check.but(f"it ran in {folder}, and what was changed is elsewhere")


def _most_telling(checks: Sequence[_Check], most: int) -> list[_Check]:
    def rank(each: _Check) -> int:
        if each.run.proves_nothing is not None:
            return 2
        return {FAILED: 0, PASSED: 1}.get(each.run.outcome, 2)

    newest_first = sorted(checks, key=lambda each: (rank(each), -each.order[0], -each.order[1]))
    return newest_first[:most]
