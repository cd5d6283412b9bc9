"""The story of what can be enforced on tasks that check in: rules object to claims, and promises are broken."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporting_governance.adapters.probes.chain import Body, ago
from reporting_governance.adapters.probes.interface import Seen, Setting
from reporting_governance.adapters.probes.running import Actors
from reporting_governance.adapters.probes.trying import Trial, Try, look

#: words of the rules in profiles/probing/policy-packs/probing.yaml; each rule asks for one power
WORDS = ("block", "rewrite", "annotate", "downgrade", "review", "escalate")
INSTEAD = "These words stand in place of the agent's."
PROOF = {
    "class": "file_change",
    "summary": "work",
    "refs": [{"kind": "file", "ref": "work.txt"}],
    "claims": ["completion"],
}
ESCALATES_AFTER_SECONDS = 1  #: notification.escalation of the profile for probes


@dataclass(frozen=True, kw_only=True)
class Enforced:
    """What became of claims that rules object to."""

    answers: Mapping[str, Body]  #: to each claim, at once
    decisions: Sequence[Body]
    reviews: Sequence[Body]
    outbox: str
    told_deputy: str  #: what the deputy got before and after the time of the escalation
    told_deputy_before: str
    asked: Body  #: what the silent agent was answered at its next sign of life
    status: Mapping[str, str]  #: of each task, at the end
    between: Mapping[str, str]  #: and before anything was decided
    approved: Body
    never_came: bool  #: an agent that never checked in again was met by its request

    def decision(self, word: str) -> Body:
        """Return the decision of a word's rule.  Raises: LookupError."""
        found = [each for each in self.decisions if each["metadata"]["policy_id"] == f"probing.{word}"]
        return dict(found[0]["spec"])


def refused(word: str, action: str) -> Try[Any]:
    """Return the try of an honest refusal: the receipt of the decision says what could not be done."""
    return Try(
        f"the receipt of the decision names {action} as what could not be done",
        lambda w: (
            w.decision(word)["receipt"]["status"] in ("degraded", "blocked")
            and action in {each["action"] for each in w.decision(word)["receipt"]["blocked_actions"]}
        ),
    )


def done(word: str, action: str) -> Try[Any]:
    """Return the try of an effect that the decision says it had, and that was not said to be impossible."""
    return Try(
        f"the decision planned {action} and nothing less",
        lambda w: action in {each["action"] for each in w.decision(word)["plan"]["actions"]
                             if each["action"] == each["wanted"]},
    )  # fmt: skip


class EnforcingStory:
    """Agents claim, rules object, a person answers, nobody answers."""

    name = "what rules object to"
    limit_seconds = 120

    @property
    def powers(self) -> Sequence[str]:
        """Its powers."""
        return tuple(TRIALS)

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        actors = Actors(setting, REPORTGOV_PROBE_PEER="http://127.0.0.1:9")  # nothing is sent there
        world = _enforce(actors)
        return Seen(sights=look(TRIALS, world), evidence_sha256=actors.evidence())


def _enforce(actors: Actors) -> Enforced:
    past = ago(hours=2)
    promise = {"checkpoint": {"every_seconds": 60}, "agent": "prober", "at": past}
    actors.report(
        {"verb": "start", "task": "silent", **promise},
        {"verb": "start", "task": "gone", **promise},
        *({"verb": "start", "task": word, "agent": "prober"} for word in WORDS),
    )
    with open(os.path.join(actors.setting.scratch, "work.txt"), "w", encoding="utf-8") as file:
        file.write("the prober's work\n")  # with it a claim completes its task at once, so that it can be taken back
    claims = [
        {"verb": "complete", "task": word, "message": f"All is done. probing.{word}", "evidence": [PROOF]}
        for word in WORDS
    ]
    answers = {each["task"]: each for each in actors.report(*claims)}
    between = _statuses(actors)
    actors.verb("scan")
    actors.verb("enqueue")
    asked = actors.report({"verb": "heartbeat", "task": "silent"})[0]
    actors.verb("dispatch")
    actors.verb("bridge", ends=(0, 3))
    before = actors.text("outbox/deputy.jsonl")
    actors.wait(ESCALATES_AFTER_SECONDS + 0.2)
    actors.verb("run", ends=(0, 3))
    review = next(each["review_id"] for each in actors.records("review") if each["decision"] == "require_review")
    approved = actors.verb("review", "approve", review, "--comment", "The prober looked.")
    return Enforced(
        answers=answers,
        decisions=actors.records("decision-record-artifact"),
        reviews=actors.records("review"),
        outbox=actors.text("outbox/notices.jsonl"),
        told_deputy=actors.text("outbox/deputy.jsonl"),
        told_deputy_before=before,
        asked=asked,
        status=_statuses(actors),
        between=between,
        approved=approved,
        never_came=any(each["task_id"] == "gone" and each["event_type"] == "task_checkpoint_sent"
                       for each in actors.records("event-envelope")),
    )  # fmt: skip


def _statuses(actors: Actors) -> Mapping[str, str]:
    return {each["task_id"]: each["status"] for each in actors.verb("status", "--tasks")["tasks"]}


TRIALS: Mapping[str, Trial[Enforced]] = {
    "enforcement.block_transition": Trial(
        works=[
            Try("a claim of completion is refused when it is made", lambda w: not w.answers["block"]["recorded"]),
            Try("the task goes on as before", lambda w: w.between.get("block") == "active"),
        ],
        refused=[refused("block", "block_transition")],
    ),
    "enforcement.rewrite_message": Trial(
        works=[
            done("rewrite", "rewrite_message"),
            Try("the other words stand in place of the agent's", lambda w: INSTEAD in w.outbox),
        ],
        refused=[refused("rewrite", "rewrite_message"),
                 Try("nobody is told the other words", lambda w: INSTEAD not in w.outbox)],
    ),
    "enforcement.annotate_placeholder": Trial(
        works=[done("annotate", "record_placeholder")],
        refused=[refused("annotate", "record_placeholder")],
    ),
    "enforcement.force_checkpoint": Trial(
        works=[Try("a silent agent is asked for its check-in at its next sign of life",
                   lambda w: w.asked["owed"]["checkpoint_request"] is not None)],
        beyond=[Try("one that shows no further sign of life checks in", lambda w: w.never_came)],
    ),
    "enforcement.request_review": Trial(
        works=[
            Try("a claim waits for a person", lambda w: any(each["task_id"] == "review" for each in w.reviews)),
            Try("the person's answer is carried out", lambda w: w.approved["closed"] is not None
                and w.status.get("review") in (None, "completed")),
        ],
        beyond=[Try("the agent cannot claim before the person has answered",
                    lambda w: not w.answers["review"]["recorded"])],
    ),
    "enforcement.downgrade_status": Trial(
        works=[
            done("downgrade", "set_status"),
            Try("what its agent had completed waits for verification",
                lambda w: w.answers["downgrade"]["status"] == "completed"
                and w.status["downgrade"] == "pending_verification"),
        ],
        beyond=[Try("that is so before the agent is answered",
                    lambda w: w.answers["downgrade"]["status"] != "completed")],
    ),
    "enforcement.escalate": Trial(
        works=[
            Try("nobody else is told before its time", lambda w: "escalate" not in w.told_deputy_before),
            Try("the next receiver is told when nobody has acted", lambda w: "silent" in w.told_deputy),
        ],
        beyond=[Try("what a rule escalates is told to the next receiver at once",
                    lambda w: "escalate" in w.told_deputy_before)],
    ),
}  # fmt: skip
