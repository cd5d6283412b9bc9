"""What the matrix found: one case each, so that it is seen without playing a whole cell."""

from pathlib import Path

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.stages.bridge import run_bridge
from tests.stages.bridge_world import HERE, World, profile


def test_an_outbox_that_cannot_be_opened_keeps_nobody_else_waiting(world: World, tmp_path: Path) -> None:
    """A folder stood where the outbox should be: a traceback ended the bridge, and no other target got anything."""
    (tmp_path / "operator.jsonl").mkdir()
    targets = {
        name: {"targets": {"main": {"sender": "file", "parameters": {"path": f"{name}.jsonl"}}}}
        for name in ("operator", "open")
    }
    settings = profile(receivers=targets)
    items = [world.item(target=f"{name}/main") for name in targets]
    senders = Senders(settings.notification.receivers, state_folder=str(tmp_path))
    report = run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)
    assert report.cold_targets == ("operator/main",)
    assert [(each["outcome"], each.get("reason"), each["evidence"].get("error")) for each in world.receipts()] == [
        ("deferred", "not_sent", "Is a directory"),
        ("acked", None, None),
    ]

    (tmp_path / "operator.jsonl").rmdir()
    world.clock.pass_by(60)
    run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)
    assert not any(world.spool(each) for each in items)
    assert world.receipts()[-1]["proof"] == "stored"
