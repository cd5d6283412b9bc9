"""Signs of life that OpenClaw keeps apart from its tasks: when a session's transcript last grew.

The row of an automation run says nothing between its start and its end, however busy the run is.  Its session's
transcript does, in the database of the agent that runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from reporting_governance.adapters.tasks.openclaw.database import DatabaseUnreadable, read_database
from reporting_governance.adapters.tasks.openclaw.ledger import UnknownLayout
from reporting_governance.adapters.tasks.openclaw.places import agent_database
from reporting_governance.adapters.tasks.openclaw.rows import Snapshot
from reporting_governance.adapters.tasks.openclaw.snapshot import session_activity

MOST_AGENTS: Final = 50


def add_sessions(snapshot: Snapshot, folder: str, recorded: Mapping[str, str]) -> Snapshot:
    """Return the snapshot with the transcripts' times among its `activity`, and with the agents that could not be read.

    Args:
        recorded: where each agent's database is, relative to the state folder, as OpenClaw wrote it down.
    """
    sessions: dict[str, set[str]] = {}
    for row in snapshot.tasks:
        if not row.has_ended and row.session and row.agent_id:
            sessions.setdefault(row.agent_id, set()).add(row.session)
    activity, quiet = dict(snapshot.activity), dict(snapshot.quiet_agents)
    for number, (agent, keys) in enumerate(sorted(sessions.items())):
        path = agent_database(folder, agent, recorded.get(agent))
        if number >= MOST_AGENTS or path is None:
            quiet[agent] = f"the sessions of agent {agent} were not read"
            continue
        try:
            found = read_database(path, partial(session_activity, sessions=keys))
        except (DatabaseUnreadable, UnknownLayout) as fault:
            quiet[agent] = f"the sessions of agent {agent} cannot be read: {fault}"
            continue
        for key, moment in found.items():
            activity[key] = max(moment, activity.get(key, moment))
    return replace(snapshot, activity=activity, quiet_agents=quiet)
