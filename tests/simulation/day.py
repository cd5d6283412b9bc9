"""A day of the real chain, tick by tick, on a clock that jumps from one thing that happens to the next."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.times import format_time
from reporting_governance.core.profile_compile import compile_profile
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.dispatch import run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.host import Host
from reporting_governance.stages.report import run_report
from reporting_governance.stages.run import Steps, run_chain
from reporting_governance.stages.scan import run_scan
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import START, HandClock, policy, profile_document
from tests.simulation.expected import Limits, Telling
from tests.simulation.script import Agent, Arrival, Kind

_HOST = Host(name="alpha", boot_id="boot-1", pid=100)


def profile(limits: Limits) -> ProfileSpec:
    """Return the profile that has these thresholds, with one receiver who reads an outbox."""
    document = profile_document(pager=None)
    receivers = {"operator": {"targets": {"outbox": {"sender": "file", "parameters": {"path": "notices.jsonl"}}}}}
    document["notification"] |= {
        "receivers": receivers,
        "routes": [{"match": {}, "receivers": ["operator"]}],
        "group_wait_seconds": limits.group_wait,
        "repeat_seconds": limits.repeat,
    }
    document["watchdog"] |= {
        "tick_seconds": limits.tick,
        "grace_seconds": limits.grace,
        "silence_seconds": limits.silence,
        "verify_within_seconds": limits.verify,
    }
    return compile_profile(document, digest="0" * 64).spec


@dataclass
class Day:
    """The agents of one day, and what their operator was sent."""

    folder: str
    limits: Limits
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: HandClock = field(default_factory=HandClock)
    sent: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  #: (tick, message)

    def live(self, agents: Sequence[Agent], ends_at: int) -> None:
        """Let every check-in arrive at its time, and run the chain at each tick."""
        in_force = profile(self.limits)
        arrivals = sorted(each for agent in agents for each in agent.arrivals)
        by_task = {agent.task: agent for agent in agents}
        place = 0
        for tick in range(self.limits.tick, ends_at + 1, self.limits.tick):
            while place < len(arrivals) and arrivals[place].arrives_at <= tick:
                moment = arrivals[place].arrives_at
                together = [each for each in arrivals[place : place + 200] if each.arrives_at == moment]
                place += len(together)
                self.clock.seconds = moment
                check_ins = [_check_in(each, by_task[each.task].every_seconds) for each in together]
                result = run_report(self.store, check_ins, uid=1000, profile=in_force, clock=self.clock)
                assert result.refused == 0, result
            self.clock.seconds = tick
            self._tick(in_force, tick)

    def _tick(self, in_force: ProfileSpec, tick: int) -> None:
        store, clock = self.store, self.clock
        senders = Senders(in_force.notification.receivers, state_folder=self.folder)
        steps = Steps(
            inbox=lambda: None,
            scan=lambda: run_scan(store, in_force, [], clock=clock),
            enqueue=lambda: run_enqueue(store, policy(), in_force, clock=clock),
            dispatch=lambda: run_dispatch(store, in_force, clock=clock),
            bridge=lambda: run_bridge(store, senders, in_force, clock=clock, host=_HOST, max_seconds=600),
        )
        run_chain(store, steps, clock=clock, stop=lambda: False)
        self._read_outbox(tick)

    def _read_outbox(self, tick: int) -> None:
        path = os.path.join(self.folder, "notices.jsonl")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.sent += [(tick, json.loads(line)) for line in file]
            os.unlink(path)

    def tellings(self, phases: Sequence[str] = ("firing", "resolved")) -> list[Telling]:
        """Return what was told, of these phases, in order.  A message may hold several notices of one task."""
        records = (line.document.get("record") for line in self.store.replay())
        notices = {each["id"]: each["body"] for each in records if each is not None and each["kind"] == "notice"}
        told = [(tick, notices[each]) for tick, message in self.sent for each in message["notice_ids"]]
        return [_telling(tick, notice) for tick, notice in told if notice["phase"] in phases]


def _telling(tick: int, notice: dict[str, Any]) -> Telling:
    facts = notice["facts"]
    return Telling(tick, int(facts["task_id"].removeprefix("task-")), facts["condition"], notice["phase"])


def _check_in(arrival: Arrival, every: int) -> CheckIn:
    given: dict[str, Any] = {
        "verb": arrival.kind.value,
        "task": f"task-{arrival.task}",
        "agent": "agent",
        "id": arrival.call,
        "at": format_time(START + timedelta(seconds=arrival.happened_at)),
    }
    if arrival.kind is Kind.START:
        given["checkpoint"] = {"every_seconds": every}
    return CheckIn.parse(given)
