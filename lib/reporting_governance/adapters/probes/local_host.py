"""The stories of this host's own runtime: tasks that check in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from reporting_governance.adapters.probes.chain import QUEUE, SENDING, Body, Carried, ago, carry, conditions
from reporting_governance.adapters.probes.interface import Seen, Setting
from reporting_governance.adapters.probes.peers import receiver
from reporting_governance.adapters.probes.running import Actors
from reporting_governance.adapters.probes.trying import Trial, Try, look
from reporting_governance.errors import ContractError

CLAIM = "All of it is done, says the prober."
UNSEEN = "What the unreported agent tells its reader."
WORK = b"the prober's work\n"
FIRES = {
    ("probe-many", "checkpoint_overdue"),
    ("probe-many", "silence_timeout"),
    ("late", "deadline_missed"),
    ("parent", "result_not_forwarded"),
}


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen of tasks that check in."""

    carried: Carried
    answers: Mapping[str, Body]  #: of the first check-in of each task
    events: Sequence[Body]
    evidence: Sequence[Body]
    fired: set[tuple[str, str]]
    resolved: set[tuple[str, str]]
    open_before: Sequence[Body]  #: episodes in `status`
    open_after: Sequence[Body]
    status: Body
    kept: str
    unreported: int  #: id of a process that never checked in

    def types_of(self, task: str) -> set[str]:
        """Return the types of a task's events."""
        return {each["event_type"] for each in self.events if each["task_id"] == task}

    @property
    def tasks(self) -> Mapping[str, Body]:
        """The tasks that `status` lists."""
        return {each["task_id"]: each for each in self.status["tasks"]}


class ChainStory:
    """Tasks start, promise, claim and fall silent; what follows is carried to its receipts."""

    name = "tasks that check in"
    limit_seconds = 120

    @property
    def powers(self) -> Sequence[str]:
        """Its powers."""
        return (*TRIALS, *QUEUE, *SENDING)

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        with receiver() as peer:
            actors = Actors(setting, REPORTGOV_PROBE_PEER=peer.address)
            with actors.unreported(UNSEEN) as unreported:
                world = _watch(actors, peer, unreported)
        sights = [*look(TRIALS, world), *look(QUEUE, world.carried), *look(SENDING, world.carried)]
        return Seen(sights=sights, evidence_sha256=actors.evidence())


def _watch(actors: Actors, peer: Any, unreported: int) -> Watched:
    scratch = actors.setting.scratch
    with open(os.path.join(scratch, "work.txt"), "wb") as file:
        file.write(WORK)
    answers = actors.report(*CHECK_INS)
    said = actors.verb("scan")["said"]
    before = actors.verb("status")["episodes"]
    carried = carry(actors, peer, profile=actors.setting.profile)
    actors.report({"verb": "checkpoint", "task": "probe-many", "message": "Half of the tables are loaded."})
    after = actors.verb("scan")["said"]
    status = actors.verb("status", "--tasks")
    return Watched(
        carried=carried,
        answers={each["task"]: each for each in reversed(answers)},
        events=actors.records("event-envelope"),
        evidence=actors.records("evidence"),
        fired=set(conditions(said, "firing")),
        resolved=set(conditions(after, "resolved")),
        open_before=before,
        open_after=status["episodes"],
        status=status,
        kept=actors.kept(),
        unreported=unreported,
    )


def _start(task: str, **more: Any) -> dict[str, Any]:
    return {"verb": "start", "task": task, "agent": "prober", **more}


_PAST = ago(hours=2)
CHECK_INS: Sequence[Mapping[str, Any]] = (
    _start("probe-many", at=_PAST, checkpoint={"every_seconds": 60}),
    _start("late", at=_PAST, deadline_at=ago(hours=1)),
    _start("parent", at=_PAST),
    {"verb": "child", "task": "parent", "child": "sub-1", "step": "spawned", "at": _PAST},
    {"verb": "child", "task": "parent", "child": "sub-1", "step": "finished", "at": _PAST},
    _start("healthy", checkpoint={"every_seconds": 36_000}),
    _start("calendar", checkpoint={"schedule": "0 9 * * *", "time_zone": "Europe/Berlin"}),
    _start("claims"),
    {
        "verb": "evidence",
        "task": "claims",
        "evidence": [{"class": "file_change", "summary": "work", "refs": [{"kind": "file", "ref": "work.txt"}]}],
    },
    {"verb": "complete", "task": "claims", "message": CLAIM},
)


