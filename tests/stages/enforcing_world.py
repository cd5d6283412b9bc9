"""Agents that claim things, rules that do something about it, and people who answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import due_name
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.evidence_builder import Opened
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.check_in_group import ArtifactReader
from reporting_governance.stages.enqueue import EnqueueReport, Policy, run_enqueue
from reporting_governance.stages.report import run_report
from reporting_governance.stages.report_result import CheckInResult
from reporting_governance.stages.reviewing import ReviewReport, run_review
from tests.crash.chain.world import profile_of
from tests.oracle.memory_world import MemoryWorld
from tests.unit.policy_documents import pack, rule, shipped

UID = 1000
NOTICE = {
    "required": True,
    "channel": "operator",
    "urgency": "high",
    "message": None,
    "must_reference": [],
    "deadline": None,
}


class Files:
    """Every file is there, and is the same."""

    def open_file(self, reference: str) -> Opened:
        return Opened("c" * 64)


def action(name: str, target: str = "task_record", **details: Any) -> dict[str, Any]:
    return {"action": name, "target": target, "mandatory": True, **({"details": details} if details else {})}


def on_claim(rule_id: str, decision: str, *actions: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a rule about every claim of completion."""
    return rule(
        f"own.{rule_id}",
        triggers={"event_types": ["task_claimed_complete"]},
        conditions={"all": [{"fact": "event.event_type", "equals": "task_claimed_complete"}]},
        decision=decision,
        required_actions=list(actions),
        **more,
    )


DOWNGRADE = on_claim(
    "downgrade", "downgrade_status", action("set_status", "status_transition"), suggested_status="pending_verification"
)
REVIEW = on_claim(
    "review",
    "require_review",
    action("set_status", "status_transition"),
    action("request_review"),
    action("emit_event", "event_stream", event_type="operator_review_requested"),
    suggested_status="awaiting_review",
    operator_notice=NOTICE,
)
ASK = on_claim("ask", "force_checkpoint", action("append_audit_note"))


def policy_of(*rules: Mapping[str, Any], digest: str = "p") -> Policy:
    """Return these rules in force on this host."""
    powers = effective_capabilities(shipped("profiles/minimal-solo-mode.yaml"), shipped("capabilities/local-host.json"))
    packs = [compile_pack(pack(*rules))] if rules else []
    return Policy(packs=packs, powers=powers, profile_digest=digest, descriptor_digest="d")


@dataclass
class Desk(MemoryWorld):
    """One task of ours, `job`."""

    rules: Policy = field(default_factory=policy_of)

    def says(self, verb: str, *, artifacts: ArtifactReader | None = None, **more: Any) -> CheckInResult:
        given = {"verb": verb, "task": "job", "agent": "coder", **more}
        (result,) = run_report(
            self.store(),
            [CheckIn.parse(given)],
            uid=UID,
            profile=self.profile,
            clock=self.clock,
            artifacts=artifacts,
        ).results
        assert not result.refused, result
        return result

    def decides(self) -> EnqueueReport:
        return run_enqueue(self.store(), self.rules, self.profile, clock=self.clock)

    def enqueue(self) -> None:
        self.decides()

    def answers(self, what: str, subject: str = "job", comment: str = "") -> ReviewReport:
        return run_review(
            self.store(),
            subject,
            ActKind(what),
            actor="maria",
            comment=comment,
            watchdog=self.profile.watchdog,
            rules=rules_of(self.profile.notification),
            clock=self.clock,
        )

    def task(self) -> Mapping[str, Any]:
        """Return the task's view, wherever it lies."""
        key = native_task_key("job")
        store = self.files()
        name = store.listing(Folder.TASKS).names.get(key)
        view = store.read(name) if name else store.past(key)
        assert view is not None
        return view.body

    @property
    def status(self) -> str:
        return str(self.task()["task"]["status"])

    def records(self, kind: str) -> Sequence[Mapping[str, Any]]:
        found = [line.document.get("record") for line in self.files().replay()]
        return [each for each in found if each and each["kind"] == kind]

    def decision(self, policy_id: str) -> Mapping[str, Any]:
        """Return the spec of the newest decision by a rule."""
        return [
            each["body"]
            for each in self.records("decision-record-artifact")
            if each["body"]["metadata"]["policy_id"] == policy_id
        ][-1]["spec"]

    def effects(self, policy_id: str) -> dict[str, Mapping[str, Any]]:
        return {each["action"]: each for each in self.decision(policy_id)["effects"]}

    def undecided(self) -> int:
        return len(self.files().listing(Folder.EVENTS).due(due_name(self.clock.now())))

    def open_in(self, folder: Folder) -> list[str]:
        return sorted(self.files().listing(folder).names)


def desk(root: str, *rules: Mapping[str, Any]) -> Desk:
    """Return a desk at which the task has begun."""
    world = Desk(root=root, profile=profile_of(pager=None), rules=policy_of(*rules))
    world.says("start")
    world.decides()
    world.at(60)
    return world


#: what completes a task by our own rule
PROOF = [
    {"class": "tool_output", "summary": "it ran", "claims": ["completion"], "refs": [{"kind": "file", "ref": "out"}]}
]
