"""However a command ends, the exit code says how, stderr says why in one line, and no traceback is seen."""

import glob
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

#: the beginning of a program of one call under the guard
PROGRAM = """
import os, sys, time
import click
from reporting_governance.commands._handler import guard, say
from reporting_governance.errors import ExitCode, GovernanceError

class Broken(GovernanceError):
    exit_code = ExitCode.TRY_LATER
    message = "{path}: is broken"
    hint = "Mend {path}."

def call():
BODY
sys.exit(guard(call, verb="scan"))
"""


def program(body: str) -> list[str]:
    """Return the command line of a program that runs `body` under the guard."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return [sys.executable, "-P", "-c", PROGRAM.replace("BODY", lines)]


def environment(logs: Path) -> Mapping[str, str]:
    """Return variables under which the log of a bug lies in `logs`, and the package is found."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**theirs, "TMPDIR": str(logs), "PYTHONPATH": os.pathsep.join(sys.path)}


def end(body: str, logs: Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run `body` under the guard to its end."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(program(body), env=environment(logs), text=True, timeout=60, check=False, **pipes)


def test_an_error_of_ours_is_one_line_with_its_hint_and_its_code(tmp_path: Path) -> None:
    result = end('raise Broken(path="/a/b")', tmp_path)
    assert (result.returncode, result.stdout) == (75, "")
    assert result.stderr == "reportgov: /a/b: is broken  Mend /a/b.\n"


def test_text_from_outside_stays_one_line_and_drives_no_terminal(tmp_path: Path) -> None:
    result = end(r'raise Broken(path="a\nb\x1b[2J\u202e\udcff")', tmp_path)
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr
    assert r"a\nb\x1b[2J\u202e\udcff: is broken" in result.stderr


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("return None", 0),
        ("return ExitCode.PARTIAL", 3),
        ("return True", 1),
        ("raise click.exceptions.Exit(1)", 1),
        ('raise click.UsageError("no such thing")', 2),
        ('raise click.ClickException("click would end with 1")', 2),
        ("raise click.Abort", 130),
        ("raise KeyboardInterrupt", 130),
    ],
)
def test_exit_codes(tmp_path: Path, body: str, code: int) -> None:
    result = end(body, tmp_path)
    assert result.returncode == code
    assert "Traceback" not in result.stderr


BUGS = {
    "an exception": 'raise ValueError("secret\\n")',
    "a recursion": "call()",
    "out of memory": "raise MemoryError",
    "an answer that is no code": 'return "done"',
    "an exit from below": "sys.exit(1)",
    "another program's pipe": "raise BrokenPipeError(32, 'Broken pipe')",
    "a file that cannot be written": "open('/dev/full', 'w').write('x' * 100000)",
    "a hint that cannot be told": "Broken.hint = '{nothing}'\nraise Broken(path='x')",
}


@pytest.mark.parametrize("body", BUGS.values(), ids=BUGS.keys())
def test_a_bug_is_70_and_a_log_that_only_we_may_read(tmp_path: Path, body: str) -> None:
    result = end(body, tmp_path)
    assert (result.returncode, result.stdout) == (70, "")
    assert result.stderr.startswith("reportgov: bug: ")
    assert result.stderr.count("\n") == 1
    (log,) = glob.glob(f"{tmp_path}/*")
    assert result.stderr.endswith(f"{log}\n")
    assert stat.S_IMODE(os.stat(log).st_mode) == 0o600
    text = Path(log).read_text()
    assert "Traceback (most recent call last)" in text
    assert "verb scan" in text


def test_the_same_bug_in_every_tick_does_not_fill_the_disk(tmp_path: Path) -> None:
    body = 'raise ValueError(f"{time.time()}")'
    assert end(body, tmp_path).stderr == end(body, tmp_path).stderr
    assert len(os.listdir(tmp_path)) == 1


