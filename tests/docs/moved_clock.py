"""`reportgov`, `sleep` and `crontab` for pages that are tried: nobody waits, the clock is moved instead.

Started as `moved_clock.py PROGRAM FOLDER [ARGUMENTS]`.  FOLDER holds `clock`, by how many seconds this machine's clock
is moved, and `crontab.lines`.  `sleep` moves the clock from one line of the crontab that is due to the next, and runs
it.
"""

import datetime
import re
import shlex
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: What `schedule print --cron` prints: when, a pause, and how `run` is started.
_LINE = re.compile(r"(?P<when>(?:\S+ ){5})(?:sleep \d+; )?(?:exec )?(?P<program>\S+) (?P<words>.*)")


class Moved:
    """The clocks of this process: the machine's, moved."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._time, self._monotonic = time.time, time.monotonic
        self._by = float(self._file.read_text())

    def time(self) -> float:
        return self._time() + self._by

    def monotonic(self) -> float:
        return self._monotonic() + self._by

    def move(self, seconds: float) -> None:
        self._by += max(0.0, seconds)
        self._file.write_text(repr(self._by))

    def install(self) -> None:
        """Take the place of the clocks; before anything of ours is imported."""
        true = datetime.datetime
        clock = self.time

        class MovedDatetime(true):
            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> "MovedDatetime":
                return cls.fromtimestamp(clock(), tz)

        datetime.datetime = MovedDatetime  # type: ignore[misc]
        time.time, time.monotonic = self.time, self.monotonic


def seconds_of(words: list[str]) -> int:
    """Return how long GNU `sleep` would wait."""
    return sum(int(word[:-1]) * _UNITS[word[-1]] if word[-1] in _UNITS else int(word) for word in words)


def sleep(clock: Moved, folder: Path, seconds: int) -> None:
    """Let time go by: what the crontab starts meanwhile is started, one after the other."""
    ends_at = clock.time() + seconds
    lines = [line for line in (folder / "crontab.lines").read_text().splitlines() if line and not line.startswith("#")]
    for at, words in _starts(lines, clock.time(), ends_at):
        clock.move(at - clock.time())
        _run(words)
    clock.move(ends_at - clock.time())


def _starts(lines: list[str], begins_at: float, ends_at: float) -> list[tuple[float, list[str]]]:
    from cronsim import CronSim

    found = []
    for line in lines:
        entry = _LINE.fullmatch(line)
        assert entry is not None, f"no line of `schedule print --cron`: {line}"
        assert Path(entry["program"]).is_file(), line
        words = shlex.split(entry["words"].replace(r"\%", "%"))
        if Path(entry["program"]).name == "run":  # bin/run
            words = ["run", *words]
        due = CronSim(entry["when"].strip(), datetime.datetime.fromtimestamp(begins_at, datetime.UTC))
        for moment in due:
            if moment.timestamp() > ends_at:
                break
            found.append((moment.timestamp(), words))
    return sorted(found)


def _run(words: list[str]) -> None:
    from reporting_governance.commands.main import main

    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main(words)
    assert code in (0, 1, 3), f"{words} ended with {code}: {said.getvalue()}"


def crontab(folder: Path, words: list[str]) -> int:
    """Do what `crontab -` and `crontab -l` do."""
    file = folder / "crontab.lines"
    if words == ["-l"]:
        sys.stdout.write(file.read_text())
        return 0
    assert words == ["-"], words
    file.write_text(sys.stdin.read())
    return 0


def main(program: str, place: str, *words: str) -> int:
    folder = Path(place)
    if program == "crontab":
        return crontab(folder, list(words))
    clock = Moved(folder)
    clock.install()
    if program == "sleep":
        sleep(clock, folder, seconds_of(list(words)))
        return 0
    sys.argv[0] = "reportgov"
    from reporting_governance.commands.main import main as reportgov

    return reportgov(list(words))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
