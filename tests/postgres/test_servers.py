"""What the other tests of this folder stand on: servers that are ours alone, and a network that fails when told."""

import itertools
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.postgres.home import own_server, server
from tests.postgres.proxy import Fault, Plan, Proxy, Side
from tests.postgres.servers import Server, slow_fsync

pytestmark = pytest.mark.postgres


@pytest.fixture
def database() -> Iterator[str]:
    name = server().new_database()
    with server().connect(name) as connection:
        connection.execute("CREATE TABLE said (word text)")
    yield name
    server().drop_database(name)


def said(database: str) -> list[str]:
    with server().connect(database) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM said ORDER BY word")]


def say(url: str, word: str) -> None:
    """Say one word in a transaction of its own, as a store would: begin, work, commit."""
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO said VALUES (%s)", (word,))


# -- servers


def test_a_server_is_of_its_test_alone() -> None:
    ours = server()
    assert ours.process is not None
    assert stat.S_IMODE(os.stat(ours.folder).st_mode) == 0o700
    with ours.connect() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    with open(f"/proc/{ours.process.pid}/status", encoding="ascii") as file:
        [uid] = [line.split()[1] for line in file if line.startswith("Uid:")]
    assert uid != "0", "a server refuses to run as root"


def test_a_server_ends_with_a_process_that_is_killed() -> None:
    lines = (
        "from tests.postgres.home import server",
        "print(server().process.pid, server().folder, flush=True)",
        "import time; time.sleep(60)",
    )
    ours = {**os.environ, "PYTHONPATH": "."}
    child = subprocess.Popen([sys.executable, "-c", "; ".join(lines)], stdout=subprocess.PIPE, env=ours)
    assert child.stdout is not None
    pid, folder = child.stdout.readline().decode().split()
    assert os.path.exists(f"/proc/{pid}")
    child.kill()
    child.wait()
    child.stdout.close()
    ends_at = time.monotonic() + 20
    while os.path.exists(f"{folder}/data/postmaster.pid"):
        assert time.monotonic() < ends_at, "the server outlived its test"
        time.sleep(0.02)
    subprocess.run(["rm", "-rf", folder], check=True)


def test_what_was_committed_outlives_an_immediate_end_and_what_was_not_does_not() -> None:
    with own_server() as mine:
        with mine.connect() as connection:
            connection.execute("CREATE TABLE said (word text)")
            connection.execute("INSERT INTO said VALUES ('committed')")
        open_one = psycopg.connect(mine.url())
        open_one.execute("INSERT INTO said VALUES ('open')")
        mine.kill()
        with pytest.raises(psycopg.OperationalError):
            open_one.commit()
        open_one.close()
        with pytest.raises(psycopg.OperationalError):
            mine.connect()
        mine.start()
        assert "redo starts" in mine.log(), "there was nothing to recover"
        with mine.connect() as connection:
            assert connection.execute("SELECT word FROM said").fetchall() == [("committed",)]


def test_settings_hold_from_the_next_start() -> None:
    with own_server(settings={"statement_timeout": "7s"}) as mine:
        mine.settings["statement_timeout"] = "9s"
        with mine.connect() as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == ("7s",)
        mine.restart()
        with mine.connect() as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == ("9s",)


def test_a_server_on_the_loopback_too() -> None:
    with (
        own_server(tcp=True) as mine,
        psycopg.connect(f"host=127.0.0.1 port={mine.tcp_port} user=tests dbname=postgres") as there,
    ):
        assert there.execute("SELECT 1").fetchone() == (1,)


def test_databases_are_copies_that_know_nothing_of_each_other(database: str) -> None:
    with server().connect(database) as connection:
        connection.execute("INSERT INTO said VALUES ('first')")
    other = server().new_database(template=database)
    try:
        say(server().url(other), "second")
        assert said(database) == ["first"]
        assert said(other) == ["first", "second"]
    finally:
        server().drop_database(other)


def test_a_role_may_nothing_by_itself(database: str) -> None:
    name = server().new_role(f"reader_of_{database}")
    with server().connect(database, user=name) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM said")


def test_a_slow_disk_takes_its_time() -> None:
    with own_server(settings={"fsync": "on"}) as mine:
        slow = slow_fsync(mine.folder)
        if slow is None:
            pytest.skip("no C compiler")
        mine.environment |= slow
        mine.restart()
        assert seconds_of_commits(mine, 50) > 0.05


