"""`doctor` finds what is wrong with a host, says what to do about it, and its advice, followed, mends it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from reporting_governance.commands._health_host import zones
from tests.acceptance.verbs import ROOT, Verbs, profile, with_target
from tests.adapters.senders.peers import Receiver


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    verbs = Verbs(tmp_path / "state")
    verbs.ok("run")
    return verbs


def looked(verbs: Verbs, code: int = 0) -> dict[str, list[dict[str, str]]]:
    """Return the checks by rule; what is not ok has an advice."""
    ended = verbs.call("doctor", "--format", "json")
    assert ended.code == code, ended
    found: dict[str, list[dict[str, str]]] = {}
    for check in ended.document()["checks"]:
        assert check["verdict"] == "ok" or check["advice"], check
        found.setdefault(check["rule"], []).append(check)
    return found


def bad(verbs: Verbs, rule: str) -> str:
    """Return what is bad about one thing, and nothing else is."""
    found = looked(verbs, 1)
    rules = {each["rule"] for checks in found.values() for each in checks if each["verdict"] == "bad"}
    assert rules == {rule}
    return " ".join(f"{each['seen']} {each['advice']}" for each in found[rule] if each["verdict"] == "bad")


def age(path: Path, seconds: int) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_host_that_is_well(verbs: Verbs) -> None:
    found = looked(verbs)
    assert {each["verdict"] for checks in found.values() for each in checks} <= {"ok", "warning"}
    assert {"GOV901", "GOV902", "GOV903", "GOV904", "GOV907", "GOV908", "GOV910", "GOV911"} <= set(found)


def test_every_rule_has_a_word_in_the_manual() -> None:
    from reporting_governance.commands._health_check import Rule

    page = (ROOT / "docs/operating.md").read_text()
    assert all(f"| {rule.value} |" in page for rule in Rule)


def test_records_that_others_may_read(verbs: Verbs) -> None:
    (verbs.state / "journal").chmod(0o755)
    text = bad(verbs, "GOV902")
    command = text.split(" is open to others ")[1]
    subprocess.run(["/bin/sh", "-c", command], check=True, timeout=60)
    assert "GOV902" in looked(verbs)


def test_an_inbox_without_its_sticky_bit(verbs: Verbs) -> None:
    (verbs.state / "inbox").chmod(0o733)
    assert "chmod 1733" in bad(verbs, "GOV902")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_somebody_else_left(verbs: Verbs) -> None:
    path = next((verbs.state / "journal/log").iterdir())
    os.chown(path, 12345, -1)
    text = bad(verbs, "GOV902")
    assert "belongs to uid 12345" in text
    subprocess.run(["/bin/sh", "-c", text.split("uid 12345 ")[1]], check=True, timeout=60)
    looked(verbs)


def test_a_umask_under_which_nothing_can_be_read(verbs: Verbs) -> None:
    ended = verbs.call("doctor", umask=0o377)
    assert ended.code == 1
    assert "the umask is 0377" in ended.out


def test_a_zone_that_this_host_does_not_know(tmp_path: Path) -> None:
    calendar = "{schedule: '0 9 * * *', time_zone: Europe/Berlin}"
    own = profile(tmp_path, ("calendar: null", f"calendar: {calendar}"))
    verbs = Verbs(tmp_path / "state", options=("--profile", str(own)))
    verbs.ok("run")
    assert looked(verbs)["GOV909"][0]["seen"] == "Europe/Berlin"


def test_a_zone_that_was_known_where_the_profile_was_compiled() -> None:
    settings = SimpleNamespace(artifact={"spec": {"mute_times": [{"time_zone": "Europe/Nowhere"}]}})
    (check,) = zones(SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    assert (check.verdict.value, "Europe/Nowhere" in check.seen, "tzdata" in check.advice) == ("bad", True, True)


def test_a_watch_goes_on_when_the_zone_data_is_there_again(tmp_path: Path) -> None:
    calendar = "{schedule: '0 9 * * *', time_zone: Europe/Berlin}"
    own = profile(
        tmp_path, ("calendar: null", f"calendar: {calendar}"), ("silence_seconds: 1800", "silence_seconds: 315360000")
    )
    options = ("--profile", str(own))
    verbs = Verbs(tmp_path / "state", options=options)
    verbs.ok("run")
    verbs.ok("report", "start", "daily", "--agent", "coder", "--at", "2026-01-01T00:00:00Z", "--id", "first")
    nothing = tmp_path / "nothing"
    (nothing / "tzdata").mkdir(parents=True)  # hides the package of that name, where there is one
    (nothing / "tzdata/__init__.py").write_text("")
    hidden = {"PYTHONTZPATH": "/nonexistent", "PYTHONPATH": f"{nothing}:{ROOT / 'lib'}"}
    blind = Verbs(tmp_path / "state", hidden, options)
    blind.call("run")
    assert "Europe/Berlin" in bad(blind, "GOV909")
    assert verbs.outbox() == []
    verbs.ok("run")
    assert [each["phase"] for each in verbs.outbox()] == ["firing"]


def test_runs_that_come_less_often_than_the_profile_says(verbs: Verbs) -> None:
    verbs.ok("report", "start", "quiet", "--agent", "x", "--every", "1d")
    verbs.ok("run")
    for _ in range(2):
        assert "tick_seconds" not in str(looked(verbs)["GOV910"])
        age(verbs.state / "last-scan", 300)
        verbs.ok("run")
    (warning,) = [each for each in looked(verbs)["GOV910"] if each["verdict"] == "warning"]
    assert "every 300 s" in warning["seen"]
    assert "watchdog.tick_seconds in the profile to 300" in warning["advice"]


def test_only_what_a_profile_says_is_warned_of(tmp_path: Path) -> None:
    doubt = "  in_doubt: resend_marked             # hold needs a fallback receiver, and here is none\n"
    for name, written, verdicts in (
        ("silent.yaml", "", ["ok"]),
        ("says.yaml", "  in_doubt: hold\n", ["ok", "warning"]),
    ):
        own = profile(tmp_path, (doubt, written), name=name)
        found = looked(Verbs(tmp_path / "state", options=("--profile", str(own))))["GOV904"]
        assert [each["verdict"] for each in found] == verdicts
        assert "resend_marked" in found[0]["seen"]


def test_a_secret_that_is_not_there_and_one_that_all_may_read(tmp_path: Path) -> None:
    key = tmp_path / "key"
    with Receiver("ok") as receiver:
        own = with_target(tmp_path, "webhook", {"url": f"${{file:{key}}}"})
        verbs = Verbs(tmp_path / "state", options=("--profile", str(own)))
        verbs.ok("run")
        found = looked(verbs, 1)
        assert "cannot be read" in found["GOV906"][0]["seen"]
        key.write_text(receiver.url)
        key.chmod(0o644)
        (check,) = looked(verbs)["GOV906"]
        assert (check["verdict"], "everybody" in check["seen"]) == ("warning", True)
        subprocess.run(["/bin/sh", "-c", check["advice"]], check=True, timeout=60)
        assert looked(verbs)["GOV906"][0]["verdict"] == "ok"


def test_a_target_that_hangs_holds_doctor_for_a_while_only(tmp_path: Path) -> None:
    with Receiver("hang") as receiver:
        own = with_target(tmp_path, "webhook", {"url": receiver.url, "timeout_seconds": 2})
        verbs = Verbs(tmp_path / "state", options=("--profile", str(own)))
        verbs.ok("run")
        began = time.monotonic()
        verbs.call("doctor")
        assert time.monotonic() - began < 30


def test_a_program_of_a_target_that_is_not_there(tmp_path: Path) -> None:
    own = with_target(tmp_path, "command", {"argv": ["/no/such/program"]})
    verbs = Verbs(tmp_path / "state", options=("--profile", str(own)))
    verbs.ok("run")
    assert "the program is not there" in bad(verbs, "GOV911")


def test_metrics_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "collector"
    own = profile(tmp_path, ("metrics_path: null ", f"metrics_path: {folder}/a.prom "))
    verbs = Verbs(tmp_path / "state", options=("--profile", str(own)))
    verbs.ok("run")
    assert "no folder" in bad(verbs, "GOV913")
    folder.mkdir()
    folder.chmod(0o777)
    assert looked(verbs)["GOV913"][0]["verdict"] == "warning"
    folder.chmod(0o755)
    assert looked(verbs)["GOV913"][0]["verdict"] == "ok"


def test_the_outside_is_connected_to_and_not_told_of_a_run(tmp_path: Path) -> None:
    own = profile(tmp_path, ("heartbeat_url: null ", "heartbeat_url: ${env:PING} "))
    with Receiver("ok") as receiver:
        verbs = Verbs(tmp_path / "state", {"PING": receiver.url}, ("--profile", str(own)))
        verbs.ok("run")
        assert looked(verbs)["GOV914"][0]["verdict"] == "ok"
        assert (len(receiver.requests), receiver.connections) == (1, 2)
    assert "refused" in bad(verbs, "GOV914").lower()


def test_openclaw_that_cannot_be_read(tmp_path: Path) -> None:
    claw = tmp_path / "claw"
    (claw / "state").mkdir(parents=True)
    (claw / "state/openclaw.sqlite").write_bytes(b"no database at all")
    text = ("    when_present: true ", f"    parameters: {{state: {claw}}}\n    when_present: true ")
    verbs = Verbs(tmp_path / "state", options=("--profile", str(profile(tmp_path, text))))
    verbs.call("run")
    assert "not watched" in bad(verbs, "GOV912")


def test_cron_that_does_not_run_is_found_by_doctor_and_status(verbs: Verbs) -> None:
    age(verbs.state / "run.lock", 4000)
    assert "one is expected every 60 s" in bad(verbs, "GOV910")
    assert "Not watched: the last `run` began" in verbs.ok("status").out
    assert "began" in verbs.ok("status", "--format", "json").document()["run_trouble"]
    verbs.ok("run")
    assert verbs.ok("status", "--format", "json").document()["run_trouble"] is None
    assert verbs.ok("status", "--format", "json").document()["last_success_at"] is not None


def test_runs_that_begin_and_never_end(verbs: Verbs) -> None:
    text = (verbs.state / "run.lock").read_text()
    old = json.loads(text) | {"ended_at": "2026-01-01T00:00:00.000Z", "exit_code": 70}
    (verbs.state / "run.lock").write_text(json.dumps(old))
    seen = bad(verbs, "GOV910")
    assert "none has come to its end" in seen
    assert "ended with 70" in seen


def test_a_clock_that_was_set_is_told(verbs: Verbs) -> None:
    program = (
        "import sys, datetime as d\n"
        "from reporting_governance.storage.files.store import FilesStore\n"
        "FilesStore(sys.argv[1], actor='x').initialise(d.datetime.now(d.UTC) + d.timedelta(hours=2))\n"
    )
    shutil.rmtree(verbs.state)
    words = [sys.executable, "-P", "-c", program, str(verbs.state)]
    subprocess.run(words, env=verbs.variables(), check=True, timeout=60)
    (check,) = looked(verbs)["GOV908"]
    assert (check["verdict"], "was set at" in check["seen"]) == ("warning", True)


def test_a_target_that_refused_or_gave_back_is_for_a_person_to_mend(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", "cat > /dev/null; exit 1"]
    path = with_target(tmp_path, "command", {"argv": argv})
    verbs = Verbs(tmp_path / "state", options=("--profile", str(path)))
    verbs.overdue()
    verbs.call("run")
    text = bad(verbs, "GOV911")
    assert "refused what it got last, at " in text
    assert ": exit 1 " in text
    assert "`reportgov retry" in text


def test_a_target_that_is_down_is_listed_with_the_time_of_the_next_try(tmp_path: Path) -> None:
    path = with_target(tmp_path, "command", {"argv": ["/bin/sh", "-c", "cat > /dev/null; exit 75"]})
    verbs = Verbs(tmp_path / "state", options=("--profile", str(path)))
    verbs.overdue()
    verbs.call("run")
    down = [each for each in looked(verbs)["GOV911"] if "tried again at" in each["seen"]]
    assert [each["verdict"] for each in down] == ["warning"]
