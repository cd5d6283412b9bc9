"""What `run` says about itself: how it ended, its metrics, and the heartbeat to the outside."""

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs, profile, tree, with_target
from tests.adapters.senders.peers import Receiver
from tests.oracle.exposition import Exposition, parse

KEY = "s3cret-key-9f8e7d6c5b4a"
METRICS_OFF = "metrics_path: null "
URL_OFF = "heartbeat_url: null "
TOUCHED = ("run.lock", "last-scan")  #: by every tick


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver("ok") as peer:
        yield peer


def watched(folder: Path, *changes: tuple[str, str]) -> Verbs:
    """Return verbs whose profile asks for metrics."""
    (folder / "metrics").mkdir()
    path = f"metrics_path: {folder}/metrics/reportgov.prom "
    return Verbs(folder / "state", options=("--profile", str(profile(folder, (METRICS_OFF, path), *changes))))


def heard(folder: Path, receiver: Receiver, *changes: tuple[str, str]) -> Verbs:
    """Return verbs whose profile asks for a heartbeat."""
    own = profile(folder, (URL_OFF, "heartbeat_url: ${env:PING} "), *changes)
    url = f"http://127.0.0.1:{receiver.port}/{KEY}"
    return Verbs(folder / "state", environment={"PING": url}, options=("--profile", str(own)))


def metrics(folder: Path) -> Exposition:
    return parse((folder / "metrics/reportgov.prom").read_text())


def asked(receiver: Receiver) -> list[str]:
    """Return what followed the address in each ping."""
    return [line.split()[1].removeprefix(f"/{KEY}") for line, _, _ in receiver.requests]


def nothing_holds_the_key(verbs: Verbs, *texts: str) -> None:
    for name, (_, _, _, content) in tree(verbs.state).items():
        assert KEY.encode() not in content, name
    assert all(KEY not in text for text in texts)


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_metrics_are_one_whole_file_that_others_may_read(tmp_path: Path, umask: int) -> None:
    verbs = watched(tmp_path)
    verbs.ok("report", "start", "quiet", "--agent", "x", "--every", "1d")
    assert verbs.ok("run", umask=umask).out == ""
    (path,) = (tmp_path / "metrics").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    said = metrics(tmp_path)
    assert said.of("reportgov_run_last_exit_code") == 0
    assert abs(said.of("reportgov_run_last_success_timestamp_seconds") - time.time()) < 60
    assert said.of("reportgov_native_tasks") == 1
    assert said.label_values("state_folder") == {str(verbs.state)}
    size = sum(each.stat().st_size for each in (verbs.state / "journal/log").iterdir())
    assert said.of("reportgov_journal_bytes") == size


