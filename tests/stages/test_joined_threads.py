"""What is told later of an episode reaches its sender with what the same target answered before."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.notice import Notice
from reporting_governance.stages.bridge import run_bridge
from tests.adapters.senders.api_cells import PARAMETERS, SECRETS
from tests.adapters.senders.peers import Receiver
from tests.stages.bridge_world import HERE, World, profile

RECEIPT = "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


class Told:
    """A world with one receiver of one target, and the calls that its service got."""

    def __init__(self, world: World, sender: str, receiver: Receiver, folder: Path, **parameters: Any) -> None:
        self.world, self.sender, self.receiver, self.folder = world, sender, receiver, folder
        values = {**PARAMETERS[sender], "base_url": receiver.url, "timeout_seconds": 2, **parameters}
        main = {"sender": sender, "parameters": values}
        other = {"sender": "file", "parameters": {"path": "other.jsonl"}}
        receivers = {"operator": {"targets": {"main": main}}, "deputy": {"targets": {"main": other}}}
        self.profile = profile(receivers=receivers, in_doubt="resend_marked", ack_requires="stored")

    def tell(self, *notices: Notice, seconds: float = 60) -> None:
        """Send one message about notices."""
        self.world.item(*notices, sender=self.sender)
        self.again(seconds)

    def again(self, seconds: float = 60) -> None:
        self.world.clock.pass_by(seconds)
        senders = Senders(self.profile.notification.receivers, state_folder=str(self.folder))
        run_bridge(self.world.store, senders, self.profile, clock=self.world.clock, host=HERE)

    def posted(self) -> list[dict[str, Any]]:
        return [json.loads(body) for line, _, body in self.receiver.requests if line.startswith("POST")]

    def marks(self) -> list[str]:
        return self.world.store.past_names("tld_")


def test_a_repeat_and_the_end_reply_to_the_first_message(world: World, tmp_path: Path) -> None:
    with Receiver("slack_stored", "slack_reply_stored") as receiver:
        told = Told(world, "slack", receiver, tmp_path)
        told.tell(world.notice())
        assert len(told.marks()) == 1
        told.tell(world.notice(phase=Phase.REPEAT))
        assert len(told.marks()) == 1
        last = world.notice(phase=Phase.RESOLVED)
        world.resolve(last.thread_key)
        told.tell(last)
        first, *replies = told.posted()
    assert "thread_ts" not in first
    assert [each["thread_ts"] for each in replies] == ["1772337906.000100"] * 2
    assert [each["reply_broadcast"] for each in replies] == [True, False]
    assert told.marks() == []  # nothing is told after the end
    assert [each["outcome"] for each in world.receipts()] == ["acked"] * 3


def test_another_episode_begins_a_thread_of_its_own(world: World, tmp_path: Path) -> None:
    with Receiver("slack_stored") as receiver:
        told = Told(world, "slack", receiver, tmp_path)
        told.tell(world.notice(1))
        told.tell(world.notice(2))
        told.tell(world.notice(1, phase=Phase.REPEAT), world.notice(2, phase=Phase.REPEAT))
        told.tell(world.notice(1, phase=Phase.REPEAT))
    # the service gave both the same ts here, so that the group has one beginning
    assert ["thread_ts" in each for each in told.posted()] == [False, False, True, True]


def test_what_is_in_doubt_is_no_beginning_and_what_follows_is(world: World, tmp_path: Path) -> None:
    with Receiver("hang", "slack_stored", "slack_reply_stored") as receiver:
        told = Told(world, "slack", receiver, tmp_path)
        told.tell(world.notice())
        told.again(600)
        told.tell(world.notice(phase=Phase.REPEAT))
        assert ["thread_ts" in each for each in told.posted()] == [False, False, True]


def test_no_other_sender_leaves_marks_for_one_target(world: World, tmp_path: Path) -> None:
    with Receiver("ntfy_stored") as receiver:
        told = Told(world, "ntfy", receiver, tmp_path)
        told.tell(world.notice())
        assert told.marks() == []


def test_what_rings_is_cancelled_with_the_end(world: World, tmp_path: Path) -> None:
    """Also what a repeat rings for, since the first ran out."""
    script = ("pushover_emergency", "pushover_emergency", "pushover_queued", "pushover_cancelled")
    with Receiver(*script) as receiver:
        told = Told(world, "pushover", receiver, tmp_path, emergency_from="high")
        told.tell(world.notice(), seconds=0)
        told.tell(world.notice(phase=Phase.REPEAT), seconds=1)
        last = world.notice(phase=Phase.RESOLVED)
        world.resolve(last.thread_key)
        told.tell(last, seconds=1)
        calls = [line.split()[1] for line, _, _ in receiver.requests if line.startswith("POST")]
        assert calls == ["/hook/1/messages.json"] * 3 + [f"/hook/1/receipts/{RECEIPT}/cancel.json"]
        assert dict(parse_qsl(receiver.requests[-1][2].decode())) == {"token": SECRETS["A_TOKEN"]}
    assert world.receipts()[-1]["evidence"]["cancelled"] == "1 of 1"
    assert told.marks() == []
