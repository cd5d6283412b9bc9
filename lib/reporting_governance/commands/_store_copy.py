"""`store copy`: between a folder and a database, either way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from reporting_governance.commands._clock import SystemClock
from reporting_governance.commands._last_run import RUN_LOCK
from reporting_governance.commands._place import Place, place_of
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.errors import UsageError

if TYPE_CHECKING:
    from reporting_governance.storage.files.backend import FilesBackend
    from reporting_governance.storage.postgres.backend import PostgresBackend


class SamePlace(UsageError):
    """A log is not copied onto itself."""

    message = "--from and --to name the same place: {place}"


def copy(context: CommandContext, from_: str | None, to: str) -> Reply:
    """Copy a log and prove that both are the same.

    Raises: UsageError, InFlight, Grown, NotACopy, NotTheSame, StorageError, Busy, NotOurState.
    """
    from reporting_governance.commands._progress import ProgressBar
    from reporting_governance.stages.copying import run_copy

    source, target = _place(context, from_, "--from"), _place(context, to, "--to")
    if source.name == target.name:
        raise SamePlace(place=source.name)
    with ExitStack() as stack:
        _keep_runs_away(source, stack)
        opened = _open(source, context)
        log = opened.log_source()
        taken = stack.enter_context(_target(target))
        bar = stack.enter_context(ProgressBar("copy", sum(each.size for each in log.segments())))
        clock = _clock(opened)
        report = run_copy(opened, log, taken, opened=lambda: _open(target, context), clock=clock, progress=bar.advance)
    account = report.account
    document = {
        "what": "copy",
        "from": source.name,
        "to": target.name,
        "lines": report.lines,
        "was_there": report.was_there,
        "retired": report.retired,
        "blobs": report.blobs,
        "same": account.dump(),
    }
    open_work = sum(account.open_work.values())
    text = (
        f"{report.lines} lines and {report.blobs} blobs copied"
        + (f", {report.was_there} lines were there" if report.was_there else "")
        + (f", of {report.retired} that are retired their hashes" if report.retired else "")
        + f".\nThe same in both: log {account.log_id}, {account.lines} lines, root {account.root}, {open_work} open, "
        f"{account.over} over, {account.log_checkpoints} signed heads.\n"
        f"Now name the copy in every crontab and hook (--state '{target.name}'): whoever goes on writing to the source "
        "makes a second log."
    )
    return Reply(document, text)


def _place(context: CommandContext, named: str | None, option: str) -> Place:
    """Return the place; beside a database the folder of --local where it was given."""
    if named is None:
        return context.place
    local = context.state if context.database is not None else None
    place = place_of(named, None, option=option)
    return place if place.database is None or local is None else place._replace(local=local)


def _open(place: Place, context: CommandContext) -> FilesBackend | PostgresBackend:
    """Return a back end that says nothing of what is in force: a copy adds no line."""
    if place.database is None:
        from reporting_governance.storage.files.backend import FilesBackend

        return FilesBackend(place.local, actor=context.actor)
    from reporting_governance.storage.postgres.backend import PostgresBackend

    return PostgresBackend(place.database.conninfo(), local=place.local, actor=context.actor, verb="store")


@contextmanager
def _target(place: Place) -> Iterator[Any]:
    if place.database is None:
        from reporting_governance.storage.files.copying import copy_target as folder_target

        with folder_target(place.local) as folder:
            yield folder
        return
    from reporting_governance.commands._database import open_session
    from reporting_governance.storage.postgres.copying import copy_target
    from reporting_governance.storage.postgres.migrating import require, version

    session = open_session(place.database, "store")
    require(version(session), session.place)
    with copy_target(session) as database:
        yield database


def _clock(opened: FilesBackend | PostgresBackend) -> SystemClock:
    offset = getattr(opened, "clock_offset", None)
    if offset is None:
        return SystemClock()
    from reporting_governance.commands._database import DatabaseClock

    return DatabaseClock(offset)


def _keep_runs_away(place: Place, stack: ExitStack) -> None:
    """Keep `run` of this host from going on meanwhile.  Raises: Busy, NotOurState."""
    from reporting_governance.storage.files.layout import require_owner
    from reporting_governance.storage.files.lock import held

    require_owner(place.local)
    path = os.path.join(place.local, RUN_LOCK)
    if os.path.exists(path):
        stack.enter_context(held(path, wait_seconds=0))
