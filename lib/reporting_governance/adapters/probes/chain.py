"""The story of the chain: agents check in or fall silent, and a notice goes from its event to its receipts.

It is told once for this host's own runtime; other runtimes share what follows an event.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from reporting_governance.adapters.probes.interface import Place
from reporting_governance.adapters.probes.peers import Receiver
from reporting_governance.adapters.probes.running import Actors
from reporting_governance.adapters.probes.trying import Trial, Try
from reporting_governance.contracts.receipt import Outcome, Proof

TARGETS = "/notification/receivers/many/targets"
MANY = ("accepts", "busy", "outbox", "refuses", "stores")
Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What was seen on the way of notices from queue to receipts."""

    profile: str
    got: Sequence[tuple[str, str]]  #: what receivers on loopback were sent
    events: Sequence[Body]
    decisions: Sequence[Body]
    notices: Sequence[Body]
    queued: Sequence[str]  #: files in the queue before `dispatch`
    items: Sequence[Body]
    spooled: Sequence[str]  #: files in the spool before `bridge`
    attempted_early: int  #: attempts before `bridge`
    attempts: Sequence[Body]
    receipts: Sequence[Body]
    receipt_files: Sequence[str]
    stranger: Body  #: what `enqueue` says to a profile with a sender that does not exist
    told: Body  #: what `explain` tells of the newest receipt
    doctor: Sequence[Body]
    doctor_of_changed: Sequence[Body]  #: of a copy in which one word of the journal was changed
    heads: Sequence[str]  #: signed heads of the journal

    def receipt_of(self, target: str) -> Body:
        """Return the last receipt of a target.  Raises: LookupError."""
        found = [each for each in self.receipts if each.get("target") == f"many/{target}"]
        return found[-1]

    @property
    def unproven(self) -> list[str]:
        """Targets that took a message and proved nothing about it."""
        return [each for each in MANY if self.receipt_of(each)["proof"] == Proof.ACCEPTED]

    def places(self) -> tuple[Place, ...]:
        """Return the senders that prove nothing, where the profile names them."""
        message = "this sender is only told that the message was accepted; nothing proves that it arrived"
        return tuple(
            Place(file=self.profile, pointer=f"{TARGETS}/{each}/sender", message=message) for each in self.unproven
        )


def carry(actors: Actors, peer: Receiver, *, profile: str) -> Carried:
    """Let `enqueue`, `dispatch` and `bridge` do their work on what waits, and look at each step.

    Args:
        profile: the file that people know the profile by.
    """
    actors.verb("enqueue")
    queued = actors.files("operator-notify-queue")
    actors.verb("dispatch")
    spooled, early = actors.files("operator-notify-dispatch-spool"), len(actors.records("attempt"))
    actors.verb("bridge", ends=(0, 3))  # 3: a receiver refused, as it should
    receipts = actors.records("receipt")
    stranger = actors.verb("enqueue", "--dry-run", ends=(0, 1), profile=_with_a_stranger(actors))
    told = actors.verb("explain", receipts[-1]["receipt_id"]) if receipts else {}
    return Carried(
        profile=profile,
        got=tuple(peer.got),
        events=actors.records("event-envelope"),
        decisions=actors.records("decision-record-artifact"),
        notices=actors.records("notice"),
        queued=queued,
        items=actors.records("spool-item"),
        spooled=spooled,
        attempted_early=early,
        attempts=actors.records("attempt"),
        receipts=receipts,
        receipt_files=actors.files("operator-notify-bridge-receipts"),
        stranger=stranger,
        told=told,
        doctor=actors.verb("doctor", ends=(0, 1, 3))["checks"],
        doctor_of_changed=actors.verb("doctor", ends=(0, 1, 3), state=_changed(actors))["checks"],
        heads=actors.files("journal/checkpoints"),
    )


