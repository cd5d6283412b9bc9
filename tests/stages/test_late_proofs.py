"""What a proof that comes late about an earlier attempt means for an item whose newer attempt ended otherwise."""

from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.times import due_name
from reporting_governance.core.threads import ThreadRules, ThreadStep, next_thread_step
from reporting_governance.stages import late_receipt
from reporting_governance.stages.acknowledging import is_in_doubt
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.late_receipt import UnknownAttempt, run_late_receipt
from reporting_governance.stages.retrying import run_retry
from reporting_governance.storage.interface import Store
from tests.adapters.senders.peers import Receiver
from tests.stages.bridge_world import HERE, World, profile
from tests.stages.test_bridge_in_doubt import Channel

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


def accepted_then(world: World, receiver: Receiver, folder: Path, document: dict[str, Any]) -> str:
    """Let a receiver take a message, and then say something about it; return the thread's key."""
    notice = world.notice()
    world.item(notice, sender="webhook")
    deliver(world, receiver, folder, **FALLS_BACK)
    assert world.states() == ["pending_external_send"]
    told = {"attempt_id": world.attempts()[0]["attempt_id"], "id": "dsn-1", **document}
    rules = ThreadRules(3600, fallback=("deputy",))
    assert run_late_receipt(world.store, told, settled_by="mail", rules=rules, clock=world.clock) is not None
    return notice.thread_key


FALLS_BACK = {"in_doubt": "hold", "fallback": ["deputy"]}
BOUNCE = {"refused": "550 5.1.1 no such mailbox"}


def test_a_bounce_blocks_what_was_accepted_and_the_fallback_speaks(world: World, tmp_path: Path) -> None:
    with Receiver("ok") as receiver:
        key = accepted_then(world, receiver, tmp_path, BOUNCE)
    thread = world.thread(key)
    assert world.states() == ["blocked"]
    assert thread.body["newest_outcome"]["reason"] == "refused"
    rules = ThreadRules(3600, fallback=("deputy",))
    assert next_thread_step(thread.body, now=world.clock.now(), rules=rules) is ThreadStep.FALL_BACK
    assert thread.name.due <= due_name(world.clock.now())


def test_what_bounced_after_it_was_settled_is_kept_and_sent_again_by_a_person(world: World, tmp_path: Path) -> None:
    with Receiver("ok", "id") as receiver:
        accepted_then(world, receiver, tmp_path, BOUNCE)
        (item,) = world.store.past_names("spl_")
        view = world.store.past(item)
        assert view is not None
        assert view.body["attempts"] == world.attempts()
        assert [each["reason"] for each in view.body["receipts"]] == ["refused"]
        run_retry(world.store, item, actor="pat", comment="", lifetime_seconds=600, clock=world.clock)
        assert world.store.past_names("spl_") == []
        deliver(world, receiver, tmp_path, **FALLS_BACK)
    assert receiver.bodies[0]["subject"] == receiver.bodies[1]["subject"]
    assert world.states() == ["acked"]


def test_a_bounce_that_two_hand_in_at_once_brings_an_item_back_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver("ok") as receiver:
        notice = world.notice()
        world.item(notice, sender="webhook")
        deliver(world, receiver, tmp_path, **FALLS_BACK)
    name = world.store.listing(Folder.EPISODES).names[notice.thread_key]
    world.add(RecordLine(kind="thread-close", id=notice.thread_key, body={}, consumes=(name,)))
    told = {"attempt_id": world.attempts()[0]["attempt_id"], "id": "dsn-1", **BOUNCE}
    other, looked = world.twin(), late_receipt._find

    def look_while_another_hands_it_in(store: Store, attempt_id: str) -> Any:
        found = looked(store, attempt_id)
        monkeypatch.setattr(late_receipt, "_find", looked)
        assert run_late_receipt(other.store, told, settled_by="mail", rules=ThreadRules(9), clock=world.clock)
        return found

    monkeypatch.setattr(late_receipt, "_find", look_while_another_hands_it_in)
    assert run_late_receipt(world.store, told, settled_by="mail", rules=ThreadRules(9), clock=world.clock) is None
    assert [each.get("reason") for each in world.receipts()] == [None, "refused"]
    assert len(world.store.past_names("spl_")) == 1


