"""What the bridge makes of sends whose end nobody saw, of late answers, and of processes that were stopped."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, Fence, Message, Sender, SenderPromises, SendResult
from reporting_governance.adapters.senders.file import FileSender
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.receipt import Proof
from reporting_governance.core.threads import ThreadRules, ThreadStep, next_thread_step
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.bridge_report import BridgeReport
from reporting_governance.stages.host import Host
from tests.stages.bridge_world import HERE, World, profile

FALLBACK: Mapping[str, Any] = {"in_doubt": "hold", "fallback": ["deputy"]}
AFTER_REBOOT = Host(name="alpha", boot_id="boot-2", pid=7)


class Killed(BaseException):
    """What a SIGKILL would be, inside one process: nothing that follows runs."""


class Channel:
    """A channel in memory that answers as a test says, and remembers every message it got."""

    name = "webhook"

    def __init__(
        self,
        answer: Callable[[], Answer | None],
        *,
        idempotent: bool = False,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self.got: list[Message] = []
        self.promises = SenderPromises(
            best_first_proof=Proof.STORED, idempotent_by_key=idempotent, can_look=False, limit_seconds=10
        )
        self._answer, self._before, self._after = answer, before, after

    def mark(self) -> Mapping[str, Any] | None:
        return None

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        self._before()
        if not may_start():
            return Answer(result=SendResult.NOT_STARTED)
        self.got.append(message)
        self._after()
        answer = self._answer()
        assert answer is not None
        return answer

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        return Answer(result=SendResult.IN_DOUBT)

    def probe(self) -> Sequence[Finding]:
        return ()


STORED = Answer(result=SendResult.ANSWERED, proof=Proof.STORED, evidence={"id": "m-1"})
IN_DOUBT = Answer(result=SendResult.IN_DOUBT)


def bridge(world: World, sender: Sender | None, host: Host = HERE, **notification: Any) -> BridgeReport:
    senders = {"operator/main": sender} if sender else {}
    return run_bridge(world.store, senders, profile(**notification), clock=world.clock, host=host)


def outcomes(world: World) -> list[tuple[str, str | None]]:
    return [(each["outcome"], each.get("reason")) for each in world.receipts()]


def attempt_without_an_end(world: World, sender: Channel, **notification: Any) -> None:
    """Leave what a bridge leaves that is killed in the middle of a send."""

    def die() -> None:
        raise Killed

    dying = Channel(lambda: None, before=die)
    dying.promises = sender.promises
    with pytest.raises(Killed):
        bridge(world, dying, **notification)


def test_an_attempt_of_a_dead_bridge_is_left_alone_until_its_deadline(world: World) -> None:
    channel = Channel(lambda: STORED)
    world.item()
    attempt_without_an_end(world, channel)
    world.clock.pass_by(24)
    assert bridge(world, channel).items == ()
    assert channel.got == []


def test_past_its_deadline_it_is_in_doubt_and_held(world: World) -> None:
    channel = Channel(lambda: STORED)
    notice = world.notice()
    world.item(notice)
    attempt_without_an_end(world, channel, **FALLBACK)
    world.clock.pass_by(25)

    bridge(world, channel, **FALLBACK)
    world.clock.pass_by(4000)
    bridge(world, channel, **FALLBACK)

    assert outcomes(world) == [("pending_external_send", "in_doubt")]
    assert world.states() == ["pending_external_send"]
    assert channel.got == []
    assert world.thread(notice.thread_key).body["told_at"] is not None  # perhaps told: so it will be told the end too


def test_after_a_reboot_its_monotonic_deadline_means_nothing(world: World) -> None:
    channel = Channel(lambda: STORED)
    world.item()
    attempt_without_an_end(world, channel, **FALLBACK)
    world.clock.pass_by(25)
    world.clock.ticks = 3.0  # the machine has just started
    assert bridge(world, channel, **FALLBACK).items == ()
    bridge(world, channel, AFTER_REBOOT, **FALLBACK)
    assert outcomes(world) == [("pending_external_send", "in_doubt")]


def test_what_is_held_is_blocked_at_the_end_of_its_life(world: World) -> None:
    channel = Channel(lambda: IN_DOUBT)
    notice = world.notice()
    item = world.item(notice, lifetime_seconds=5000)
    bridge(world, channel, **FALLBACK)
    world.clock.pass_by(5000)
    bridge(world, channel, **FALLBACK)
    assert outcomes(world) == [("pending_external_send", "in_doubt"), ("blocked", "never_confirmed")]
    assert world.states() == ["blocked"]
    assert world.store.past(item) is not None  # a person may send it again
    assert len(channel.got) == 1


def test_a_resend_is_marked_and_has_a_key_of_its_own(world: World) -> None:
    """openclaw 28964, 102367: shown failed, posted again, and nobody could tell.  Here the second says what it is."""
    channel = Channel(lambda: IN_DOUBT)
    item = world.item()
    bridge(world, channel, in_doubt="resend_marked")
    world.clock.pass_by(31)
    bridge(world, channel, in_doubt="resend_marked")

    first, second = channel.got
    (attempt, _) = world.attempts()
    assert first.possible_repeat_of is None
    assert second.possible_repeat_of == attempt["attempt_id"]
    assert second.subject.startswith(f"[possible repeat of {attempt['attempt_id']}]")
    assert second.body.startswith(f"This is a possible repeat of {attempt['attempt_id']}")
    assert second.body.endswith(first.body)
    assert second.subject == f"[possible repeat of {attempt['attempt_id']}] {first.subject}"
    assert first.idempotency_key == item
    assert second.idempotency_key not in (item, attempt["attempt_id"])


def test_without_a_fallback_receiver_nothing_is_held(world: World) -> None:
    """Held and nobody told would be silence; the profile's `hold` needs somebody to be told."""
    channel = Channel(lambda: IN_DOUBT)
    world.item()
    bridge(world, channel, in_doubt="hold", fallback=[])
    world.clock.pass_by(31)
    bridge(world, channel, in_doubt="hold", fallback=[])
    assert [each.possible_repeat_of is None for each in channel.got] == [True, False]


