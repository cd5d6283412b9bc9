"""The stories of the watchdog chain on OpenClaw: work is seen in the host's own records, and told.

What follows from records is tried on records as OpenClaw writes them; that a gateway really writes them is for the
host's own program to show, where it is installed (`openclaw_gateway`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reporting_governance.adapters.probes.chain import QUEUE, SENDING, Body, Carried, carry, conditions
from reporting_governance.adapters.probes.interface import Seen, Setting
from reporting_governance.adapters.probes.local_host import is_canonical
from reporting_governance.adapters.probes.openclaw_records import Records
from reporting_governance.adapters.probes.peers import receiver
from reporting_governance.adapters.probes.running import Actors
from reporting_governance.adapters.probes.trying import Trial, Try, look

RULED = ("block", "rewrite", "annotate", "downgrade", "review", "escalate")
UNSEEN = "What a session of the host tells its reader."
INSTEAD = "These words stand in place of the agent's."


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen of sub-agents that a host keeps records of."""

    carried: Carried
    fired: set[tuple[str, str]]
    resolved: set[tuple[str, str]]
    open_before: Sequence[Body]
    open_after: Sequence[Body]
    events: Sequence[Body]
    evidence: Sequence[Body]
    decisions: Sequence[Body]
    reviews: Sequence[Body]
    requests: Sequence[Body]
    deputy: str
    sent: Sequence[tuple[str, str]]  #: what left before `bridge`
    host_is_untouched: bool  #: nothing was written into the host's records
    kept: str

    def receipt(self, word: str) -> Body:
        """Return the receipt of a decision about the task that names a word.  Raises: LookupError."""
        found = [each for each in self.decisions if each["metadata"]["task_id"] == f"probing.{word}"]
        return dict(found[0]["spec"]["receipt"])


class RecordsStory:
    """Sub-agents of a host that miss their time, and one that does not."""

    name = "records of OpenClaw"
    limit_seconds = 120

    @property
    def powers(self) -> Sequence[str]:
        """Its powers."""
        return (*TRIALS, *(each for each in QUEUE if each not in TRIALS), PROOF)

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        with receiver() as peer:
            actors = Actors(_for_openclaw(setting), REPORTGOV_PROBE_PEER=peer.address)
            records = Records(os.path.join(setting.scratch, "openclaw"))
            for name in ("probe-many", *(f"probing.{word}" for word in RULED)):
                records.sub_agent(name, minutes=60, limit_seconds=900)
            records.sub_agent("healthy", minutes=1, limit_seconds=7200)
            untouched = records.digest()
            said = actors.verb("scan")["said"]
            before = actors.verb("status")["episodes"]
            sent = tuple(peer.got)
            carried = carry(actors, peer, profile=setting.profile)
            actors.wait(1.2)
            actors.verb("run", ends=(0, 3))
            is_untouched = records.digest() == untouched
            records.ends("probe-many")
            after = actors.verb("scan")["said"]
            world = Watched(
                carried=carried,
                fired=set(conditions(said, "firing")),
                resolved=set(conditions(after, "resolved")),
                open_before=before,
                open_after=actors.verb("status")["episodes"],
                events=actors.records("event-envelope"),
                evidence=actors.records("evidence"),
                decisions=actors.records("decision-record-artifact"),
                reviews=actors.records("review"),
                requests=actors.records("checkpoint-request"),
                deputy=actors.text("outbox/deputy.jsonl"),
                sent=sent,
                host_is_untouched=is_untouched,
                kept=actors.kept(),
            )
        shared = {power: each for power, each in {**QUEUE, PROOF: SENDING[PROOF]}.items() if power not in TRIALS}
        return Seen(sights=[*look(TRIALS, world), *look(shared, world.carried)], evidence_sha256=actors.evidence())


def _for_openclaw(setting: Setting) -> Setting:
    """Return the setting with a profile that asks for this host's descriptor, and for the rules of probes only."""
    from dataclasses import replace

    folder = os.path.join(setting.scratch, "profile")
    shutil.copytree(os.path.dirname(setting.profile), folder)
    path = os.path.join(folder, os.path.basename(setting.profile))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("runtime: null", "runtime: openclaw").replace("[no-silence, probing]", "[probing]"))
    return replace(setting, profile=path)


def _refused(word: str, action: str) -> Try[Watched]:
    return Try(
        f"the receipt of the decision names {action} as what could not be done",
        lambda w: (
            action in {each["action"] for each in w.receipt(word)["blocked_actions"]}
            and w.receipt(word)["status"] in ("degraded", "blocked")
        ),
    )


