"""A whole chain on one store: a source whose readings a test writes down, and receivers with outboxes of their own."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from reporting_governance.adapters.interface import Known, Observation, ObservedTask
from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.silence import Silence
from reporting_governance.contracts.task_state import TaskState, TaskStatus
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.dispatch import DispatchReport, run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.host import Host
from reporting_governance.stages.silencing import add_silence
from tests.crash.chain.world import policy, profile_of
from tests.oracle.checker import arrivals_in
from tests.stages.watch_world import START, StandInSource, World, reading

RECEIVERS = {
    "operator": {"targets": {"outbox": {"sender": "file", "parameters": {"path": "operator.jsonl"}}}},
    "boss": {"targets": {"outbox": {"sender": "file", "parameters": {"path": "boss.jsonl"}}}},
}


@dataclass
class Chain(World):
    """A whole chain on one store: readings of a source, and outboxes of two receivers."""

    folder: str = ""
    source: StandInSource = field(default_factory=lambda: StandInSource(reading()))

    def notify(self, **notification: Any) -> None:
        """Put a profile in force."""
        given = {"routes": [{"match": {}, "receivers": ["operator", "boss"]}], "receivers": RECEIVERS, **notification}
        spec = profile_of(**given)
        watchdog = replace(spec.watchdog, silence_seconds=600, every_seconds=None)
        self.profile = replace(spec, watchdog=watchdog)

    def shows(self, *tasks: ObservedTask, **changes: Any) -> None:
        """Say what the source shows from now on."""
        self.source.readings = [reading(*tasks, **changes)]

    def look(self) -> None:
        self.scan(self.source)
        run_enqueue(self.store, policy(), self.profile, clock=self.clock)

    def dispatch(self) -> DispatchReport:
        return run_dispatch(self.store, self.profile, clock=self.clock)

    def send(self) -> None:
        senders = Senders(self.profile.notification.receivers, state_folder=self.folder)
        host = Host(name="here", boot_id="boot", pid=1)
        run_bridge(self.store, senders, self.profile, clock=self.clock, host=host)

    def tick(self) -> DispatchReport:
        self.look()
        report = self.dispatch()
        self.send()
        return report

    def told(self, receiver: str = "operator") -> list[tuple[str, str]]:
        """Return (condition, phase) of every notice that arrived at a receiver, in order."""
        notices = {body["body"]["notice_id"]: body["body"] for body in self.records("notice")}
        arrived = [each for arrival in arrivals_in(f"{self.folder}/{receiver}.jsonl") for each in arrival.notice_ids]
        return [(notices[each]["facts"]["condition"], notices[each]["phase"]) for each in arrived]

    def silence(self, seconds: int = 3600, **matcher: str) -> str:
        now = self.clock.now()
        made = Silence(
            silence_id=f"sil_{len(self.records('silence')):08}",
            matcher=matcher or {"task_id": "*"},
            starts_at=now,
            ends_at=now + timedelta(seconds=seconds),
            created_by="ops",
            comment="planned move",
        )
        add_silence(self.store, made, clock=self.clock)
        return made.silence_id

    def holds(self) -> list[tuple[str, str, str | None]]:
        """Return what was recorded of waiting: reason, cause, until."""
        return [
            (body["reason"], body["cause"], body.get("until")) for body in (r["body"] for r in self.records("hold"))
        ]

    def lines(self) -> int:
        return self.store.ready().seq


def task(name: str = "t1", *, seen: int = 0, **facts: bool) -> ObservedTask:
    """Return a task as the source shows it: last seen so many seconds after the start, and what the host knows."""
    state = TaskState(
        task_id=name,
        agent_id="coder",
        runtime="json",
        status=TaskStatus.ACTIVE,
        started_at=START,
        last_activity_at=START + timedelta(seconds=seen),
    )
    return ObservedTask(
        task=state,
        instance="here",
        facts={
            key: Observation(known=Known.TRUE if value else Known.FALSE, since=START, reason="by its records")
            for key, value in facts.items()
        },
    )


def fire(chain: Chain) -> None:
    """Let the task be silent for too long."""
    chain.clock.forward(700)
    chain.look()