def is_canonical(event: Body) -> bool:
    from reporting_governance.contracts.event_envelope import Event

    try:
        Event.parse(event)
    except ContractError:
        return False
    return True


def _evidence_holds(world: Watched) -> bool:
    digest = sha256(WORK).hexdigest()
    return any(
        ref.get("sha256") == digest and each["quality"] not in ("none", "weak")
        for each in world.evidence
        for ref in each["refs"]
    )


TRIALS: Mapping[str, Trial[Watched]] = {
    "observation.task_lifecycle": Trial(
        works=[
            Try("start, evidence and claim of a task are seen", lambda w: w.types_of("claims")
                >= {"task_started", "task_evidence_attached", "task_claimed_complete"}),
            Try("its status follows", lambda w: w.tasks["claims"]["status"] != "active"),
        ],
        beyond=[Try("a process that never checks in is seen", lambda w: str(w.unreported) in "".join(w.tasks))],
    ),
    "observation.subagent_lifecycle": Trial(
        works=[
            Try("a child that its parent reports is seen to start and to end", lambda w: w.types_of("parent")
                >= {"subagent_spawned", "subagent_completed"}),
        ],
        beyond=[Try("a process that nobody reports is seen", lambda w: str(w.unreported) in "".join(w.tasks))],
    ),
    "observation.checkpoint_obligations": Trial(
        works=[
            Try("a promise by seconds is known", lambda w: w.answers["healthy"]["owed"]["next_due_at"] is not None),
            Try("a promise by a calendar is known", lambda w: w.answers["calendar"]["owed"]["next_due_at"] is not None),
            Try("a broken promise is seen", lambda w: ("probe-many", "checkpoint_overdue") in w.fired),
            Try("who promised nothing owes nothing", lambda w: w.answers["claims"]["owed"]["next_due_at"] is None),
        ]
    ),
    "observation.outgoing_report_attempts": Trial(
        works=[Try("a report that an agent sends past us is seen", lambda w: UNSEEN in w.kept)],
        refused=[Try("`status` says that deliveries are not seen",
                     lambda w: "delivery_failed" in w.status["native_cannot_see"])],
    ),
    "observation.watchdog_state": Trial(
        works=[
            Try("open episodes are listed with the time they were due", lambda w: any(
                each["condition"] == "checkpoint_overdue" and each["due_at"] for each in w.open_before)),
            Try("one that is over is not", lambda w: not any(
                each["condition"] == "checkpoint_overdue" for each in w.open_after)),
        ]
    ),
    "normalization.canonical_events": Trial(
        works=[Try("every event keeps the shape of the specification", lambda w: bool(w.events)
            and all(map(is_canonical, w.events)))]
    ),
    "watchdog.watchdog_evaluation": Trial(
        works=[
            Try("overdue, silent, late and unforwarded work is found", lambda w: w.fired >= FIRES),
            Try("work that is well is not", lambda w: not {task for task, _ in w.fired} & {"healthy", "calendar"}),
            Try("what is over is said", lambda w: ("probe-many", "checkpoint_overdue") in w.resolved),
        ]
    ),
    "storage.events": Trial(works=[Try("every check-in is an event of the journal", lambda w: len(
        [each for each in w.events if each["agent_id"] == "prober"]) >= len(CHECK_INS))]),
    "storage.evidence": Trial(works=[Try("evidence has the digest of the file it names", _evidence_holds)]),
    "storage.original_messages": Trial(
        works=[Try("the words of a claim are kept as they were handed in", lambda w: CLAIM in w.kept)],
        beyond=[Try("words that were never handed in are kept", lambda w: UNSEEN in w.kept)],
    ),
}  # fmt: skip