def test_whom_only_a_bounced_message_told_was_not_told(world: World, tmp_path: Path) -> None:
    with Receiver("ok") as receiver:
        key = accepted_then(world, receiver, tmp_path, BOUNCE)
    thread = world.thread(key).body
    assert (thread["told_at"], thread["told_phase"]) == (None, None)
    over = {**thread, "resolved_at": "2026-03-01T05:00:00.000Z"}
    assert next_thread_step(over, now=world.clock.now(), rules=ThreadRules(9)) is ThreadStep.CLOSE


@pytest.mark.parametrize("bounced", [1, 2])
def test_who_was_told_by_another_message_was_told(world: World, tmp_path: Path, bounced: int) -> None:
    with Receiver("ok") as receiver:
        notice = world.notice()
        world.item(notice, sender="webhook")
        deliver(world, receiver, tmp_path, **FALLS_BACK)
        world.item(world.notice(phase=Phase.REPEAT), sender="webhook")
        deliver(world, receiver, tmp_path, **FALLS_BACK)
    told = {"attempt_id": world.attempts()[bounced - 1]["attempt_id"], **BOUNCE}
    assert run_late_receipt(world.store, told, settled_by="mail", rules=ThreadRules(9), clock=world.clock) is not None
    assert world.thread(notice.thread_key).body["told_at"] is not None


def test_a_bounce_takes_its_targets_mark_with_it(world: World, tmp_path: Path) -> None:
    """Of a receiver's two targets the one that got nothing is not told the end."""
    both = ThreadRules(9, several_targets=frozenset({"operator"}))
    notice = world.notice()
    world.item(notice)
    item = world.item(notice, target="operator/pager")
    channels = {f"operator/{name}": Channel(lambda: ACCEPTED) for name in ("main", "pager")}
    targets = {name: {"sender": "file", "parameters": {"path": name}} for name in ("main", "pager")}
    settings = profile(receivers={"operator": {"targets": targets}})
    run_bridge(world.store, channels, settings, clock=world.clock, host=HERE)
    assert len(world.store.past_names("tld_")) == 2
    (attempt,) = (each["attempt_id"] for each in world.attempts() if each["spool_id"] == item)
    told = {"attempt_id": attempt, **BOUNCE}
    run_late_receipt(world.store, told, settled_by="mail", rules=both, clock=world.clock)
    assert len(world.store.past_names("tld_")) == 1
    assert world.thread(notice.thread_key).body["told_at"] is not None


ACCEPTED = Answer(result=SendResult.ANSWERED, proof=Proof.ACCEPTED)


def test_a_bounce_handed_in_again_is_dropped(world: World, tmp_path: Path) -> None:
    with Receiver("ok") as receiver:
        accepted_then(world, receiver, tmp_path, BOUNCE)
    before = world.store.head()
    again = {"attempt_id": world.attempts()[0]["attempt_id"], "id": "dsn-1", **BOUNCE}
    assert run_late_receipt(world.store, again, settled_by="mail", rules=ThreadRules(9), clock=world.clock) is None
    assert world.store.head() == before


def test_a_late_bounce_neither_settles_nor_frees_the_later_attempt(world: World, tmp_path: Path) -> None:
    with Receiver("reset", "hang") as receiver:
        item = world.item(sender="webhook")
        deliver(world, receiver, tmp_path, **RESENDS)
        world.clock.pass_by(60)
        view = world.spool(item)
        assert view is not None
        document = {"attempt_id": world.attempts()[0]["attempt_id"], "id": "dsn-1", **BOUNCE}
        deliver(world, receiver, tmp_path, **RESENDS)
        in_flight = world.spool(item)
        assert in_flight is not None
        run_late_receipt(world.store, document, settled_by="mail", rules=ThreadRules(3600), clock=world.clock)
    after = world.spool(item)
    assert after is not None
    assert (after.name.due, after.body["attempts"]) == (in_flight.name.due, in_flight.body["attempts"])
    assert is_in_doubt(after.body)


def test_nobody_knows_the_attempt(world: World) -> None:
    with pytest.raises(UnknownAttempt):
        run_late_receipt(
            world.store, {"attempt_id": "att_1", **BOUNCE}, settled_by="mail", rules=ThreadRules(9), clock=world.clock
        )
