"""What users of other programs suffered, tried here.  Each test names the report it stands for."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import Outcome, Proof, Receipt
from reporting_governance.errors import ContractError
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.status import run_status
from tests.crash.chain.processes import told_all
from tests.crash.chain.test_lost_views import another_boot
from tests.crash.chain.world import OVER, OVERDUE, REPEATED, START, STEPS, World, play, policy, profile_of
from tests.oracle.checker import Derived, tellings
from tests.oracle.memory_world import MemoryWorld

DOWN_AT_FIRST = (
    "/bin/sh",
    "-c",
    'if [ ! -e is-up ]; then exit 75; fi; line=$(cat); printf "%s\\n" "$line" >> pager.log',
)
SAYS_NOTHING_WAS_STORED = ("/bin/sh", "-c", "cat > /dev/null; exit 0")
CLAIMS_WITHOUT_ID = ("/bin/sh", "-c", 'cat > /dev/null; echo \'{"proof":"stored","delivered":true}\'')
ONLY_PAGER = {"routes": [{"match": {}, "receivers": ["pager"]}]}


def in_memory(folder: Path, **notification: object) -> MemoryWorld:
    return MemoryWorld(str(folder), profile_of(pager=None, **notification))


def ack_all(world: World) -> None:
    for episode in [key for key in world.files().listing(Folder.EPISODES).names if key.startswith("epi_")]:
        run_ack(world.files(), episode, actor="pat", comment="", clock=world.clock)


def states(derived: Derived) -> set[str]:
    return {derived.state_of(notice) for notice in derived.notices}


def test_down_for_seconds_and_told_all_the_same(tmp_path: Path) -> None:
    """louislam/uptime-kuma#6046: the channel was down for seconds, and the notice was never sent."""
    world = play(World(str(tmp_path), profile_of(pager=DOWN_AT_FIRST, **ONLY_PAGER)), 0, STEPS["repeat"])
    assert world.arrived()["pager/program"] == []
    (tmp_path / "is-up").touch()
    world.settle()
    assert len(world.arrived()["pager/program"]) == 2
    assert states(world.check()) == {"pending_external_send"}  # the program said nothing of having stored it


def test_down_until_it_is_over_and_told_all_the_same(tmp_path: Path) -> None:
    """louislam/uptime-kuma#6046 again: over before the channel was back; a try was made, so it is told, and its end."""
    world = play(World(str(tmp_path), profile_of(pager=DOWN_AT_FIRST, **ONLY_PAGER)), 0, STEPS["repeat"])
    play(world, STEPS["report end"])
    (tmp_path / "is-up").touch()
    world.settle()
    assert [each[-1][0] for each in tellings(world.check()).values()] == ["resolved", "resolved"]
    assert len(world.arrived()["pager/program"]) == 4


def test_a_pair_sends_once(tmp_path: Path) -> None:
    """prometheus/alertmanager#4108, #2222, #1005, #4008: each of a pair sends, once the receiver's errors end."""
    world = play(World(str(tmp_path), profile_of(pager=DOWN_AT_FIRST, **ONLY_PAGER)), 0, STEPS["repeat"])
    (tmp_path / "is-up").touch()
    pair = [replace(world), replace(world)]
    for _ in range(20):
        for each in pair:
            each.tick()
        world.clock.seconds += 30
    world.check()
    assert len(world.arrived()["pager/program"]) == 2


def test_a_restart_remembers_whom_to_tell_the_end(tmp_path: Path) -> None:
    """prometheus/alertmanager#2370: a restart forgets the alerts, and the end is never told."""
    world = play(World(str(tmp_path / "state"), profile_of(pager=None)), 0, STEPS["report end"])
    another_boot(world)
    play(world, STEPS["report end"])
    world.settle()
    world.files().rebuild()
    told_all(world.check())


