"""What the stages really write has the shape its schema promises: every line, every record in it."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from reporting_governance.adapters.interface import Known, Observation, ObservedTask, SourceReading
from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import EventType
from reporting_governance.contracts.registry import KINDS, record_type
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.profile_compile import compile_profile
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.dispatch import run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.host import Host
from reporting_governance.stages.inbox import Handlers, run_inbox
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.report import run_report
from reporting_governance.stages.scan import run_scan
from reporting_governance.storage.files.inbox import FilesInbox
from reporting_governance.storage.interface import Line, expand
from reporting_governance.storage.memory import MemoryStore
from tests.contracts.schemas_read import Judges
from tests.stages.rights import Everything

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LONG = "A long text, as agents write them. " * 20
ALL_VERBS: tuple[dict[str, Any], ...] = (
    {
        "verb": "start",
        "checkpoint": {"every_seconds": 600},
        "title": LONG,
        "mode": "silent",
        "labels": {"team": "data"},
    },
    {"verb": "checkpoint", "message": LONG, "report": {"current_status": LONG, "operator_intervention_needed": False}},
    {
        "verb": "evidence",
        "evidence": [{"class": "tool_output", "summary": LONG, "refs": [{"kind": "log", "ref": "x"}]}],
    },
    {"verb": "child", "child": "c1", "step": "spawned"},
    {"verb": "child", "child": "c1", "step": "finished"},
    {"verb": "child", "child": "c2", "step": "failed", "message": "no slot"},
    {"verb": "wait", "message": "Which table wins?"},
    {"verb": "block"},
    {"verb": "pause"},
    {"verb": "resume"},
)


class Clock:
    """Moves only when told to."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - START).total_seconds() + 10_000


class Host1:
    """A source that shows one task of another runtime, whose owner is gone and whose report was not delivered."""

    name = "json"

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        task = TaskState.parse({"task_id": "far", "agent_id": "b", "runtime": "other", "status": "active"})
        seen = Observation(known=Known.TRUE, since=START, reason="its process is gone")
        facts = {"owner_dead": seen, "delivery_failed": seen}
        return SourceReading(
            source="json", instance="here", tasks=[ObservedTask(task=task, instance="here", facts=facts)], complete=True
        )


class Blind:
    """A source that cannot be read."""

    name = "openclaw"

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        return SourceReading(source="openclaw", instance="here", tasks=[], complete=False, unreadable="locked")


class World:
    """The whole chain on a store that forgets, with the outbox as its sender."""

    def __init__(self, folder: str) -> None:
        self.store = MemoryStore()
        self.clock = Clock()
        self.folder = folder
        document = yaml.safe_load((ROOT / "profiles/minimal-solo-mode.yaml").read_text())
        self.profile: ProfileSpec = compile_profile(document, digest="0" * 64).spec
        descriptor = yaml.safe_load((ROOT / "capabilities/local-host.json").read_text())
        pack = compile_pack(yaml.safe_load((ROOT / "profiles/policy-packs/no-silence.yaml").read_text()))
        powers = effective_capabilities(document, descriptor)
        self.policy = Policy(packs=[pack], powers=powers, profile_digest="0" * 64, descriptor_digest="1" * 64)

    def say(self, **check_in: Any) -> None:
        told = CheckIn.parse({"task": "t1", "agent": "a", **check_in})
        report = run_report(self.store, [told], uid=1000, profile=self.profile, clock=self.clock)
        assert not any(each.refused for each in report.results), report

    def tick(self, seconds: int) -> None:
        self.clock.time += timedelta(seconds=seconds)
        run_scan(self.store, self.profile, [Host1(), Blind()], clock=self.clock)
        run_enqueue(self.store, self.policy, self.profile, clock=self.clock)
        run_dispatch(self.store, self.profile, clock=self.clock)
        senders = Senders(self.profile.notification.receivers, state_folder=self.folder)
        host = Host(name="box", boot_id="boot", pid=os.getpid())
        run_bridge(self.store, senders, self.profile, clock=self.clock, host=host)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(str(tmp_path_factory.mktemp("state")))
    found.tick(1)
    for place, each in enumerate(ALL_VERBS):
        found.say(id=f"call-{place}", **each)
        found.clock.time += timedelta(seconds=1)
    found.tick(2000)
    found.tick(20_000)
    told = [each.document["record"]["id"] for each in found.store.replay() if _kind(each) == "notice"]
    run_ack(found.store, told[0], actor="ops", comment=LONG, clock=found.clock)
    found.say(verb="child", child="c1", step="forwarded", id="late")
    found.say(verb="complete", id="done", message="All of it.")
    found.tick(1)
    found.tick(10_000)
    return found


