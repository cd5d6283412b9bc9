"""report: check-ins become events and evidence; the answer says what is owed."""

import json
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from reporting_governance.commands._checking import shipped_schemas
from reporting_governance.contracts import ids
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.checkpoint_request import CheckpointRequest
from reporting_governance.contracts.event_envelope import Event, EventType
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.shape import check_shape
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.contracts.times import FAR_FUTURE
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.core.evidence_builder import Opened
from reporting_governance.core.task_fold import fold_task
from reporting_governance.errors import Busy
from reporting_governance.stages.report import run_report
from reporting_governance.storage.interface import Addition, Answer, Group, Refused
from reporting_governance.storage.memory import MemoryStore
from tests.stages.watch_world import START, UID, World

DIGEST = "c" * 64


def task(world: World, task_id: str = "t1") -> Any:
    key = native_task_key(task_id)
    name = world.store.listing(Folder.TASKS).names.get(key)
    view = world.store.past(key) if name is None else world.store.read(name)
    return None if view is None else view.body["task"]


def view(world: World, task_id: str = "t1") -> Any:
    key = native_task_key(task_id)
    name = world.store.listing(Folder.TASKS).names.get(key)
    found = world.store.past(key) if name is None else world.store.read(name)
    return None if found is None else found.body


def start(world: World, **more: Any) -> None:
    world.report("start", agent="worker", **more)


VERBS: list[tuple[str, dict[str, Any], str, str]] = [
    ("start", {"agent": "worker", "title": "import"}, "task_started", "active"),
    ("checkpoint", {"message": "half done"}, "task_checkpoint_sent", "active"),
    ("evidence", {"evidence": [{"class": "tool_output", "summary": "x"}]}, "task_evidence_attached", "active"),
    ("complete", {}, "task_claimed_complete", "pending_verification"),
    ("fail", {"message": "no"}, "task_status_changed", "failed"),
    ("wait", {}, "task_status_changed", "waiting_user"),
    ("block", {}, "task_status_changed", "blocked"),
    ("pause", {}, "task_status_changed", "paused"),
    ("resume", {}, "task_status_changed", "active"),
    ("child", {"child": "c1", "step": "spawned"}, "subagent_spawned", "active"),
    ("child", {"child": "c1", "step": "failed"}, "subagent_spawn_failed", "active"),
    ("child", {"child": "c1", "step": "finished"}, "subagent_completed", "active"),
    ("child", {"child": "c1", "step": "forwarded"}, "subagent_result_forwarded", "active"),
]


@pytest.mark.parametrize(("verb", "more", "event_type", "status"), VERBS, ids=[each[2] for each in VERBS])
def test_every_verb_is_an_event_of_its_own(verb: str, more: dict[str, Any], event_type: str, status: str) -> None:
    world = World()
    if verb != "start":
        start(world)
        world.clock.forward(60)
    report = world.report(verb, **more)
    assert report.recorded == 1
    event = Event.parse(world.events()[-1])
    assert event.event_type == event_type
    assert event.timestamp == world.clock.now()
    assert (event.task_id, event.agent_id, event.payload["check_in"]["uid"]) == ("t1", "worker", UID)
    state = TaskState.parse(task(world))
    assert state.status == status
    assert state.last_activity_at == world.clock.now()


def test_only_reports_answer_a_promise() -> None:
    world = World()
    start(world, checkpoint={"every_seconds": 600})
    for verb, more in (("evidence", VERBS[2][1]), ("child", VERBS[9][1]), ("heartbeat", {})):
        world.clock.forward(60)
        world.report(verb, **more)
        assert "last_checkpoint_at" not in task(world)
    world.report("checkpoint")
    assert task(world)["last_checkpoint_at"] == "2026-03-01T08:03:00.000Z"


def test_a_start_says_everything_about_a_task() -> None:
    world = World()
    start(
        world,
        title="nightly import",
        mode="silent",
        checkpoint={"every_seconds": 600, "grace_seconds": 30},
        deadline_at="2026-03-01T20:00:00Z",
        report_anchor="msg-7",
        parent_task_id="root",
        labels={"team": "data"},
        expects_forwarding=True,
        operator_context={"channel": "chat", "target": "ops"},
        runtime="cli",
    )
    state = TaskState.parse(task(world))
    assert state.checkpoint is not None
    assert state.checkpoint.every_seconds == 600
    assert (state.title, state.runtime, state.report_anchor) == ("nightly import", "cli", "msg-7")
    assert state.labels == {"team": "data"}
    assert state.correlation_id == "root"
    assert state.operator_context is not None
    assert state.operator_context.channel == "chat"


