"""The bridge with the file sender: from a spool item to an acked receipt."""

import json
from pathlib import Path

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.storage.memory import MemoryStore
from tests.stages.bridge_world import HERE, World, profile


def test_a_due_item_is_stored_in_the_outbox_and_acked(tmp_path: Path) -> None:
    world, settings = World(MemoryStore()), profile()
    notice = world.notice()
    item = world.item(notice)
    senders = Senders(settings.notification.receivers, state_folder=str(tmp_path))

    report = run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)

    (line,) = (tmp_path / "outbox" / "notices.jsonl").read_text().splitlines()
    assert json.loads(line)["spool_id"] == item
    (attempt,), (receipt,) = world.attempts(), world.receipts()
    assert (receipt["outcome"], receipt["proof"]) == ("acked", "stored")
    assert receipt["attempt_id"] == attempt["attempt_id"]
    assert receipt["evidence"] == {"path": "outbox/notices.jsonl", "offset": "0"}
    assert world.spool(item) is None
    assert world.states() == ["acked"]
    assert world.thread(notice.thread_key).body["newest_outcome"]["outcome"] == "acked"
    assert report.dump()["acked"] == 1


def test_a_second_run_adds_nothing(tmp_path: Path) -> None:
    world, settings = World(MemoryStore()), profile()
    world.item()
    senders = Senders(settings.notification.receivers, state_folder=str(tmp_path))
    run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)
    before = world.store.head()

    report = run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)

    assert world.store.head() == before
    assert report.items == ()
