"""An older backup that is put back: what each host finds, what it says, and what somebody outside finds."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.postgres.home import migrate_database, own_server
from tests.postgres.hosts import HostOn, host_on
from tests.postgres.servers import OWNER, PORT, Server, run_program

pytestmark = pytest.mark.postgres

PutBack = Callable[[], None]


def dumped(mine: Server) -> PutBack:
    """Make a backup with pg_dump; return what puts it back."""
    place = ("-h", mine.folder, "-p", str(PORT), "-U", OWNER)
    file = f"{mine.folder}/dump"
    run_program([f"{mine.binaries.folder}/pg_dump", *place, "-Fc", "-f", file, "gov"], mine.folder)

    def put_back() -> None:
        mine.drop_database("gov")
        with mine.connect() as connection:
            connection.execute("CREATE DATABASE gov")
        run_program([f"{mine.binaries.folder}/pg_restore", *place, "--exit-on-error", "-d", "gov", file], mine.folder)

    return put_back


def copied(mine: Server) -> PutBack:
    """Make a backup of all files while the server works, with pg_basebackup; return what puts it back."""
    place = ("-h", mine.folder, "-p", str(PORT), "-U", OWNER)
    folder = f"{mine.folder}/backup"
    program = f"{mine.binaries.folder}/pg_basebackup"
    run_program([program, *place, "-D", folder, "-c", "fast", "--no-sync"], mine.folder)

    def put_back() -> None:
        mine.stop()
        shutil.rmtree(mine.data)
        os.rename(folder, mine.data)
        mine.start()

    return put_back


def said_by_doctor(host: HostOn) -> dict[str, tuple[str, str]]:
    checks = host.call("doctor", "--format", "json").document()["checks"]
    return {each["rule"]: (each["verdict"], each["seen"]) for each in checks}


@pytest.mark.parametrize("backup", [dumped, copied])
def test_an_older_backup_is_noticed(tmp_path: Path, backup: Callable[[Server], PutBack]) -> None:
    with own_server(settings={"wal_level": "replica", "max_wal_senders": "4"}) as mine:
        with mine.connect() as connection:
            connection.execute("CREATE DATABASE gov")
        url = mine.url("gov")
        migrate_database(url)
        knew, idle, fresh = (host_on(url, tmp_path / name) for name in ("knew", "idle", "fresh"))
        knew.ok("init")
        knew.ok("report", "start", "t", "--agent", "coder", "--every", "5m")
        idle.ok("report", "checkpoint", "t", "a quarter")
        knew.ok("run")
        put_back = backup(mine)
        early = knew.head(tmp_path / "early")
        knew.ok("report", "checkpoint", "t", "half")
        knew.ok("run")
        late, lines = knew.head(tmp_path / "late"), len(knew.journal())
        put_back()

        # whoever saw no more than the backup holds sees nothing; a head from outside shows it to all
        assert fresh.ok("store", "status", "--format", "json").document()["log"]["lines"] < lines
        assert "lost" not in idle.ok("status").out
        assert "tail-cut" not in fresh.found(early)[1]
        assert fresh.found(late)[0] == 1
        assert "tail-cut" in fresh.found(late)[1]

        verdict, seen = said_by_doctor(knew)["GOV907"]
        assert verdict == "bad"
        assert f"to {lines} are lost" in seen
        knew.call("run")
        assert [line["meta"]["applied_seq"] for line in knew.journal() if line["type"] == "log.loss"] == [lines]
        assert any("journal lost" in str(each) for each in knew.outbox()), "the operator is told"
        told = len(knew.outbox())
        knew.ok("run")
        assert len(knew.outbox()) == told, "once"
        assert f"to {lines} are lost" in fresh.ok("status").out, "and every host knows it now"
        code, found = fresh.found(late)
        assert (code, {"log-rewritten", "loss-told"} <= found) == (1, True)
        assert fresh.found(early)[0] == 0, "what the backup held is what it was"
