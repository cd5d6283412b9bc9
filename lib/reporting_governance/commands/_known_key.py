"""The key that signs a log, kept by each host so that not every head costs a look through the whole log."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from reporting_governance.commands._cache_file import write_cache

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.checkpointing import LogKey

_FOLDER = os.path.join("journal", "checkpoints")
_KEY = "key"
_FEW_LINES = 100  #: which are looked through again rather than noted
_MANY_LINES = 10_000  #: beyond which the whole log is looked through quickly rather than so many lines read


def known_key(context: CommandContext) -> LogKey | None:
    """Return the key in force: as it is kept, else as the log says, which is kept then.

    In a database another host may have let a new key in: the lines that were added since are looked through.
    """
    from reporting_governance.stages.checkpointing import LogKey, key_in_force
    from reporting_governance.verifier.note import parse_vkey

    head = context.backend.ready()
    path = os.path.join(context.state, _FOLDER, _KEY)
    with suppress(OSError, ValueError):
        with open(path, encoding="ascii") as file:
            seq, vkey, *rest = file.read(1024).split()
        kept, looked_to = LogKey(int(seq), parse_vkey(vkey)), int(rest[0]) if rest else int(seq)
        is_of_this_log = kept.key.name == head.log_id and kept.seq <= looked_to <= head.seq
        if is_of_this_log and (context.database is None or _is_newest(context, looked_to, head.seq)):
            if context.database is not None and head.seq - looked_to > _FEW_LINES:
                _keep(path, kept, head.seq)
            return kept
    found = key_in_force(context.backend)
    if found is not None:
        _keep(path, found, head.seq)
    return found


def forget_key(context: CommandContext) -> None:
    """Let the key in force be read from the log again: called before a line that changes it."""
    from reporting_governance.storage.files.journal_io import sync_folder

    with suppress(FileNotFoundError):
        os.unlink(os.path.join(context.state, _FOLDER, _KEY))
        sync_folder(os.path.join(context.state, _FOLDER))  # a power cut must not bring the old one back


def _is_newest(context: CommandContext, looked_to: int, last: int) -> bool:
    """Tell whether no key came in behind a line; false also where there are too many lines to read."""
    from reporting_governance.contracts.journal_line import LineType

    if last == looked_to:
        return True
    if last - looked_to > _MANY_LINES:
        return False
    return all(line.document["type"] != LineType.LOG_KEY for line in context.backend.replay(looked_to + 1))


def _keep(path: str, key: LogKey, looked_to: int) -> None:
    write_cache(path, f"{key.seq} {key.key.text()} {looked_to}\n")
