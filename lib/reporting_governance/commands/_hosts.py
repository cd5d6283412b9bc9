"""Which hosts work on a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from reporting_governance.commands._wiring import CommandContext


def hosts_at_work(context: CommandContext) -> dict[str, datetime]:
    """Return when each host's `run` last began, by name; of files only this host is known, and counts as at work.

    Raises: StorageError.
    """
    if context.database is None:
        return {context.local_host.name: context.clock.now()}
    return {each.name: each.seen_at for each in context.postgres.hosts()}
