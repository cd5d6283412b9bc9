"""What became of a message that was taken: asked of its receiver later, for as long as somebody may still act on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.deployment_profile import DeploymentProfile
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.late_receipt import run_late_receipt
from tests.adapters.senders.peers import Receiver
from tests.stages.bridge_world import HERE, World, profile

EMERGENCY, WAITING = "pushover_emergency", "pushover_waiting"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "azGDORePK8gMaC0QOYAMyEEuzJnyUi")
    monkeypatch.setenv("A_USER", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG")


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    with Receiver(*request.param) as peer:
        yield peer


def settings_of(receiver: Receiver, **notification: Any) -> DeploymentProfile:
    parameters = {
        "token": "${env:A_TOKEN}",
        "user": "${env:A_USER}",
        "emergency_from": "high",
        "base_url": receiver.url,
        "timeout_seconds": 3,
    }
    main = {"sender": "pushover", "parameters": parameters}
    deputy = {"sender": "file", "parameters": {"path": "deputy.jsonl"}}
    receivers = {"operator": {"targets": {"main": main}}, "deputy": {"targets": {"main": deputy}}}
    return profile(receivers=receivers, **notification)


def bridge(world: World, receiver: Receiver, folder: Path, **notification: Any) -> BridgeReport:
    settings = settings_of(receiver, **notification)
    senders = Senders(settings.notification.receivers, state_folder=str(folder))
    return run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)


def asked(receiver: Receiver) -> int:
    return sum(line.startswith("GET") for line, _, _ in receiver.requests)


@pytest.mark.parametrize("receiver", [(EMERGENCY, WAITING)], indirect=True)
def test_it_stays_open_and_no_news_is_no_record(world: World, receiver: Receiver, tmp_path: Path) -> None:
    item = world.item(sender="pushover")
    bridge(world, receiver, tmp_path)
    assert [(each["outcome"], each["proof"]) for each in world.receipts()] == [("pending_external_send", "accepted")]
    before = world.store.head()
    for _ in range(3):
        world.clock.pass_by(60)
        assert bridge(world, receiver, tmp_path).items == ()
    assert asked(receiver) == 3
    assert world.store.head() == before
    assert world.spool(item) is not None


@pytest.mark.parametrize("receiver", [(EMERGENCY, WAITING)], indirect=True)
def test_it_is_not_asked_more_often_than_it_may_be(world: World, receiver: Receiver, tmp_path: Path) -> None:
    world.item(sender="pushover")
    bridge(world, receiver, tmp_path)
    for _ in range(10):
        bridge(world, receiver, tmp_path)  # at the same moment
    assert asked(receiver) == 0
    world.clock.pass_by(60)
    for _ in range(10):
        bridge(world, receiver, tmp_path)
    assert asked(receiver) == 1


@pytest.mark.parametrize("receiver", [(EMERGENCY, WAITING, "pushover_acknowledged")], indirect=True)
def test_a_persons_proof_ends_it(world: World, receiver: Receiver, tmp_path: Path) -> None:
    """grafana/oncall#3898: who acted is known at the provider, and nowhere else."""
    notice = world.notice()
    item = world.item(notice, sender="pushover")
    for _ in range(3):
        bridge(world, receiver, tmp_path)
        world.clock.pass_by(60)
    newest = world.receipts()[-1]
    assert (newest["outcome"], newest["proof"], newest["settled_by"]) == ("acked", "person", "pushover")
    assert newest["attempt_id"] == world.attempts()[0]["attempt_id"]
    assert len(world.attempts()) == 1
    assert world.spool(item) is None
    assert world.thread(notice.thread_key).body["acked"]["actor"] == "pushover"
    seen = len(receiver.requests)
    bridge(world, receiver, tmp_path)
    assert len(receiver.requests) == seen


@pytest.mark.parametrize("receiver", [(EMERGENCY, "pushover_expired")], indirect=True)
def test_what_ran_out_is_blocked_and_the_fallback_speaks(world: World, receiver: Receiver, tmp_path: Path) -> None:
    notice = world.notice()
    world.item(notice, sender="pushover")
    for _ in range(2):
        bridge(world, receiver, tmp_path, fallback=["deputy"])
        world.clock.pass_by(60)
    newest = world.receipts()[-1]
    assert (newest["outcome"], newest["reason"]) == ("blocked", "never_confirmed")
    assert "nobody had acknowledged" in newest["evidence"]["error"]
    assert world.states() == ["blocked"]
    thread = world.thread(notice.thread_key)
    assert thread.body["newest_outcome"]["outcome"] == "blocked"
    assert thread.name.due <= "20260301T040706.000Z"


@pytest.mark.parametrize("receiver", [(EMERGENCY, WAITING)], indirect=True)
def test_its_life_ends_it(world: World, receiver: Receiver, tmp_path: Path) -> None:
    world.item(sender="pushover", lifetime_seconds=100)
    for _ in range(3):
        bridge(world, receiver, tmp_path)
        world.clock.pass_by(60)
    assert world.receipts()[-1]["reason"] == "never_confirmed"


@pytest.mark.parametrize("receiver", [("pushover_queued", WAITING)], indirect=True)
def test_what_cannot_be_asked_for_waits_for_nothing(world: World, receiver: Receiver, tmp_path: Path) -> None:
    item = world.item(sender="pushover")
    bridge(world, receiver, tmp_path)
    assert world.spool(item) is None
    assert world.states() == ["pending_external_send"]


@pytest.mark.parametrize("receiver", [(EMERGENCY, EMERGENCY, "hang")], indirect=True)
def test_questions_hold_up_no_send(world: World, receiver: Receiver, tmp_path: Path) -> None:
    """Sends come first: when the first question hangs, what was to be sent has been."""
    world.item(world.notice(1), sender="pushover")
    bridge(world, receiver, tmp_path)
    world.clock.pass_by(60)
    world.item(world.notice(2), sender="pushover")
    bridge(world, receiver, tmp_path)
    lines = [line.partition(" ")[0] for line, _, _ in receiver.requests]
    assert lines == ["POST", "POST", "GET"]
    assert len(world.receipts()) == 2


@pytest.mark.parametrize("receiver", [(EMERGENCY, WAITING, "pushover_acknowledged")], indirect=True)
@pytest.mark.parametrize("end", ["asked", "acked", "proven", "over"])
def test_when_it_was_asked_is_forgotten_with_it(world: World, receiver: Receiver, tmp_path: Path, end: str) -> None:
    notice = world.notice()
    item = world.item(notice, sender="pushover", lifetime_seconds=200)
    for _ in range(2):
        bridge(world, receiver, tmp_path)
        world.clock.pass_by(60)
    assert world.store.heartbeats([item])[item] is not None
    if end == "asked":
        bridge(world, receiver, tmp_path)
    elif end == "acked":
        run_ack(world.store, notice.thread_key, actor="pat", comment="", clock=world.clock)
    elif end == "proven":
        proof = {"attempt_id": world.attempts()[0]["attempt_id"], "proof": "delivered", "id": "dsn-1"}
        run_late_receipt(world.store, proof, settled_by="mail", rules=ThreadRules(9), clock=world.clock)
    else:
        world.clock.pass_by(200)
        bridge(world, receiver, tmp_path)
    assert world.spool(item) is None
    assert world.store.heartbeats([item])[item] is None
