"""One chain on real files with real senders, driven by a clock that a test moves: two tasks, two receivers.

`operator` reads an outbox (sender `file`, which can look); `pager` is a program (sender `command`, which cannot) that
appends what it is given to a log of its own.  Everything here is done again without harm, as cron would.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import yaml

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import parse_due
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.profile_compile import compile_profile
from reporting_governance.resources import resource_path
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.dispatch import run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.host import Host
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.report import run_report
from reporting_governance.stages.scan import run_scan
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Store
from tests.oracle.agreement import agree_on_disk, agree_on_states
from tests.oracle.checker import Arrival, Derived, arrivals_in, check, lines_of_store
from tests.storage.back_ends import current

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TASKS = ("task-a", "task-b")
_SOON = timedelta(hours=12)  #: longer than any wait for a next try, shorter than an item's life
OVERDUE, REPEATED, OVER = 1000, 4700, 4800  #: seconds after the start at which something happens
PAGER = ("/bin/sh", os.path.join(os.path.dirname(os.path.abspath(__file__)), "pager.sh"))


@dataclass
class HandClock:
    """Time that passes when a test says so."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return 10_000.0 + self.seconds


def profile_document(*, pager: Sequence[str] | None = PAGER, **notification: Any) -> dict[str, Any]:
    """Return `minimal-solo-mode` with two receivers; `notification` as it stands in a file.

    Without a pager the second receiver reads an outbox too: much faster, where sends are not what is looked at.
    """
    with open(resource_path("profiles", "minimal-solo-mode.yaml"), encoding="utf-8") as file:
        document: dict[str, Any] = yaml.safe_load(file)
    target: dict[str, Any] = {"sender": "file", "parameters": {"path": "pager.log"}}
    if pager is not None:
        parameters = {"argv": list(pager), "best_proof": "stored", "timeout_seconds": 5}
        target = {"sender": "command", "parameters": parameters}
    document["notification"] |= {
        "receivers": {
            "operator": {"targets": {"outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}}}},
            "pager": {"targets": {"program": target}},
        },
        "routes": [{"match": {}, "receivers": ["operator", "pager"]}],
        "repeat_seconds": 3600,
        **notification,
    }
    document["watchdog"] |= {"silence_seconds": 86_400}
    return document


def profile_of(**given: Any) -> ProfileSpec:
    """Return what `profile_document` puts in force."""
    return compile_profile(profile_document(**given), digest="0" * 64).spec


@cache
def policy() -> Policy:
    """Return the shipped pack, compiled, on this host."""
    with open(resource_path("policy-packs", "no-silence.yaml"), encoding="utf-8") as file:
        pack = compile_pack(yaml.safe_load(file))
    with open(resource_path("profiles", "minimal-solo-mode.yaml"), encoding="utf-8") as file:
        profile = yaml.safe_load(file)
    with open(resource_path("capabilities", "local-host.json"), encoding="utf-8") as file:
        powers = effective_capabilities(profile, yaml.safe_load(file))
    return Policy(packs=[pack], powers=powers, profile_digest="p", descriptor_digest="d")


@dataclass
class World:
    """One state folder and everything that acts on it."""

    root: str
    profile: ProfileSpec
    clock: HandClock = field(default_factory=HandClock)
    boot: str | None = None  #: another boot's id, for what happens after a restart of the machine
    wrap: Callable[[Store], Store] = lambda store: store

    def files(self) -> FilesStore:
        return current().open(self.root, now=self.clock.now, monotonic=self.clock.monotonic, boot=self.boot)

    def store(self) -> Store:
        return self.wrap(self.files())

    def host(self) -> Host:
        return Host(name="here", boot_id=self.boot or "this boot", pid=os.getpid())

    def at(self, seconds: float) -> "World":
        self.clock.seconds = seconds
        return self

    # -- stages

    def report(self, verb: str, *, uid: int = 1000, **more: Any) -> None:
        """Check in for both tasks; done again, it is recorded once."""
        for task in TASKS:
            given = {"verb": verb, "task": task, "agent": "agent-1", "id": f"{verb}-{task}", **more}
            run_report(self.store(), [CheckIn.parse(given)], uid=uid, profile=self.profile, clock=self.clock)

    def start(self) -> None:
        self.report("start", checkpoint={"every_seconds": 600}, at=START.isoformat())

    def end(self) -> None:
        self.report("fail", at=(START + timedelta(seconds=OVER)).isoformat())

    def scan(self) -> None:
        run_scan(self.store(), self.profile, [], clock=self.clock)

    def enqueue(self) -> None:
        run_enqueue(self.store(), policy(), self.profile, clock=self.clock)

    def dispatch(self) -> None:
        run_dispatch(self.store(), self.profile, clock=self.clock)

    def bridge(self) -> BridgeReport:
        senders = Senders(self.profile.notification.receivers, state_folder=self.root)
        return run_bridge(self.store(), senders, self.profile, clock=self.clock, host=self.host())

    def tick(self) -> None:
        """Do what one run does."""
        self.scan()
        self.enqueue()
        self.dispatch()
        self.bridge()

    def settle(self, *, most: int = 40) -> None:
        """Tick until nothing changes and no item waits for its next try: what is in doubt takes its time."""
        for _ in range(most):
            before = self.files().ready().seq
            self.tick()
            if self.files().ready().seq != before:
                self.clock.seconds += 30
                continue
            waiting = self.files().listing(Folder.SPOOL).names.values()
            soon = [due for name in waiting if (due := parse_due(name.due)) and due < self.clock.now() + _SOON]
            if not soon:
                return
            self.clock.seconds = max(self.clock.seconds + 1, (min(soon) - START).total_seconds())
        raise AssertionError("it never comes to rest")

    # -- what came of it

    def arrived(self) -> Mapping[str, Sequence[Arrival]]:
        return {
            "operator/outbox": arrivals_in(f"{self.root}/outbox/notices.jsonl"),
            "pager/program": arrivals_in(f"{self.root}/pager.log"),
        }

    def check(self, *, at_rest: bool = True, acknowledged: Sequence[Sequence[str]] = ()) -> Derived:
        """Check everything there is to check; return what the records say."""
        store = self.files()
        store.ready()
        lines_of_store(store)
        derived = check(current().lines(self.root), self.arrived(), at_rest=at_rest, acknowledged=acknowledged)
        agree_on_disk(self.root, derived)
        agree_on_states(store, derived, self.clock)
        return derived


#: The whole life of two episodes, a stage at a time: (name, seconds after the start, what is done).
SCRIPT: tuple[tuple[str, float, Callable[[World], object]], ...] = (
    ("report start", 0, World.start),
    ("decide start", 1, World.enqueue),
    ("scan", OVERDUE, World.scan),
    ("enqueue", OVERDUE, World.enqueue),
    ("dispatch", OVERDUE, World.dispatch),
    ("bridge", OVERDUE, World.bridge),
    ("repeat", REPEATED, World.enqueue),
    ("dispatch repeat", REPEATED, World.dispatch),
    ("bridge repeat", REPEATED, World.bridge),
    ("report end", OVER, World.end),
    ("scan end", OVER, World.scan),
    ("enqueue end", OVER, World.enqueue),
    ("dispatch end", OVER, World.dispatch),
    ("bridge end", OVER, World.bridge),
    ("close", OVER, World.enqueue),
)
STEPS = {name: place for place, (name, _, _) in enumerate(SCRIPT)}


def play(world: World, begin: int = 0, end: int | None = None) -> World:
    """Do the steps of the script from `begin` up to, but without, `end`."""
    for _, seconds, act in SCRIPT[begin:end]:
        world.clock.seconds = max(world.clock.seconds, seconds)
        act(world)
    return world