def test_a_childs_correlation_is_its_parents() -> None:
    world = World()
    world.report("start", "root", agent="worker", correlation_id="run-9")
    world.report("start", "child", agent="worker", parent_task_id="root")
    assert task(world, "child")["correlation_id"] == "run-9"


def test_a_check_in_for_an_unknown_task_starts_it_and_says_so() -> None:
    world = World()
    report = world.report("checkpoint", "new", message="hello")
    assert report.results[0].flagged == ("implicit",)
    assert [event["event_type"] for event in world.events()] == ["task_started", "task_checkpoint_sent"]
    assert all(event["payload"]["check_in"]["implicit"] for event in world.events())
    assert "checkpoint" not in task(world, "new")
    assert task(world, "new")["agent_id"] == f"uid:{UID}"


def test_an_explicit_start_after_an_implicit_one_adds_what_it_says() -> None:
    world = World()
    world.report("checkpoint")
    world.clock.forward(60)
    start(world, checkpoint={"every_seconds": 600})
    assert task(world)["agent_id"] == "worker"
    assert task(world)["started_at"] == "2026-03-01T08:00:00.000Z"
    assert task(world)["checkpoint"] == {"every_seconds": 600}


def test_a_start_of_a_paused_task_takes_it_up_again() -> None:
    world = World()
    start(world)
    world.report("pause")
    world.clock.forward(60)
    start(world)
    assert (task(world)["status"], task(world)["status_changed_at"]) == ("active", "2026-03-01T08:01:00.000Z")
    assert task(world)["started_at"] == "2026-03-01T08:00:00.000Z"


@pytest.mark.parametrize("verb", ["start", "checkpoint"])
def test_an_expected_task_starts_with_its_first_word(verb: str) -> None:
    world = World()
    start(world, status="expected", checkpoint={"every_seconds": 600})
    assert (task(world)["status"], "started_at" in task(world)) == ("expected", False)
    world.clock.forward(60)
    world.report(verb)
    assert (task(world)["status"], task(world)["started_at"]) == ("active", "2026-03-01T08:01:00.000Z")
    assert world.scan().said == ()


def test_a_task_that_was_expected_and_does_not_start_is_told() -> None:
    world = World()
    start(world, status="expected")
    world.clock.forward(900)
    assert [(each.condition, each.phase) for each in world.scan().said] == [("start_missed", "firing")]
    world.report("start", agent="worker")
    assert [(each.condition, each.phase) for each in world.scan().said] == [("start_missed", "resolved")]


def test_a_check_in_that_is_sent_again_is_recorded_once() -> None:
    world = World()
    start(world, id="call-1")
    first = world.store.head().seq
    again = world.report("start", agent="worker", id="call-1")
    assert (again.recorded, again.already, again.results[0].reason) == (0, 1, "already recorded")
    assert world.store.head().seq == first
    assert world.report("checkpoint", id="call-1", uid=UID).already == 1
    assert world.report("checkpoint", id="call-2").recorded == 1


def test_a_check_in_without_an_id_is_not_safe_to_send_again_and_says_so() -> None:
    world = World()
    assert world.report("start", agent="worker").results[0].retry_safe is False
    assert world.report("checkpoint", id="x").results[0].retry_safe is True


def test_the_last_64_check_ins_are_remembered() -> None:
    world = World()
    start(world, id="call-0")
    for number in range(1, 65):
        world.report("checkpoint", id=f"call-{number}")
    assert len(view(world)["check_ins"]) == 64
    assert world.report("checkpoint", id="call-1").already == 1
    assert world.report("checkpoint", id="call-0").recorded == 1


def test_a_time_in_the_future_is_clamped_and_flagged() -> None:
    world = World()
    start(world)
    report = world.report("checkpoint", at="2031-01-01T00:00:00Z")
    assert report.results[0].flagged == ("future_time_clamped",)
    assert task(world)["last_checkpoint_at"] == "2026-03-01T08:00:00.000Z"
    assert world.events()[-1]["payload"]["check_in"]["flagged"] == ["future_time_clamped"]