def test_a_name_that_somebody_took_is_not_written_through(tmp_path: Path) -> None:
    body = "raise ValueError"
    end(body, tmp_path)
    (log,) = os.listdir(tmp_path)
    victim = tmp_path / "victim"
    victim.write_text("keep me")
    (tmp_path / log).unlink()
    (tmp_path / log).symlink_to(victim)
    result = end(body, tmp_path)
    assert result.returncode == 70
    assert victim.read_text() == "keep me"
    (named,) = set(os.listdir(tmp_path)) - {"victim", log}
    assert result.stderr.endswith(f"{named}\n")


def test_a_bug_whose_log_finds_no_room_is_still_told(tmp_path: Path) -> None:
    result = end("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\nraise ValueError", tmp_path)
    assert (result.returncode, result.stderr.count("\n")) == (70, 1)
    assert "no log could be written (OSError: [Errno 27] File too large)" in result.stderr
    assert os.listdir(tmp_path) == []


def signalled(body: str, logs: Path, *numbers: int, **options: Any) -> tuple[int, str, str]:
    """Start `body`, wait until it has printed a line, send it signals, and return how it ended."""
    process = subprocess.Popen(
        program(body), env=environment(logs), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    for place, number in enumerate(numbers):
        if place:
            assert process.stdout.readline() == "tidied\n"  # signals of one kind that wait together count as one
        process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


WAITING = 'try:\n    print("ready", flush=True)\n    time.sleep(60)\nfinally:\n    print("tidied", flush=True)'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_runs_what_must_be_tidied_and_ends_with_its_code(tmp_path: Path, number: signal.Signals) -> None:
    assert signalled(WAITING, tmp_path, number) == (128 + number, "tidied\n", "")


def test_code_that_survives_errors_does_not_survive_a_signal(tmp_path: Path) -> None:
    body = WAITING.replace("finally:", "except Exception:")
    assert signalled(body, tmp_path, signal.SIGTERM)[0] == 143


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    body = WAITING + "\n    time.sleep(60)"
    assert signalled(body, tmp_path, signal.SIGTERM, signal.SIGTERM)[0] == -signal.SIGTERM


def test_under_nohup_a_lost_terminal_is_no_end(tmp_path: Path) -> None:
    body = 'print("ready", flush=True)\ntime.sleep(1)\nprint("done")'
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    assert signalled(body, tmp_path, signal.SIGHUP, **ignore) == (0, "done\n", "")


@pytest.mark.parametrize("writes", ["click.echo('x' * 200000)", "print('x' * 200000)", "print('short')"])
def test_a_reader_that_has_gone_is_no_bug(tmp_path: Path, writes: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = end(writes, tmp_path, stdout=write_end)
    os.close(write_end)
    assert (result.returncode, result.stderr) == (141, "")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("writes", ["click.echo('x' * 200000)", "click.echo('short')", "print('short')"])
def test_a_report_that_could_not_be_written_is_not_done(tmp_path: Path, writes: str) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = end(writes, tmp_path, stdout=full)
    assert result.returncode == 3
    assert result.stderr == "reportgov: standard output: the report could not be written: No space left on device\n"


def test_a_code_that_says_more_survives_a_lost_report(tmp_path: Path) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert end("print('short')\nreturn 1", tmp_path, stdout=full).returncode == 1


def test_started_with_its_streams_closed_no_file_takes_their_place(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    body = (
        f"file = os.open({str(journal)!r}, os.O_WRONLY | os.O_CREAT)\nprint('x')\nsay('y')\nos.write(2, b'z')\nreturn 0"
    )
    command = " ".join(f"'{word}'" for word in ["exec", '"$@"', "<&-", ">&-", "2>&-"]).replace("'", "")
    result = subprocess.run(
        ["/bin/sh", "-c", command, "sh", *program(body)], env=environment(tmp_path), timeout=60, check=False
    )
    assert result.returncode == 0
    assert journal.read_bytes() == b""


def test_a_name_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    result = end(r'click.echo("a\udcffb")', tmp_path)
    assert (result.returncode, result.stdout) == (0, "a\\udcffb\n")
