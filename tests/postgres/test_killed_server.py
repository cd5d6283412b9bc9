"""The server killed in the middle of work, again and again: what was acknowledged is there, in order, once."""

import random
import time
from pathlib import Path

import pytest

from tests.postgres.back_end import open_store
from tests.postgres.home import migrate_database, own_server
from tests.postgres.load import Said, ended, start_writer
from tests.postgres.reading import documents_of, verify_lines, views_of
from tests.postgres.servers import Server, slow_fsync
from tests.storage.oracle import record_ids, views_by_replay

pytestmark = pytest.mark.postgres

WRITERS = 4


def killed_under_load(mine: Server, folder: Path, *, kills: int, seed: int) -> list[Said]:
    """Let writers work while the server is killed and started again; return what they said."""
    chance = random.Random(seed)
    mine.start()
    migrate_database(mine.url())
    writers = [start_writer(mine.url(), str(folder), number) for number in range(1, WRITERS + 1)]
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.4))
        mine.kill()
        time.sleep(chance.choice((0, 0, 0.1)))
        mine.start()
    time.sleep(0.3)
    return ended(writers)


def check(mine: Server, said: list[Said], folder: Path) -> int:
    """Check the log against what was said; return how many records were acknowledged."""
    store = open_store(mine.url(), str(folder / "looking"))
    store.ready()
    store.close()
    with mine.connect() as connection:
        documents = documents_of(connection)
        assert views_of(connection) == views_by_replay(documents)
        verify_lines(connection, str(folder / "segments"))
    ids = record_ids(documents)
    assert len(ids) == len(set(ids)), "a record stands twice in the log"
    places = {identity: place for place, identity in enumerate(ids)}
    for one in said:
        missing = [each for each in one.added if each not in places]
        assert not missing, f"{len(missing)} of {len(one.added)} acknowledged records are gone: {missing[:3]}"
        order = [places[each] for each in one.added]
        assert order == sorted(order), "what was acknowledged first stands first"
    assert not [each for each in documents if each["type"] == "log.loss"], "nothing that anybody saw is lost"
    return sum(len(one.added) for one in said)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("disk", ["quick", "slow"])
def test_killed_in_the_middle_of_load(tmp_path: Path, disk: str, kills: int) -> None:
    with own_server(start=False) as mine:
        if disk == "slow":
            environment = slow_fsync(mine.folder)
            if environment is None:
                pytest.skip("no C compiler")
            mine.environment |= environment
            mine.settings["fsync"] = "on"
        said = killed_under_load(mine, tmp_path, kills=kills, seed=kills)
        assert sum(one.away for one in said) >= kills, "nobody noticed"
        assert check(mine, said, tmp_path) > 5 * kills, "hardly anybody worked"
