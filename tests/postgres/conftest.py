"""What the tests on a database share."""

from collections.abc import Iterator

import pytest

from tests.postgres.back_end import PostgresBackEnd, in_databases
from tests.postgres.home import server, template


@pytest.fixture
def databases() -> Iterator[PostgresBackEnd]:
    """Let every state folder of the test stand for a database of its own."""
    with in_databases() as back_end:
        yield back_end


@pytest.fixture
def database() -> Iterator[str]:
    """Return the name of a database with our tables and nothing in them; it is dropped with the test."""
    name = server().new_database(template=template())
    yield name
    server().drop_database(name)
