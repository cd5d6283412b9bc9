"""Whatever agents do and however the clock jumps: nothing is said twice, and views are what the log says."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.adapters.interface import ObservedTask
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.task_state import TaskState, TaskStatus
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.core.episodes import is_open
from reporting_governance.core.projection import apply
from tests.stages.watch_world import START, StandInSource, World, reading

CHECK_INS: list[dict[str, Any]] = [
    {"verb": "start", "agent": "a", "checkpoint": {"every_seconds": 600}},
    {"verb": "start", "agent": "a", "deadline_at": "2026-03-01T10:00:00Z", "mode": "silent"},
    {"verb": "checkpoint", "message": "on"},
    {"verb": "checkpoint", "at": "2026-03-01T08:30:00Z"},
    {"verb": "evidence", "evidence": [{"class": "file_change", "summary": "x", "claims": ["completion"]}]},
    {"verb": "complete"},
    {"verb": "fail"},
    {"verb": "wait"},
    {"verb": "resume"},
    {"verb": "child", "child": "c1", "step": "spawned"},
    {"verb": "child", "child": "c1", "step": "finished"},
    {"verb": "child", "child": "c1", "step": "forwarded"},
    {"verb": "child", "child": "c2", "step": "failed"},
    {"verb": "heartbeat"},
]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("check in"), st.sampled_from(CHECK_INS)),
        st.tuples(st.just("pass"), st.integers(1, 4000)),
        st.tuples(st.just("set clock"), st.integers(-9000, 9000)),
        st.tuples(st.just("other settings"), st.sampled_from([300, 1800, 7200])),
        st.tuples(st.just("foreign"), st.sampled_from(["active", "completed", "gone", "unreadable", "partly"])),
        st.tuples(st.just("scan"), st.just(0)),
    ),
    max_size=25,
)


def observed(world: World, status: TaskStatus) -> ObservedTask:
    moment = min(world.clock.now(), START + timedelta(hours=1))
    task = TaskState(
        task_id="f1",
        agent_id="them",
        runtime="elsewhere",
        status=status,
        started_at=START,
        last_activity_at=moment,
        finished_at=moment if status is TaskStatus.COMPLETED else None,
        deadline_at=START + timedelta(hours=2),
    )
    return ObservedTask(task=task, instance="here")


def do(world: World, kind: str, what: Any, source: StandInSource) -> None:
    if kind == "check in":
        world.report(task="t1", **what)
    elif kind == "pass":
        world.clock.forward(what)
    elif kind == "set clock":
        world.clock.time += timedelta(seconds=what)
    elif kind == "other settings":
        world.settings(silence_seconds=what)
    elif kind == "foreign":
        source.readings = [
            {
                "active": reading(observed(world, TaskStatus.ACTIVE)),
                "completed": reading(observed(world, TaskStatus.COMPLETED)),
                "gone": reading(),
                "unreadable": reading(complete=False, unreadable="locked"),
                "partly": reading(complete=False),
            }[what]
        ]
    world.scan(source)


@settings(max_examples=150, deadline=None)
@given(steps=steps)
def test_nothing_is_said_twice_and_views_are_what_the_log_says(steps: list[tuple[str, Any]]) -> None:
    world = World()
    source = StandInSource(reading())
    for kind, what in steps:
        do(world, kind, what, source)
        before = world.store.head().seq
        world.scan(source)
        assert world.store.head().seq == before, "a second look at the same state found something to add"
    said = [event["event_id"] for event in world.events()]
    assert len(said) == len(set(said))
    _views_are_sound(world)
    _views_are_the_log(world)


def _views_are_sound(world: World) -> None:
    tasks = world.bodies(Folder.TASKS) + [body for body in world.bodies(Folder.WATCH) if "task" in body]
    past = world.store.past(native_task_key("t1"))
    for body in [*tasks, *([past.body] if past else [])]:
        TaskState.parse(body["task"])
    open_ones = {entry["episode"] for body in tasks for entry in body["conditions"].values() if is_open(entry)}
    assert open_ones == set(world.store.listing(Folder.EPISODES).names)
    if past is not None:
        assert not any(is_open(entry) for entry in past.body["conditions"].values())


def _views_are_the_log(world: World) -> None:
    """Apply every line again; heads of groups tell where one begins."""
    bodies: dict[str, Any] = {}
    group: list[tuple[int, RecordLine]] = []
    for line in world.store.replay():
        group.append((line.seq, _record(line.document["record"])))
        place, size = line.document["g"]
        if place == size:
            _apply(bodies, group)
            group = []
    for folder in (Folder.TASKS, Folder.WATCH, Folder.EPISODES, Folder.EVENTS):
        for name in world.store.listing(folder).names.values():
            view = world.store.read(name)
            assert view is not None
            assert view.body == bodies[str(name)]


def _apply(bodies: dict[str, Any], group: list[tuple[int, RecordLine]]) -> None:
    changes = apply(group, lambda name: bodies.get(str(name)))
    for name in changes.removes:
        bodies.pop(str(name), None)
    for put in changes.puts:
        for key in [key for key in bodies if ViewName.parse(key).id == put.name.id]:
            del bodies[key]
        bodies[str(put.name)] = json.loads(json.dumps(put.body))


def _record(document: Any) -> RecordLine:
    return RecordLine(
        kind=document["kind"],
        id=document["id"],
        body=document["body"],
        consumes=tuple(ViewName.parse(each) for each in document["consumes"]),
        views=tuple(ViewKey(Folder(folder), identity, due) for folder, identity, due in document["views"]),
    )
