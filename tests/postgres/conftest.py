"""What the tests on a database share."""

from collections.abc import Iterator

import pytest

from tests.postgres.back_end import PostgresBackEnd, in_databases


@pytest.fixture
def databases() -> Iterator[PostgresBackEnd]:
    """Let every state folder of the test stand for a database of its own."""
    with in_databases() as back_end:
        yield back_end
