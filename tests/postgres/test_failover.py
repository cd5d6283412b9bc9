"""The server that takes changes is lost in the middle of work, and its standby takes over."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reporting_governance.errors import ExitCode
from reporting_governance.storage.interface import Added
from reporting_governance.storage.postgres.away import StoreAway
from reporting_governance.storage.postgres.settings import Timeouts
from tests.postgres.back_end import PostgresBackEnd, open_store
from tests.postgres.hosts import host_on
from tests.postgres.load import ended, start_writer
from tests.postgres.pair import Pair, servers_in_pairs
from tests.postgres.reading import documents_of, views_of
from tests.postgres.test_killed_server import check
from tests.postgres.test_many_hosts import sent_by_many
from tests.storage.back_ends import Document, using
from tests.storage.building import NOW, SPOOL, birth, item_id

pytestmark = pytest.mark.postgres

WRITERS = 4


class PairBackEnd(PostgresBackEnd):
    """The one state in the database of a pair."""

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self._pair = pair

    def prepare(self, root: str) -> None:
        os.makedirs(root)
        with open(f"{root}/database", "x", encoding="ascii") as file:
            file.write("postgres")

    def url(self, root: str) -> str:
        return self._pair.url

    def lines(self, root: str) -> list[Document]:
        with psycopg.connect(self.url(root)) as connection:
            return documents_of(connection)

    def views(self, root: str) -> dict[str, Mapping[str, Any]]:
        with psycopg.connect(self.url(root)) as connection:
            return views_of(connection)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a minute for a server of which the test knows that it stands still."""
    monkeypatch.setattr(Timeouts.__new__, "__defaults__", (*Timeouts()[:3], 2.0))


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_what_was_acknowledged_stands_on_the_standby(tmp_path: Path, how: str) -> None:
    with servers_in_pairs(synchronous=True) as pair:
        writers = [start_writer(pair.url, str(tmp_path), number) for number in range(1, WRITERS + 1)]
        time.sleep(1)
        lose(pair, how)
        time.sleep(0.3)
        pair.promote()
        time.sleep(6 if how == "frozen" else 2)
        said = ended(writers)
        assert check(pair.second, said, tmp_path) > 30


def lose(pair: Pair, how: str) -> None:
    if how == "killed":
        pair.first.kill()
    else:
        pair.first.freeze()


def test_a_first_server_that_comes_back_acknowledges_nothing(tmp_path: Path) -> None:
    """It still takes changes, and waits for a standby that follows it no more: nobody is told that they stand."""
    with servers_in_pairs(synchronous=True) as pair:
        store = open_store(pair.url, str(tmp_path / "host"))
        store.commit([birth(1)], now=NOW)
        pair.first.freeze()
        pair.promote()
        pair.first.freeze(thaw=True)
        with pytest.raises(StoreAway) as away:
            store.commit([birth(2)], now=NOW)
        assert away.value.exit_code is ExitCode.TRY_LATER
        pair.first.kill()  # whoever looks after the servers makes sure of it
        assert isinstance(store.commit([birth(3)], now=NOW)[0], Added)
        assert set(dict(store.listing(SPOOL).names)) == {item_id(1), item_id(3)}
        assert not store.head().lost_seq
        store.close()


def test_no_notice_is_sent_twice_without_a_mark(tmp_path: Path) -> None:
    """Eight hosts send when the first server is lost; they go on with the second."""

    def fail_over(wait_until: Callable[[float], None]) -> None:
        wait_until(0.3)
        pair.first.kill()
        time.sleep(0.5)
        pair.promote()

    with servers_in_pairs(synchronous=True) as pair:
        back_end = PairBackEnd(pair)
        with using(back_end):
            sent_by_many(back_end, tmp_path, 160, seed=1, meanwhile=fail_over)
            back_end.close()


def test_a_run_ends_with_75_until_there_is_a_server_that_takes_changes(tmp_path: Path) -> None:
    with servers_in_pairs(synchronous=True) as pair:
        host = host_on(pair.url, tmp_path / "host")
        host.ok("init")
        host.overdue("nightly")
        pair.first.kill()
        ended = host.call("run")
        assert (ended.code, ended.out) == (75, "")
        pair.promote()
        host.ok("run")
        assert len(host.outbox()) == 1
        assert host.ok("run").out == ""


def test_what_an_asynchronous_standby_did_not_get_is_found_and_told(tmp_path: Path) -> None:
    with servers_in_pairs(synchronous=False) as pair:
        host, other = host_on(pair.url, tmp_path / "host"), host_on(pair.url, tmp_path / "other")
        host.ok("init")
        host.ok("report", "start", "t", "--agent", "coder")
        other.ok("report", "checkpoint", "t", "half")
        host.ok("run")
        pair.wait_until_replayed()
        pair.second.kill()  # it is away while the end of the log is written
        host.ok("report", "checkpoint", "t", "most")
        host.ok("report", "complete", "t", "all of it")
        host.ok("run")
        head, acknowledged = host.head(tmp_path / "kept"), host.journal()
        pair.first.kill()
        pair.second.start()
        pair.promote()
        left = host.journal()
        assert left == acknowledged[: len(left)]
        assert len(left) < len(acknowledged)
        assert other.call("run").code == 0, "this host saw nothing of it"
        host.call("run")
        losses = [line["meta"] for line in host.journal() if line["type"] == "log.loss"]
        assert [each["applied_seq"] for each in losses] == [len(acknowledged)]
        assert "acknowledged" in host.ok("status").out
        assert any("log_loss" in str(each) for each in host.outbox()), host.outbox()
        code, found = host.found()
        assert code == 0, "the log that is there is whole"
        assert "loss-told" in found
        code, found = host.found(head)
        assert code == 1
        assert "log-rewritten" in found
