"""explain: the whole story of any id, what comes next, and how little of a long log that takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.threads import rules_of
from reporting_governance.stages import tracing
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.explain import ExplainReport, UnknownId, run_explain
from reporting_governance.storage.interface import Line
from tests.crash.chain.world import OVERDUE, TASKS, profile_of
from tests.oracle.memory_world import MemoryWorld

LADDER = [{"after_seconds": 900, "receivers": ["pager"], "until": "person"}]
STEP = "step 1 of 1 of the escalation: pager"
FIRST = {"routes": [{"match": {}, "receivers": ["operator"]}], "escalation": LADDER}


class Counting:
    """A store that counts the lines it is asked for."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.oldest = 10**9
        self.read_lines = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        for line in self._store.replay(from_seq):
            self.oldest = min(self.oldest, line.seq)
            self.read_lines += 1
            yield line


@pytest.fixture
def world(tmp_path: Path) -> MemoryWorld:
    """Two tasks, overdue and told; one of them escalated since, and acknowledged."""
    world = MemoryWorld(root=str(tmp_path), profile=profile_of(pager=None, **FIRST))
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).tick()
    world.at(OVERDUE + 900).tick()
    rules = rules_of(world.profile.notification)
    run_ack(world.memory, "task-b", actor="maria", comment="on it", clock=world.clock, rules=rules)
    return world


def explained(world: MemoryWorld, identity: str, store: Any = None) -> ExplainReport:
    return run_explain(store or world.memory, identity, profile=world.profile, clock=world.clock)


def records(world: MemoryWorld, kind: str, task: str = "task-a") -> list[dict[str, Any]]:
    key = next(
        record["about"][0]
        for line in world.memory.replay()
        if (record := line.document.get("record")) and record["body"].get("task_id") == task
    )
    found = [line.document["record"] for line in world.memory.replay() if "record" in line.document]
    return [each for each in found if each["kind"] == kind and key in each["about"]]


def kinds(report: ExplainReport) -> list[str]:
    return [step.kind for step in report.steps]


def test_an_episode_from_its_event_to_what_comes_next(world: MemoryWorld) -> None:
    episode = next(
        payload["episode"]
        for each in reversed(records(world, "event-envelope"))
        if "episode" in (payload := each["body"]["payload"])
    )
    report = explained(world, episode)
    told = "\n".join(step.sentence for step in report.steps)
    assert "checkpoint_overdue of task task-a fired" in told
    assert "by rule no-silence.checkpoint_overdue" in told
    assert "firing notice 1 for receiver operator, named by route 1 of the profile," in told
    assert "unless a person acts: pager after 15 min" in told
    assert "step 1 of 1 of the escalation that counts from 2026-03-01T12:16:40.000Z" in told
    assert told.count("acked, proof: stored by file") == 2
    assert "task-b" not in told
    assert "task_started" not in told, "an episode is not the whole life of its task"
    assert {"event-envelope", "evidence", "decision-record-artifact", "notice", "spool-item", "attempt", "receipt"} <= {
        *kinds(report)
    }
    assert [(each.at, each.sentence) for each in report.next] == [
        ("2026-03-01T13:16:40.000Z", "repeat 2 to operator, unless it is over or acknowledged"),
        ("2026-03-01T13:31:40.000Z", "repeat 2 to pager, unless it is over or acknowledged"),
    ]


def test_who_acknowledged_and_that_nothing_comes(world: MemoryWorld) -> None:
    report = explained(world, "task-b")
    assert "maria acknowledged task-b" in "\n".join(step.sentence for step in report.steps)
    assert {each.sentence for each in report.next} == {
        f"nothing to {receiver} until it is over, since maria acknowledged it at 2026-03-01T12:31:40.000Z"
        for receiver in ("operator", "pager")
    }
    assert "task_started" in report.steps[0].sentence


@pytest.mark.parametrize(
    "kind",
    ["event-envelope", "evidence", "decision-record-artifact", "notice", "spool-item", "attempt", "receipt", "act"],
)
def test_every_kind_of_id_has_a_story_with_what_it_follows_from(world: MemoryWorld, kind: str) -> None:
    task = "task-b" if kind == "act" else "task-a"
    every = [line.document["record"] for line in world.memory.replay() if "record" in line.document]
    subject = records(world, kind, task)[-1] if kind != "spool-item" else [e for e in every if e["kind"] == kind][-1]
    report = explained(world, subject["id"])
    assert subject["id"] in [step.id for step in report.steps]
    assert [step.seq for step in report.steps] == sorted(step.seq for step in report.steps)
    if kind not in ("event-envelope", "evidence", "decision-record-artifact"):
        assert {"event-envelope", "decision-record-artifact", "notice"} <= {*kinds(report), *_escalated(report)}