def test_an_edited_profile_tells_nothing_again(tmp_path: Path) -> None:
    """prometheus/alertmanager#3410: an edit of the configuration sends everything again."""
    world = play(in_memory(tmp_path), 0, STEPS["repeat"])
    before = len(world.check().notices)
    route = {"match": {"severity": "*"}, "receivers": ["operator", "pager"]}
    world.profile = profile_of(
        pager=None, routes=[route, {"match": {}, "receivers": ["pager"]}], group_by=["agent_id"], repeat_seconds=7200
    )
    world.profile = replace(world.profile, watchdog=replace(world.profile.watchdog, grace_seconds=200))
    world.settle()
    assert len(world.check().notices) == before


def test_repeats_go_on_while_it_is_open(tmp_path: Path) -> None:
    """healthchecks/healthchecks#510: told once, then silence for ever.

    prometheus/alertmanager#2320, #917, #3370: repeats at multiples of some tick instead of the time that was set.
    """
    world = play(in_memory(tmp_path, repeat_seconds=420), 0, STEPS["repeat"])
    for _ in range(700):
        world.clock.seconds += 3
        world.tick()
    told = tellings(world.check())
    assert len(told) == 4
    assert all([number for _, number in each] == [1, 2, 3, 4, 5, 6] for each in told.values()), told
    created = [each.body["created_at"] for each in world.check().notices.values() if each.body["receiver"] == "pager"]
    assert len(set(created)) == 6


def test_a_person_has_taken_over_and_nothing_more_comes(tmp_path: Path) -> None:
    """grafana/oncall#4654: acknowledged, and yet the paging goes on.  Here while the channel was down."""
    world = play(World(str(tmp_path), profile_of(pager=DOWN_AT_FIRST, **ONLY_PAGER)), 0, STEPS["repeat"])
    ack_all(world)
    (tmp_path / "is-up").touch()
    for _ in range(20):
        world.tick()
        world.clock.seconds += 600
    world.check()
    assert world.arrived()["pager/program"] == []


def test_a_person_has_taken_over_and_no_repeat_comes(tmp_path: Path) -> None:
    """grafana/oncall#4654, after it was told: no repeats; the end is told."""
    world = play(in_memory(tmp_path), 0, STEPS["repeat"])
    ack_all(world)
    for _ in range(10):
        world.clock.seconds += 3000
        world.tick()
    assert {phase for each in tellings(world.check()).values() for phase, _ in each} == {"firing"}
    world.end()
    world.settle()
    told_all(world.check())


LADDER = [
    {"after_seconds": 900, "receivers": ["pager"], "until": "person"},
    {"after_seconds": 3600, "receivers": ["pager", "operator"], "until": "person"},
]


def escalating(**notification: object) -> ProfileSpec:
    """Return a profile in which the operator is told first, and the pager when nobody acts."""
    return profile_of(routes=[{"match": {}, "receivers": ["operator"]}], escalation=LADDER, **notification)


def test_acknowledged_before_the_first_step_and_nobody_is_paged(tmp_path: Path) -> None:
    """grafana/oncall#4654: acknowledged, and the escalation goes on.  Also when it was already queued, or spooled."""
    for stage in ("told", "queued", "spooled"):
        world = play(World(str(tmp_path / stage), escalating(repeat_seconds=80_000)), 0, STEPS["repeat"])
        if stage != "told":
            world.at(OVERDUE + 900).enqueue()
        if stage == "spooled":
            world.dispatch()
        ack_all(world)
        for _ in range(12):
            world.clock.seconds += 3000
            world.tick()
        assert world.arrived()["pager/program"] == [], stage
        assert len(world.arrived()["operator/outbox"]) == 2, stage
        world.check()


def test_an_old_acknowledged_trouble_pages_nobody_months_later(tmp_path: Path) -> None:
    """grafana/oncall#4760, #3111: an alert acknowledged long ago pages again, months later, after restarts."""
    world = play(World(str(tmp_path / "state"), escalating()), 0, STEPS["repeat"])
    ack_all(world)
    before = {target: len(arrivals) for target, arrivals in world.arrived().items()}
    for month in range(4):
        another_boot(world)
        world.at(OVERDUE + 30_000 + month * 10_000).tick()  # nothing else becomes due in this time
        world.tick()
    world.clock.seconds += 120 * 86_400
    world.enqueue()
    world.dispatch()
    world.bridge()
    assert {target: len(arrivals) for target, arrivals in world.arrived().items()} == before
    world.check()


