"""What becomes of jobs, on each back end: states, lines of the journal, keys, retries, takeovers, gates."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.job import Job, JobState
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.jobs import LEASE_SECONDS, RENEW_SECONDS, Ended
from reporting_governance.errors import ExitCode
from reporting_governance.stages.job_records import Refusal
from reporting_governance.stages.jobs_cancel import cancel_job
from reporting_governance.stages.jobs_enqueue import BadJob, JobRequest
from reporting_governance.stages.jobs_list import NoJob, find_job, list_jobs
from reporting_governance.storage.files.store import FilesStore
from tests.jobs.world import OK, Jobs

FAILED = Ended(exit_status=3, error="exit status 3", result={"exit_status": 3})


def state_of(jobs: Jobs, job: Job) -> JobState:
    return find_job(jobs.store, job.job_id).job.state


def test_a_job_is_run_once_and_leaves(jobs: Jobs) -> None:
    job = jobs.ask()
    assert (job.state, job.key) == (JobState.QUEUED, job.job_id)
    ran = jobs.run()
    assert [each.state for each in ran.ran] == [JobState.SUCCEEDED]
    assert ran.exit_code is ExitCode.DONE
    assert jobs.run().ran == ()
    assert jobs.types() == ["job_enqueued", "job_started", "job_completed"]
    assert jobs.open_names() == []
    status = find_job(jobs.store, job.job_id)
    assert (status.job.state, status.job.attempts) == (JobState.SUCCEEDED, 1)
    (attempt,) = status.attempts
    assert (attempt["number"], attempt["pid"]) == (1, 100)
    assert "ended_at" in attempt


def test_a_key_is_one_job_while_it_is_open(jobs: Jobs) -> None:
    first, second, other = jobs.ask_all(
        JobRequest(kind="noop", key="nightly"), JobRequest(kind="noop", key="nightly"), JobRequest(kind="noop")
    )
    assert (first.is_new, second.is_new, other.is_new) == (True, False, True)
    assert second.job.job_id == first.job.job_id != other.job.job_id
    assert jobs.ask(key="nightly").job_id == first.job.job_id
    assert jobs.types().count("job_skipped_idempotent") == 2
    skipped = next(each for each in jobs.lines() if each[0].endswith("skipped_idempotent"))
    assert skipped[1:] == (first.job.job_id, {"key": "nightly"})

    def while_it_runs(job: Job) -> Ended:
        if job.key == "nightly":
            assert jobs.ask(key="nightly").job_id == first.job.job_id
        return OK

    jobs.host.act = while_it_runs
    assert len(jobs.run().ran) == 2
    assert jobs.types().count("job_skipped_idempotent") == 3
    assert jobs.open_names() == []
    assert jobs.ask(key="nightly").job_id != first.job.job_id


def test_many_in_one_call(jobs: Jobs) -> None:
    made = jobs.ask_all(*(JobRequest(kind="noop", key=f"k{number % 150}") for number in range(450)))
    assert [each.is_new for each in made] == [True] * 150 + [False] * 300
    assert len({each.job.job_id for each in made}) == 150
    assert len(jobs.run().ran) == 150


def test_retries_wait_longer_each_time(jobs: Jobs) -> None:
    jobs.host.act = lambda job: FAILED
    job = jobs.ask(max_attempts=3)
    waits = []
    for _ in range(2):
        (ran,) = jobs.run().ran
        assert ran.due_at is not None
        assert (ran.state, ran.error) == (JobState.QUEUED, "exit status 3")
        waits.append((ran.due_at - jobs.clock.now()).total_seconds())
        assert jobs.run().ran == ()
        jobs.clock.move(waits[-1])
    assert waits == [10, 20]
    done = jobs.run()
    assert done.exit_code is ExitCode.NO
    assert state_of(jobs, job) is JobState.FAILED
    failed = [meta for kind, _, meta in jobs.lines() if kind.endswith("job_failed")]
    assert [(each["attempt"], each["will_retry"], each["exit_status"]) for each in failed] == [
        (1, True, 3),
        (2, True, 3),
        (3, False, 3),
    ]
    assert [each["number"] for each in find_job(jobs.store, job.job_id).attempts] == [1, 2, 3]


def test_a_retry_that_works_is_no_failure(jobs: Jobs) -> None:
    jobs.host.act = lambda job: FAILED if job.attempts == 1 else OK
    job = jobs.ask()
    assert jobs.run().exit_code is ExitCode.PARTIAL
    done = jobs.run(pause=jobs.clock.move)
    assert done.exit_code is ExitCode.DONE
    assert state_of(jobs, job) is JobState.SUCCEEDED


def test_a_no_of_our_own_verb_is_not_asked_again(jobs: Jobs) -> None:
    jobs.host.act = lambda job: Ended(exit_status=1, error="exit status 1")
    job = jobs.ask("verify-audit")
    assert jobs.run().exit_code is ExitCode.NO
    assert state_of(jobs, job) is JobState.FAILED


class Dies(BaseException):
    """Stands for the death of a runner: nothing after it is done."""


def left_running(jobs: Jobs, **more: Any) -> Job:
    """Return a job whose runner died in the middle of it."""

    def dies(job: Job) -> Ended:
        raise Dies

    job = jobs.ask(**more)
    before, jobs.host.act = jobs.host.act, dies
    with pytest.raises(Dies):
        jobs.run()
    jobs.host.act = before
    assert state_of(jobs, job) is JobState.RUNNING
    return job


def test_a_dead_runners_job_is_taken_over_at_once(jobs: Jobs) -> None:
    job = left_running(jobs, key="k")
    other = jobs.host.other(200)
    assert jobs.run(other).ran == (), "its runner lives"
    other.alive = {200}
    (ran,) = jobs.run(other).ran
    assert (ran.state, ran.attempts) == (JobState.SUCCEEDED, 2)
    assert other.ended_attempts == [1]
    assert jobs.types() == ["job_enqueued", "job_started", "job_failed", "job_started", "job_completed"]
    assert jobs.lines()[2][2] == {"attempt": 1, "state": "queued", "will_retry": True} | {
        "due_at": jobs.lines()[2][2]["due_at"]
    }
    first, second = find_job(jobs.store, job.job_id).attempts
    assert first["error"] == "its runner is gone"
    assert (first["pid"], second["pid"]) == (100, 200)


def test_after_another_boot_nobody_is_left(jobs: Jobs) -> None:
    left_running(jobs)
    (ran,) = jobs.run(jobs.host.other(100, boot_id="next")).ran
    assert ran.state is JobState.SUCCEEDED


def test_another_host_waits_for_the_lease(jobs: Jobs) -> None:
    left_running(jobs)
    other = jobs.host.other(200, host="other")
    other.alive = {200}
    jobs.clock.move(LEASE_SECONDS - 1)
    assert jobs.run(other).ran == ()
    jobs.clock.move(1)
    assert len(jobs.run(other).ran) == 1


def test_another_namespace_of_this_host_waits_for_the_lease(jobs: Jobs) -> None:
    left_running(jobs)
    other = jobs.host.other(200, pid_namespace=2)
    other.alive = {200}
    assert jobs.run(other).ran == ()
    jobs.clock.move(LEASE_SECONDS)
    assert len(jobs.run(other).ran) == 1


def test_a_runner_that_lives_keeps_its_guard_after_its_lease(jobs: Jobs) -> None:
    left_running(jobs)
    jobs.clock.move(LEASE_SECONDS)
    other = jobs.host.other(200)
    other.is_taken = True
    assert jobs.run(other).ran == ()
    other.is_taken = False
    assert len(jobs.run(other).ran) == 1
    assert other.ended_attempts == [0], "the attempt of a runner that lives is not ours to end"


def test_attempts_of_dead_runners_count(jobs: Jobs) -> None:
    job = left_running(jobs, max_attempts=1)
    other = jobs.host.other(200)
    other.alive = {200}
    done = jobs.run(other)
    assert done.exit_code is ExitCode.NO
    assert state_of(jobs, job) is JobState.FAILED
    assert jobs.types() == ["job_enqueued", "job_started", "job_failed"]
    assert jobs.lines()[-1][2]["will_retry"] is False


class Slow:
    """An attempt that takes its time."""

    def __init__(self, jobs: Jobs, looks: int, meanwhile: Any = None) -> None:
        self._jobs, self._looks, self._meanwhile = jobs, looks, meanwhile
        self.stopped: str | None = None

    def wait(self, seconds: float) -> Ended | None:
        self._jobs.clock.move(seconds)
        self._looks -= 1
        if self._meanwhile:
            self._meanwhile(self._looks)
        return OK if self._looks <= 0 else None

    def stop(self, why: str) -> Ended:
        self.stopped = why
        return Ended(error=why)


def test_a_lease_is_renewed_while_a_job_runs(jobs: Jobs) -> None:
    other = jobs.host.other(200, host="other")

    def looks(left: int) -> None:
        if left == 1:
            assert jobs.run(other).ran == ()

    attempt = Slow(jobs, LEASE_SECONDS * 2, looks)
    jobs.host.act = lambda job: attempt
    jobs.ask()
    assert len(jobs.run().ran) == 1
    renewals = [line for line in jobs.lines() if line[0] == "record.added"]
    assert len(renewals) == LEASE_SECONDS * 2 // RENEW_SECONDS - 1


def test_a_cancelled_job_is_ended_where_it_runs(jobs: Jobs) -> None:
    job = jobs.ask(key="k")

    def cancels(left: int) -> None:
        if left == 90:
            assert cancel_job(jobs.store, job.job_id, clock=jobs.clock).was_open

    attempt = Slow(jobs, 100, cancels)
    jobs.host.act = lambda job: attempt
    (ran,) = jobs.run().ran
    assert attempt.stopped is not None
    assert attempt._looks == 90, "at the next look"
    assert (ran.state, ran.reason) == (JobState.SKIPPED, "cancelled")
    assert jobs.host.guards[0].released == [True]
    assert jobs.types()[-1] == "job_completed"
    assert jobs.open_names() == []


def test_who_was_robbed_records_nothing(jobs: Jobs) -> None:
    job = jobs.ask()
    other = jobs.host.other(200, host="other")

    def robs(left: int) -> None:
        if left == 5:
            jobs.clock.move(LEASE_SECONDS)  # as when this host was suspended
            other.act = lambda job: OK
            assert len(jobs.run(other).ran) == 1

    jobs.host.act = lambda job: Slow(jobs, 10, robs)
    jobs.run()
    assert jobs.types() == ["job_enqueued", "job_started", "job_failed", "job_started", "job_completed"]
    assert find_job(jobs.store, job.job_id).job.attempts == 2


def test_a_stopped_runner_leaves_its_job_to_another(jobs: Jobs) -> None:
    asked: list[int] = []
    attempt = Slow(jobs, 100, asked.append)
    jobs.host.act = lambda job: attempt
    jobs.ask()
    (ran,) = jobs.run(stop=lambda: len(asked) > 3).ran
    assert (ran.state, ran.error) == (JobState.QUEUED, "its runner was asked to end")


@pytest.mark.parametrize("running", [False, True])
def test_cancelling(jobs: Jobs, running: bool) -> None:
    job = left_running(jobs, key="k") if running else jobs.ask(key="k")
    done = cancel_job(jobs.store, job.job_id, clock=jobs.clock)
    assert (done.was_open, done.job.state, done.job.reason) == (True, JobState.SKIPPED, "cancelled")
    again = cancel_job(jobs.store, job.job_id, clock=jobs.clock)
    assert (again.was_open, again.job.state) == (False, JobState.SKIPPED)
    assert jobs.open_names() == []
    assert jobs.run().ran == ()
    with pytest.raises(NoJob):
        cancel_job(jobs.store, f"job_{0:032x}", clock=jobs.clock)


@pytest.mark.parametrize("identity", ["", "job_", "epi_1", "job_../../x", "job_" + "g" * 32])
def test_what_is_no_id(jobs: Jobs, identity: str) -> None:
    with pytest.raises(NoJob):
        find_job(jobs.store, identity)


def test_what_a_gate_refuses_is_blocked(jobs: Jobs) -> None:
    job = jobs.ask(key="k")
    done = jobs.run(gate=lambda job: Refusal(required="admin", actual="viewer", reason="needs admin, is viewer"))
    assert done.exit_code is ExitCode.NO
    assert (state_of(jobs, job), done.ran[0].reason) == (JobState.BLOCKED, "needs admin, is viewer")
    line = list(jobs.store.replay())[-1].document
    assert (line["type"], line["action"], line["jobId"]) == ("policy.blocked", "orchestration.run", job.job_id)
    assert line["reason"] == "needs admin, is viewer"
    assert line["meta"] == {"required": "admin", "actual": "viewer"}
    assert jobs.open_names() == []


def test_the_list_shows_the_newest_change_first(jobs: Jobs) -> None:
    made = []
    for number in range(6):
        made.append(jobs.ask(key=f"k{number}").job_id)
        jobs.clock.move(1)
    jobs.run(limit=2)
    jobs.clock.move(1)
    cancel_job(jobs.store, made[4], clock=jobs.clock)
    shown = list_jobs(jobs.store, limit=10)
    assert (shown.open, shown.settled) == (3, 3)
    assert shown.jobs[0].job_id == made[4]
    assert {each.job_id for each in shown.jobs[1:3]} == {
        each.job_id for each in shown.jobs if each.state is JobState.SUCCEEDED
    }
    assert [each.changed_at for each in shown.jobs] == sorted((each.changed_at for each in shown.jobs), reverse=True)
    assert [each.job_id for each in list_jobs(jobs.store, limit=1).jobs] == [made[4]]
    queued = list_jobs(jobs.store, limit=2, state=JobState.QUEUED)
    assert [each.state for each in queued.jobs] == [JobState.QUEUED] * 2
    assert [each.job_id for each in list_jobs(jobs.store, limit=9, state=JobState.SKIPPED).jobs] == [made[4]]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (JobRequest(kind="nonsense"), "no kind"),
        (JobRequest(kind="noop", arguments=("x",)), "takes no arguments"),
        (JobRequest(kind="command"), "needs the program"),
        (JobRequest(kind="command", arguments=("",)), "needs the program"),
        (JobRequest(kind="noop", max_attempts=0), "between 1 and 100"),
        (JobRequest(kind="noop", max_attempts=101), "between 1 and 100"),
        (JobRequest(kind="noop", deadline_seconds=0), "between 1 and 604800 seconds"),
        (JobRequest(kind="noop", key=""), "a key has"),
        (JobRequest(kind="noop", key="a\nb"), "a key has"),
        (JobRequest(kind="command", arguments=("x\udcff",)), "no UTF-8"),
        (JobRequest(kind="command", arguments=("x" * 20_000,)), "more than 16384 bytes"),
        (JobRequest(kind="command", arguments=("x\0",)), "zero byte"),
        (JobRequest(kind="command", arguments=("curl", "-H", "Authorization: Bearer abcdefghijklmnop1234")), "secret"),
        (JobRequest(kind="command", arguments=("mysqldump", "--password", "swordfish")), "secret"),
        (
            JobRequest(kind="command", arguments=("tool", "ghp_abcdefghijklmnopqrstuvwxyz0123456789")),
            "secret",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(jobs: Jobs, request_: JobRequest, said: str) -> None:
    with pytest.raises(BadJob, match=said):
        jobs.ask_all(JobRequest(kind="noop"), request_)
    assert jobs.lines() == [], "all or nothing"


def test_two_runners_of_one_listing(jobs: Jobs) -> None:
    """The second runner reads the version before the first begins, and is refused."""
    jobs.ask()
    listing = jobs.store.listing(Folder.JOBS)
    assert len(jobs.run().ran) == 1
    real = jobs.store.listing
    view = jobs.store.read
    try:
        jobs.store.listing = lambda folder: listing  # type: ignore[method-assign]
        assert jobs.run(jobs.host.other(200)).ran == ()
    finally:
        jobs.store.listing = real  # type: ignore[method-assign]
    assert view is not None
    assert jobs.types().count("job_started") == 1


def test_a_clock_that_stepped_back_hides_no_dead_runner(jobs: Jobs) -> None:
    left_running(jobs)
    jobs.clock.time -= timedelta(days=1)
    other = jobs.host.other(200)
    other.alive = {200}
    assert len(jobs.run(other).ran) == 1


def test_views_made_anew_are_the_same(tmp_path: Path) -> None:
    store = FilesStore(str(tmp_path / "state"), actor="test")
    jobs = Jobs(store)
    over = jobs.ask(key="over")
    jobs.run()
    waits = jobs.ask(key="waits")
    jobs.host.act = lambda job: FAILED
    jobs.run()
    runs = left_running(jobs, key="runs")
    before = [find_job(store, each.job_id) for each in (over, waits, runs)]
    names = jobs.open_names()
    for _ in range(2):
        store.rebuild()
        assert [find_job(store, each.job_id) for each in (over, waits, runs)] == before
        assert jobs.open_names() == names
        store = FilesStore(str(tmp_path / "state"), actor="test", boot="0" * 32)