def test_a_sender_idempotent_by_key_is_sent_again_with_the_same_key_and_no_mark(world: World) -> None:
    answers = iter([IN_DOUBT, STORED])
    channel = Channel(lambda: next(answers), idempotent=True)
    item = world.item()
    bridge(world, channel, **FALLBACK)
    world.clock.pass_by(31)
    bridge(world, channel, **FALLBACK)
    assert [(each.idempotency_key, each.possible_repeat_of) for each in channel.got] == [(item, None)] * 2
    assert world.states() == ["acked"]


@pytest.mark.parametrize("stalled_seconds", [16, 60])
def test_a_bridge_that_was_stopped_does_not_send_any_more(world: World, stalled_seconds: int) -> None:
    """The first bridge stands still between its attempt and its send; by its deadline a second one has sent."""
    world.item()
    second = Channel(lambda: STORED)

    def stand_still() -> None:
        world.clock.pass_by(stalled_seconds)
        bridge(world, second, replace(HERE, pid=101), in_doubt="resend_marked")
        world.clock.pass_by(stalled_seconds)
        bridge(world, second, replace(HERE, pid=101), in_doubt="resend_marked")

    first = Channel(lambda: STORED, before=stand_still)
    bridge(world, first, in_doubt="resend_marked")
    world.clock.pass_by(60)
    bridge(world, second, in_doubt="resend_marked")

    assert first.got == []
    assert len(second.got) == 1
    assert world.states() == ["acked"]


@pytest.mark.parametrize(("ticks", "wall"), [(16, 16), (16, 0), (0, 16)], ids=["stopped", "clock-set-back", "slept"])
def test_past_its_time_to_begin_nothing_begins_although_nobody_else_came(world: World, ticks: int, wall: int) -> None:
    """Whoever looks and finds no one must not begin: by the end of the send, another may have looked as well."""

    def stand_still() -> None:
        world.clock.ticks += ticks
        world.clock.moment += timedelta(seconds=wall)

    late = Channel(lambda: STORED, before=stand_still)
    world.item()
    bridge(world, late)
    assert late.got == []
    assert outcomes(world)[0] == ("deferred", "not_started")
    in_time = Channel(lambda: STORED)
    bridge(world, in_time)
    assert len(in_time.got) == 1
    assert world.states() == ["acked"]


def test_an_item_that_was_taken_away_is_not_sent(world: World) -> None:
    """The name of the attempt's view is part of the fence: a person withdrew the item before the send began."""
    item = world.item()

    def take_away() -> None:
        view = world.spool(item)
        assert view is not None
        from reporting_governance.contracts.journal_line import RecordLine

        world.add(RecordLine(kind="act", id="act_1", body={"what": "cancel"}, consumes=(view.name,)))

    channel = Channel(lambda: STORED, before=take_away)
    bridge(world, channel)
    assert channel.got == []
    assert outcomes(world) == [("deferred", "not_started")]  # kept, although the item is gone


def test_a_late_answer_raises_its_own_attempt_and_frees_nothing(world: World) -> None:
    """The first answer comes after the item was settled as in doubt and resent: both are recorded, once each."""
    notice = world.notice()
    item = world.item(notice)
    second = Channel(lambda: Answer(result=SendResult.NOT_SENT))

    def be_slow() -> None:
        world.clock.pass_by(60)
        bridge(world, second, in_doubt="resend_marked")
        world.clock.pass_by(61)
        bridge(world, second, in_doubt="resend_marked")

    first = Channel(lambda: STORED, after=be_slow)
    bridge(world, first, in_doubt="resend_marked")

    assert outcomes(world) == [("pending_external_send", "in_doubt"), ("deferred", "not_sent"), ("acked", None)]
    assert world.states() == ["acked"]
    assert world.thread(notice.thread_key).body["newest_outcome"]["outcome"] == "acked"
    view = world.spool(item)
    assert view is not None  # the second attempt is still its own affair
    assert [each["outcome"] for each in view.body["receipts"]] == ["pending_external_send", "deferred"]


