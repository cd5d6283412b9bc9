"""A receiver with two targets: at each, who was told of a trouble is told of its end, after it, and nobody else.

`outbox` is a file; `pager` is a program that is down until a file `is-up` is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.report import run_report
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import OVER, OVERDUE, REPEATED, World, profile_of
from tests.oracle.checker import Arrival, arrivals_in
from tests.stages.chain_world import Chain, fire, task
from tests.stages.test_bridge_in_doubt import Channel, Killed

DOWN_AT_FIRST = 'if [ ! -e is-up ]; then exit 75; fi; line=$(cat); printf "%s\\n" "$line" >> pager.log'
HANGS_AT_FIRST = 'line=$(cat); if [ ! -e is-up ]; then exec sleep 60; fi; printf "%s\\n" "$line" >> pager.log'


@dataclass
class TwoTargets(World):
    """As `World`, with one receiver that has two targets."""

    def arrived(self) -> Mapping[str, Sequence[Arrival]]:
        return {
            "operator/outbox": arrivals_in(f"{self.root}/outbox/notices.jsonl"),
            "operator/pager": arrivals_in(f"{self.root}/pager.log"),
        }

    def phases(self, target: str) -> list[str]:
        """Return what arrived about `task-a`, in order."""
        arrived = [notice for each in self.arrived()[f"operator/{target}"] for notice in each.notice_ids]
        notices = {body["notice_id"]: body for body in self.bodies("notice")}
        return [notices[each]["phase"] for each in arrived if notices[each]["facts"]["task_id"] == "task-a"]

    def bodies(self, kind: str) -> list[Mapping[str, Any]]:
        """Return every record of a kind, in order."""
        records = [line.document["record"] for line in self.files().replay() if "record" in line.document]
        return [each["body"] for each in records if each["kind"] == kind]

    def up(self) -> None:
        """Let the pager work from now on."""
        (Path(self.root) / "is-up").touch()

    def reasons(self) -> list[str]:
        """Return the reasons of all receipts, without those that only put something off."""
        found = [each.get("reason") for each in self.bodies("receipt")]
        return [each for each in found if each not in (None, "try_later")]


def two_targets(root: Path, program: str = DOWN_AT_FIRST, **notification: Any) -> TwoTargets:
    """Return a world in which two tasks are overdue, decided and dispatched."""
    parameters = {"argv": ["/bin/sh", "-c", program], "best_proof": "stored", "timeout_seconds": 1}
    targets = {
        "outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}},
        "pager": {"sender": "command", "parameters": parameters},
    }
    deputy = {"targets": {"outbox": {"sender": "file", "parameters": {"path": "deputy.jsonl"}}}}
    given = {
        "receivers": {"operator": {"targets": targets}, "deputy": deputy},
        "routes": [{"match": {}, "receivers": ["operator"]}],
        "in_doubt": "resend_marked",
        "repeat_seconds": 100_000,
        **notification,
    }
    world = TwoTargets(str(root), profile_of(**given))
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).scan()
    world.enqueue()
    world.dispatch()
    return world


def end(world: World, seconds: float = OVER) -> None:
    world.at(seconds).end()
    world.scan()
    world.enqueue()


def test_who_is_told_at_both_is_told_the_end_at_both(tmp_path: Path) -> None:
    world = two_targets(tmp_path)
    world.up()
    world.bridge()
    end(world)
    world.settle()
    assert world.phases("outbox") == world.phases("pager") == ["firing", "resolved"]
    world.check()


def test_what_was_tried_and_is_over_is_not_told_at_the_other_target(tmp_path: Path) -> None:
    world = two_targets(tmp_path)
    world.bridge()
    end(world)
    world.tick()
    world.up()
    world.settle()
    assert (world.phases("outbox"), world.phases("pager")) == (["firing", "resolved"], [])
    assert set(world.reasons()) == {"resolved_before_told"}
    assert not world.files().listing(Folder.SPOOL).names
    world.check()


def test_what_was_never_tried_and_is_over_is_not_told_at_the_other_target(tmp_path: Path) -> None:
    world = two_targets(tmp_path)
    world.up()
    senders = Senders(world.profile.notification.receivers, state_folder=world.root)
    run_bridge(world.store(), senders, world.profile, clock=world.clock, host=world.host(), limit=2)
    assert (world.phases("outbox"), world.phases("pager")) == (["firing"], [])
    end(world)
    world.settle()
    assert (world.phases("outbox"), world.phases("pager")) == (["firing", "resolved"], [])
    world.check()


def test_a_bridge_that_comes_before_the_end_is_dispatched_tells_no_beginning_either(tmp_path: Path) -> None:
    world = two_targets(tmp_path)
    world.bridge()
    end(world)
    world.up()
    world.at(OVER + 4000).bridge()
    assert world.phases("pager") == []
    world.settle()
    assert (world.phases("outbox"), world.phases("pager")) == (["firing", "resolved"], [])
    world.check()


def test_what_perhaps_arrived_is_not_sent_again_after_its_end(tmp_path: Path) -> None:
    world = two_targets(tmp_path, HANGS_AT_FIRST)
    world.bridge()
    assert set(world.reasons()) == {"in_doubt"}
    end(world, OVERDUE + 5)
    world.up()
    world.settle()
    assert (world.phases("outbox"), world.phases("pager")) == (["firing", "resolved"], ["resolved"])
    assert set(world.reasons()) == {"in_doubt", "never_confirmed"}


def test_the_end_waits_for_what_is_in_flight(tmp_path: Path) -> None:
    """A bridge died in the middle of a send: until that is settled, nobody knows whether the pager was told."""
    world = two_targets(tmp_path)

    def die() -> None:
        raise Killed

    senders = dict(Senders(world.profile.notification.receivers, state_folder=world.root))
    senders["operator/pager"] = Channel(lambda: None, before=die)
    with pytest.raises(Killed):
        run_bridge(world.store(), senders, world.profile, clock=world.clock, host=world.host())
    end(world, OVERDUE + 5)
    world.up()
    world.dispatch()
    assert len(world.files().listing(Folder.QUEUE).names) == 2
    world.settle()
    assert (world.phases("outbox")[0], world.phases("outbox")[-1]) == ("firing", "resolved")
    assert world.phases("pager")[-1:] == ["resolved"]


def test_a_repeat_that_did_not_arrive_is_not_sent_after_the_end(tmp_path: Path) -> None:
    world = two_targets(tmp_path, repeat_seconds=3600)
    world.up()
    world.bridge()
    (tmp_path / "is-up").unlink()
    world.at(REPEATED).tick()
    end(world)
    world.tick()
    world.up()
    world.settle()
    assert world.phases("outbox") == ["firing", "repeat", "resolved"]
    assert world.phases("pager") == ["firing", "resolved"]
    world.check()


def test_a_receiver_that_had_one_target_when_it_was_told_is_told_the_end(tmp_path: Path) -> None:
    world = two_targets(tmp_path)
    whole = world.profile
    world.profile = profile_of(
        receivers={
            "operator": {"targets": {"outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}}}}
        },
        routes=[{"match": {}, "receivers": ["operator"]}],
    )
    world.bridge()
    world.profile = whole
    world.up()
    end(world)
    world.settle()
    assert world.phases("outbox") == ["firing", "resolved"]


def test_one_open_episode_keeps_a_grouped_message_and_the_end_of_the_other(tmp_path: Path) -> None:
    """Its messages may come in another order at a target that was down: both members of the group are told there."""
    world = two_targets(tmp_path, group_by=[])
    world.bridge()
    check_in = CheckIn.parse({"verb": "fail", "task": "task-a", "agent": "agent-1", "id": "end"})
    run_report(world.store(), [check_in], uid=1000, profile=world.profile, clock=world.at(OVER).clock)
    world.tick()
    world.up()
    world.settle()
    assert world.phases("outbox") == ["firing", "resolved"]
    assert sorted(world.phases("pager")) == ["firing", "resolved"]


def test_an_item_that_waits_at_one_target_is_withdrawn_though_the_other_was_before(tmp_path: Path) -> None:
    """One is left alone for some seconds since it is down, the other for ten minutes by its limit; then it is over."""
    chain = Chain(store=MemoryStore(), folder=str(tmp_path))
    targets = {name: {"sender": "file", "parameters": {"path": f"{name}.jsonl"}} for name in ("dead", "limited")}
    chain.notify(
        receivers={"boss": {"targets": targets}},
        routes=[{"match": {}, "receivers": ["boss"]}],
        rate_limit={"messages": 1, "per_seconds": 3600},
    )
    (tmp_path / "dead.jsonl").mkdir()
    chain.shows(task("t0"))
    chain.tick()
    fire(chain)
    chain.tick()
    chain.shows(task("t0"), task("t1", seen=60))
    chain.clock.forward(1)
    chain.tick()
    chain.shows(task("t0"))
    for _ in range(100):
        chain.clock.forward(60)
        chain.tick()
    notices = {record["body"]["notice_id"]: record["body"] for record in chain.records("notice")}
    arrived = [each for arrival in arrivals_in(f"{tmp_path}/limited.jsonl") for each in arrival.notice_ids]
    assert "t1" not in {notices[each]["facts"]["task_id"] for each in arrived}
