"""Which roles.yaml counted on a host of a shared log: a line for each host, whenever its own file changed.

The file lies in each host's local folder, so it is no part of what is in force for all: hosts that differ would take
turns to say so.  What this host said last stands in a file beside it; without that it is said again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext

_NOTED = os.path.join("journal", "roles-noted")


def note_roles(context: CommandContext) -> None:
    """Record the digest of this host's roles.yaml, or that it is gone or does not count, when that is news.

    Raises: StorageError.
    """
    from hashlib import sha256

    from reporting_governance.storage.files.roles import read_roles

    text = read_roles(context.state, state_owner=context.owner_to_be)
    digest = None if text.data is None else sha256(text.data).hexdigest()
    said = f"{digest or '-'} {text.fault or ''}\n"
    path = os.path.join(context.state, _NOTED)
    try:
        with open(path, encoding="utf-8") as file:
            before = file.read()
    except OSError:
        before = "- \n"  # that there is no file, and never was, is no news
    if said == before:
        return
    _record(context, digest, text.fault)
    from reporting_governance.file_modes import create

    with suppress(OSError), open(create(path, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write(said)  # where it cannot be kept the next run says the same again


def _record(context: CommandContext, digest: str | None, fault: str | None) -> None:
    from reporting_governance.contracts.journal_line import LineType
    from reporting_governance.storage.interface import Addition, Group

    host = context.local_host.name
    reason = f"roles.yaml of {host}" + (f" does not count: {fault}" if fault else "" if digest else " is gone")
    meta = {"roles": {"host": host, "sha256": digest}}
    line = Addition(type=LineType.CONFIG_CHANGED, reason=reason, meta=meta)
    context.store.commit([Group(additions=(line,))], now=context.clock.now())