def test_late_news_that_nothing_left_frees_a_held_item(world: World) -> None:
    """Held as in doubt by another bridge, while the first one knows that its send never began."""
    world.item()
    other = Channel(lambda: STORED)

    def stand_still() -> None:
        world.clock.pass_by(60)
        bridge(world, other, **FALLBACK)

    bridge(world, Channel(lambda: STORED, before=stand_still), **FALLBACK)
    assert outcomes(world) == [("pending_external_send", "in_doubt"), ("deferred", "not_started")]
    bridge(world, other, **FALLBACK)
    assert len(other.got) == 1
    assert world.states() == ["acked"]


def test_a_sender_that_breaks_before_its_effect_sent_nothing(world: World) -> None:
    def breaks() -> None:
        raise RuntimeError("with a secret in its text")

    world.item()
    bridge(world, Channel(lambda: STORED, before=breaks))
    (receipt,) = world.receipts()
    assert (receipt["outcome"], receipt["reason"]) == ("deferred", "not_sent")
    assert receipt["evidence"] == {"error": "RuntimeError"}


def test_a_sender_that_breaks_after_its_effect_is_in_doubt(world: World) -> None:
    def breaks() -> None:
        raise RuntimeError

    world.item()
    bridge(world, Channel(lambda: STORED, after=breaks), **FALLBACK)
    assert outcomes(world) == [("pending_external_send", "in_doubt")]


class DyingFile(FileSender):
    """The file sender in a process that is killed just before, or just after, the outbox was written."""

    def __init__(self, folder: Path, *, after: bool) -> None:
        super().__init__({"path": "outbox/notices.jsonl"}, state_folder=str(folder))
        self._after = after

    def batch(self, *, wait_seconds: float) -> Any:
        outer = super().batch(wait_seconds=wait_seconds)
        after = self._after

        class Dying:
            def __enter__(self) -> Any:
                opened = outer.__enter__()
                assert opened is not None  # nobody else has it open
                self.opened = opened
                return self

            def __exit__(self, *fault: Any) -> None:
                outer.__exit__(*fault)

            def mark(self) -> Any:
                return self.opened.mark()

            def send(self, messages: Sequence[Message], *, may_start: Callable[[Message], bool]) -> Any:
                if after:
                    self.opened.send(messages, may_start=may_start)
                raise Killed

        return Dying()


@pytest.mark.parametrize("after", [False, True])
def test_killed_around_the_outbox_a_look_settles_it_without_doubt(world: World, tmp_path: Path, after: bool) -> None:
    items = [world.item(world.notice(number)) for number in range(5)]
    with pytest.raises(Killed):
        bridge(world, DyingFile(tmp_path, after=after))
    world.clock.pass_by(60)
    sender = FileSender({"path": "outbox/notices.jsonl"}, state_folder=str(tmp_path))

    bridge(world, sender)

    lines = (tmp_path / "outbox" / "notices.jsonl").read_text().splitlines()
    assert sorted(json.loads(each)["spool_id"] for each in lines) == sorted(items)
    assert world.states() == ["acked"] * 5
    assert len(world.attempts()) == (5 if after else 10)
    assert not any(each.get("reason") == "in_doubt" for each in world.receipts())


def test_who_may_have_been_told_before_its_target_went_is_told_the_end(world: World) -> None:
    """Tried twice, once in doubt and once surely not taken; then the profile no longer names the target."""
    notice = world.notice()
    item = world.item(notice)
    answers = [Answer(result=SendResult.NOT_SENT), IN_DOUBT]
    resends: dict[str, Any] = {"in_doubt": "resend_marked", "fallback": ["deputy"]}
    channel = Channel(answers.pop)
    for _ in range(2):
        bridge(world, channel, **resends)
        world.clock.pass_by(60)
    world.clock.pass_by(600)
    bridge(world, None, **resends)
    assert outcomes(world)[-1] == ("blocked", "never_confirmed")
    assert world.store.past(item) is not None
    thread = world.thread(notice.thread_key).body
    rules = ThreadRules(3600, fallback=("deputy",))
    assert next_thread_step(thread, now=world.clock.now(), rules=rules) is ThreadStep.FALL_BACK
    over = {**thread, "resolved_at": "2026-03-01T05:00:00.000Z"}
    assert next_thread_step(over, now=world.clock.now(), rules=rules) is ThreadStep.TELL_RESOLVED
