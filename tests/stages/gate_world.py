"""A gate over a store of either back end, hosts with their own descriptors, and packs as they are shipped or made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from reporting_governance.adapters.hosts.interface import Seen
from reporting_governance.adapters.hosts.registry import open_host
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.gate_answer import GateAnswer
from reporting_governance.contracts.gate_settings import Gate as GateSettings
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.report_attempt import ReportAttempt
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.policy_compiling import CompiledPack, compile_pack
from reporting_governance.core.profile_compile import compile_profile
from reporting_governance.stages.gate import Gate, run_gate
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.report import run_report
from reporting_governance.storage.interface import Store, expand
from tests.stages.enforcing_world import NOTICE, UID, Files
from tests.stages.watch_world import START, HandClock
from tests.unit.policy_documents import action, pack, rule, shipped

Make = Callable[..., "GateWorld"]
STRICT, SOLO = "strict-manager-mode", "minimal-solo-mode"
DESCRIPTORS = {"generic": "generic-gate", "claude-code": "claude-code-hooks", "openclaw": "openclaw-plugin"}
DONE: Mapping[str, Any] = {"message": "It is done.", "claim": {"kind": "completion"}}
#: what an agent has done: it changed code, and nothing looked at that
CHANGED = (Deed(kind=DeedKind.EDIT, at=START, id="e1", tool="Edit", paths=("/w/cart.py",), failed=False),)


@cache
def shipped_pack(name: str) -> CompiledPack:
    return compile_pack(shipped(f"profiles/policy-packs/{name}.yaml"))


@cache
def _profile(name: str) -> tuple[Mapping[str, Any], ProfileSpec]:
    document = shipped(f"profiles/{name}.yaml")
    return document, compile_profile(document, digest="0" * 64).spec


@dataclass
class GateWorld:
    """One host's gate; `rules` of the test's own stand beside the shipped packs that are named."""

    store: Store
    host: str = "generic"
    profile: str = STRICT
    packs: tuple[str, ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    gate: Mapping[str, Any] = field(default_factory=dict)
    clock: HandClock = field(default_factory=HandClock)

    def ask(
        self,
        *deeds: Deed,
        segment: str = "r1",
        session: str = "s1",
        at: datetime = START,
        **more: Any,
    ) -> GateAnswer:
        """Ask about one attempt; without deeds the host shows nothing of the agent's work."""
        seen = None
        if deeds:
            begun = Deed(kind=DeedKind.REQUEST, at=at, id=segment, text="mend it")
            seen = Seen(deeds=(begun, *deeds), complete=True, request_id=segment, began_at=at)
        attempt = ReportAttempt.parse({"session_id": session, "host": self.host, **more})
        return run_gate(self.wired(), attempt, seen)

    def wired(self) -> Gate:
        document, spec = _profile(self.profile)
        powers = effective_capabilities(document, shipped(f"capabilities/{DESCRIPTORS[self.host]}.json"))
        packs = [shipped_pack(name) for name in self.packs]
        if self.rules:
            packs.append(compile_pack(pack(*self.rules)))
        settings = GateSettings.parse({**spec.gate.dump(), **self.gate})
        return Gate(
            store=self.store,
            host=open_host(self.host),
            policy=Policy(packs=packs, powers=powers, profile_digest="p", descriptor_digest="d"),
            profile=replace(spec, gate=settings),
            uid=UID,
            operators=frozenset({UID}),
            artifacts=Files(),
            clock=self.clock,
        )

    def records(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the bodies of the records of one kind, long texts in place."""
        found = [expand(self.store, line.document) for line in self.store.replay()]
        return [each["record"]["body"] for each in found if (each.get("record") or {}).get("kind") == kind]

    def decisions(self) -> list[Mapping[str, Any]]:
        """Return what was decided about attempts, in order."""
        own = {each["event_id"] for each in self.records("event-envelope") if "gate" in each["payload"]}
        return [
            each["spec"] for each in self.records("decision-record-artifact") if each["metadata"]["event_id"] in own
        ]

    def subjects(self) -> list[str]:
        """Return what the operator was told, in order."""
        return [each["subject"] for each in self.records("notice")]

    def task(self, task_id: str = "generic:s1") -> Mapping[str, Any]:
        """Return the view of a task, wherever it lies."""
        key = native_task_key(task_id)
        name = self.store.listing(Folder.TASKS).names.get(key)
        view = self.store.read(name) if name else self.store.past(key)
        assert view is not None
        return view.body


def objection(word: str, decision: str = "block", **more: Any) -> dict[str, Any]:
    """Return a rule against every completion whose message has this word in it."""
    return rule(
        f"own.{word}",
        triggers={"event_types": ["task_claimed_complete"]},
        conditions={"all": [{"fact": "message.text", "contains": word}]},
        decision=decision,
        required_actions=[action("block_transition", "dispatch_gate")],
        operator_notice=NOTICE,
        **more,
    )


def report(world: GateWorld, verb: str, task: str) -> None:
    """Check in for a task."""
    run_report(
        world.store,
        [CheckIn.parse({"verb": verb, "task": task, "agent": "coder"})],
        uid=UID,
        profile=world.wired().profile,
        clock=world.clock,
    )
