"""What the tests of verbs share that are run again on a database."""

from collections.abc import Iterator

import pytest

from tests.postgres.back_end import PostgresBackEnd, in_databases


@pytest.fixture(scope="module", autouse=True)
def databases() -> Iterator[PostgresBackEnd]:
    """Let every state folder stand for a database, also those that a module makes once and copies."""
    with in_databases() as back_end:
        yield back_end


@pytest.fixture(autouse=True)
def _dropped(databases: PostgresBackEnd, request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop with each test what it made; what its module made is there before."""
    with databases.dropping():
        yield
