"""What a proof that comes late about an earlier attempt means for an item whose newer attempt ended otherwise."""

from pathlib import Path
from typing import Any

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.acknowledging import is_in_doubt
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.late_receipt import run_late_receipt
from tests.adapters.senders.peers import Receiver
from tests.stages.bridge_world import HERE, World, profile

RESENDS = {"in_doubt": "resend_marked", "fallback": ["deputy"]}


def deliver(world: World, receiver: Receiver, folder: Path, **notification: Any) -> None:
    """Run the bridge once with a webhook."""
    parameters = {"url": receiver.url, "timeout_seconds": 1, "ack_json_pointer": "/message/id"}
    deputy = {"targets": {"main": {"sender": "file", "parameters": {"path": "deputy.jsonl"}}}}
    operator = {"targets": {"main": {"sender": "webhook", "parameters": parameters}}}
    settings = profile(receivers={"operator": operator, "deputy": deputy}, **notification)
    senders = Senders(settings.notification.receivers, state_folder=str(folder))
    run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)


def hand_in(world: World, attempt: int, proof: str) -> None:
    """Let somebody outside prove something about the `attempt`-th attempt."""
    document = {"attempt_id": world.attempts()[attempt - 1]["attempt_id"], "proof": proof, "id": "dsn-1"}
    receipt = run_late_receipt(world.store, document, settled_by="mail", rules=ThreadRules(3600), clock=world.clock)
    assert receipt is not None


def doubted_then_put_off(world: World, receiver: Receiver, folder: Path) -> str:
    """Leave an item whose first attempt is in doubt and whose second was surely not taken."""
    item = world.item(sender="webhook")
    deliver(world, receiver, folder, **RESENDS)
    world.clock.pass_by(60)
    deliver(world, receiver, folder, **RESENDS)
    assert [each.get("reason") for each in world.receipts()] == ["in_doubt", "try_later"]
    return item


def test_a_late_proof_of_an_earlier_attempt_does_not_stop_the_next(world: World, tmp_path: Path) -> None:
    with Receiver("reset", "busy_503", "id") as receiver:
        item = doubted_then_put_off(world, receiver, tmp_path)
        hand_in(world, 1, "accepted")
        world.clock.pass_by(200)
        deliver(world, receiver, tmp_path, **RESENDS)
    assert len(receiver.bodies) == 3
    assert receiver.bodies[-1]["possible_repeat_of"] == world.attempts()[0]["attempt_id"]
    assert world.receipts()[-1]["outcome"] == "acked"
    assert world.spool(item) is None


def test_what_is_proven_to_be_there_is_not_sent_again(world: World, tmp_path: Path) -> None:
    with Receiver("reset", "busy_503", "id") as receiver:
        item = doubted_then_put_off(world, receiver, tmp_path)
        hand_in(world, 1, "delivered")
        world.clock.pass_by(200)
        deliver(world, receiver, tmp_path, **RESENDS)
    assert len(receiver.bodies) == 2
    assert world.states() == ["acked"]
    assert world.spool(item) is None


def test_doubt_about_the_newest_attempt_stays_when_an_earlier_one_is_proven(world: World, tmp_path: Path) -> None:
    with Receiver("reset") as receiver:
        item = world.item(sender="webhook")
        deliver(world, receiver, tmp_path, **RESENDS)
        world.clock.pass_by(60)
        deliver(world, receiver, tmp_path, **RESENDS)
    assert [each.get("reason") for each in world.receipts()] == ["in_doubt", "in_doubt"]
    hand_in(world, 1, "accepted")
    view = world.spool(item)
    assert view is not None
    assert is_in_doubt(view.body)
