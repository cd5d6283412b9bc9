"""What any verb can say of `run`, its sibling: that it is not started any more, or never succeeds."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reporting_governance.commands._last_run import read_last_run
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.core.liveness import Stale

#: verbs that say it in their report, or have nothing to do with a state that is at work
_SAY_NOTHING = frozenset(("run", "status", "doctor", "init", "schedule", "completions"))


def trouble_with_runs(context: CommandContext) -> Stale | None:
    """Return what is wrong with the runs of a state; None when nothing is."""
    from reporting_governance.core.liveness import RunsSeen, stale_runs

    last = read_last_run(context.state)
    seen = RunsSeen(
        began_at=last.began_at,
        ended_at=last.ended_at,
        succeeded_at=last.succeeded_at,
        exit_code=last.exit_code,
        state_since=_set_up_at(context.state),
    )
    return stale_runs(seen, now=context.clock.now(), tick_seconds=context.settings.timing.tick_seconds)


def tell_a_person(context: CommandContext) -> None:
    """Say on stderr that runs are not what they should be, where a person looks.

    An agent's hook or a cron job that calls a verb can do nothing about it, and would only repeat it for ever.
    """
    if context.verb in _SAY_NOTHING or context.dry_run or sys.stderr is None or not sys.stderr.isatty():
        return
    try:
        stale = trouble_with_runs(context)
    except GovernanceError:
        return  # the verb itself has said what is wrong, or it is another user's state
    if stale is not None:
        from reporting_governance.commands._handler import say

        say(f"{stale.sentence}.  {stale.advice}")


def _set_up_at(state: str) -> datetime | None:
    """Return when a state was set up: the lock of its journal is made then and never written to."""
    try:
        made = os.stat(os.path.join(state, "journal", "lock")).st_mtime
    except OSError:
        return None
    return datetime.fromtimestamp(int(made), UTC)
