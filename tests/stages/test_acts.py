"""ack, retry and proofs that come late."""

from pathlib import Path

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import Proof
from reporting_governance.core.threads import ThreadRules
from reporting_governance.errors import ContractError
from reporting_governance.stages.acts import NothingToAct, run_ack
from reporting_governance.stages.late_receipt import UnknownAttempt, run_late_receipt
from reporting_governance.stages.retrying import NothingBlocked, run_retry
from tests.crash.chain.world import OVERDUE, profile_of
from tests.oracle.memory_world import MemoryWorld

REFUSING = ("/bin/sh", "-c", "exit 1")
LIFETIME = 3600


@pytest.fixture
def world(tmp_path: Path) -> MemoryWorld:
    """Two tasks, overdue; nothing scanned yet."""
    world = MemoryWorld(root=str(tmp_path), profile=profile_of(pager=None))
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).scan()
    return world


def told(world: MemoryWorld) -> dict[str, int]:
    return {target: len(arrivals) for target, arrivals in world.arrived().items()}


def test_an_ack_ends_repeats_of_one_episode_only(world: MemoryWorld) -> None:
    world.settle()
    before = told(world)
    report = run_ack(world.memory, "task-a", actor="maria", comment="on it", clock=world.clock)
    assert len(report.subjects) == 2
    assert not report.withdrawn
    world.at(OVERDUE + 3700).settle()
    assert told(world) == {target: count + 1 for target, count in before.items()}
    world.check()


def test_who_acked_is_told_the_end(world: MemoryWorld) -> None:
    world.settle()
    run_ack(world.memory, "task-a", actor="maria", comment="", clock=world.clock)
    before = told(world)
    world.at(4800).end()
    world.settle()
    assert told(world) == {target: count + 2 for target, count in before.items()}
    world.check()


@pytest.mark.parametrize("stage", ["enqueue", "dispatch"])
def test_what_was_not_sent_yet_is_withdrawn(world: MemoryWorld, stage: str) -> None:
    world.enqueue()
    if stage == "dispatch":
        world.dispatch()
    report = run_ack(world.memory, "task-a", actor="maria", comment="", clock=world.clock)
    assert len(report.withdrawn) == 2
    world.settle()
    assert told(world) == {"operator/outbox": 1, "pager/program": 1}
    world.check()


def test_an_ack_of_nothing_says_so(world: MemoryWorld) -> None:
    with pytest.raises(NothingToAct):
        run_ack(world.memory, "nobody", actor="maria", comment="", clock=world.clock)


def test_an_ack_by_notice_covers_every_receiver_of_the_episode(world: MemoryWorld) -> None:
    world.settle()
    notice = next(
        view.body["newest"]["notice_id"]
        for name in world.memory.listing(Folder.EPISODES).names.values()
        if name.id.startswith("thr_") and (view := world.memory.read(name))
    )
    assert len(run_ack(world.memory, notice, actor="maria", comment="", clock=world.clock).subjects) == 2


def test_a_blocked_item_is_sent_again_only_by_a_person(tmp_path: Path) -> None:
    world = MemoryWorld(root=str(tmp_path), profile=profile_of(pager=REFUSING))
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).settle()
    blocked = world.memory.past_names("spl_")
    assert len(blocked) == 2
    world.profile = profile_of()
    world.settle()
    assert told(world)["pager/program"] == 0
    run_retry(world.memory, blocked[0], actor="maria", comment="", lifetime_seconds=LIFETIME, clock=world.clock)
    world.settle()
    assert told(world)["pager/program"] == 1
    assert world.memory.past_names("spl_") == blocked[1:]
    with pytest.raises(NothingBlocked):
        run_retry(world.memory, blocked[0], actor="maria", comment="", lifetime_seconds=LIFETIME, clock=world.clock)


def test_a_notice_without_a_receiver_waits_for_a_person(world: MemoryWorld) -> None:
    world.enqueue()
    whole = world.profile
    world.profile = profile_of(
        pager=None,
        receivers={"boss": {"targets": {"box": {"sender": "file", "parameters": {"path": "boss.log"}}}}},
        routes=[{"match": {}, "receivers": ["boss"]}],
    )
    world.settle()
    gone = world.memory.past_names("ntc_")
    assert len(gone) == 4
    world.profile = whole
    run_retry(world.memory, gone[0], actor="maria", comment="", lifetime_seconds=LIFETIME, clock=world.clock)
    world.settle()
    assert sum(told(world).values()) == 1


def attempts(world: MemoryWorld) -> list[str]:
    records = [line.document["record"] for line in world.memory.replay() if "record" in line.document]
    return [record["id"] for record in records if record["kind"] == "attempt"]


def test_a_late_proof_strengthens_and_counts_once(world: MemoryWorld) -> None:
    world.settle()
    handed_in = {"attempt_id": attempts(world)[0], "proof": "delivered", "id": "dsn-1"}
    receipt = run_late_receipt(world.memory, handed_in, settled_by="mail", rules=ThreadRules(3600), clock=world.clock)
    assert receipt is not None
    assert receipt.proof is Proof.DELIVERED
    again = run_late_receipt(world.memory, handed_in, settled_by="mail", rules=ThreadRules(3600), clock=world.clock)
    assert again is None
    before = told(world)
    world.settle()
    assert told(world) == before


def test_a_late_proof_for_nothing_is_refused(world: MemoryWorld) -> None:
    with pytest.raises(UnknownAttempt):
        run_late_receipt(
            world.memory,
            {"attempt_id": "att_none", "proof": "stored"},
            settled_by="mail",
            rules=ThreadRules(3600),
            clock=world.clock,
        )
    with pytest.raises(ContractError):
        run_late_receipt(
            world.memory,
            {"attempt_id": "att_none", "proof": "none"},
            settled_by="mail",
            rules=ThreadRules(3600),
            clock=world.clock,
        )


def deputised(pager: tuple[str, ...], **notification: object) -> ProfileSpec:
    """Return a profile in which `operator` stands in for `pager`, the only one who is routed to."""
    return profile_of(
        pager=pager, routes=[{"match": {}, "receivers": ["pager"]}], fallback=["operator"], **notification
    )


def test_who_stands_in_is_told_once_and_told_the_end(tmp_path: Path) -> None:
    world = MemoryWorld(root=str(tmp_path), profile=deputised(REFUSING))
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).settle()
    assert told(world) == {"operator/outbox": 2, "pager/program": 0}
    world.settle()
    assert told(world)["operator/outbox"] == 2
    world.at(4800).end()
    world.settle()
    assert told(world) == {"operator/outbox": 4, "pager/program": 0}
    assert not [name for name in world.memory.listing(Folder.EPISODES).names if name.startswith("thr_")]


def test_a_send_in_doubt_is_held_and_the_deputy_told(tmp_path: Path) -> None:
    hanging = ("/bin/sh", "-c", "cat >/dev/null; exec sleep 60")
    world = MemoryWorld(root=str(tmp_path), profile=deputised_in_a_second(hanging))
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).tick()
    world.at(OVERDUE + 60).tick()
    world.at(OVERDUE + 120).tick()
    assert told(world) == {"operator/outbox": 2, "pager/program": 0}


def deputised_in_a_second(argv: tuple[str, ...]) -> ProfileSpec:
    """As `deputised`, with doubt held, and a pager that is given up after one second."""
    receivers = {
        "operator": {"targets": {"outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}}}},
        "pager": {
            "targets": {"program": {"sender": "command", "parameters": {"argv": list(argv), "timeout_seconds": 1}}}
        },
    }
    return deputised(argv, in_doubt="hold", receivers=receivers)