def test_promtool_takes_the_metrics(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: the metrics were held against our own reader of the format only")
    verbs = watched(tmp_path)
    verbs.ok("run")
    text = (tmp_path / "metrics/reportgov.prom").read_bytes()
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_metrics_say_what_is_open_and_what_waits_too_long(tmp_path: Path) -> None:
    refusing = with_target(tmp_path, "command", {"argv": ["/bin/false"]})
    text = refusing.read_text().replace(METRICS_OFF, f"metrics_path: {tmp_path}/metrics/reportgov.prom ")
    refusing.write_text(text)
    (tmp_path / "metrics").mkdir()
    verbs = Verbs(tmp_path / "state", options=("--profile", str(refusing)))
    verbs.overdue("secret-project-name", agent="agent-with-a-name")
    assert verbs.call("run").code == 3
    said = metrics(tmp_path)
    assert said.of("reportgov_open_episodes", condition="checkpoint_overdue") == 1
    assert said.of("reportgov_notices", state="blocked") == 1
    assert said.of("reportgov_run_last_exit_code") == 3
    assert said.of("reportgov_run_last_success_timestamp_seconds") == 0
    assert said.of("reportgov_run_last_end_timestamp_seconds") > 0
    assert said.of("reportgov_run_stage_duration_seconds", stage="bridge") > 0
    raw = (tmp_path / "metrics/reportgov.prom").read_text()
    assert "secret-project-name" not in raw
    assert "agent-with-a-name" not in raw
    verbs.ok("report", "checkpoint", "secret-project-name", "back")
    verbs.call("run")
    assert metrics(tmp_path).of("reportgov_open_episodes", condition="checkpoint_overdue") == 0


def test_a_silence_makes_a_notice_held_and_not_late(tmp_path: Path) -> None:
    verbs = watched(tmp_path)
    verbs.overdue()
    verbs.ok("silence", "add", "task_id=nightly-build", "--for", "1h", "--comment", "known")
    verbs.ok("run")
    said = metrics(tmp_path)
    assert said.of("reportgov_notices", state="held") == 1
    assert said.of("reportgov_notices", state="queued") == 0
    assert said.of("reportgov_oldest_pending_age_seconds") == 0


def test_what_cannot_be_written_is_said_and_fails_no_run(tmp_path: Path) -> None:
    verbs = watched(tmp_path)
    (tmp_path / "metrics").rmdir()
    ended = verbs.call("run", "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    assert "No such file" in ended.document()["self"]["metrics"]["problem"]
    assert "could not be written" in verbs.ok("run").out


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    verbs = watched(tmp_path)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "metrics/reportgov.prom").symlink_to(victim)
    (tmp_path / "metrics/.reportgov.prom.new").symlink_to(victim)
    assert "could not be written" in verbs.ok("run").out, "a link beside it is not ours to remove"
    (tmp_path / "metrics/.reportgov.prom.new").unlink()
    (tmp_path / "metrics/.reportgov.prom.new").write_text("left by a run that was killed")
    assert verbs.ok("run").out == ""
    assert victim.read_text() == "mine"
    assert metrics(tmp_path).of("reportgov_run_last_exit_code") == 0


def test_with_everything_off_a_tick_writes_nothing_about_itself_but_in_its_lock(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    for _ in range(2):
        verbs.ok("run")
    before = {name: each for name, each in tree(verbs.state).items() if name not in TOUCHED}
    document = verbs.ok("run", "--format", "json").document()
    assert document["self"] == {"metrics": None, "heartbeat": None}
    assert {name: each for name, each in tree(verbs.state).items() if name not in TOUCHED} == before


def test_a_dry_run_says_nothing_to_anybody(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "metrics").mkdir()
    path = (METRICS_OFF, f"metrics_path: {tmp_path}/metrics/reportgov.prom ")
    verbs = heard(tmp_path, receiver, path)
    verbs.ok("init")
    verbs.ok("run", "--dry-run")
    assert (receiver.requests, list((tmp_path / "metrics").iterdir())) == ([], [])


def test_the_outside_hears_of_a_success(tmp_path: Path, receiver: Receiver) -> None:
    verbs = heard(tmp_path, receiver)
    ended = verbs.ok("run", "--format", "json")
    assert ended.document()["self"]["heartbeat"] == {"arrived": True, "tries": 1, "problem": None}
    assert asked(receiver) == [""]
    nothing_holds_the_key(verbs, ended.out)


def test_the_outside_hears_of_the_beginning_where_that_is_asked_for(tmp_path: Path, receiver: Receiver) -> None:
    verbs = heard(tmp_path, receiver, ("heartbeat_start: false", "heartbeat_start: true"))
    assert verbs.ok("run").out == ""
    assert asked(receiver) == ["/start", ""]


@pytest.mark.parametrize(("wish", "path"), [("exit_code", ["/3"]), ("fail", ["/fail"]), ("none", [])])
def test_the_outside_hears_of_a_run_that_left_something_undone(
    tmp_path: Path, receiver: Receiver, wish: str, path: list[str]
) -> None:
    verbs = heard(tmp_path, receiver, ("heartbeat_failure: exit_code", f"heartbeat_failure: {wish}"))
    broken = with_target(tmp_path, "command", {"argv": ["/bin/false"]})
    text = broken.read_text().replace(URL_OFF, "heartbeat_url: ${env:PING} ")
    broken.write_text(text.replace("heartbeat_failure: exit_code", f"heartbeat_failure: {wish}"))
    verbs = Verbs(verbs.state, verbs.environment, ("--profile", str(broken)))
    verbs.overdue()
    ended = verbs.call("run")
    assert ended.code == 3
    assert asked(receiver) == path
    nothing_holds_the_key(verbs, ended.out, ended.err)


def test_the_outside_hears_of_a_run_that_broke_off(tmp_path: Path, receiver: Receiver) -> None:
    verbs = heard(tmp_path, receiver)
    verbs.overdue()
    verbs.ok("run")
    verbs.overdue("another")
    (verbs.state / "journal/lock").unlink()
    (verbs.state / "journal/lock").mkdir()  # as when somebody tidied up
    ended = verbs.call("run")
    assert ended.code == 3
    assert asked(receiver) == ["", "/3"]
    nothing_holds_the_key(verbs, ended.out, ended.err)


def test_the_outside_hears_of_a_run_that_was_asked_to_end(tmp_path: Path, receiver: Receiver) -> None:
    command = {"argv": ["/bin/sh", "-c", f"touch {tmp_path}/sending; sleep 2"]}
    slow = with_target(tmp_path, "command", command)
    slow.write_text(slow.read_text().replace(URL_OFF, "heartbeat_url: ${env:PING} "))
    environment = {"PING": f"http://127.0.0.1:{receiver.port}/{KEY}"}
    verbs = Verbs(tmp_path / "state", environment, ("--profile", str(slow)))
    verbs.overdue()
    process = verbs.start("run")
    deadline = time.monotonic() + 60
    while not (tmp_path / "sending").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + 15
    assert asked(receiver) == ["/143"]
    nothing_holds_the_key(verbs, out.decode(), err.decode())


def test_an_overlapping_run_says_nothing_to_the_outside(tmp_path: Path, receiver: Receiver) -> None:
    import fcntl

    verbs = heard(tmp_path, receiver)
    verbs.ok("run")
    with (verbs.state / "run.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        verbs.ok("run")
    assert asked(receiver) == [""]


@pytest.mark.long
def test_an_outside_that_hangs_costs_five_seconds_and_no_exit_code(tmp_path: Path) -> None:
    with Receiver("hang") as receiver:
        verbs = heard(tmp_path, receiver, ("heartbeat_start: false", "heartbeat_start: true"))
        verbs.overdue()
        began = time.monotonic()
        ended = verbs.ok("run", "--format", "json")
        taken = time.monotonic() - began
        document = ended.document()
        assert document["self"]["heartbeat"]["arrived"] is False
        assert taken < 15, "five for the beginning, five for the end, and the run itself"
        assert document["bridge"]["acked"] == 1
        nothing_holds_the_key(verbs, ended.out, ended.err)


def test_an_outside_that_is_away_is_no_noise_and_a_wrong_address_is(tmp_path: Path, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    verbs = heard(tmp_path, receiver)
    away = Verbs(verbs.state, {"PING": f"http://127.0.0.1:{port}/{KEY}"}, verbs.options)
    assert away.ok("run").out == ""
    unset = Verbs(verbs.state, {}, verbs.options)
    assert "${env:PING} is not set" in unset.ok("run").out
    private = Verbs(verbs.state, {"PING": f"https://10.255.255.1/{KEY}"}, verbs.options)
    ended = private.ok("run")
    assert "private" in ended.out
    nothing_holds_the_key(verbs, ended.out)


def test_the_lock_tells_how_the_last_run_ended(tmp_path: Path) -> None:
    from reporting_governance.commands._last_run import LastRun, read_last_run

    verbs = Verbs(tmp_path / "state")
    assert read_last_run(str(verbs.state)) == LastRun()
    verbs.ok("run")
    good = read_last_run(str(verbs.state))
    assert good.exit_code == 0
    assert good.began_at is not None
    assert good.ended_at is not None
    assert good.began_at <= good.ended_at == good.succeeded_at
    (verbs.state / "run.lock").write_text("{")
    cut = read_last_run(str(verbs.state))
    assert (cut.ended_at, cut.began_at is None) == (None, False)
    os.unlink(verbs.state / "run.lock")
    os.mkfifo(verbs.state / "run.lock")
    assert read_last_run(str(verbs.state)).ended_at is None
