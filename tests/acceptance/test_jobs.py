"""`jobs` as people and crontabs call it: real processes, real signals, real files."""

import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.commands.main import main as in_process
from tests.acceptance.verbs import Verbs
from tests.storage.oracle import check

PYTHON = sys.executable


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def enqueue(verbs: Verbs, *words: str) -> str:
    """Enqueue a job and return its id."""
    return str(verbs.ok("jobs", "enqueue", "--format", "json", *words).document()["job"]["job_id"])


def status(verbs: Verbs, job: str) -> dict:
    return verbs.ok("jobs", "status", job, "--format", "json").document()


def log(verbs: Verbs, job: str, number: int = 1) -> Path:
    return verbs.state / "job-logs" / f"{job}-{number}.log"


def wait_for(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Tell whether a process runs; a corpse that nobody has taken away does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_command_is_run_where_it_was_asked_for(verbs: Verbs, tmp_path: Path) -> None:
    job = enqueue(verbs, "command", "--", "/bin/sh", "-c", "pwd; echo oops >&2")
    (ran,) = verbs.ok("jobs", "run", "--format", "json").document()["jobs"]
    assert (ran["job_id"], ran["state"], ran["result"]["exit_status"]) == (job, "succeeded", 0)
    assert log(verbs, job).read_text() == f"{os.getcwd()}\noops\n-- exit status 0\n"
    assert stat.S_IMODE(log(verbs, job).stat().st_mode) == 0o600
    assert stat.S_IMODE(log(verbs, job).parent.stat().st_mode) == 0o700
    assert [path.name for path in log(verbs, job).parent.iterdir()] == [f"{job}-1.log"], "no lock is left"
    check(str(verbs.state))


def test_exit_codes_tell_how_it_went(verbs: Verbs) -> None:
    assert (verbs.ok("jobs", "run").out) == ""
    enqueue(verbs, "command", "--max-attempts", "1", "--", "/bin/false")
    done = verbs.call("jobs", "run")
    assert (done.code, "failed, attempt 1 of 1: exit status 1" in done.out) == (1, True)
    job = enqueue(verbs, "command", "--max-attempts", "2", "--", "/bin/false")
    done = verbs.call("jobs", "run")
    assert (done.code, "queued, attempt 1 of 2" in done.out) == (3, True)
    assert verbs.ok("jobs", "cancel", job).out == f"{job}: cancelled\n"
    assert verbs.ok("jobs", "cancel", job).out == f"{job}: was over: cancelled\n"
    done = verbs.call("jobs", "enqueue", "command", "--wait", "--max-attempts", "1", "--", "/bin/false")
    assert done.code == 1
    assert verbs.call("jobs", "cancel", done.out.split("\n")[2].split()[0]).code == 1
    enqueue(verbs, "scan")
    assert verbs.call("jobs", "run").code == 0
    listed = verbs.ok("jobs", "list", "--format", "json").document()
    assert (listed["open"], listed["settled"]) == (0, 4)
    assert [each["state"] for each in listed["jobs"]] == ["succeeded", "failed", "skipped", "failed"]
    assert "4 over, 1 shown" in verbs.ok("jobs", "list", "--limit", "1").out
    only = verbs.ok("jobs", "list", "--only", "skipped", "--format", "json").document()
    assert [each["reason"] for each in only["jobs"]] == ["cancelled"]


def test_a_key_is_one_job(verbs: Verbs) -> None:
    first = verbs.ok("jobs", "enqueue", "noop", "--key", "k", "--format", "json").document()
    second = verbs.ok("jobs", "enqueue", "noop", "--key", "k", "--format", "json").document()
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert first["job"] == second["job"]
    lines = [each for each in verbs.journal() if "jobId" in each]
    assert [each["type"] for each in lines] == [
        "orchestration.job_enqueued",
        "orchestration.job_skipped_idempotent",
    ]
    assert {each["jobId"] for each in lines} == {first["job"]["job_id"]}


def test_our_own_verbs_run_on_the_same_state(verbs: Verbs) -> None:
    verbs.overdue()
    job = enqueue(verbs, "run", "--", "--max-seconds", "20")
    assert status(verbs, job)["job"]["arguments"] == ["--max-seconds", "20"]
    verbs.ok("jobs", "run")
    assert len(verbs.outbox()) == 1
    assert "nightly-build" in log(verbs, job).read_text()


def test_a_usage_error_of_our_own_verb_is_final(verbs: Verbs) -> None:
    job = enqueue(verbs, "scan", "--", "--no-such-option")
    assert verbs.call("jobs", "run").code == 1
    assert status(verbs, job)["job"]["attempts"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("enqueue",),
        ("enqueue", "nonsense"),
        ("enqueue", "command"),
        ("enqueue", "noop", "x"),
        ("enqueue", "noop", "--limit", "1"),
        ("run", "x"),
        ("run", "--key", "k"),
        ("list", "--wait"),
        ("status",),
        ("status", "job_1"),
        ("cancel", "job_1"),
        ("cancel", "a", "b"),
        ("enqueue", "command", "--", "curl", "-H", "Authorization: Bearer abcdefghijklmnop1234"),
        ("enqueue", "command", "--deadline", "8d", "--", "x"),
    ],
)
def test_what_cannot_be_meant(verbs: Verbs, words: tuple[str, ...]) -> None:
    done = verbs.call("jobs", *words)
    assert (done.code, done.out) == (2, "")
    assert "reportgov: " in done.err
    assert "abcdefghijklmnop1234" not in done.err
    assert not verbs.state.exists() or [each for each in verbs.journal() if "jobId" in each] == []


