"""Jobs whose runner, or whoever asks for them, is killed at any step; and four runners at once.

Always: the chain holds, what was acknowledged is there, no job is lost, none is run twice at once, each is completed
once, and every attempt is counted.
"""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.jobs.host import LocalJobHost
from reporting_governance.adapters.jobs.processes import this_place
from reporting_governance.commands._clock import SystemClock
from reporting_governance.contracts.job import JobState
from reporting_governance.stages.jobs_cancel import cancel_job
from reporting_governance.stages.jobs_enqueue import JobRequest, enqueue_jobs
from reporting_governance.stages.jobs_list import find_job, list_jobs
from reporting_governance.stages.jobs_run import JobsRun, run_jobs
from reporting_governance.storage.boot import boot_id
from reporting_governance.storage.files.store import FilesStore
from tests.crash.chain.processes import together
from tests.storage.killing import Report, killed_everywhere
from tests.storage.oracle import check

CLOCK = SystemClock()
ASKED = [JobRequest(kind="noop", key="a"), JobRequest(kind="noop"), JobRequest(kind="noop", key="b")]
MANY = 1_000


def open_store(root: str) -> FilesStore:
    return FilesStore(root, actor="test")


def ask(root: str, report: Report) -> None:
    made = enqueue_jobs(open_store(root), ASKED, clock=CLOCK)
    report([each.job.job_id for each in made])


def run(root: str, report: Report, **options: Any) -> JobsRun:
    host = LocalJobHost(root, this_place(os.uname().nodename, boot_id()), program=(), options=())
    done = run_jobs(open_store(root), host, clock=CLOCK, limit=100_000, **options)
    report([job.job_id for job in done.ran])
    return done


def nothing(_: Any) -> None:
    """Tell nobody."""


def command(root: str, *, attempts: int = 5) -> None:
    """Ask for a command that finds out whether it is run beside itself, and says when it began and when it ended."""
    folder = os.path.dirname(os.path.dirname(root))  # outside what is copied and removed
    inner = f"echo began >> {folder}/said; sleep 0.1; echo ended >> {folder}/said"
    words = ("flock", "-n", "-E", "99", f"{folder}/alone", "/bin/sh", "-c", inner)
    request = JobRequest(kind="command", arguments=words, max_attempts=attempts, key="c")
    enqueue_jobs(open_store(root), [request], clock=CLOCK)


def cancel(root: str, report: Report) -> None:
    store = open_store(root)
    store.ready()
    for job in list_jobs(store, limit=9, state=JobState.QUEUED).jobs:
        report([cancel_job(store, job.job_id, clock=CLOCK).job.job_id])


