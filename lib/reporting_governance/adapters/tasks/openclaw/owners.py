"""Whether the process that runs a task is still there.

Three things speak: the process that OpenClaw wrote down for the task, the lease that the one gateway of a state folder
renews every 30 seconds, and the list of the gateway's starts.  *Dead* needs a process that is surely gone and a lease
that nobody renews; whatever is less than that is unknown, and says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from reporting_governance.adapters.interface import Known, Observation
from reporting_governance.adapters.tasks.openclaw.processes import Life, Processes
from reporting_governance.adapters.tasks.openclaw.rows import Boot, Identity, Lease, Snapshot, TaskRow
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.times import format_time

#: Four renewals that did not come.
LEASE_SILENT_SECONDS: Final = 120
#: A gateway that has just started still ends the rows its predecessor left; seen to take 20 seconds.
SETTLING_SECONDS: Final = 120
#: A gateway's start is written down before the first task of that start; clocks of one machine, so a little is enough.
_SLACK: Final = timedelta(seconds=5)


@frozen(kw_only=True)
class Owners:
    """Judges the owners of the unfinished tasks of one snapshot."""

    snapshot: Snapshot
    processes: Processes
    now: datetime

    def of(self, row: TaskRow) -> Observation:
        """Return whether the owner of an unfinished task is dead."""
        if row.runtime == "cron":
            return self._of_automation(row)
        if row.owner is not None:
            return self._judge(row.owner, row)
        return self._of_gateway(row)

    def explained(self) -> Mapping[str, str]:
        """Return which background commands need no telling, since another task tells the death of the same gateway.

        Nothing but the gateway knows of them: without it they may run on, or not.  Of commands alone the first tells.

        Returns: task id -> id of the task that tells.
        """
        told: dict[Observation, str] = {}
        found: dict[str, str] = {}
        unfinished = (each for each in self.snapshot.tasks if not each.has_ended)
        for row in sorted(unfinished, key=lambda each: (_is_background(each), each.task_id)):
            owner = self.of(row)
            if owner.known is not Known.TRUE:
                continue
            teller = told.setdefault(owner, row.task_id)
            if _is_background(row) and teller != row.task_id:
                found[row.task_id] = teller
        return found

    def _of_automation(self, row: TaskRow) -> Observation:
        if "cron_run_receipts" in self.snapshot.missing:
            return self._of_gateway(row)
        for start in (row.started_at, row.created_at):
            owner = self.snapshot.receipts.get((row.source_id, start)) if start is not None else None
            if owner is not None:
                return self._judge(owner, row)
        return _unknown("OpenClaw has no receipt of a running automation for this task")

    def _judge(self, owner: Identity, row: TaskRow) -> Observation:
        lease = self.snapshot.lease
        leased = lease.owner if lease is not None else None
        host = owner.host or (leased.host if leased is not None else None)
        foreign = host is not None and host != self.processes.host
        life = Life.UNKNOWN if foreign else self.processes.life(owner.pid, start=owner.start)
        if life is Life.ALIVE:
            return Observation(known=Known.FALSE, reason=f"process {owner.pid} runs")
        if lease is not None and leased is not None and _is_same(leased, owner):
            return self._by_its_lease(lease, owner, life, host if foreign else None)
        if lease is not None and leased is not None and self._is_held(lease):
            return self._by_successor(owner, lease, row)
        if life is Life.GONE and self._is_certain(owner):
            reason = f"process {owner.pid}, which ran it, is gone; the task still says {row.status}"
            return Observation(known=Known.TRUE, since=_last_seen(row), reason=reason)
        if life is Life.GONE:
            return _unknown(f"process {owner.pid} is not here, and no lease says whether it runs in a container")
        return _unknown(_cannot_look(owner, host if foreign else None))

    def _is_certain(self, owner: Identity) -> bool:
        """Tell whether a process that is not here is nowhere: it was one of this machine, or its gateway has ended."""
        boots = self.snapshot.boots
        return owner.host is not None or self.snapshot.lease is not None or bool(boots and boots[0].outcome)

    def _by_its_lease(self, lease: Lease, owner: Identity, life: Life, host: str | None) -> Observation:
        if lease.renewed_at is None:
            return _unknown("the gateway's lease does not say when it was renewed")
        when = format_time(lease.renewed_at)
        if life is Life.GONE:
            if self._is_held(lease):
                return _unknown(
                    f"process {owner.pid} is not here, but its lease was renewed at {when}: it has just ended, or it "
                    "runs in a container"
                )
            return Observation(
                known=Known.TRUE,
                since=lease.renewed_at,
                reason=f"the gateway, process {owner.pid}, is gone; it last renewed its lease at {when}",
            )
        if self._is_held(lease):
            return Observation(known=Known.FALSE, reason=f"the gateway renewed its lease at {when}")
        return _unknown(f"{_cannot_look(owner, host)}; it last renewed its lease at {when}")

    def _by_successor(self, owner: Identity, lease: Lease, row: TaskRow) -> Observation:
        boots = self.snapshot.boots
        began = boots[0].started_at if boots else lease.taken_at
        if began is None or self.now - began < timedelta(seconds=SETTLING_SECONDS):
            return _unknown("a new gateway has just started, and still settles what its predecessor left")
        return Observation(
            known=Known.TRUE,
            since=_last_seen(row),
            reason=f"process {owner.pid}, which ran it, no longer owns the state; another gateway has run since "
            f"{format_time(began)}",
        )

    def _of_gateway(self, row: TaskRow) -> Observation:
        """Judge by the gateway that ran when the task began."""
        boots = self.snapshot.boots
        began = row.started_at or row.created_at
        if not boots or began is None:
            return _unknown("OpenClaw does not say which gateway ran when the task began")
        at_begin = next((each for each in boots if each.started_at - _SLACK <= began), None)
        if at_begin is None:
            return _unknown("the start of the gateway that ran it is no longer on record")
        newest = boots[0]
        if at_begin is newest or (row.last_event_at is not None and row.last_event_at > newest.started_at):
            return self._of_boot(newest, row)
        return self._of_earlier_boot(newest, at_begin, row)

    def _of_earlier_boot(self, newest: Boot, at_begin: Boot, row: TaskRow) -> Observation:
        if row.kind != "exec":
            return _unknown(
                f"it began under a gateway that has ended; whether the one of {format_time(newest.started_at)} took it "
                "over is not on record"
            )
        if self.now - newest.started_at < timedelta(seconds=SETTLING_SECONDS):
            return _unknown("a new gateway has just started, and still settles what its predecessor left")
        return Observation(
            known=Known.TRUE,
            since=_last_seen(row),
            reason=f"the gateway that watched this command, process {at_begin.pid}, has ended",
        )

    def _of_boot(self, boot: Boot, row: TaskRow) -> Observation:
        lease = self.snapshot.lease
        if lease is not None and lease.owner is not None and lease.owner.pid == boot.pid:
            return self._judge(lease.owner, row)
        if boot.outcome is not None:
            return _unknown(f"no gateway runs: the last one ended ({boot.outcome}), and the next one settles its tasks")
        life = self.processes.life(boot.pid, not_after=boot.started_at)
        if life is Life.ALIVE:
            return Observation(known=Known.FALSE, reason=f"the gateway, process {boot.pid}, runs")
        if life is Life.GONE and lease is None and "state_leases" in self.snapshot.missing:
            reason = f"the gateway, process {boot.pid}, is gone"
            return Observation(known=Known.TRUE, since=_last_seen(row), reason=reason)
        return _unknown("no gateway runs that this machine can see, and no lease says which one was the last")

    def _is_held(self, lease: Lease) -> bool:
        return lease.renewed_at is not None and self.now - lease.renewed_at < timedelta(seconds=LEASE_SILENT_SECONDS)


def _is_background(row: TaskRow) -> bool:
    return row.kind == "exec" and row.owner is None


def _last_seen(row: TaskRow) -> datetime | None:
    """Return the last moment at which the task was surely run by somebody; it stays the same once nobody does."""
    return row.last_event_at or row.started_at or row.created_at


def _is_same(one: Identity, other: Identity) -> bool:
    return one.pid == other.pid and (one.start is None or other.start is None or one.start == other.start)


def _cannot_look(owner: Identity, host: str | None) -> str:
    if host is not None:
        return f"process {owner.pid} runs on {host}, where this machine cannot look"
    return f"whether process {owner.pid} is the one that ran it cannot be seen"


def _unknown(reason: str) -> Observation:
    return Observation(known=Known.UNKNOWN, reason=reason)