def test_an_older_check_in_that_arrives_late_moves_nothing_back() -> None:
    world = World()
    start(world)
    world.clock.forward(600)
    world.report("checkpoint")
    world.report("checkpoint", at="2026-03-01T08:01:00Z")
    assert task(world)["last_checkpoint_at"] == "2026-03-01T08:10:00.000Z"
    assert world.events()[-1]["timestamp"] == "2026-03-01T08:01:00.000Z"


def test_after_the_clock_was_set_back_check_ins_count_again() -> None:
    world = World()
    world.clock.time += timedelta(days=400)
    start(world, checkpoint={"every_seconds": 600})
    world.clock.time -= timedelta(days=400)
    world.clock.forward(60)
    report = world.report("checkpoint")
    assert report.results[0].owed is not None
    assert report.results[0].owed.next_due_at == world.clock.now() + timedelta(seconds=600)


def test_a_vague_status_is_refused_and_nothing_is_recorded() -> None:
    world = World()
    start(world)
    before = world.store.head().seq
    report = world.report("checkpoint", status="ongoing")
    assert report.refused == 1
    assert "Say one of: active" in report.results[0].reason
    assert world.store.head().seq == before


def test_only_the_user_who_started_a_task_may_speak_for_it() -> None:
    world = World()
    start(world)
    report = world.report("complete", uid=UID + 1)
    assert report.refused == 1
    assert f"uid {UID + 1}" in report.results[0].reason
    assert task(world)["status"] == "active"
    check_in = CheckIn.parse({"verb": "fail", "task": "t1"})
    allowed = run_report(
        world.store,
        [check_in],
        uid=UID + 1,
        profile=world.profile,
        clock=world.clock,
        operators=frozenset({UID + 1}),
    )
    assert allowed.recorded == 1


class Artifacts:
    """One file that exists."""

    def open_file(self, reference: str) -> Opened:
        return Opened(DIGEST) if reference == "report.xml" else Opened(None, f"{reference}: No such file")


def complete(world: World, ref: str, **more: Any) -> Any:
    evidence = {"class": "tool_output", "summary": "done", "claims": ["completion"], **more}
    evidence["refs"] = [{"kind": "file", "ref": ref, "sha256": DIGEST}]
    check_in = CheckIn.parse({"verb": "complete", "task": "t1", "evidence": [evidence]})
    return run_report(world.store, [check_in], uid=UID, profile=world.profile, clock=world.clock, artifacts=Artifacts())


def test_a_claim_with_a_file_that_matches_completes_the_task() -> None:
    world = World()
    start(world)
    report = complete(world, "report.xml")
    assert (report.results[0].qualities, report.results[0].status) == (("moderate",), "completed")
    assert world.store.listing(Folder.TASKS).names == {}
    (event,) = [body for body in world.bodies(Folder.EVENTS) if body["event"]["event_type"] == "task_claimed_complete"]
    assert [item["quality"] for item in event["evidence"]] == ["moderate"]
    assert event["event"]["evidence_refs"][0]["quality"] == "moderate"


def test_a_claim_with_a_file_that_is_not_there_waits_for_verification() -> None:
    world = World()
    start(world)
    report = complete(world, "gone.xml")
    assert (report.results[0].qualities, report.results[0].status) == (("none",), "pending_verification")
    assert world.records("evidence")[-1]["body"]["supports"]["problems"] == ["gone.xml: No such file"]
    world.clock.forward(3600)
    assert [(each.condition, each.phase) for each in world.scan().said] == [("claim_unverified", "firing")]


def test_evidence_that_comes_later_completes_a_claim() -> None:
    world = World()
    start(world)
    complete(world, "gone.xml")
    evidence = {
        "class": "tool_output",
        "summary": "here it is",
        "claims": ["completion"],
        "refs": [{"kind": "file", "ref": "report.xml"}],
    }
    check_in = CheckIn.parse({"verb": "evidence", "task": "t1", "evidence": [evidence]})
    run_report(world.store, [check_in], uid=UID, profile=world.profile, clock=world.clock, artifacts=Artifacts())
    assert task(world)["status"] == "completed"


