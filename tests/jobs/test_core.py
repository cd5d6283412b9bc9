"""What may become of a job, without any store: transitions, waits, who may take over."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.commands.main import VERBS
from reporting_governance.contracts.job import Job, JobState, Lease
from reporting_governance.core import jobs
from reporting_governance.core.job_fold import KEPT_ATTEMPTS, fold_job
from reporting_governance.core.job_kinds import OWN_VERBS, is_final
from reporting_governance.core.jobs import Ended, Place
from reporting_governance.errors import ContractError, ExitCode
from tests.storage.building import NOW, later

HERE = Place(host="box", boot_id="boot", pid=100, start_ticks=7, pid_namespace=1)
JOB = Job(
    job_id="job_1",
    key="job_1",
    kind="noop",
    arguments=(),
    state=JobState.QUEUED,
    attempts=0,
    max_attempts=3,
    enqueued_at=NOW,
    changed_at=NOW,
)
RUNNING = jobs.started(JOB, HERE, NOW)
STEPS: dict[str, Any] = {
    "start": lambda job, now: jobs.started(job, HERE, now),
    "succeed": lambda job, now: jobs.settled(job, Ended(), now),
    "fail": lambda job, now: jobs.settled(job, Ended(error="no"), now),
    "skip": lambda job, now: jobs.settled(job, Ended(skipped="nothing to do"), now),
    "lose": lambda job, now: jobs.abandoned(job, "its runner is gone", now),
    "cancel": jobs.cancelled,
    "block": lambda job, now: jobs.blocked(job, "needs admin", now),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=20))
def test_a_job_only_goes_where_it_may(steps: list[str]) -> None:
    job, body = JOB, fold_job(None, JOB.dump())
    for number, step in enumerate(steps):
        try:
            after = STEPS[step](job, later(number))
        except (jobs.NotAllowed, ValueError):
            continue
        assert after.state in jobs.TRANSITIONS[job.state]
        assert after.attempts - job.attempts == (step == "start")
        assert after.attempts <= after.max_attempts
        assert Job.parse(after.dump()) == after
        job, body = after, fold_job(body, after.dump())
        assert body["job"] == after.dump()
    kept = [each["number"] for each in body["attempts"]]
    assert kept == list(range(1, job.attempts + 1))[-KEPT_ATTEMPTS:]
    assert [("ended_at" in each) for each in body["attempts"][:-1]] == [True] * (len(kept) - 1 if kept else 0)
    assert not body["attempts"] or ("ended_at" in body["attempts"][-1]) is (job.state is not JobState.RUNNING)


@pytest.mark.parametrize("state", sorted(jobs.SETTLED))
def test_what_is_settled_stays(state: JobState) -> None:
    over = replace(JOB, state=state, attempts=1)
    for step in STEPS.values():
        with pytest.raises(jobs.NotAllowed):
            step(over, NOW)


def test_waits_grow_to_a_limit() -> None:
    assert [jobs.retry_wait_seconds(attempt) for attempt in range(1, 9)] == [10, 20, 40, 80, 160, 320, 360, 360]
    assert jobs.retry_wait_seconds(10**9) == 360
    with pytest.raises(ValueError, match="at least 1"):
        jobs.retry_wait_seconds(0)


def lease(**changes: Any) -> Lease:
    return replace(HERE.lease(later(120)), **changes)


@pytest.mark.parametrize(
    ("held", "is_there", "seconds", "said"),
    [
        (lease(), True, 0, None),
        (lease(), False, 0, "its runner is gone"),
        (lease(), None, 0, None),
        (lease(boot_id="before"), None, 0, "its runner's host was started anew"),
        (lease(boot_id="before"), True, 0, "its runner's host was started anew"),
        (lease(host="other", boot_id="before"), None, 0, None),
        (lease(host="other"), False, 0, None),
        (lease(pid_namespace=2), False, 0, None),
        (lease(), True, 119.999, None),
        (lease(), True, 120, "its lease is past"),
        (lease(host="other"), None, 120, "its lease is past"),
    ],
)
def test_who_may_take_over(held: Lease, is_there: bool | None, seconds: float, said: str | None) -> None:
    now = NOW + timedelta(seconds=seconds)
    assert jobs.takeover_reason(held, here=HERE, is_there=is_there, now=now) == said


@pytest.mark.parametrize(("seconds", "said"), [(0, None), (119.999, None), (120, "its lease is past")])
def test_where_hosts_share_the_jobs_one_of_the_same_name_is_no_sign_of_a_restart(
    seconds: float, said: str | None
) -> None:
    """Two machines that are both called `debian`: only the lease tells whether the other one's job is left."""
    here, held, now = HERE._replace(is_among_others=True), lease(boot_id="another"), NOW + timedelta(seconds=seconds)
    assert jobs.takeover_reason(held, here=here, is_there=None, now=now) == said


def test_our_own_verbs_are_verbs() -> None:
    assert set(OWN_VERBS) <= set(VERBS)
    assert [is_final("scan", int(code)) for code in (ExitCode.NO, ExitCode.USAGE, ExitCode.PARTIAL, ExitCode.BUG)] == [
        True,
        True,
        False,
        False,
    ]
    assert not is_final("command", 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "running"},
        {"lease": HERE.lease(NOW).dump()},
        {"attempts": 4},
        {"state": "failed", "due_at": "2026-03-01T00:00:00.000Z"},
    ],
)
def test_what_no_job_can_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        Job.parse({**JOB.dump(), **changes})


def test_leases() -> None:
    assert RUNNING.lease == HERE.lease(later(120))
    again = jobs.renewed(RUNNING, later(60))
    assert again == replace(RUNNING, lease=HERE.lease(later(180)))
    with pytest.raises(jobs.NotAllowed):
        jobs.renewed(JOB, NOW)
