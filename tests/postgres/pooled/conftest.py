"""Tests of verbs run again behind a PgBouncer that has two connections for all of them."""

from collections.abc import Iterator

import pytest

from tests.postgres.back_end import PostgresBackEnd
from tests.postgres.bouncer import Bouncer
from tests.postgres.home import server
from tests.storage.back_ends import using


class PooledBackEnd(PostgresBackEnd):
    """States in databases that are reached through a pooler, which keeps connections when we end ours."""

    def __init__(self, bouncer: Bouncer) -> None:
        super().__init__()
        self._bouncer = bouncer

    def url(self, root: str) -> str:
        return self._bouncer.url(self.database(root))

    def close(self, root: str | None = None) -> None:
        super().close(root)
        with server().connect() as connection:  # nobody may be connected to what is copied
            query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ANY(%s)"
            connection.execute(query, (self._made if root is None else [self.database(root)],))


@pytest.fixture(scope="module", autouse=True)
def databases() -> Iterator[PostgresBackEnd]:
    """Let every state folder stand for a database behind the pooler."""
    with Bouncer(server(), {"default_pool_size": "2"}) as bouncer:
        back_end = PooledBackEnd(bouncer)
        try:
            with using(back_end):
                yield back_end
        finally:
            back_end.drop_all()


@pytest.fixture(autouse=True)
def _dropped(databases: PostgresBackEnd) -> Iterator[None]:
    """Drop with each test what it made; what its module made is there before."""
    with databases.dropping():
        yield
