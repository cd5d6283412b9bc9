"""An event that was decided is judged again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.rejudging import NotDecided, NotJudged, RejudgeReport, StillUndecided, run_rejudge
from tests.crash.chain.world import OVER, OVERDUE, profile_of
from tests.oracle.memory_world import Interrupted
from tests.stages.enforcing_world import NOTICE, REVIEW, Desk, action, desk, on_claim, policy_of
from tests.unit.policy_documents import rule

QUIET = on_claim("quiet", "allow")
LOUD = on_claim("loud", "escalate", action("notify_operator", "operator_channel"), operator_notice=NOTICE)
HOLD = on_claim("hold", "downgrade_status", action("set_status"), suggested_status="blocked")


def claimed(root: str, rule: dict[str, object]) -> Desk:
    world = desk(root, rule)
    world.says("complete", message="x" * 3000)
    world.settle()
    return world


def claim(world: Desk) -> str:
    return next(
        each["id"] for each in world.records("event-envelope") if each["body"]["event_type"] == "task_claimed_complete"
    )


def decisions(world: Desk, event_id: str) -> list[Mapping[str, Any]]:
    found = world.records("decision-record-artifact")
    return [each for each in found if each["body"]["metadata"]["event_id"] == event_id]


def again(world: Desk, subject: str | None = None) -> RejudgeReport:
    return run_rejudge(world.store(), subject or claim(world), world.rules, world.profile, clock=world.clock)


def test_another_pack_decides_otherwise_and_the_old_decision_stays(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), QUIET)
    world.rules = policy_of(LOUD)
    report = again(world)
    old, new = decisions(world, report.event_id)
    assert (old["id"], new["id"]) == (report.before, report.decision_id)
    assert new["parents"] == [old["id"], report.event_id]
    assert new["body"]["spec"]["source"]["judgement"] == 1
    assert "decision: allow -> escalate" in report.changes
    assert report.notices == 2
    world.settle()
    assert len(world.arrived()["operator/outbox"]) == 1


def test_done_again_it_comes_to_what_was_recorded(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), QUIET)
    world.rules = policy_of(HOLD)
    assert again(world).decision_id is not None
    lines = world.files().ready().seq
    assert (again(world).decision_id, world.files().ready().seq) == (None, lines)


def test_by_the_id_of_any_decision_about_it(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), QUIET)
    world.rules = policy_of(HOLD)
    first = again(world)
    world.rules = policy_of(LOUD)
    second = again(world, first.before)
    assert (second.before, second.event_id) == (first.decision_id, first.event_id)


def test_who_was_told_is_not_told_again(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), LOUD)
    assert world.open_in(Folder.EPISODES) == []  # told once, and closed
    world.rules = policy_of({**LOUD, "id": "own.louder"})
    assert (again(world).notices, again(world).decision_id) == (0, None)
    world.settle()
    assert len(world.arrived()["operator/outbox"]) == 1


def test_a_question_that_is_open_is_not_asked_twice(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), REVIEW)
    world.rules = policy_of({**REVIEW, "id": "own.other"})
    assert again(world).notices == 0
    assert len(world.open_in(Folder.REVIEWS)) == 1
    assert world.effects("own.other")["request_review"]["reason"] == "a person is asked already"


def test_what_an_earlier_judgement_did_to_the_task_is_done_anew(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), HOLD)
    world.at(500)
    world.rules = policy_of(
        on_claim("wait", "downgrade_status", action("set_status"), suggested_status="pending_verification")
    )
    again(world)
    assert world.status == "pending_verification"


def test_what_an_earlier_judgement_did_later_than_the_claim_is_done_anew_too(tmp_path: Path) -> None:
    world = desk(str(tmp_path), HOLD)
    world.says("complete")
    world.at(300)
    world.settle()
    assert world.status == "blocked"
    world.at(500)
    world.rules = policy_of(
        on_claim("wait", "downgrade_status", action("set_status"), suggested_status="pending_verification")
    )
    again(world)
    assert world.status == "pending_verification"


def test_of_what_is_over_nobody_is_told_though_it_comes_out_otherwise(tmp_path: Path) -> None:
    def overdue(decision: str, *actions: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        given = {"triggers": {"event_types": ["watchdog_fired"]}, "required_actions": list(actions), **more}
        return rule(
            f"own.{decision}", decision=decision, conditions={"fact": "event.phase", "equals": "firing"}, **given
        )

    world = Desk(root=str(tmp_path), profile=profile_of(pager=None), rules=policy_of(overdue("allow")))
    world.start()
    world.at(OVERDUE).tick()
    firing = next(
        each["id"] for each in world.records("event-envelope") if each["body"]["event_type"] == "watchdog_fired"
    )
    told = len(world.arrived()["operator/outbox"])
    world.at(OVER).end()
    world.settle()
    world.rules = policy_of(overdue("escalate", action("notify_operator", "operator_channel"), operator_notice=NOTICE))
    report = again(world, firing)
    assert (report.decision_id is not None, report.notices) == (True, 0)
    world.settle()
    assert len(world.arrived()["operator/outbox"]) == told


def test_what_is_unknown_or_undecided_is_refused(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), QUIET)
    with pytest.raises(NotDecided):
        again(world, "dec_" + "0" * 32)
    with pytest.raises(NotDecided):
        again(world, "job")
    world.says("complete", id="later")
    later = [each["id"] for each in world.records("event-envelope")][-1]
    with pytest.raises(StillUndecided):
        again(world, later)


def test_what_a_decision_caused_is_not_judged_again_either(tmp_path: Path) -> None:
    world = claimed(str(tmp_path), HOLD)
    caused = [each["id"] for each in world.records("event-envelope") if "caused_by" in each["body"]["payload"]][-1]
    with pytest.raises(NotJudged, match="recorded and not judged"):
        again(world, caused)


@pytest.mark.parametrize("new", [LOUD, {**QUIET, "id": "own.as-quiet"}], ids=["tells", "only records"])
def test_of_two_at_once_one_comes_to_what_the_other_recorded(tmp_path: Path, new: dict[str, Any]) -> None:
    world = claimed(str(tmp_path), QUIET)
    world.rules = policy_of(new)
    world.wrap = lambda store: Interrupted(
        store, lambda: run_rejudge(store, claim(world), world.rules, world.profile, clock=world.clock)
    )
    report = again(world)
    assert report.decision_id is None
    assert len(decisions(world, report.event_id)) == 2
