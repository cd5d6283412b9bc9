"""Eight hosts send one queue's notices, and three die on the way: each arrives once, or says that it may be a repeat.

Each host is a process with a name, a network and a folder of its own where the kernel allows that; they share the
database alone.  The receiver is a program that keeps a log, and cannot be asked what it has.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import ExitCode, GovernanceError
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.host import Host
from reporting_governance.stages.report import run_report
from reporting_governance.stages.status import run_status
from tests.crash.chain.world import OVERDUE, START, World, profile_of
from tests.oracle.agreement import agree_on_disk, agree_on_states
from tests.oracle.checker import Arrival, Document, arrivals_in
from tests.oracle.checker import check as check_all
from tests.postgres.back_end import PostgresBackEnd, open_store
from tests.postgres.reading import documents_of, verify_lines

pytestmark = pytest.mark.postgres

HOSTS, DYING = 8, 3
_NEW_NAME, _NEW_NETWORK = 0x04000000, 0x40000000  #: CLONE_NEWUTS, CLONE_NEWNET
_AFTER_ALL = 7200.0  #: seconds after the start; every attempt of the dead is over by then
LONGEST_SECONDS = 900
#: appends its input as one line to the log, and says that it stored it, by the item's id
PAGER = """
line=$(cat)
printf '%s\\n' "$line" >> "$1"
set -f
IFS='"'
set -- $line
until [ "$1" = spool_id ]; do shift; done
printf '{"proof":"stored","id":"%s"}' "$3"
"""


@dataclass(frozen=True, slots=True)
class RunningClock:
    """The time since the test began, as the world counts it; the same on every host of this machine."""

    began: float
    at: float

    def seconds(self) -> float:
        return self.at + time.monotonic() - self.began

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds())

    def monotonic(self) -> float:
        return 10_000.0 + self.seconds()


def profile_for(log: str) -> ProfileSpec:
    """Return a profile whose two receivers are reached by the program."""
    with open(f"{log}.sh", "w", encoding="ascii") as file:
        file.write(PAGER)
    parameters = {"argv": ["/bin/sh", f"{log}.sh", log], "best_proof": "stored", "timeout_seconds": 5}
    target = {"sender": "command", "parameters": parameters}
    receivers = {name: {"targets": {"program": target}} for name in ("operator", "pager")}
    return profile_of(receivers=receivers, repeat_seconds=30 * 86_400)


def queued(world: World, notices: int) -> None:
    """Fill the queue, as one host does that watches many tasks: two receivers hear of each."""
    tasks = [f"task-{number:05}" for number in range(notices // 2)]
    world.at(0)
    for first in range(0, len(tasks), 100):
        given = [
            CheckIn.parse({"verb": "start", "task": task, "agent": "agent-1", "checkpoint": {"every_seconds": 600}})
            for task in tasks[first : first + 100]
        ]
        run_report(world.store(), given, uid=1000, profile=world.profile, clock=world.clock)
    world.enqueue()
    world.at(OVERDUE)
    world.scan()
    world.enqueue()
    world.dispatch()


class HostProcess:
    """One host: sends what is due until it is told that there is nothing more."""

    def __init__(self, number: int, url: str, folder: Path, profile: ProfileSpec, clock: RunningClock) -> None:
        self.name = f"host-{number}"
        self.process = os.fork()
        if self.process == 0:
            self._live(url, str(folder / self.name), profile, clock)

    def _live(self, url: str, local: str, profile: ProfileSpec, clock: RunningClock) -> None:
        code = 1
        try:
            signal.alarm(LONGEST_SECONDS)
            _apart(self.name)
            store = open_store(url, local, host=self.name, now=clock.now, monotonic=clock.monotonic)
            senders = Senders(profile.notification.receivers, state_folder=local)
            host = Host(name=self.name, boot_id="this boot", pid=os.getpid())
            while True:
                try:
                    run_bridge(store, senders, profile, clock=clock, host=host, max_seconds=12)
                    if not store.listing(Folder.SPOOL).names:
                        break
                    time.sleep(0.2)
                    if not _due(store, clock):
                        break
                except GovernanceError as error:
                    if error.exit_code is not ExitCode.TRY_LATER:
                        raise
                    time.sleep(0.2)
            code = 0
        except BaseException as error:
            os.write(2, f"{self.name}: {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(code)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)

    def end(self) -> int:
        _, status = os.waitpid(self.process, 0)
        return os.waitstatus_to_exitcode(status)


def _due(store: Any, clock: RunningClock) -> bool:
    from reporting_governance.contracts.times import due_name

    return bool(store.listing(Folder.SPOOL).due(due_name(clock.now())))


def _apart(name: str) -> None:
    """Take a name and a network of our own, where we may."""
    import ctypes
    import socket

    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NAME | _NEW_NETWORK) == 0:
        socket.sethostname(name)


def sent_by_many(
    databases: PostgresBackEnd,
    folder: Path,
    notices: int,
    *,
    seed: int,
    meanwhile: Callable[[Callable[[float], None]], None] | None = None,
) -> None:
    """Fill a queue, let hosts send it, and look at what came of it.

    Args:
        meanwhile: what happens instead of the death of some; it may wait until a part of all is sent.
    """
    log = str(folder / "pager.log")
    world = World(str(folder / "state"), profile_for(log))
    queued(world, notices)
    assert len(world.files().listing(Folder.SPOOL).names) == notices
    databases.close()  # what is forked has no connection of ours
    clock = RunningClock(time.monotonic(), OVERDUE)
    hosts = [HostProcess(number, databases.url(world.root), folder, world.profile, clock) for number in range(HOSTS)]
    chance = random.Random(seed)
    dying = [] if meanwhile else chance.sample(hosts, DYING)
    try:
        if meanwhile:
            meanwhile(lambda part: _wait_for(log, int(notices * part)))
        for number, host in enumerate(dying, start=1):
            _wait_for(log, int(notices * number * chance.uniform(0.15, 0.25)))
            host.kill()
        codes = {host: host.end() for host in hosts}
    except BaseException:
        for host in hosts:
            host.kill()
        raise
    assert [codes[host] for host in hosts if host not in dying] == [0] * (HOSTS - len(dying))
    assert [codes[host] for host in dying] == [-signal.SIGKILL] * len(dying), "they ended before they were killed"
    # whoever comes after the deadlines of the dead takes over what they had begun
    world.at(_AFTER_ALL).settle()
    check(world, databases, log, notices, folder)


def _wait_for(log: str, lines: int) -> None:
    ends_at = time.monotonic() + LONGEST_SECONDS
    while len(arrivals_in(log)) < lines:
        assert time.monotonic() < ends_at, "nobody sends anything"
        time.sleep(0.02)


def check(world: World, databases: PostgresBackEnd, log: str, notices: int, folder: Path) -> None:
    """Hold what arrived against what the records say, item by item."""
    with psycopg.connect(databases.url(world.root)) as connection:
        documents = documents_of(connection)
        verify_lines(connection, str(folder / "segments"))
    arrivals = arrivals_in(log)
    heard = Counter(each.spool_id for each in arrivals)
    marked = Counter(each.spool_id for each in arrivals if each.marked)
    targets = {each["record"]["body"]["spool_id"]: each["record"]["body"]["target"] for each in _items(documents)}
    arrived: dict[str, list[Arrival]] = {}
    for each in arrivals:
        arrived.setdefault(targets[each.spool_id], []).append(each)
    derived = check_all(documents, arrived)
    assert len(derived.items) == notices
    assert {each: derived.state_of(each) for each in derived.notices} == dict.fromkeys(derived.notices, "acked")
    for item in derived.items:
        assert heard[item] >= 1, f"{item} never arrived"
        assert heard[item] - marked[item] <= 1, f"{item} arrived {heard[item]} times, and {marked[item]} are marked"
    if type(databases) is PostgresBackEnd:  # another one may have nothing to make views anew in
        agree_on_disk(world.root, derived)
    agree_on_states(world.files(), derived, world.clock)
    writers = Counter(each["writer"].get("host") for each in documents if "record" in each)
    at_work = [name for name in writers if str(name).startswith("host-")]
    assert len(at_work) > DYING, f"only {at_work} sent anything"
    told = run_status(world.files(), clock=world.clock).notices
    assert set(told.values()) == {0}, told


def _items(documents: Sequence[Document]) -> Iterator[Document]:
    return (each for each in documents if each.get("record", {}).get("kind") == "spool-item")


def test_eight_hosts_three_of_which_die(databases: PostgresBackEnd, tmp_path: Path) -> None:
    sent_by_many(databases, tmp_path, 200, seed=1)


@pytest.mark.long
def test_eight_hosts_and_ten_thousand_notices(databases: PostgresBackEnd, tmp_path: Path) -> None:
    sent_by_many(databases, tmp_path, 10_000, seed=2)
