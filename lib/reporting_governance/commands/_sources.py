"""Which of the task sources that a profile asks for are opened."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.file_modes import create

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reporting_governance.adapters.interface import TaskSource
    from reporting_governance.storage.interface import Store


def open_sources(
    wanted: Sequence[Mapping[str, Any]], store: Store, state: str, *, host: str | None = None
) -> Sequence[TaskSource]:
    """Open task sources.

    One that is wanted only `when_present` is left out when it is not there.  When it was there before it is opened all
    the same, and will say that it cannot be read: a folder that is gone is no proof that its tasks are well.

    Args:
        wanted: `sources` of a profile.
        state: our state folder; relative paths in parameters start there.
        host: the name of this host, where others share the store: what it sees is its own.
    """
    if not wanted:
        return ()
    from reporting_governance.adapters.tasks.registry import is_present, open_source

    opened = []
    for each in wanted:
        name, parameters = each["source"], each["parameters"]
        if each["when_present"]:
            if is_present(name, parameters, state_folder=state):
                if host and not _is_dry(store):
                    _note_there(state, name)
            elif not (_was_there_here(state, name) if host else _was_there(store, name)):
                continue
        opened.append(open_source(name, parameters, state_folder=state))
    for source in opened:
        keep_nothing = getattr(source, "keep_nothing", None)
        if keep_nothing is not None and _is_dry(store):
            keep_nothing()
    if host is None:
        return opened
    from reporting_governance.stages.host_sources import SourceOnHost

    return [SourceOnHost(source, host) for source in opened]


def _is_dry(store: Store) -> bool:
    from reporting_governance.storage.dry_run import DryRunStore

    return isinstance(store, DryRunStore)


def _was_there(store: Store, source: str) -> bool:
    """Tell whether a source has a mark from an earlier reading."""
    marks = [store.read(name) for name in store.listing(Folder.WATCH).starting("src_")]
    return any(view is not None and view.body["source-mark"]["source"] == source for view in marks)


def _note_there(state: str, source: str) -> None:
    """Remember that a source is there on this host; a folder that cannot be written remembers nothing."""
    path = _memory(state, source)
    if not os.path.exists(path):
        with suppress(OSError):
            os.close(create(path, os.O_WRONLY | os.O_NOFOLLOW))


def _was_there_here(state: str, source: str) -> bool:
    return os.path.exists(_memory(state, source))


def _memory(state: str, source: str) -> str:
    return os.path.join(state, "journal", f"there-{source.replace('/', '_')}")
