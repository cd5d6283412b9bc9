"""Killed while a decision does something to a task, and while a person answers what it asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.rejudging import run_rejudge
from reporting_governance.stages.report import run_report
from reporting_governance.stages.reviewing import NoOpenReview, run_review
from reporting_governance.storage.interface import Store
from tests.crash.chain.kills import kills
from tests.crash.chain.world import World, profile_of
from tests.stages.enforcing_world import REVIEW, on_claim, policy_of

STRIDE = 11  #: steps of the killed stage between two kills; these stages are short
PROFILE = profile_of(pager=None)
RULES = policy_of(REVIEW)
OTHER = policy_of({**REVIEW, "id": "own.other"}, on_claim("quiet", "allow"))


class Judged(World):
    """As `World`, judged by a rule that asks a person about every claim."""

    def enqueue(self) -> None:
        run_enqueue(self.store(), RULES, self.profile, clock=self.clock)

    def claims(self) -> None:
        for verb in ("start", "complete"):
            given = CheckIn.parse({"verb": verb, "task": "job", "agent": "coder", "id": verb})
            run_report(self.store(), [given], uid=1000, profile=self.profile, clock=self.clock)

    def answers(self, what: ActKind) -> None:
        try:
            run_review(
                self.store(),
                "job",
                what,
                actor="maria",
                comment="looked",
                watchdog=self.profile.watchdog,
                rules=rules_of(self.profile.notification),
                clock=self.clock,
            )
        except NoOpenReview:
            pass  # it was answered before the kill

    def judges_again(self) -> None:
        events = [line.document.get("record") or {} for line in self.files().replay()]
        claim = next(each["id"] for each in events if each.get("body", {}).get("event_type") == "task_claimed_complete")
        run_rejudge(self.store(), claim, OTHER, self.profile, clock=self.clock)

    def status(self) -> str:
        store, key = self.files(), native_task_key("job")
        store.ready()
        name = store.listing(Folder.TASKS).names.get(key)
        view = store.read(name) if name else store.past(key)
        assert view is not None
        return str(view.body["task"]["status"])


def judged(root: str, wrap: Callable[[Store], Store] = lambda store: store) -> Judged:
    world = Judged(root, PROFILE, wrap=wrap)
    world.at(100)
    return world


def asked(world: Judged) -> None:
    world.claims()
    world.settle()


#: name -> what is done before, what is killed, and what the task is in the end
KILLED: dict[str, tuple[Callable[[Judged], None], Callable[[Judged], object], str]] = {
    "a decision sets the status and asks a person": (Judged.claims, Judged.enqueue, "awaiting_review"),
    "a person approves": (asked, lambda world: world.answers(ActKind.APPROVE), "completed"),
    "a person rejects": (asked, lambda world: world.answers(ActKind.REJECT), "active"),
    "an event is judged again": (asked, Judged.judges_again, "awaiting_review"),
}


@pytest.mark.parametrize("name", KILLED)
def test_killed_and_done_again_it_is_done_once(tmp_path: Path, name: str) -> None:
    before, act, status = KILLED[name]
    for killed in kills(
        tmp_path,
        lambda root: before(Judged(root, PROFILE)),
        lambda root, wrap: act(judged(root, wrap)),
        first=STRIDE // 2,
        stride=STRIDE,
    ):
        world = judged(killed.root)
        act(world)
        world.settle()
        assert world.status() == status
        records = [line.document["record"] for line in world.files().replay() if "record" in line.document]
        assert sum(each["kind"] == "review" for each in records) == 1
        assert sum(each["kind"] == "act" for each in records) == ("person" in name and "asks" not in name)
        assert len({each["id"] for each in records if each["kind"] == "notice"}) == sum(
            each["kind"] == "notice" for each in records
        )
        if "again" not in name:
            world.check(acknowledged=killed.acknowledged)
