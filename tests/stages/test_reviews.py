"""A person is asked, told of it until somebody answers, and the answer does something."""

from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.explain import run_explain
from reporting_governance.stages.reviewing import AlreadyAnswered, NoOpenReview, SeveralReviews, list_reviews
from reporting_governance.stages.status import run_status
from tests.stages.enforcing_world import REVIEW, Desk, action, desk, on_claim, policy_of


@pytest.fixture
def world(tmp_path: Path) -> Desk:
    """A claim that waits for a person, who was told."""
    world = desk(str(tmp_path), REVIEW)
    world.says("complete", message="all rows are in")
    world.settle()
    assert world.status == "awaiting_review"
    return world


def phases(world: Desk) -> list[str]:
    """Return the phases of what reached the operator, in order."""
    notices = {each["id"]: each["body"] for each in world.records("notice")}
    return [notices[each]["phase"] for arrival in world.arrived()["operator/outbox"] for each in arrival.notice_ids]


def test_who_is_asked_reads_what_to_do(world: Desk) -> None:
    (open_review,) = list_reviews(world.files())
    review = open_review.review
    assert (review.task_id, review.claimed_status, review.original) == ("job", "completed", "all rows are in")
    (notice,) = [each["body"] for each in world.records("notice") if each["body"]["receiver"] == "operator"]
    assert (notice["phase"], notice["episode_id"], notice["facts"]["review_id"]) == (
        "review",
        review.review_id,
        review.review_id,
    )
    assert f"reportgov review approve {review.review_id}" in notice["body"]
    assert [each.state for each in open_review.tellings] == ["acked", "acked"]
    world.check()


def test_an_approved_claim_passes(world: Desk) -> None:
    world.at(300)
    report = world.answers("approve", comment="looked at it")
    assert (report.status, report.request_id, world.status) == ("completed", None, "completed")
    world.settle()
    assert phases(world) == ["review", "resolved"]
    last = world.records("notice")[-1]["body"]
    assert "maria approved it: looked at it" in last["body"]
    assert world.open_in(Folder.REVIEWS) == world.open_in(Folder.TASKS) == world.open_in(Folder.EPISODES) == []
    changed = [
        e["body"] for e in world.records("event-envelope") if e["body"]["payload"].get("caused_by") == report.act_id
    ]
    assert [each["payload"]["status"] for each in changed] == ["completed"]
    decided = [each["body"]["metadata"]["event_id"] for each in world.records("decision-record-artifact")]
    assert changed[0]["event_id"] not in decided, "what a person did is recorded and not judged"
    world.check()


def test_of_a_rejected_claim_the_agent_is_told_why_at_its_next_contact(world: Desk) -> None:
    world.at(300)
    report = world.answers("reject", comment="the row counts differ")
    assert (report.status, world.status) == ("active", "active")
    owed = world.says("heartbeat").owed
    assert owed is not None
    assert (owed.request_id, owed.asked_because) == (report.request_id, "the row counts differ")
    world.settle()
    assert phases(world) == ["review", "resolved"]
    world.says("checkpoint", message="counting again")
    assert world.open_in(Folder.DECISIONS) == []
    world.settle()
    world.check()


def test_a_rejection_takes_the_place_of_what_was_asked_before(world: Desk) -> None:
    ask = on_claim("ask", "force_checkpoint", action("append_audit_note"))
    world.rules = policy_of(ask)
    world.at(200)
    world.says("complete", id="again")
    world.decides()
    (request,) = world.open_in(Folder.DECISIONS)
    report = world.answers("reject", comment="no")
    assert (report.request_id, world.open_in(Folder.DECISIONS)) == (request, [request])
    owed = world.says("heartbeat").owed
    assert owed is not None
    assert owed.asked_because == "no"


def test_what_nobody_answers_is_told_again_until_somebody_does(world: Desk) -> None:
    world.at(4000).settle()
    assert phases(world) == ["review", "repeat"]
    repeat = world.records("notice")[-1]["body"]
    assert "Nobody has answered yet" in repeat["body"]
    assert "reportgov review reject rvw_" in repeat["body"]
    world.at(8000).settle()
    assert phases(world) == ["review", "repeat", "repeat"]
    world.answers("approve")
    world.at(20_000).settle()
    assert phases(world) == ["review", "repeat", "repeat", "resolved"]
    world.check()


def test_an_ack_of_a_review_ends_its_repeats_and_leaves_it_open(world: Desk) -> None:
    (review,) = list_reviews(world.files())
    run_ack(world.files(), review.review.review_id, actor="maria", comment="on it", clock=world.clock)
    world.at(9000).settle()
    assert phases(world) == ["review"]
    assert len(list_reviews(world.files())) == 1


def test_what_was_not_sent_yet_is_withdrawn_by_the_answer(tmp_path: Path) -> None:
    world = desk(str(tmp_path), REVIEW)
    world.says("complete")
    world.decides()
    world.answers("approve")
    world.settle()
    assert phases(world) == []
    world.check()


def test_a_task_that_has_gone_on_is_left_alone(world: Desk) -> None:
    world.at(300)
    world.says("resume")
    report = world.answers("approve")
    assert (report.status, world.status) == (None, "active")
    assert report.status_reason == "the task has gone on since and is active"


def test_a_review_is_answered_once(world: Desk) -> None:
    (review,) = list_reviews(world.files())
    world.answers("approve", review.review.review_id)
    said = "maria closed this review at .*: approve"
    for what in ("reject", "approve"):
        with pytest.raises(AlreadyAnswered, match=said):
            world.answers(what, review.review.review_id)
    for other in ("job", "rvw_00000000000000000000000000000000"):
        with pytest.raises(NoOpenReview, match="no open review"):
            world.answers("reject", other)


def test_of_two_reviews_of_one_task_the_id_says_which(world: Desk) -> None:
    world.at(300)
    world.says("resume")
    world.says("complete", id="second")
    world.decides()
    with pytest.raises(SeveralReviews):
        world.answers("approve")
    first, second = (each.review for each in list_reviews(world.files()))
    assert world.answers("approve", first.review_id).status is None
    assert world.answers("approve", second.review_id).status == "completed"


def test_status_and_explain_tell_of_it(world: Desk) -> None:
    (shown,) = run_status(world.files(), [], clock=world.clock, profile=world.profile).reviews
    assert shown.review.task_id == "job"
    world.answers("reject", comment="the row counts differ")
    world.settle()
    story = "\n".join(step.sentence for step in run_explain(world.files(), shown.review.review_id).steps)
    for part in (
        "decided require_review by rule own.review",
        "a person was asked about task_claimed_complete of task job",
        "review notice 1 for receiver operator",
        f"maria rejected {shown.review.review_id}",
        "task job was set to active, before awaiting_review, by act_",
        "because: the row counts differ",
    ):
        assert part in story, (part, story)