def seconds_of_commits(mine: Server, number: int) -> float:
    with mine.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS said (word text)")
        begin = time.monotonic()
        for _ in range(number):
            connection.execute("INSERT INTO said VALUES ('x')")
        return time.monotonic() - begin


# -- the network between


def through(proxy: Proxy, database: str) -> str:
    return server().url(database, host=proxy.folder)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy(server().socket_path) as between:
        yield between


def messages_of_one_word(proxy: Proxy, database: str) -> int:
    proxy.arm(None)
    say(through(proxy, database), "all well")
    return sum(side is Side.CLIENT for side, _ in proxy.seen)


def test_a_proxy_passes_everything_on_and_counts_it(proxy: Proxy, database: str) -> None:
    assert messages_of_one_word(proxy, database) == 5
    assert [kind for side, kind in proxy.seen if side is Side.CLIENT] == [b"", b"Q", b"E", b"S", b"Q"]
    assert said(database) == ["all well"]


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.TORN, Fault.VANISHED])
def test_what_was_not_passed_on_is_not_done(proxy: Proxy, database: str, fault: Fault) -> None:
    whole = messages_of_one_word(proxy, database)
    for at in range(1, whole + 1):
        proxy.arm(Plan(fault=fault, at=at))
        with pytest.raises(psycopg.OperationalError):
            say(through(proxy, database), f"{at}")
        assert proxy.fired
    assert said(database) == ["all well"]
    say(through(proxy, database), "and again")


def test_a_lost_answer_is_of_something_done(proxy: Proxy, database: str) -> None:
    whole = messages_of_one_word(proxy, database)
    for at in range(1, whole + 1):
        proxy.arm(Plan(fault=Fault.LOST_ANSWER, at=at))
        with pytest.raises(psycopg.OperationalError):
            say(through(proxy, database), f"{at}")
    assert said(database) == [f"{whole}", "all well"], "only the commit's answer hides something done"


def test_an_answer_is_cut_at_each_of_its_messages(proxy: Proxy, database: str) -> None:
    for at in itertools.count(1):
        proxy.arm(Plan(fault=Fault.CUT, at=at, side=Side.SERVER))
        try:
            say(through(proxy, database), f"{at:03}")
        except psycopg.OperationalError:
            assert proxy.fired
        if not proxy.fired:
            break
    assert at > 10
    assert said(database) == [f"{at - 2:03}", f"{at - 1:03}", f"{at:03}"], "the commit has two messages for an answer"


def test_a_stall_ends(proxy: Proxy, database: str) -> None:
    proxy.arm(Plan(fault=Fault.STALL, at=3, seconds=0.3))
    begin = time.monotonic()
    say(through(proxy, database), "late")
    assert time.monotonic() - begin > 0.3
    assert said(database) == ["late"]


def test_of_a_vanished_host_the_server_knows_nothing(proxy: Proxy, database: str) -> None:
    whole = messages_of_one_word(proxy, database)
    proxy.arm(Plan(fault=Fault.VANISHED, at=whole))
    with pytest.raises(psycopg.OperationalError):
        say(through(proxy, database), "never committed")
    states = "SELECT state FROM pg_stat_activity WHERE datname = %s"
    with server().connect() as connection:

        def wait_for(rows: list[tuple[str]]) -> None:
            ends_at = time.monotonic() + 20
            while connection.execute(states, (database,)).fetchall() != rows:
                assert time.monotonic() < ends_at
                time.sleep(0.01)

        wait_for([("idle in transaction",)])
        proxy.close()
        wait_for([])


def test_an_outage_lasts_until_it_is_over(proxy: Proxy, database: str) -> None:
    proxy.arm(Plan(fault=Fault.CUT, at=3, outage=True))
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError):
            say(through(proxy, database), "unheard")
    proxy.restore()
    say(through(proxy, database), "heard")
    assert said(database) == ["heard"]


def test_who_is_told_of_each_message_may_end_the_process(database: str) -> None:
    """A child that has the proxy inside itself dies just before its own message, wherever a test wants it to."""
    child = os.fork()
    if child == 0:
        number = itertools.count(1)

        def die(side: Side, _: int, __: bytes) -> None:
            if side is Side.CLIENT and next(number) == 5:
                os.kill(os.getpid(), signal.SIGKILL)

        with Proxy(server().socket_path, watcher=die) as inside:
            say(through(inside, database), "never")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert said(database) == []