def _escalated(report: ExplainReport) -> set[str]:
    """An escalation follows from the episode itself, not from the decision about it."""
    notices = [step for step in report.steps if step.kind == "notice"]
    return {"decision-record-artifact"} if notices and notices[0].sentence.startswith("escalation") else set()


def test_a_thread_and_a_task_key_have_their_stories(world: MemoryWorld) -> None:
    thread = records(world, "notice")[0]["body"]["thread_key"]
    report = explained(world, thread)
    assert "event-envelope" in kinds(report)
    assert thread in {each.id for each in report.next}
    key = records(world, "notice")[0]["about"][0]
    assert [step.seq for step in explained(world, key).steps] == [step.seq for step in explained(world, "task-a").steps]


def test_nothing_is_known_of_an_unknown_id(world: MemoryWorld) -> None:
    with pytest.raises(UnknownId):
        explained(world, "epi_00000000000000000000000000000000")


def test_what_waits_for_its_first_telling_is_said(tmp_path: Path) -> None:
    world = MemoryWorld(root=str(tmp_path), profile=profile_of(pager=None, **FIRST))
    world.start()
    world.at(OVERDUE).scan()
    waiting = explained(world, "task-a")
    assert {each.sentence for each in waiting.next} == {"the next enqueue decides about it"}
    world.enqueue()
    queued = explained(world, "task-a")
    assert [each.sentence for each in queued.next] == [
        "the firing notice to operator is on its way",
        f"15 min after the first telling, or the first try: {STEP}, unless it is over or acknowledged",
    ]
    assert len(queued.waiting) == 1
    world.dispatch()
    assert "the first try to send to operator/outbox" in {each.sentence for each in explained(world, "task-a").next}


def busy(world: MemoryWorld, times: int) -> None:
    """Let another task fill the log."""
    for number in range(times):
        world.report("heartbeat", id=f"beat-{number}")
        world.report("checkpoint", id=f"again-{number}")
        world.enqueue()


def test_a_short_story_takes_few_lines_of_a_long_log(world: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open episode says itself where it began; of what is over the newest lines are tried first."""
    monkeypatch.setattr(tracing, "WINDOWS", (60, 4000))
    monkeypatch.setattr(tracing, "_GROUP", 10)
    busy(world, 40)
    length = world.memory.head().seq
    assert length > 150
    world.at(6000).tick()
    episode = next(name for name in world.memory.listing(Folder.EPISODES).names if name.startswith("epi_"))
    store = Counting(world.memory)
    report = explained(world, episode, store)
    assert store.oldest == report.from_seq > length - 10
    assert {"event-envelope", "notice", "receipt"} <= set(kinds(report))
    # A receipt of long ago: everything has to be read, and that is said.
    old = records(world, "receipt")[0]["id"]
    far = Counting(world.memory)
    assert explained(world, old, far).from_seq == 1
    assert far.oldest == 1
    newest = records(world, "evidence")[-1]["id"]
    near = Counting(world.memory)
    assert explained(world, newest, near).from_seq == world.memory.head().seq - 59
    assert near.read_lines <= 120


def test_every_story_is_the_same_however_little_is_read(world: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each id of the log: the story found from the newest lines is the one found from all lines."""
    identities = {
        each
        for line in world.memory.replay()
        if (record := line.document.get("record"))
        for each in (record["id"], *(view[1] for view in record["views"]), *record["about"])
        if "_" in each
    }
    whole = {each: [step.seq for step in explained(world, each).steps] for each in identities}
    for window in (1, 7, 20):
        monkeypatch.setattr(tracing, "WINDOWS", (window, 2 * window))
        monkeypatch.setattr(tracing, "_GROUP", 10)
        for each in identities:
            assert [step.seq for step in explained(world, each).steps] == whole[each], (window, each)
    assert len(identities) > 30
    assert len(TASKS) == 2