def test_secrets_do_not_stand_in_logs(verbs: Verbs, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(
        "x" * 70_000 + " token=hunter2hunter2\nAuthorization: Bearer abcdefghijklmnop1234\n"
    )
    job = enqueue(verbs, "command", "--", "/bin/cat", str(tmp_path / "secret"))
    verbs.ok("jobs", "run")
    text = log(verbs, job).read_text()
    assert "hunter2" not in text
    assert "abcdefghijklmnop1234" not in text
    assert text.count("[removed]") == 2


def test_a_log_is_bounded_and_keeps_both_ends(verbs: Verbs) -> None:
    program = "print('first'); [print(number, 'x' * 90) for number in range(20_000)]; print('last')"
    job = enqueue(verbs, "command", "--", PYTHON, "-c", program)
    verbs.ok("jobs", "run")
    text = log(verbs, job).read_text()
    assert len(text) < 300_000
    assert text.startswith("first\n0 xxx")
    assert text.endswith("last\n-- exit status 0\n")
    assert "bytes are left out here" in text


def test_a_deadline_ends_the_whole_group(verbs: Verbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting_governance.adapters.jobs.attempts._GRACE_SECONDS", 0.2)
    program = f"trap '' TERM; sleep 300 & echo $! > {tmp_path}/child; wait"
    job = enqueue(verbs, "command", "--deadline", "1s", "--max-attempts", "1", "--", "/bin/sh", "-c", program)
    assert verbs.call("jobs", "run").code == 1
    assert status(verbs, job)["job"]["error"] == "took longer than 1 s"
    assert not lives(int((tmp_path / "child").read_text()))


def test_what_a_command_leaves_running_ends_with_it(verbs: Verbs, tmp_path: Path) -> None:
    enqueue(verbs, "command", "--", "/bin/sh", "-c", f"sleep 300 & echo $! > {tmp_path}/child")
    verbs.ok("jobs", "run")
    wait_for(lambda: not lives(int((tmp_path / "child").read_text())))


def test_a_job_is_explained(verbs: Verbs) -> None:
    job = enqueue(verbs, "command", "--", "/bin/false")
    verbs.call("jobs", "run")
    steps = verbs.ok("explain", job, "--format", "json").document()["steps"]
    assert [each["kind"] for each in steps] == ["job"] * 3
    text = verbs.ok("explain", job).out
    assert "job command is queued, attempt 0 of 3\n" in text
    assert "attempt 1 of 3: process " in text
    assert "job command is queued, attempt 1 of 3: exit status 1; not before 20" in text


def test_bytes_that_are_no_utf_8_are_refused_and_not_changed(
    verbs: Verbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(odd)
    assert verbs.call("jobs", "enqueue", "command", "--", "/bin/echo", "\udcff").code == 2
    monkeypatch.chdir(os.fsdecode(odd))
    done = verbs.call("jobs", "enqueue", "command", "--", "/bin/true")
    assert (done.code, "no UTF-8" in done.err) == (2, True)


def test_a_job_is_not_asked_for_in_a_folder_that_is_gone(
    verbs: Verbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    (tmp_path / "there").rmdir()
    done = verbs.call("jobs", "enqueue", "command", "--", "/bin/true")
    assert (done.code, "the folder where you are is gone" in done.err) == (2, True)


def test_a_folder_that_is_gone_leaves_nothing_to_do(
    verbs: Verbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    job = enqueue(verbs, "command", "--", "/bin/true")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").rmdir()
    verbs.ok("jobs", "run")
    found = status(verbs, job)["job"]
    assert (found["state"], found["reason"]) == ("skipped", f"the folder {tmp_path}/there is gone")


SLOW = "echo $$ >> {0}/began; while [ ! -e {0}/go ]; do sleep 0.05; done; echo done >> {0}/done"


def began(folder: Path) -> list[int]:
    path = folder / "began"
    return [int(each) for each in path.read_text().split()] if path.exists() else []


def test_a_killed_runners_command_is_ended_before_it_is_run_again(verbs: Verbs, tmp_path: Path) -> None:
    job = enqueue(verbs, "command", "--", "/bin/sh", "-c", SLOW.format(tmp_path))
    runner = verbs.start("jobs", "run")
    wait_for(lambda: len(began(tmp_path)) == 1)
    assert verbs.ok("jobs", "run").out == "", "its runner lives"
    runner.kill()
    runner.communicate()
    (orphan,) = began(tmp_path)
    assert lives(orphan), "or there is nothing to be ended"
    second = verbs.start("jobs", "run")
    wait_for(lambda: len(began(tmp_path)) == 2)
    assert not lives(orphan)
    (tmp_path / "go").touch()
    assert second.wait(30) == 0
    second.communicate()
    assert (tmp_path / "done").read_text() == "done\n"
    found = status(verbs, job)
    assert (found["job"]["state"], found["job"]["attempts"]) == ("succeeded", 2)
    assert found["attempts"][0]["error"] == "its runner is gone"
    check(str(verbs.state))


def test_a_stopped_runner_hands_its_job_back(verbs: Verbs, tmp_path: Path) -> None:
    job = enqueue(verbs, "command", "--", "/bin/sh", "-c", SLOW.format(tmp_path))
    runner = verbs.start("jobs", "run")
    wait_for(lambda: len(began(tmp_path)) == 1)
    runner.send_signal(signal.SIGTERM)
    runner.communicate(timeout=30)
    assert runner.returncode in (128 + signal.SIGTERM, -signal.SIGTERM)
    assert not lives(began(tmp_path)[0])
    found = status(verbs, job)["job"]
    assert (found["state"], found["error"]) == ("queued", "its runner was asked to end")


def test_a_frozen_runner_keeps_its_job(verbs: Verbs, tmp_path: Path) -> None:
    """On one host the lock decides: a runner that cannot renew its lease still holds what it runs."""
    job = enqueue(verbs, "command", "--", "/bin/sh", "-c", SLOW.format(tmp_path))
    runner = verbs.start("jobs", "run")
    wait_for(lambda: len(began(tmp_path)) == 1)
    runner.send_signal(signal.SIGSTOP)
    try:
        from reporting_governance.adapters.jobs.guards import take

        assert take(str(verbs.state / "job-logs"), job, ended_attempts=0) is None
        assert lives(began(tmp_path)[0])
    finally:
        runner.send_signal(signal.SIGCONT)
    (tmp_path / "go").touch()
    runner.communicate(timeout=30)
    assert runner.returncode == 0
    assert len(began(tmp_path)) == 1


def test_cancelling_ends_what_runs(verbs: Verbs, tmp_path: Path) -> None:
    job = enqueue(verbs, "command", "--", "/bin/sh", "-c", SLOW.format(tmp_path))
    runner = verbs.start("jobs", "run")
    wait_for(lambda: len(began(tmp_path)) == 1)
    verbs.ok("jobs", "cancel", job)
    runner.communicate(timeout=30)
    assert runner.returncode == 0
    assert not lives(began(tmp_path)[0])
    assert status(verbs, job)["job"]["state"] == "skipped"


def test_waiting_for_retries(
    verbs: Verbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("reporting_governance.core.jobs.FIRST_WAIT_SECONDS", 1)
    program = f"echo x >> {tmp_path}/tries; test $(wc -l < {tmp_path}/tries) -ge 3"
    words = ["jobs", "enqueue", "--state", str(verbs.state), "command", "--wait", "--", "/bin/sh", "-c", program]
    assert in_process(words) == 0
    assert "succeeded" in capsys.readouterr().out
    assert (tmp_path / "tries").read_text() == "x\n" * 3


def test_old_logs_make_room(verbs: Verbs, tmp_path: Path) -> None:
    from reporting_governance.adapters.jobs.logs import MOST_LOGS

    folder = verbs.state / "job-logs"
    job = enqueue(verbs, "command", "--", "/bin/true")
    folder.mkdir(mode=0o700)
    for number in range(MOST_LOGS + 5):
        (folder / f"{number}.log").touch()
        os.utime(folder / f"{number}.log", (number, number))
    (folder / "held.lock").touch()
    verbs.ok("jobs", "run")
    names = {path.name for path in folder.iterdir()}
    assert len(names) == MOST_LOGS + 1
    assert {"held.lock", f"{job}-1.log", f"{MOST_LOGS + 4}.log"} <= names
    assert "5.log" not in names
