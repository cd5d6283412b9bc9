"""What a sender is given was settled when the item was rendered: nothing that came later changes it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from reporting_governance.adapters.interface import Message
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.core.policy_templates import VALUE_BYTES
from reporting_governance.core.rendering import telling_of
from reporting_governance.stages.bridge import run_bridge
from tests.stages.bridge_world import HERE, World, profile
from tests.stages.test_bridge_in_doubt import STORED, Channel


def sent(world: World) -> Message:
    """Run the bridge; return the one message that it handed over."""
    channel = Channel(lambda: STORED)
    run_bridge(world.store, {"operator/main": channel}, profile(), clock=world.clock, host=HERE)
    (message,) = channel.got
    return message


def nothing(world: World, notice: Notice) -> None:
    pass


def moved_on(world: World, notice: Notice) -> None:
    world.notice(phase=Phase.REPEAT)


def closed(world: World, notice: Notice) -> None:
    name = world.store.listing(Folder.EPISODES).names[notice.thread_key]
    body = {"thread": notice.thread_key, "reason": "resolved"}
    world.add(RecordLine(kind="thread-close", id=notice.thread_key, body=body, consumes=(name,)))


@pytest.mark.parametrize("meanwhile", [nothing, moved_on, closed])
def test_what_is_sent_does_not_depend_on_what_came_later(
    world: World, meanwhile: Callable[[World, Notice], None]
) -> None:
    notice = world.notice()
    world.item(notice)
    meanwhile(world, notice)
    message = sent(world)
    assert (message.phase, message.urgency, message.facts) == ("firing", "high", notice.facts)


def test_a_message_about_several_has_the_facts_of_each_and_the_highest_urgency(world: World) -> None:
    notices = [world.notice(number) for number in range(2)]
    world.item(replace(notices[0], urgency=Urgency.CRITICAL), notices[1])
    moved_on(world, notices[0])
    message = sent(world)
    assert message.facts == {each.notice_id: each.facts for each in notices}
    assert (message.phase, message.urgency) == ("firing", "critical")


def test_facts_of_many_are_stored_apart_as_one_piece_and_sent_whole(world: World) -> None:
    notices = [world.notice(number) for number in range(300)]
    world.item(*notices)
    (name,) = world.store.listing(Folder.SPOOL).names.values()
    view = world.store.read(name)
    assert view is not None
    assert "$blob" in view.body["item"]["telling"]["facts"]
    message = sent(world)
    assert message.facts == {each.notice_id: each.facts for each in notices}


def test_facts_that_were_erased_are_not_sent(world: World) -> None:
    notices = [world.notice(number) for number in range(300)]
    world.item(*notices)
    (name,) = world.store.listing(Folder.SPOOL).names.values()
    view = world.store.read(name)
    assert view is not None
    blob = view.body["item"]["telling"]["facts"]["$blob"]
    world.store.erase_blob(blob, reason="asked for", now=world.clock.now())
    assert sent(world).facts == {}


def test_long_texts_are_cut_so_that_nothing_stays_that_may_be_erased() -> None:
    facts: dict[str, Any] = {"title": "ä" * 1000, "labels": {"team": "x" * 1000}, "children": ["y" * 1000], "late": 3}
    notice = Notice(
        notice_id="ntc_1",
        thread_key="thr_1",
        phase=Phase.FIRING,
        number=1,
        receiver="operator",
        urgency=Urgency.HIGH,
        subject="",
        body="",
        facts=facts,
        must_reference=(),
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    told = telling_of([notice]).facts
    texts = [told["title"], told["labels"]["team"], told["children"][0]]
    assert all(each.endswith("…") and len(each.encode()) <= VALUE_BYTES for each in texts)
    assert told["late"] == 3