def _kind(line: Line) -> str | None:
    record = line.document.get("record")
    return record["kind"] if record else None


def test_every_line_has_the_shape_of_a_line(world: World, judges: dict[str, Judges]) -> None:
    lines = list(world.store.replay())
    assert len(lines) > 50
    for line in lines:
        document = {**line.document, "writer": line.document["writer"] or {"boot_id": "memory", "pid": 1}}
        assert judges["journal-line"].faults(document) == [], document


def test_every_record_has_the_shape_of_its_kind(world: World, judges: dict[str, Judges]) -> None:
    met = set()
    for line in world.store.replay():
        kind = _kind(line)
        if kind is None:
            continue
        met.add(kind)
        body = expand(world.store, line.document["record"]["body"])
        shape = "event-catalog" if kind == "event-envelope" else kind
        assert judges[shape].faults(body) == [], (kind, body)
        assert kind in KINDS
        assert record_type(kind).parse(body).dump() == body
    wanted = {"act", "attempt", "decision-record-artifact", "event-envelope", "evidence", "notice", "receipt"}
    assert met >= wanted | {"source-mark", "spool-item", "checkpoint-request"}


def test_the_events_of_all_that_can_happen_here_were_met(world: World) -> None:
    met = {
        line.document["record"]["body"]["event_type"]
        for line in world.store.replay()
        if _kind(line) == "event-envelope"
    }
    decided_elsewhere = {EventType.OPERATOR_REVIEW_REQUESTED, EventType.FORCED_OPERATOR_UPDATE}
    assert {EventType(each) for each in met} >= set(EventType) - decided_elsewhere


def test_routes_can_match_only_on_facts_that_notices_have(world: World, schemas: dict[str, Any]) -> None:
    routable = set(schemas["deployment-profile"]["$defs"]["noticeMatcher"]["properties"])
    facts = [line.document["record"]["body"]["facts"] for line in world.store.replay() if _kind(line) == "notice"]
    assert routable <= set().union(*facts)
    assert any(each.get("labels") == {"team": "data"} for each in facts)


def test_a_proof_from_outside_is_taken_in_as_its_schema_says(
    world: World, tmp_path: Path, schemas: dict[str, Any]
) -> None:
    lines = [line.document["record"] for line in world.store.replay() if _kind(line) == "attempt"]
    document = {**schemas["external-receipt"]["examples"][0], "attempt_id": lines[0]["id"], "proof": "delivered"}
    for folder in ("inbox", "corrupt"):
        (tmp_path / folder).mkdir()
    (tmp_path / "inbox/receipt.json").write_text(json.dumps(document))

    def receipt(handed_in: Mapping[str, Any], _uid: int) -> object:
        return run_late_receipt(world.store, handed_in, settled_by="ops", rules=ThreadRules(60), clock=world.clock)

    handlers = Handlers(receipt=receipt)
    report = run_inbox(
        world.store,
        FilesInbox(str(tmp_path)),
        profile=world.profile,
        clock=world.clock,
        rights=Everything(),
        handlers=handlers,
    )
    assert (report.recorded, report.refused) == (1, 0), report.findings
    *_, newest = world.store.replay()
    assert newest.document["record"]["body"]["proof"] == "delivered"