def ago(**how: float) -> str:
    """Return a moment of the past, as check-ins write it."""
    return (datetime.now(UTC) - timedelta(**how)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_a_stranger(actors: Actors) -> str:
    """Return a copy of the profile in which a sender has a name that nobody has."""
    with open(actors.setting.profile, encoding="utf-8") as file:
        text = file.read()
    folder = os.path.join(actors.setting.scratch, "stranger")
    packs = os.path.join(os.path.dirname(actors.setting.profile), "policy-packs")
    shutil.copytree(packs, os.path.join(folder, "policy-packs"))
    path = os.path.join(folder, "profile.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("sender: webhook", "sender: semaphore"))
    return path


def _changed(actors: Actors) -> str:
    """Return a copy of the state in which one line of the journal says something else."""
    copy = os.path.join(actors.setting.scratch, "changed")
    shutil.copytree(actors.state, copy)
    log = os.path.join(copy, "journal", "log")
    path = os.path.join(log, min(os.listdir(log)))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace('"task_id":"', '"task_id":"x', 1))
    return copy


def _verdict(checks: Sequence[Body]) -> str:
    """Return what `doctor` says of the journal.  Raises: LookupError."""
    return next(str(each["verdict"]) for each in checks if each["name"] == "journal")


def _ids(bodies: Sequence[Body], key: str) -> set[str]:
    return {str(each[key]) for each in bodies if each.get(key)}


def _decided(world: Carried) -> bool:
    caused = {each["event_id"] for each in world.events if (each["payload"] or {}).get("caused_by")}
    decided = {each["metadata"]["event_id"] for each in world.decisions}
    return bool(decided) and {each["event_id"] for each in world.events} - caused <= decided


def _settled(world: Carried) -> bool:
    return bool(world.attempts) and _ids(world.attempts, "attempt_id") <= _ids(world.receipts, "attempt_id")


def _acks_are_proven(world: Carried) -> bool:
    """Tell whether nothing is acked beyond what its receiver said: of "accepts" we know that it proved nothing."""
    return world.receipt_of("accepts")["proof"] == Proof.ACCEPTED and all(
        (each["proof"] not in (Proof.NONE, Proof.ACCEPTED)) == (each["outcome"] == Outcome.ACKED)
        for each in world.receipts
    )


def _outcomes(world: Carried) -> bool:
    wanted = {
        "outbox": Outcome.ACKED,
        "stores": Outcome.ACKED,
        "accepts": Outcome.PENDING_EXTERNAL_SEND,
        "refuses": Outcome.BLOCKED,
        "busy": Outcome.DEFERRED,
    }
    return all(world.receipt_of(target)["outcome"] == outcome for target, outcome in wanted.items())


#: what follows an event, the same in every runtime whose events we decide on
QUEUE: Mapping[str, Trial[Carried]] = {
    "notification_path.queue_items": Trial(
        works=[
            Try(
                "each notice is a file of the queue until it is dispatched",
                lambda w: 0 < len(w.queued) == len(w.notices),
            ),
        ]
    ),
    "notification_path.spool_handoff": Trial(
        works=[
            Try(
                "each target of a notice has a rendered item in the spool", lambda w: 0 < len(w.spooled) == len(w.items)
            ),
            Try("nothing is sent before that", lambda w: w.attempted_early == 0),
        ]
    ),
    "notification_path.receipts": Trial(
        works=[
            Try("each attempt has a receipt", _settled),
            Try(
                "what is stored is acked, what is accepted waits, what is refused is blocked, what is busy is deferred",
                _outcomes,
            ),
        ]
    ),
    "notification_path.sender_binding": Trial(
        works=[
            Try(
                "each target is served by the sender that the profile names",
                lambda w: (
                    {each["sender"] for each in w.attempts} == {"file", "webhook"}
                    and {each["target"] for each in w.receipts if each["target"].startswith("many/")}
                    == {f"many/{each}" for each in MANY}
                ),
            ),
        ]
    ),
    "storage.decisions": Trial(works=[Try("each event that asks for a decision has one on record", _decided)]),
    "storage.receipts": Trial(
        works=[
            Try("receipts are in the journal and in their folder", lambda w: bool(w.receipts and w.receipt_files)),
            Try("a later process reads them", lambda w: len(w.told["steps"]) > 0),
        ]
    ),
    "storage.queue_items": Trial(works=[Try("notices are in the journal", lambda w: len(w.notices) > 0)]),
    "storage.spool_artifacts": Trial(
        works=[Try("rendered items are in the journal", lambda w: any(each["rendered"]["body"] for each in w.items))]
    ),
    "storage.audit_trail": Trial(
        works=[
            Try("the journal is found to be whole", lambda w: _verdict(w.doctor) == "ok"),
            Try("one changed word in it is found", lambda w: _verdict(w.doctor_of_changed) == "bad"),
        ],
        beyond=[Try("its head is signed", lambda w: len(w.heads) > 0)],
    ),
}
#: what only a runtime that sends by itself has
SENDING: Mapping[str, Trial[Carried]] = {
    "notification_path.direct_send": Trial(
        works=[
            Try(
                "receivers on loopback got what was rendered",
                lambda w: {path for path, text in w.got if "probe-many" in text} >= {"/stores", "/accepts"},
            ),
        ],
        beyond=[
            Try("a channel for which there is no sender is served", lambda w: w.stranger["profile_refused"] is None)
        ],
    ),
    "notification_path.final_delivery_proof": Trial(
        works=[
            Try("a sender proves that a message is stored", lambda w: w.receipt_of("stores")["proof"] == Proof.STORED),
            Try("only what is proven is acked", _acks_are_proven),
        ],
        beyond=[Try("every sender that gets an answer proves that the message arrived", lambda w: not w.unproven)],
        refused=[Try("nothing unproven is acked", _acks_are_proven)],
        places=Carried.places,
    ),
}


def conditions(said: Sequence[Body], phase: str) -> Iterator[tuple[str, str]]:
    """Yield (task, condition) of what a scan said in a phase."""
    return ((each["task_id"], each["condition"]) for each in said if each["phase"] == phase)
