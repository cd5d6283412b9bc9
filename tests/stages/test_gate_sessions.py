"""Sessions that a gate was asked about: who watches them, how long they stay, and what `explain` tells of them."""

from datetime import datetime

from reporting_governance.adapters.interface import ObservedTask
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.gate_answer import AnswerKind
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.contracts.times import format_time
from reporting_governance.stages.explain import run_explain
from reporting_governance.stages.report import run_report
from reporting_governance.stages.scan import run_scan
from tests.stages.enforcing_world import UID
from tests.stages.gate_world import CHANGED, DONE, SOLO, GateWorld, Make, objection
from tests.stages.watch_world import START, StandInSource, reading, said
from tests.unit.policy_documents import action

BLOCK = AnswerKind.BLOCK
PACKS = ("no-silence", "verified-completion-only", "no-fake-progress", "mandatory-checkpoint-structure")
SAID = "Current status: two of three tables are loaded.\nNext step: the third table."


class TestSessionsAreNotWatched:
    """A gate sees a session when it stops; that it hangs is seen by the source that reads the host's records."""

    SOURCE = "claude-code"

    def seen(self, at: datetime, status: str = "active") -> StandInSource:
        task = TaskState.parse(
            {"task_id": "claude-code:s1", "agent_id": "claude-code", "runtime": "claude-code", "status": status,
             "started_at": format_time(START), "last_activity_at": format_time(at)}
        )  # fmt: skip
        observed = ObservedTask(task=task, instance="here")
        return StandInSource(reading(observed, source=self.SOURCE), name=self.SOURCE)

    def scan(self, world: GateWorld, at: datetime) -> list[tuple[str, str, str]]:
        report = run_scan(world.store, world.wired().profile, [self.seen(at)], clock=world.clock)
        return list(said(report))

    def test_one_that_hangs_after_it_was_held_is_told_once(self, make: Make) -> None:
        held = objection("done", suggested_status="in_progress")
        held["decision_output"]["required_actions"].append(action("set_status", "status_transition"))
        world = make(host="claude-code", rules=(held,))
        assert self.scan(world, START) == []
        assert world.ask(**DONE).kind is BLOCK
        assert world.task("claude-code:s1")["task"]["status"] == "active"
        told = []
        for _ in range(120):
            world.clock.forward(60)
            told += self.scan(world, START)
        assert told == [("claude-code:s1", "silence_timeout", "firing")]

    def test_a_claim_that_waits_is_told_when_it_is_held_and_no_more(self, make: Make) -> None:
        world = make(host="claude-code", packs=("verified-completion-only",))
        assert world.ask(*CHANGED, **DONE).notices == 1
        world.clock.forward(2 * 86_400)
        assert list(said(run_scan(world.store, world.wired().profile, [], clock=world.clock))) == []

    def test_one_of_which_nothing_is_heard_any_more_leaves_the_tasks(self, make: Make) -> None:
        world = make(packs=("verified-completion-only",))
        world.ask(*CHANGED, **DONE)
        days = 86_400
        for forward, listed in ((6 * days, 1), (2 * days, 0)):
            world.clock.forward(forward)
            run_scan(world.store, world.wired().profile, [], clock=world.clock)
            assert len(world.store.listing(Folder.TASKS).names) == listed
        assert world.ask(*CHANGED, segment="r2", at=world.clock.now(), **DONE).kind is BLOCK
        assert len(world.store.listing(Folder.TASKS).names) == 1

    def test_one_that_promises_check_ins_itself_is_watched(self, make: Make) -> None:
        world = make(packs=("verified-completion-only",))
        world.ask(*CHANGED, **DONE)
        check_in = {"verb": "start", "task": "generic:s1", "checkpoint": {"every_seconds": 600}}
        run_report(world.store, [CheckIn.parse(check_in)], uid=UID, profile=world.wired().profile, clock=world.clock)
        world.clock.forward(3600)
        report = run_scan(world.store, world.wired().profile, [], clock=world.clock)
        assert ("generic:s1", "checkpoint_overdue", "firing") in list(said(report))


class TestTheStory:
    """`explain` of a session: what the gate did, when, and what the agent was told."""

    def told(self, world: GateWorld, task: str = "generic:s1") -> list[str]:
        return [each.sentence for each in run_explain(world.store, task).steps]

    def test_held_held_again_and_let_go(self, make: Make) -> None:
        world = make(rules=(objection("done"),), gate={"max_blocks": 2})
        for number in range(3):
            world.ask(hook="finish", blocked_before=number > 0, **DONE)
        events = [each for each in self.told(world) if "task_claimed_complete" in each]
        assert [
            each.partition("; asked before it stopped, the gate of generic ")[2].partition(":")[0] for each in events
        ] == [
            "held it back and told the agent",
            "held it back again (2 times in this request) and told the agent",
            "let it pass after it had held the agent 2 times in this request",
        ]
        assert "because of own.done (own.done) What is missing: - something that shows the result" in events[0]
        not_done = "block_transition (enforcement.block_transition: let_pass)"
        decisions = [each for each in self.told(world) if "decided block by" in each]
        assert [each.partition(": because of own.done")[2] for each in decisions] == [
            "; effective path: inline_block",
            "; effective path: inline_block",
            f"; cannot do here: {not_done}; effective path: bridge_mediated_send",
        ]

    def test_rewritten(self, make: Make) -> None:
        world = make(packs=PACKS)
        world.ask(*CHANGED, hook="message", message=SAID)
        assert any(
            "asked before the message was sent, the gate of generic rewrote it, so that this was sent: Current" in each
            for each in self.told(world)
        )

    def test_what_stood_in_is_said(self, make: Make) -> None:
        world = make(profile=SOLO, rules=(objection("done", suggested_status="pending_verification"),))
        world.ask(**DONE)
        (decided,) = [each for each in self.told(world) if "decided block by" in each]
        instead = "block_transition (enforcement.block_transition: not_requested), set_status instead"
        assert f"; cannot do here: {instead}; effective path: status_downgrade_and_review" in decided
        (event,) = [each for each in self.told(world) if "task_claimed_complete" in each]
        assert event.endswith("let it pass, though the decision was block")
