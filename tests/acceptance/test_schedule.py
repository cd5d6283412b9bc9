"""What `schedule` prints is what cron and systemd take, whatever the folders are called, and starts the real thing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from reporting_governance.core.schedule_text import (
    NoSchedule,
    Plan,
    cron_text,
    jitter_seconds,
    service_text,
    timer_text,
)
from tests.acceptance.verbs import ROOT, Verbs, profile

NASTY = [
    "plain",
    "with blank",
    "100%",
    "a%b!c",
    "o'clock",
    'say "so"',
    "$HOME",
    "back\\slash",
    "back\\%both",
    "ünï",
    ";",
]
EVERY = [60, 120, 300, 900, 1800, 3600, 7200, 43_200, 86_400]


def plan(**changes: object) -> Plan:
    given = {"argv": ("/opt/run",), "every_seconds": 60, "max_seconds": 50, "jitter_seconds": 7, "state": "/var/lib/x"}
    return Plan(**{**given, **changes})  # type: ignore[arg-type]


def as_cron_starts_it(line: str) -> str:
    """Return what cron gives to sh, by crontab(5): an unescaped % ends the command, and of \\% the backslash goes."""
    command, escaped = "", False
    for letter in line.split(" ", 5)[5]:
        if escaped and letter == "%":
            command = command[:-1] + letter
            escaped = False
            continue
        if letter == "%" and not escaped:
            break
        escaped = letter == "\\" and not escaped
        command += letter
    return command


@pytest.mark.parametrize("options", [(), ("--profile", "standard-team-mode")])
@pytest.mark.parametrize("name", ["state", "100% of it"])
def test_init_prints_the_line_that_schedule_prints(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    verbs = Verbs(tmp_path / name)
    said = verbs.ok("init", *options).out
    assert verbs.ok("schedule", "print", "--cron").out.splitlines()[-1] == said.splitlines()[-1].strip()


def test_init_says_when_no_crontab_can_start_what_the_profile_expects(tmp_path: Path) -> None:
    own = profile(tmp_path, ("tick_seconds: 60", "tick_seconds: 90"))
    verbs = Verbs(tmp_path / "state", options=("--profile", str(own)))
    assert "schedule print --cron --every 5m" in verbs.ok("init").out


@pytest.mark.parametrize("name", NASTY)
def test_a_line_for_cron_starts_what_was_meant(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    script = folder / "show"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    script.chmod(0o755)
    text = cron_text(plan(argv=(str(script), "--state", str(folder)), jitter_seconds=0))
    comment, line = text.splitlines()
    assert comment.startswith("# ")
    command = as_cron_starts_it(line)
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, env={}, timeout=60, check=True)
    assert done.stdout.splitlines() == ["--state", str(folder)]


def test_the_line_of_the_verb_runs_the_chain_with_nothing_in_its_environment(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state of 100%")
    verbs.overdue()
    line = verbs.ok("schedule", "print", "--cron").out.splitlines()[1]
    command = as_cron_starts_it(line)
    seconds = int(command.split()[1].rstrip(";")) if command.startswith("sleep") else 0
    assert seconds < 20
    command = command.replace(f"sleep {seconds}; ", "")
    assert str(ROOT / "bin/run") in command
    bare = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=bare, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert len(verbs.outbox()) == 1


@pytest.mark.parametrize(
    ("every", "jitter", "times"),
    [
        (60, 7, "* * * * *"),
        (300, 130, "2-59/5 * * * *"),
        (3600, 60, "1 * * * *"),
        (7200, 0, "0 */2 * * *"),
        (86_400, 59 * 60, "59 0 * * *"),
    ],
)
def test_the_times_of_cron(every: int, jitter: int, times: str) -> None:
    line = cron_text(plan(every_seconds=every, jitter_seconds=jitter, user="bot")).splitlines()[1]
    assert line.startswith(f"{times} bot ")


@pytest.mark.parametrize("every", [0, 1, 59, 61, 90, 420, 2400, 5400, 18_000, 172_800])
def test_what_is_no_even_part_of_an_hour_or_a_day_is_refused(every: int) -> None:
    for write in (cron_text, service_text, timer_text):
        with pytest.raises(NoSchedule, match="even part"):
            write(plan(every_seconds=every))


@pytest.mark.parametrize(
    "changes",
    [
        {"argv": ("/opt/run", "--state", "/a\nb")},
        {"user": "bot root"},
        {"user": "a\n* * * * * root sh"},
        {"name": "../../x"},
        {"name": ""},
    ],
)
def test_what_would_break_out_of_its_line_is_refused(changes: dict[str, object]) -> None:
    for write in (cron_text, service_text, timer_text):
        with pytest.raises(NoSchedule):
            write(plan(**changes))


def test_the_jitter_is_stable_and_spreads() -> None:
    first = [jitter_seconds(f"host-{number}", "/var/lib/x", 300) for number in range(300)]
    assert first == [jitter_seconds(f"host-{number}", "/var/lib/x", 300) for number in range(300)]
    assert all(0 <= each < 300 for each in first)
    assert len(set(first)) > 150
    assert jitter_seconds("a", "/b", 300) != jitter_seconds("a", "/c", 300)
    assert max(jitter_seconds(f"host-{number}", "/x", 60) for number in range(300)) < 20


def needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: what is printed for systemd was held against no systemd")
    return found


@pytest.mark.parametrize("user", [None, "daemon"])
@pytest.mark.parametrize("name", NASTY)
def test_systemd_takes_the_units(tmp_path: Path, name: str, user: str | None) -> None:
    analyze = needed("systemd-analyze")
    folder = tmp_path / name
    folder.mkdir()
    program = "/bin/true"
    wanted = plan(argv=(program, "--state", str(folder)), state=str(folder), writable=(str(folder),), user=user)
    (tmp_path / "reportgov.service").write_text(service_text(wanted))
    (tmp_path / "reportgov.timer").write_text(timer_text(wanted))
    words = [analyze, "verify", *([] if user else ["--user"]), "--man=no"]
    units = [str(tmp_path / f"reportgov.{kind}") for kind in ("service", "timer")]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([*words, *units], capture_output=True, text=True, env=environment, timeout=60, check=False)
    if "Failed to initialize manager" in done.stderr:
        pytest.skip(f"systemd-analyze cannot work here: {done.stderr.strip()}")
    about_ours = [line for line in done.stderr.splitlines() if "reportgov" in line]
    assert (done.returncode, about_ours) == (0, [])


def test_the_check_of_units_finds_a_broken_one(tmp_path: Path) -> None:
    analyze = needed("systemd-analyze")
    unit = tmp_path / "reportgov.service"
    unit.write_text(service_text(plan()).replace("UMask=0077", "UMask=what"))
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, timeout=60, check=False)
    assert b"UMask" in done.stderr or b"/opt/run" in done.stderr


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("jitter", [0, 59])
def test_systemd_understands_the_calendar_and_its_pace(every: int, jitter: int) -> None:
    analyze = needed("systemd-analyze")
    text = timer_text(plan(every_seconds=every, jitter_seconds=jitter))
    (calendar,) = [line.partition("=")[2] for line in text.splitlines() if line.startswith("OnCalendar=")]
    words = [analyze, "calendar", "--iterations=3", "--base-time=2026-03-01 00:00:00 UTC", calendar]
    done = subprocess.run(words, capture_output=True, text=True, env={"TZ": "UTC"}, timeout=60, check=True)
    times = [line.split()[-2] for line in done.stdout.splitlines() if "Next elapse" in line or "Iter. #" in line]
    seconds = [
        sum(int(part) * unit for part, unit in zip(each.split(":"), (3600, 60, 1), strict=True)) for each in times
    ]
    assert (seconds[1] - seconds[0]) % 86_400 == every % 86_400
    assert seconds[0] % 60 == jitter


def quoted_words(line: str) -> list[str]:
    """Return what systemd makes of ExecStart, by systemd.syntax(7): quotes, C escapes, %% and $$."""
    words, word, quoted, place = [], "", False, 0
    while place < len(line):
        letter = line[place]
        if letter == "\\":
            place += 1
            word += line[place]
        elif letter == '"':
            quoted = not quoted
        elif letter == " " and not quoted:
            words.append(word)
            word = ""
        else:
            word += letter
        place += 1
    return [each.replace("%%", "%").replace("$$", "$") for each in (*words, word)]


@pytest.mark.parametrize("name", NASTY)
def test_the_words_that_systemd_reads_are_those_that_were_meant(name: str) -> None:
    text = service_text(plan(argv=("/opt/run", "--state", f"/var/{name}")))
    (line,) = [each.removeprefix("ExecStart=") for each in text.splitlines() if each.startswith("ExecStart=")]
    assert quoted_words(line) == ["/opt/run", "--state", f"/var/{name}"]


def test_what_the_verb_prints(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    document = verbs.ok(
        "schedule", "print", "--systemd", "--user", "bot", "--every", "5m", "--format", "json"
    ).document()
    assert [each["path"] for each in document["files"]] == [
        "/etc/systemd/system/reportgov.service",
        "/etc/systemd/system/reportgov.timer",
    ]
    text = verbs.ok("schedule", "print", "--systemd", "--user", "bot", "--every", "5m").out
    assert "tick_seconds in it to 300" in text
    assert all(each["text"] in text for each in document["files"])
    part = verbs.ok("schedule", "print", "--systemd", "--user", "bot", "--every", "5m", "--part", "timer").out
    assert part == document["files"][1]["text"]
    assert not verbs.state.exists(), "it prints and installs nothing"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("print",), "say --cron or --systemd"),
        (("install", "--cron"), "not 'print'"),
        (("print", "--cron", "--part", "timer"), "--part goes with --systemd"),
        (("print", "--cron", "--every", "7m"), "even part"),
        (("print", "--cron", "--user", "a b"), "no name of a user"),
    ],
)
def test_wrong_calls(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ended = Verbs(tmp_path / "state").call("schedule", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_verbs_and_options(tmp_path: Path, shell: str) -> None:
    verbs = Verbs(tmp_path / "state")
    text = verbs.ok("completions", shell).out
    assert "_REPORTGOV_COMPLETE" in text
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed: its text was not given to it")
    (tmp_path / "text").write_text(text)
    done = subprocess.run([program, "-n", str(tmp_path / "text")], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_bash_is_answered(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    words = verbs.command("status")
    words = words[: words.index("status")]

    def asked(line: str, place: int) -> list[str]:
        asking = {"_REPORTGOV_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(place)}
        environment = {**verbs.variables(), **asking}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return [each.partition(",")[2] for each in done.stdout.splitlines()]

    assert asked("reportgov sched", 1) == ["schedule"]
    assert "--tasks" in asked("reportgov status --", 2)
    assert "status" not in asked("reportgov nonsense --", 2)
