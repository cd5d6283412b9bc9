"""Hosts with one database share what is due: none tries what another has taken; a dead one's share is free again."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reporting_governance.contracts.job import Job
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import due_name
from reporting_governance.core.jobs import Ended
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.host import Host
from reporting_governance.stages.shares import LONGEST_SECONDS
from tests.jobs.world import OK, Clock, Jobs
from tests.jobs.world import Host as JobHost
from tests.postgres.back_end import open_store
from tests.postgres.home import server, template
from tests.stages.bridge_world import HandClock, World, profile
from tests.stages.test_bridge_in_doubt import STORED, Channel

pytestmark = pytest.mark.postgres


class Hosts:
    """A database, the clock that all its hosts have, and each host's way to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.database = server().new_database(template=template())
        self._worlds: list[World] = []

    def world(self, name: str) -> World:
        """Return the queue as a process of a host has it."""
        url, local = server().url(self.database), str(self.folder / name)
        store = open_store(url, local, host=name, now=self.clock.now, monotonic=self.clock.monotonic)
        self._worlds.append(World(store, self.clock))
        return self._worlds[-1]

    def remove(self) -> None:
        for each in self._worlds:
            each.store.close()  # type: ignore[attr-defined]
        server().drop_database(self.database)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    made = Hosts(tmp_path)
    yield made
    made.remove()


def queued(world: World, items: int) -> set[str]:
    return {world.item(world.notice(number)) for number in range(items)}


def send(world: World, name: str, channel: Channel, *, parallel: int = 2, limit: int = 10_000) -> BridgeReport:
    host = Host(name=name, boot_id=f"boot of {name}", pid=1)
    senders = {"operator/main": channel}
    return run_bridge(world.store, senders, profile(), clock=world.clock, host=host, parallel=parallel, limit=limit)


def got(*channels: Channel) -> Counter[str]:
    return Counter(each.spool_id for channel in channels for each in channel.got)


def test_the_second_host_sends_what_the_first_has_not_taken(hosts: Hosts) -> None:
    one, two = hosts.world("one"), hosts.world("two")
    items = queued(one, 12)
    second = Channel(lambda: STORED)
    reports: list[BridgeReport] = []

    def meanwhile() -> None:
        if not reports:
            reports.append(BridgeReport())
            reports[0] = send(two, "two", second)

    first = Channel(lambda: STORED, before=meanwhile)
    of_first = send(one, "one", first, parallel=1)
    assert got(first, second) == dict.fromkeys(items, 1)
    assert len(first.got) == 2, "what it had taken, while the other sent everything else"
    assert (of_first.refused, reports[0].refused) == (0, 0)
    assert Counter(each["host"] for each in one.attempts()) == {"one": 2, "two": 10}


def test_eight_hosts_at_once_never_try_the_same(hosts: Hosts) -> None:
    items = queued(hosts.world("first"), 160)
    names = [f"host-{number}" for number in range(8)]
    worlds = {name: hosts.world(name) for name in names}
    channels = {name: Channel(lambda: STORED) for name in names}
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda name: send(worlds[name], name, channels[name]), names))
    assert got(*channels.values()) == dict.fromkeys(items, 1)
    assert sum(each.refused for each in reports) == 0
    assert sum(each.sent > 0 for each in reports) > 1
    assert worlds["host-0"].states() == ["acked"] * 160


def test_a_dead_host_keeps_what_it_took_for_a_while_and_nothing_else(hosts: Hosts) -> None:
    one, two = hosts.world("one"), hosts.world("two")
    items = queued(one, 10)
    due = one.store.listing(Folder.SPOOL).due(due_name(hosts.clock.now()))
    taken = one.store.share(due, limit=4, now=hosts.clock.now(), seconds=LONGEST_SECONDS)  # and then it dies
    channel = Channel(lambda: STORED)
    report = send(two, "two", channel)
    assert set(got(channel)) == items - {each.id for each in taken}
    assert (report.sent, report.left) == (6, 4)
    hosts.clock.pass_by(LONGEST_SECONDS - 1)
    assert send(two, "two", channel).sent == 0
    hosts.clock.pass_by(2)
    assert send(two, "two", channel).sent == 4
    assert got(channel) == dict.fromkeys(items, 1)


def test_what_a_run_did_not_get_to_is_free_at_once(hosts: Hosts) -> None:
    one, two = hosts.world("one"), hosts.world("two")
    queued(one, 10)
    first, second = Channel(lambda: STORED), Channel(lambda: STORED)
    assert send(one, "one", first, limit=1).sent == 1
    assert send(two, "two", second).sent == 9
    assert max(got(first, second).values()) == 1


