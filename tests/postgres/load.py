"""Writers in processes of their own that work on one log, whatever becomes of the server, and say what was added."""

import json
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reporting_governance.errors import ExitCode, StorageError
from reporting_governance.storage.interface import Added, Group, Store
from tests.postgres.back_end import open_store
from tests.storage.building import NOW, SPOOL, attempt, birth, item_id, settle

LONGEST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Said:
    """What one writer said: the records it was told are added, in order, and how often the database was away."""

    added: list[str]
    away: int


@dataclass
class Writer:
    """One writer, and the pipe that it speaks through."""

    number: int
    process: int
    pipe: int

    def stop(self) -> None:
        os.kill(self.process, signal.SIGTERM)

    def said(self) -> Said:
        """Wait for its end; return what it said."""
        with os.fdopen(self.pipe, "rb") as pipe:
            said = [json.loads(line) for line in pipe if line.endswith(b"\n")]
        _, status = os.waitpid(self.process, 0)
        wrong = [each for each in said if isinstance(each, str)]
        assert os.waitstatus_to_exitcode(status) == 0, f"writer {self.number} failed: {wrong}"
        return Said([each for one in said if isinstance(one, list) for each in one], said.count(None))


def ended(writers: Sequence[Writer]) -> list[Said]:
    """Stop all of them, and return what each said."""
    for writer in writers:
        writer.stop()
    return [writer.said() for writer in writers]


def start_writer(url: str, local: str, number: int) -> Writer:
    """Start a writer as another host: its own name, its own folder."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            signal.alarm(LONGEST_SECONDS)
            _write(url, local, number, writing)
            code = 0
        except BaseException as error:
            _say(writing, f"{type(error).__name__}: {error}")
        finally:
            os._exit(code)
    os.close(writing)
    return Writer(number, child, reading)


def _write(url: str, local: str, number: int, writing: int) -> None:
    """Give birth to items, try them and settle them, until told to stop; do again what brought no answer."""
    stopping: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    chance = random.Random(number)
    store: Store = open_store(url, f"{local}/{number}", host=f"host-{number}")
    fresh = number * 1_000_000
    while not stopping:
        try:
            seen = store.ready().seq
            open_ones = [name for name in store.listing(SPOOL).names.values() if _owner(name.id) == number]
            groups: list[Group] = [settle(each) if each.due.startswith("9999") else attempt(each) for each in open_ones]
            groups += [birth(fresh + place, absent_at=seen) for place in range(chance.randint(1, 5))]
            answers = store.commit(groups, now=NOW)
        except StorageError as error:
            if error.exit_code is not ExitCode.TRY_LATER:
                raise
            _say(writing, None)
            fresh += 5  # whether they stand is not known, and a new birth of one that was settled would be another
            time.sleep(0.02)
            continue
        fresh += 5
        records = [
            addition.record
            for group, answer in zip(groups, answers, strict=True)
            if isinstance(answer, Added)
            for addition in group.additions
        ]
        _say(writing, [record.id for record in records if record is not None])


def _owner(identity: str) -> int:
    return int(identity.removeprefix("spl_"), 16) // 1_000_000


def _say(writing: int, said: Any) -> None:
    os.write(writing, json.dumps(said).encode("ascii") + b"\n")


assert _owner(item_id(3_000_001)) == 3
