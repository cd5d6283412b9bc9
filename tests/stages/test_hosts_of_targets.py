"""A target that only some hosts reach: the others leave its items to these, and nothing stays for ever."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.notification_settings import Notification
from reporting_governance.errors import ContractError
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.explain import run_explain
from reporting_governance.stages.host import Host
from reporting_governance.stages.status import run_status
from tests.stages.bridge_world import World, profile
from tests.stages.test_bridge_in_doubt import IN_DOUBT, STORED, Channel

INSIDE = Host(name="inside", boot_id="boot-i", pid=1)
OUTSIDE = Host(name="outside", boot_id="boot-o", pid=1)


def settings(*hosts: str) -> ProfileSpec:
    target: dict[str, Any] = {"sender": "file", "parameters": {"path": "outbox/n.jsonl"}}
    if hosts:
        target["hosts"] = list(hosts)
    return profile(receivers={"operator": {"targets": {"main": target}}})


def bridge(world: World, channel: Channel, host: Host, *hosts: str) -> BridgeReport:
    senders: Mapping[str, Any] = {"operator/main": channel}
    return run_bridge(world.store, senders, settings(*hosts), clock=world.clock, host=host)


def test_who_is_not_named_leaves_an_item_to_who_is(world: World) -> None:
    world.item(world.notice())
    channel = Channel(lambda: STORED)
    report = bridge(world, channel, OUTSIDE, "inside", "spare")
    assert (channel.got, world.attempts(), report.sent, report.left) == ([], [], 0, 0)
    assert bridge(world, channel, INSIDE, "inside", "spare").sent == 1
    assert world.states() == ["acked"]
    world.item(world.notice(1))
    assert bridge(world, channel, OUTSIDE).sent == 1, "nobody is named: every host reaches it"


def test_what_needs_no_target_any_host_does(world: World) -> None:
    """Nobody is told of what is over, whoever reaches the target, and what no host sent in time is blocked."""
    notice = world.notice()
    world.item(notice)
    world.resolve(notice.thread_key)
    world.item(world.notice(1), lifetime_seconds=60)
    world.clock.pass_by(61)
    channel = Channel(lambda: STORED)
    bridge(world, channel, OUTSIDE, "inside")
    assert channel.got == []
    assert sorted(each["reason"] for each in world.receipts()) == ["lifetime", "resolved_before_told"]


def test_an_attempt_of_a_host_that_never_comes_back_is_settled_in_the_end(world: World) -> None:
    """Only that host can look; an hour after the item's end nobody waits for it any more."""
    item = world.item(world.notice(), lifetime_seconds=600)

    def dies() -> None:
        raise KeyboardInterrupt

    channel = Channel(lambda: IN_DOUBT, before=dies)
    object.__setattr__(channel.promises, "can_look", True)
    with pytest.raises(KeyboardInterrupt):
        bridge(world, channel, INSIDE, "inside")
    world.clock.pass_by(700)
    bridge(world, channel, OUTSIDE, "inside")
    assert world.receipts() == []
    world.clock.pass_by(3600)
    bridge(world, channel, OUTSIDE, "inside")
    bridge(world, channel, OUTSIDE, "inside")
    assert [each["reason"] for each in world.receipts()] == ["in_doubt", "never_confirmed"]
    assert world.spool(item) is None


def test_status_says_that_none_of_a_targets_hosts_was_at_work_lately(world: World) -> None:
    now = world.clock.now()

    def troubles(**seen: int) -> list[tuple[str, str]]:
        hosts = {name: now - timedelta(minutes=minutes) for name, minutes in seen.items()}
        spec = settings("inside", "spare")
        found = run_status(world.store, clock=world.clock, profile=spec, hosts=hosts).targets
        return [(each.trouble, each.why) for each in found]

    assert troubles(inside=0) == []
    assert troubles(inside=16, spare=14) == []
    why = "only inside, spare can send to it, and none was at work in the last 15 minutes"
    assert troubles(inside=16, outside=0) == [("no_host", why)]
    assert troubles() == [("no_host", why)]
    assert run_status(world.store, clock=world.clock, profile=settings(), hosts={}).targets == ()


def test_explain_names_the_hosts_that_reach_the_target(world: World) -> None:
    notice = world.notice()
    world.item(notice)
    told = run_explain(world.store, notice.notice_id, profile=settings("inside", "spare"), clock=world.clock)
    assert any(each.sentence.endswith("; sent by inside or spare, which reach it") for each in told.next)
    told = run_explain(world.store, notice.notice_id, profile=settings(), clock=world.clock)
    assert not any("which reach it" in each.sentence for each in told.next)


def test_hosts_are_written_only_where_they_are_named_and_named_once() -> None:
    named = settings("inside").notification
    assert named.dump()["receivers"]["operator"]["targets"]["main"]["hosts"] == ["inside"]
    assert Notification.parse(named.dump()) == named
    assert "hosts" not in settings().notification.dump()["receivers"]["operator"]["targets"]["main"]
    with pytest.raises(ContractError, match="named twice"):
        settings("inside", "inside")