def test_the_late_answer_of_a_host_whose_share_is_over_changes_nothing_wrong(hosts: Hosts) -> None:
    """It stands still before a send; another host sends the rest of its share, and finds the one attempt in doubt."""
    one, two = hosts.world("one"), hosts.world("two")
    items = queued(one, 3)
    second = Channel(lambda: STORED)
    reports: list[BridgeReport] = []

    def stalled() -> None:
        if not reports:
            hosts.clock.pass_by(3600)
            reports.append(send(two, "two", second))

    first = Channel(lambda: STORED, before=stalled)
    send(one, "one", first, parallel=1)
    assert reports[0].sent == 2, "of the two that it had taken the one not begun, and the third"
    assert first.got == [], "its fence says no"
    hosts.clock.pass_by(3600)
    assert send(two, "two", second).sent == 1
    assert got(second) == dict.fromkeys(items, 1)
    assert [each.possible_repeat_of for each in second.got] == [None] * 3, "its late answer: surely not started"
    assert one.states() == ["acked"] * 3


def test_a_runner_of_jobs_leaves_to_others_what_they_have_taken(hosts: Hosts) -> None:
    one, two = hosts.world("one"), hosts.world("two")
    clock = Clock(hosts.clock.now())
    jobs = Jobs(one.store, clock)
    asked = [jobs.ask().job_id for _ in range(5)]
    due = one.store.listing(Folder.JOBS).due(due_name(clock.now()))
    (taken,) = one.store.share(due, limit=1, now=clock.now(), seconds=10)  # and then it dies
    there = JobHost().other(200, host="two")
    ran = Jobs(two.store, clock, there).run().ran
    assert sorted(each.job_id for each in ran) == sorted({*asked} - {taken.id})
    assert Jobs(two.store, clock, there).run(only=taken.id).ran != (), "who names a job has it"
    assert jobs.open_names() == []


def test_two_runners_of_jobs_share_them_while_they_run(hosts: Hosts) -> None:
    one, two = hosts.world("one"), hosts.world("two")
    clock = Clock(hosts.clock.now())
    jobs = Jobs(one.store, clock)
    asked = {jobs.ask().job_id for _ in range(40)}
    others = Jobs(two.store, clock, JobHost().other(200, host="two"))
    of_two: list[str] = []

    def meanwhile(job: Job) -> Ended:
        of_two.extend(each.job_id for each in others.run(limit=3).ran)
        return OK

    of_one = [each.job_id for each in Jobs(one.store, clock, JobHost(act=meanwhile)).run().ran]
    assert Counter(of_one + of_two) == dict.fromkeys(asked, 1)
    assert len(of_one) < len(of_two)


@pytest.mark.parametrize("ends", ["limit", "stop", "signal"])
def test_jobs_that_a_runner_did_not_get_to_are_free_at_once(hosts: Hosts, ends: str) -> None:
    one, two = hosts.world("one"), hosts.world("two")
    clock = Clock(hosts.clock.now())
    jobs = Jobs(one.store, clock)
    asked = {jobs.ask().job_id for _ in range(12)}
    ran: list[str] = []

    def act(job: Job) -> Ended:
        ran.append(job.job_id)
        if ends == "signal" and len(ran) == 4:
            raise KeyboardInterrupt
        return OK

    runner = Jobs(one.store, clock, JobHost(act=act))
    if ends == "signal":
        with pytest.raises(KeyboardInterrupt):
            runner.run()
    else:
        runner.run(**({"limit": 4} if ends == "limit" else {"stop": lambda: len(ran) >= 4}))
    assert len(ran) == 4, "in portions of 1, 2 and 4: three are taken and not begun"
    of_two = {each.job_id for each in Jobs(two.store, clock, JobHost().other(200, host="two")).run().ran}
    assert of_two == asked - set(ran)


def test_what_only_one_host_reaches_is_given_back_by_the_others(hosts: Hosts) -> None:
    one, two = hosts.world("one"), hosts.world("two")
    items = queued(one, 6)
    target = {"sender": "file", "parameters": {"path": "outbox/n.jsonl"}, "hosts": ["one"]}
    spec = profile(receivers={"operator": {"targets": {"main": target}}})
    channel = Channel(lambda: STORED)
    for world, name in ((two, "two"), (one, "one")):
        host = Host(name=name, boot_id=f"boot of {name}", pid=1)
        run_bridge(world.store, {"operator/main": channel}, spec, clock=world.clock, host=host)
    assert got(channel) == dict.fromkeys(items, 1)
    assert {each["host"] for each in one.attempts()} == {"one"}