def test_evidence_that_supported_completion_before_the_claim_counts_for_it() -> None:
    world = World()
    start(world)
    evidence = {"class": "tool_output", "summary": "x", "claims": ["completion"]}
    evidence_in = CheckIn.parse(
        {"verb": "evidence", "task": "t1", "evidence": [{**evidence, "refs": [{"kind": "file", "ref": "report.xml"}]}]}
    )
    run_report(world.store, [evidence_in], uid=UID, profile=world.profile, clock=world.clock, artifacts=Artifacts())
    world.report("checkpoint")
    world.report("complete")
    assert task(world)["status"] == "completed"


def test_a_late_check_in_for_a_finished_task_is_recorded_on_it_and_opens_nothing() -> None:
    world = World()
    start(world)
    world.report("fail")
    assert world.store.listing(Folder.TASKS).names == {}
    world.clock.forward(60)
    report = world.report("checkpoint", message="one more thing", id="late")
    assert "had ended" in report.results[0].reason
    assert world.store.listing(Folder.TASKS).names == {}
    assert task(world)["status"] == "failed"
    assert world.events()[-1]["event_type"] == "task_checkpoint_sent"
    assert world.report("checkpoint", id="late").already == 1
    world.clock.forward(100_000)
    assert world.scan().said == ()


@pytest.mark.parametrize("verb", ["start", "resume"])
def test_start_and_resume_open_a_finished_task_again(verb: str) -> None:
    world = World()
    start(world)
    world.report("fail")
    world.clock.forward(60)
    world.report(verb)
    assert task(world)["status"] == "active"
    assert "finished_at" not in task(world)
    assert len(world.store.listing(Folder.TASKS).names) == 1
    assert world.store.past_names("tsk_") == []
    world.clock.forward(1800)
    assert [each.condition for each in world.scan().said] == ["silence_timeout"]


def test_a_check_in_answers_an_open_request_and_is_told_of_it_until_then() -> None:
    world = World()
    start(world)
    key = native_task_key("t1")
    name = world.store.listing(Folder.TASKS).names[key]
    request = CheckpointRequest(
        request_id=ids.derive_id("cpr", "dec_1"), decision_id="dec_1", task_key=key, asked_at=START
    )
    record = RecordLine(
        kind="checkpoint-request",
        id=request.request_id,
        body=request.dump(),
        consumes=(name,),
        views=(ViewKey(Folder.DECISIONS, request.request_id, FAR_FUTURE), ViewKey(Folder.TASKS, key, name.due)),
    )
    world.store.commit([Group(additions=(Addition(record=record),))], now=world.clock.now())

    told = world.report("evidence", evidence=[{"class": "tool_output", "summary": "x"}])
    assert told.results[0].owed is not None
    assert told.results[0].owed.request_id == request.request_id
    assert len(world.bodies(Folder.DECISIONS)) == 1

    answered = world.report("checkpoint")
    assert answered.results[0].owed is not None
    assert answered.results[0].owed.request_id is None
    assert world.bodies(Folder.DECISIONS) == []


def test_the_answer_says_when_the_next_check_in_is_due() -> None:
    world = World()
    start(world, checkpoint={"every_seconds": 600})
    world.clock.forward(100)
    owed = world.report("checkpoint").results[0].owed
    assert owed is not None
    assert (owed.next_due_at, owed.counted) == (START + timedelta(seconds=700), True)
    world.report("start", "free", agent="worker")
    none = world.report("checkpoint", "free").results[0].owed
    assert none is not None
    assert (none.next_due_at, none.reason) == (None, "no promise")


def test_a_heartbeat_is_answered_with_what_is_owed() -> None:
    world = World()
    start(world, checkpoint={"every_seconds": 600})
    world.clock.forward(700)
    owed = world.report("heartbeat").results[0].owed
    assert owed is not None
    assert owed.next_due_at == START + timedelta(seconds=600)


def test_a_heartbeat_is_no_record_and_starts_nothing() -> None:
    world = World()
    assert world.report("heartbeat", "nobody").refused == 1
    start(world)
    before = world.store.head().seq
    assert world.report("heartbeat").recorded == 1
    assert world.report("heartbeat", uid=UID + 1).refused == 1
    assert world.store.head().seq == before


def test_a_heartbeat_after_a_start_in_the_same_call_is_heard() -> None:
    world = World()
    check_ins = [CheckIn.parse({"verb": verb, "task": "t1", "agent": "a"}) for verb in ("start", "heartbeat")]
    report = run_report(world.store, check_ins, uid=UID, profile=world.profile, clock=world.clock)
    assert (report.recorded, report.refused) == (2, 0)