def lines_of(root: str) -> dict[str, list[dict[str, Any]]]:
    """Return the lines that speak of each job, the chain checked."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in check(root):
        if "jobId" in line and line["type"] != "orchestration.job_skipped_idempotent":
            found.setdefault(line["jobId"], []).append(line)
    return found


def is_well_told(lines: list[dict[str, Any]]) -> None:
    """One beginning after another, each with its end before the next; at most one completion, at the end."""
    kinds = [line["type"].rpartition(".")[2] for line in lines if line["type"] != "record.added"]
    assert kinds[0] == "job_enqueued"
    is_running, attempts = False, 0
    for place, kind in enumerate(kinds[1:], start=1):
        if kind == "job_started":
            assert not is_running, kinds
            is_running, attempts = True, attempts + 1
        elif kind == "job_failed":
            assert is_running, kinds
            is_running = False
        else:
            assert (kind, place) == ("job_completed", len(kinds) - 1), kinds
    told = [line["meta"]["attempt"] for line in lines if line["type"].endswith("job_started")]
    assert told == list(range(1, attempts + 1)), "every attempt is counted"


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.long)], ids=["now and then", "at every step"])
@pytest.mark.parametrize(
    ("prepare", "scenario", "at_least"),
    [
        pytest.param(lambda root: None, ask, 60, id="first-enqueue"),
        pytest.param(lambda root: ask(root, nothing), ask, 10, id="enqueue-again"),
        pytest.param(lambda root: ask(root, nothing), run, 60, id="run"),
        pytest.param(lambda root: ask(root, nothing), cancel, 40, id="cancel"),
    ],
)
def test_killed(
    tmp_path: Path,
    prepare: Callable[[str], None],
    scenario: Callable[[str, Report], Any],
    at_least: int,
    stride: int,
) -> None:
    template = str(tmp_path / "template")
    prepare(template)
    steps = 0
    for number, root, outcome in killed_everywhere(template, str(tmp_path / "killed"), scenario, stride=stride):
        steps = number
        store = open_store(root)
        store.initialise(CLOCK.now())
        acknowledged = {job for report in outcome.reports for job in report}
        assert acknowledged <= set(lines_of(root))
        for job in acknowledged:
            assert find_job(store, job)
        was_cancelled = scenario is cancel and {job for job, told in lines_of(root).items() if told[-1].get("reason")}
        ask(root, nothing)  # the keys that are open already are used again, and no others are
        run(root, nothing)
        told = lines_of(root)
        for each in told.values():
            is_well_told(each)
            assert each[-1]["type"] == "orchestration.job_completed"
        keys = Counter(line[0]["meta"].get("key") for line in told.values() if not line[-1].get("reason"))
        assert keys["a"] + keys["b"] == 2 or scenario is run
        assert not was_cancelled or all(told[job][-1]["reason"] == "cancelled" for job in was_cancelled)
        found = list_jobs(open_store(root), limit=100)
        assert (found.open, found.settled) == (0, len(told))
    assert steps > at_least, f"only {steps} steps were seen"


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.long)], ids=["now and then", "at every step"])
def test_a_killed_runners_command(tmp_path: Path, stride: int) -> None:
    template = str(tmp_path / "template/state")
    command(template)
    said = tmp_path / "said"
    steps = 0

    def runner(root: str, report: Report) -> None:
        run(root, report)

    for number, root, outcome in killed_everywhere(template, str(tmp_path / "killed"), runner, stride=stride):
        steps = number
        done = run(root, nothing) if outcome.killed else None
        assert done is None or [job.state for job in done.ran] in ([JobState.SUCCEEDED], [])
        ((job, lines),) = lines_of(root).items()
        is_well_told(lines)
        status = find_job(open_store(root), job)
        assert status.job.state is JobState.SUCCEEDED, "a status 99 says that it ran beside itself"
        began, ended = (said.read_text().split().count(each) for each in ("began", "ended"))
        assert 1 <= ended <= began <= status.job.attempts <= 2
        assert status.job.attempts == sum(line["type"].endswith("job_started") for line in lines)
        said.unlink()
    assert steps > 35, f"only {steps} steps were seen"


@pytest.mark.parametrize("seed", [1, *(pytest.param(each, marks=pytest.mark.long) for each in range(2, 12))])
def test_runners_killed_while_a_command_runs(tmp_path: Path, seed: int) -> None:
    """Several runners at once, all killed again and again at any moment; the command is never beside itself."""
    root = str(tmp_path / "template/state")
    command(root, attempts=100)
    rolled = random.Random(seed)
    for _ in range(12):
        children = [_started(root) for _ in range(2)]
        time.sleep(rolled.uniform(0.005, 0.06))
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    run(root, nothing)
    ((job, lines),) = lines_of(root).items()
    is_well_told(lines)
    status = find_job(open_store(root), job)
    assert status.job.state is JobState.SUCCEEDED
    assert 2 <= status.job.attempts <= 13, "or no kill met a job"
    said = (tmp_path / "said").read_text().split()
    assert said[-1] == "ended"  # also twice: a runner may be killed between the end and its record, docs/jobs.md
    assert said.count("ended") <= said.count("began") <= status.job.attempts
    assert not any("status 99" in line.get("reason", "") for line in lines), "it ran beside itself"


def _started(root: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            run(root, nothing)
        finally:
            os._exit(0)
    return child


def test_a_job_that_kills_its_runner_ends(tmp_path: Path) -> None:
    """Takeovers count, so that a job which takes its runner down does not do so for ever."""
    root = str(tmp_path / "a/state")
    words = ("/bin/sh", "-c", "kill -9 $PPID; sleep 60")
    enqueue_jobs(open_store(root), [JobRequest(kind="command", arguments=words, max_attempts=3)], clock=CLOCK)
    for _ in range(3):
        assert os.waitpid(_started(root), 0)[1] == signal.SIGKILL
    done = run(root, nothing)
    assert [job.state for job in done.ran] == [JobState.FAILED]
    ((_, lines),) = lines_of(root).items()
    is_well_told(lines)
    assert sum(line["type"].endswith("job_started") for line in lines) == 3


def test_four_runners_run_a_thousand_jobs_once(tmp_path: Path) -> None:
    root = str(tmp_path / "state")
    made = enqueue_jobs(open_store(root), [JobRequest(kind="noop")] * MANY, clock=CLOCK)
    said = together(lambda report: run(root, report))
    assert sorted(job for each in said for job in each) == sorted(each.job.job_id for each in made)
    told = lines_of(root)
    assert len(told) == MANY
    assert {tuple(line["type"].rpartition("_")[2] for line in lines) for lines in told.values()} == {
        ("enqueued", "started", "completed")
    }


@pytest.mark.parametrize("seed", [1, *(pytest.param(each, marks=pytest.mark.long) for each in range(2, 12))])
def test_some_of_four_runners_are_killed(tmp_path: Path, seed: int) -> None:
    root = str(tmp_path / "state")
    enqueue_jobs(open_store(root), [JobRequest(kind="noop", key=f"k{number}") for number in range(100)], clock=CLOCK)
    together(lambda report: run(root, report), killing=random.Random(seed))
    run(root, nothing)
    told = lines_of(root)
    assert len(told) == 100
    for lines in told.values():
        is_well_told(lines)
        assert [line["type"] for line in lines].count("orchestration.job_completed") == 1
        assert json.dumps(lines[-1]["meta"])
    assert list_jobs(open_store(root), limit=1).open == 0


def test_four_ask_for_one_key(tmp_path: Path) -> None:
    root = str(tmp_path / "state")
    open_store(root).initialise(CLOCK.now())

    def asks(report: Report) -> None:
        for _ in range(10):
            (made,) = enqueue_jobs(open_store(root), [JobRequest(kind="noop", key="k")], clock=CLOCK)
            report([made.job.job_id])

    said = together(asks)
    assert len({job for each in said for job in each}) == 1
    kinds = Counter(line["type"] for line in check(root) if "jobId" in line)
    assert kinds == {"orchestration.job_enqueued": 1, "orchestration.job_skipped_idempotent": 39}
