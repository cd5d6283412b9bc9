"""scan: from task states to events, once for each episode."""

from reporting_governance.contracts.journal_line import Folder
from tests.stages.watch_world import World, said


def test_a_missed_check_in_is_owed_first_then_told_then_resolved() -> None:
    world = World()
    world.report("start", checkpoint={"every_seconds": 600}, agent="worker")
    assert said(world.scan()) == []

    world.clock.forward(600)
    assert said(world.scan()) == [("t1", "checkpoint_overdue", "due")]
    assert said(world.scan()) == []

    world.clock.forward(300)
    assert said(world.scan()) == [("t1", "checkpoint_overdue", "firing")]
    assert said(world.scan()) == []

    (episode,) = world.bodies(Folder.EPISODES)
    assert episode["event"]["event_type"] == "watchdog_fired"
    assert episode["event"]["timestamp"] == "2026-03-01T08:15:00.000Z"
    assert episode["event"]["payload"]["due_at"] == "2026-03-01T08:10:00.000Z"
    assert [item["class"] for item in episode["evidence"]] == ["runtime_artifact"]

    world.clock.forward(60)
    world.report("checkpoint", message="still at it")
    assert said(world.scan()) == [("t1", "checkpoint_overdue", "resolved")]
    assert world.bodies(Folder.EPISODES) == []
    assert said(world.scan()) == []
