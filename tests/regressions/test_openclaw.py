"""What OpenClaw's users suffered, on databases that the real program wrote: from its rows to the operator's outbox."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reporting_governance.adapters.tasks.openclaw.source import OpenClawSource
from reporting_governance.storage.files.store import FilesStore
from tests.adapters.openclaw.states import Machine, State
from tests.oracle.checker import arrivals_in
from tests.stages.chain_world import Chain
from tests.stages.watch_world import HandClock

SECOND = timedelta(seconds=1)


class Watched:
    """One OpenClaw with our chain beside it, from a time before its runs began."""

    def __init__(self, folder: Path, case: str, **watchdog: object) -> None:
        self.state = State(folder / "openclaw", case)
        self.gateway = self.state.gateway()
        rows = self.state.ask("SELECT task_id, coalesce(label, task) FROM task_runs")
        self.titles: dict[object, object] = {each[0]: each[1] for each in rows}
        self.chain = Chain(store=FilesStore(str(folder / "state"), actor="test"), folder=str(folder))
        self.chain.notify(repeat_seconds=86_400)
        self.chain.settings(every_seconds=None, silence_seconds=150, **watchdog)
        self.chain.clock = HandClock(self.state.renewed_at - timedelta(hours=1))
        self.look(alive=False)  # the first reading; what ended before it is not ours to tell

    def look(self, *, alive: bool = True) -> None:
        """Do what one run does.  A gateway that lives has just renewed its lease, as it does all the time."""
        if alive:
            milliseconds = int(self.chain.clock.now().timestamp() * 1000)
            self.state.change(f"UPDATE state_leases SET heartbeat_at = {milliseconds}")
        processes = Machine(self.gateway)
        self.chain.source = OpenClawSource({"state": str(self.state.folder)}, processes=processes)  # type: ignore[assignment]
        self.chain.tick()

    def until(self, moment: datetime, *, alive: bool = True) -> None:
        """Run once a minute until a moment, and then."""
        while self.chain.clock.now() < moment:
            left = (moment - self.chain.clock.now()).total_seconds()
            self.chain.clock.forward(min(60.0, left))
            self.look(alive=alive and self.chain.clock.now() >= self.state.renewed_at)

    def told(self) -> set[tuple[object, str]]:
        """Return (title of the task, condition) of all that arrived at the operator; nothing may arrive twice."""
        notices = {each["body"]["notice_id"]: each["body"] for each in self.chain.records("notice")}
        arrived = [one for each in arrivals_in(f"{self.chain.folder}/operator.jsonl") for one in each.notice_ids]
        assert len(arrived) == len(set(arrived))
        facts = [notices[each]["facts"] for each in arrived if notices[each]["phase"] == "firing"]
        return {(self.titles.get(each["task_id"], each["task_id"]), each["condition"]) for each in facts}


@pytest.fixture
def begun(tmp_path: Path) -> Watched:
    return Watched(tmp_path, "running")


def test_a_run_that_says_ok_and_whose_result_did_not_arrive_is_told(tmp_path: Path) -> None:
    """openclaw/openclaw#16855, #67286, #80672: cron runs that ended well by their own word, and nobody saw a result.

    openclaw/openclaw#29128, #24353: and no trace of it that anybody would look at.
    """
    watched = Watched(tmp_path, "ended")
    watched.until(watched.state.renewed_at + 60 * SECOND)
    rows = watched.state.ask("SELECT status FROM task_runs WHERE label = 'refused-best-effort'")
    assert rows == [("succeeded",)]
    failed = {(title, "delivery_failed") for title in ("refused", "refused-best-effort", "command-fails")}
    assert watched.told() == failed
    watched.until(watched.state.renewed_at + timedelta(hours=2))
    assert {each for each in watched.told() if each[1] == "delivery_failed"} == failed, "once, and no other run"


def test_a_childs_result_that_nobody_was_told_is_told(begun: Watched) -> None:
    """openclaw/openclaw#98420, #77480, #84159, #38300, #79053, #106517: a sub-agent was done, its result never came.

    openclaw/openclaw#97739: "queued" was taken for "delivered"; a row that waits says nothing of having arrived.
    """
    begun.until(begun.state.renewed_at + timedelta(seconds=500))
    assert ("HANG-announce", "result_not_forwarded") not in begun.told(), "it has its ten minutes"
    begun.until(begun.state.renewed_at + timedelta(seconds=620))
    late = {title for title, condition in begun.told() if condition == "result_not_forwarded"}
    assert late == {"HANG-announce"}, "and not the one that was told, nor the one that nobody waits for"


def test_busy_work_is_not_accused_and_a_hang_beside_it_is_told(begun: Watched) -> None:
    """openclaw/openclaw#140671, #71803, #87397, #143396: healthy long work was called stuck, and killed.

    openclaw/openclaw#77598: beside it a turn that was silent for half an hour, and nobody knew.
    """
    begun.until(begun.state.renewed_at + 120 * SECOND)
    silent = {title for title, condition in begun.told() if condition == "silence_timeout"}
    assert "hangs" in silent
    assert not silent & {"works-long", "command-hangs", "sleep 40"}, "busy, or leaving no trace at all"


def test_a_gateway_that_beats_hides_no_stuck_tool(begun: Watched) -> None:
    """openclaw/openclaw#145203, #96168: the process beat on while a tool hung for 48 minutes, and all looked well."""
    begun.until(begun.state.renewed_at + timedelta(minutes=20))
    assert {("hangs", "silence_timeout"), ("stuck", "deadline_missed")} <= begun.told()
    assert not any(condition == "owner_dead" for _, condition in begun.told()), "the gateway lived all the while"


def test_a_beat_of_the_agents_own_answers_no_promise(tmp_path: Path) -> None:
    """openclaw/openclaw#96168: a heartbeat masked a stuck tool.  Here of our own: it lives, and has not reported."""
    chain = Chain(store=FilesStore(str(tmp_path / "state"), actor="test"), folder=str(tmp_path))
    chain.notify()
    chain.settings(grace_seconds=60)
    chain.report("start", agent="coder", checkpoint={"every_seconds": 600})
    for _ in range(48):
        chain.clock.forward(60)
        chain.report("heartbeat")
        chain.tick()
    assert chain.told() == [("checkpoint_overdue", "firing")]


def test_a_killed_gateway_is_one_trouble_and_not_one_of_each_symptom(begun: Watched) -> None:
    """openclaw/openclaw#78463, #72884: rows that say running long after their process is gone.

    openclaw/openclaw#92401, #63196, #71963: a ledger of findings of which none was real.
    """
    begun.until(begun.state.renewed_at)
    before = begun.told()
    begun.gateway = {}
    begun.until(begun.state.renewed_at + timedelta(minutes=9), alive=False)
    new = begun.told() - before
    assert {condition for _, condition in new} == {"owner_dead"}, new
    assert {"hangs", "stuck", "works-long"} <= {title for title, _ in new}