def test_many_check_ins_of_many_tasks_are_recorded_in_their_order() -> None:
    world = World()
    check_ins = [
        CheckIn.parse({"verb": "checkpoint", "task": f"t{number % 7}", "message": str(number), "id": str(number)})
        for number in range(300)
    ]
    report = run_report(world.store, check_ins, uid=UID, profile=world.profile, clock=world.clock)
    assert report.recorded == 300
    assert [each.task for each in report.results] == [each.task for each in check_ins]
    for number in range(7):
        messages = [
            int(event["payload"]["message"])
            for event in world.events()
            if event["task_id"] == f"t{number}" and "message" in event["payload"]
        ]
        assert messages == sorted(messages) == list(range(number, 300, 7))


def test_four_agents_at_once_lose_nothing() -> None:
    world = World()

    def report(number: int) -> None:
        for call in range(10):
            world.report("checkpoint", message=f"{number}-{call}", id=f"{number}-{call}")

    threads = [threading.Thread(target=report, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    messages = [event["payload"]["message"] for event in world.events() if "message" in event["payload"]]
    assert sorted(messages) == sorted(f"{number}-{call}" for number in range(4) for call in range(10))
    assert sum(event["event_type"] == "task_started" for event in world.events()) == 1


class RefusesAtFirst(MemoryStore):
    """Refuses so many commits before it takes one."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def commit(self, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
        if self.times > 0:
            self.times -= 1
            return [Refused("tasks/somebody else") for _ in groups]
        return super().commit(groups, now=now)


def test_a_refused_check_in_is_built_anew_with_fresh_names() -> None:
    world = World(store=RefusesAtFirst(19))
    assert world.report("start", agent="worker").recorded == 1
    with pytest.raises(Busy):
        World(store=RefusesAtFirst(20)).report("start", agent="worker")


def test_a_replay_folds_to_the_same_view() -> None:
    world = World()
    start(world, checkpoint={"every_seconds": 600})
    for verb, more, _, _ in VERBS[1:]:
        world.clock.forward(400)
        world.report(verb, **more)
        world.scan()
    body: Any = None
    for line in world.store.replay():
        record = line.document.get("record")
        if record and any(each[1] == native_task_key("t1") for each in record["views"]):
            body = fold_task(body, RecordLine(kind=record["kind"], id=record["id"], body=record["body"]))
    assert json.loads(json.dumps(body)) == view(world)


def test_every_event_type_of_a_check_in_is_covered() -> None:
    assert {each[2] for each in VERBS} | {
        EventType.TASK_CHECKPOINT_DUE,
        EventType.SUBAGENT_RESULT_NOT_FORWARDED,
        EventType.SILENCE_TIMEOUT,
        EventType.WATCHDOG_FIRED,
        EventType.OPERATOR_REVIEW_REQUESTED,
        EventType.REPORT_ANCHOR_MISSING,
        EventType.FORCED_OPERATOR_UPDATE,
    } == set(EventType)


def test_what_is_recorded_has_the_shape_that_is_promised() -> None:
    world = World()
    start(world, checkpoint={"every_seconds": 600}, title="x", labels={"a": "b"})
    for verb, more, _, _ in VERBS[1:]:
        world.clock.forward(1000)
        world.scan()
        world.report(verb, **more)
    world.scan()
    schemas = shipped_schemas()
    kinds = {"event-envelope": "event-catalog", "evidence": "evidence", "source-mark": "source-mark"}
    checked = 0
    for kind, schema in kinds.items():
        for record in world.records(kind):
            document = read_documents(json.dumps(record["body"]).encode(), name=kind).documents[0]
            assert check_shape(document, schemas.shape(f"{schema}.schema.json"), name=kind) == [], record["body"]
            checked += 1
    assert checked > 20


def test_a_childs_late_end_does_not_open_its_finished_parent() -> None:
    world = World()
    start(world, expects_forwarding=True)
    world.report("child", child="c1", step="spawned")
    world.report("fail")
    world.clock.forward(60)
    world.report("child", child="c1", step="finished")
    assert world.store.listing(Folder.TASKS).names == {}
    world.clock.forward(10_000)
    assert world.scan().said == ()