def _done(word: str, action: str) -> Try[Watched]:
    return Try(
        f"{action} is carried out as it was decided",
        lambda w: action in {each["action"] for each in w.receipt(word)["enforcement_intent"]
                             if "fallback_for" not in each},
    )  # fmt: skip


PROOF = "notification_path.final_delivery_proof"
TRIALS: Mapping[str, Trial[Watched]] = {
    "observation.checkpoint_obligations": Trial(
        works=[
            Try("the time by which a run has to be done is known, and that it passed is seen",
                lambda w: ("probe-many", "deadline_missed") in w.fired),
            Try("one whose time has not come is left alone", lambda w: "healthy" not in {task for task, _ in w.fired}),
        ],
        beyond=[Try("what a check-in says is seen", lambda w: any(
            each["event_type"] == "task_checkpoint_sent" for each in w.events))],
    ),
    "observation.watchdog_state": Trial(
        works=[
            Try("open episodes of the host's tasks are listed", lambda w: any(
                each["task_id"] == "probe-many" and each["due_at"] for each in w.open_before)),
            Try("those that are over are not", lambda w: not any(
                each["task_id"] == "probe-many" for each in w.open_after)),
        ]
    ),
    "normalization.canonical_events": Trial(
        works=[Try("every event keeps the shape of the specification",
                   lambda w: bool(w.events) and all(map(is_canonical, w.events)))]
    ),
    "watchdog.watchdog_evaluation": Trial(
        works=[
            Try("late and silent work is found",
                lambda w: w.fired >= {("probe-many", "deadline_missed"), ("probe-many", "silence_timeout")}),
            Try("work that is well is not", lambda w: "healthy" not in {task for task, _ in w.fired}),
            Try("what is over is said", lambda w: ("probe-many", "deadline_missed") in w.resolved),
        ]
    ),
    "enforcement.block_transition": Trial(works=[_done("block", "block_transition")],
                                          refused=[_refused("block", "block_transition")]),
    "enforcement.rewrite_message": Trial(works=[_done("rewrite", "rewrite_message")],
                                         refused=[_refused("rewrite", "rewrite_message")]),
    "enforcement.annotate_placeholder": Trial(works=[_done("annotate", "record_placeholder")],
                                              refused=[_refused("annotate", "record_placeholder")]),
    "enforcement.force_checkpoint": Trial(
        works=[Try("an agent of the host is asked for its check-in", lambda w: bool(w.requests))],
        refused=[Try("the receipt of the decision says that a notice stands in for it", lambda w: any(
            intent.get("fallback_for") == "force_checkpoint" for each in w.decisions
            for intent in each["spec"]["receipt"]["enforcement_intent"]))],
    ),
    "enforcement.request_review": Trial(works=[Try("a claim waits for a person", lambda w: bool(w.reviews))],
                                        refused=[_refused("review", "request_review")]),
    "enforcement.downgrade_status": Trial(
        works=[Try("the host's record of the task changes", lambda w: not w.host_is_untouched)],
        refused=[_refused("downgrade", "set_status")],
    ),
    "enforcement.escalate": Trial(works=[_done("escalate", "raise_escalation")],
                                  refused=[_refused("escalate", "raise_escalation")]),
    "notification_path.direct_send": Trial(
        works=[Try("a message leaves as soon as trouble is seen", lambda w: bool(w.sent))],
        refused=[Try("the notice waits in the queue for the bridge", lambda w: len(w.carried.queued) > 0)],
    ),
    "storage.events": Trial(works=[Try("each trouble that was said is an event of the journal", lambda w: {
        task for task, _ in w.fired} <= {each["task_id"] for each in w.events})]),
    "storage.evidence": Trial(works=[Try("each has evidence with the digest of the host's record", lambda w: {
        task for task, _ in w.fired} <= {each["task_id"] for each in w.evidence
                                         if any(ref.get("sha256") for ref in each["refs"])})]),
    "storage.decisions": Trial(
        works=[Try("each event of the watchdog that asks for a decision has one on record",
                   lambda w: bool(w.decisions) and {each["metadata"]["event_id"] for each in w.decisions}
                   <= {each["event_id"] for each in w.events})],
        beyond=[Try("a decision that the host itself made is on record", lambda w: any(
            each["metadata"]["task_id"] == "healthy" for each in w.decisions))],
    ),
    "storage.original_messages": Trial(
        works=[Try("the words of the host's sessions are kept", lambda w: UNSEEN in w.kept)],
        refused=[Try("no record says that they are", lambda w: not any(
            each["spec"]["original_message"] for each in w.decisions))],
    ),
}  # fmt: skip