def test_the_escalated_are_told_the_end_after_a_restart(tmp_path: Path) -> None:
    """prometheus/alertmanager#2370, for who was told by a step: a restart forgets, and the end is never told."""
    world = play(World(str(tmp_path / "state"), escalating()), 0, STEPS["repeat"])
    world.at(OVERDUE + 900).tick()
    assert len(world.arrived()["pager/program"]) == 2
    another_boot(world)
    world.at(OVER).end()
    world.settle()
    assert {each[-1] for each in tellings(world.check()).values()} == {("resolved", 1)}
    assert len(world.arrived()["pager/program"]) == 4


@pytest.mark.parametrize("pager", [SAYS_NOTHING_WAS_STORED, CLAIMS_WITHOUT_ID])
def test_nothing_is_acked_by_an_exit_code(tmp_path: Path, pager: tuple[str, ...]) -> None:
    """openclaw/openclaw#28603, #27069, #28032, #40356, #64006, #98020, #91300: delivered:true, and nothing was sent.

    openclaw/openclaw#61913, #44596, #78891, #129202: sends that ended with 0, and nothing arrived.
    """
    world = play(World(str(tmp_path), profile_of(pager=pager, **ONLY_PAGER)), 0, STEPS["repeat"])
    assert states(world.check(at_rest=False)) == {"pending_external_send"}


def test_no_record_can_say_acked_without_proof() -> None:
    """openclaw/openclaw#28603: not even a record can be made that says so."""
    said = {
        "receipt_id": "rcp_1",
        "outcome": Outcome.ACKED.value,
        "settled_at": "2026-03-01T12:00:00.000Z",
        "settled_by": "command",
        "evidence": {},
        "attempt_id": "att_1",
    }
    for proof in (Proof.NONE, Proof.ACCEPTED):
        with pytest.raises(ContractError):
            Receipt.parse({**said, "proof": proof.value})
    assert Receipt.parse({**said, "proof": Proof.STORED.value}).outcome is Outcome.ACKED


@pytest.mark.parametrize("tail", [b'{"actor":"uid:0","g":[1,2],"pre', b"\x00" * 700, b"{}\n{}\nnot a line"])
def test_a_torn_tail_is_healed_and_the_chain_goes_on(tmp_path: Path, tail: bytes) -> None:
    """etcd-io/etcd#14098: a log with a torn tail that its own program will not start on."""
    world = World(str(tmp_path / "state"), profile_of(pager=None))
    for step in range(STEPS["close"] + 1):
        play(world, step, step + 1)
        log = f"{world.root}/journal/log"
        with open(f"{log}/{max(os.listdir(log))}", "ab") as file:
            file.write(tail)
    world.settle()
    told_all(world.check())


def test_a_sender_that_does_not_run_is_seen(tmp_path: Path) -> None:
    """healthchecks/healthchecks#363, #433, #148: the sending process was not running, and nobody could tell."""
    world = play(in_memory(tmp_path), 0, STEPS["bridge"]).at(OVERDUE + 5000)
    status = run_status(world.files(), clock=world.clock)
    assert status.notices["dispatched"] == 4
    assert status.oldest_pending_seconds == 5000
    assert {telling.state for episode in status.episodes for telling in episode.tellings} == {"on its way"}


def test_late_is_not_lost(tmp_path: Path) -> None:
    """openclaw/openclaw#16855, #67286: the scheduler was silent for hours, and what was due in between was skipped."""
    world = play(in_memory(tmp_path), 0, STEPS["scan"]).at(OVERDUE + 20_000)
    world.settle()
    assert states(world.check()) == {"acked"}
    assert REPEATED < OVER
    assert all(each.body["facts"]["late_by_seconds"] >= 20_000 for each in world.check().notices.values())
    assert policy().refused is None
    assert world.clock.now() > START
