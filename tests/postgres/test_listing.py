"""A large folder that is listed in parts tells what a listing of the whole tells, and reads less for it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.interface import Added, Group, Listing, Refused
from reporting_governance.storage.postgres.store import PostgresStore
from tests.postgres.home import server, template
from tests.storage.building import DUE, NOW, SPOOL, attempt, birth, item_id, settle

pytestmark = pytest.mark.postgres

ALL = 1_000_000
TIMES = ["00000000T000000.000Z", "20260301T040506.788Z", DUE, "20260301T040506.790Z", "99991231T235959.999Z"]
IDS = [f"{prefix}_{number}" for prefix in ("thr_a", "thr_ab", "thr_b", "epi") for number in range(4)]
VIEWS = st.dictionaries(st.sampled_from(IDS), st.tuples(st.sampled_from(TIMES), st.integers(1, 9)), max_size=16)


class Stores:
    """One database, and stores on it that list it in parts of any size."""

    def __init__(self, folder: Path) -> None:
        self.name = server().new_database(template=template())
        self._folder = folder
        self._opened: dict[int, PostgresStore] = {}

    def listing_at_most(self, whole: int) -> PostgresStore:
        """Return the store that lists a folder whole as long as it has at most so many names."""
        if whole not in self._opened:
            self._opened[whole] = PostgresStore(
                server().url(self.name),
                local=str(self._folder / str(whole)),
                actor="uid:0",
                listed_whole=whole,
                now=lambda: NOW,
                monotonic=lambda: 100.0,
            )
        return self._opened[whole]

    def fill(self, folder: Folder, views: Sequence[tuple[str, str, int]]) -> None:
        """Let a folder hold these views and no others: id, due, seq."""
        with server().connect(self.name) as connection:
            for table in ("work", "work_body"):
                connection.execute(f"DELETE FROM reporting_governance.{table} WHERE folder = %s", (folder.value,))
            put = connection.cursor()
            put.executemany(
                "INSERT INTO reporting_governance.work (folder, id, due, seq) VALUES (%s, %s, %s, %s)",
                [(folder.value, *each) for each in views],
            )
            put.executemany(
                "INSERT INTO reporting_governance.work_body (folder, id, seq, body) VALUES (%s, %s, %s, %s)",
                [(folder.value, key, seq, f'{{"of":"{key}"}}') for key, _, seq in views],
            )

    def end(self) -> None:
        for store in self._opened.values():
            store.close()
        server().drop_database(self.name)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    made = Stores(tmp_path_factory.mktemp("hosts"))
    yield made
    made.end()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    yield made
    made.end()


ASKED: dict[str, Any] = {
    "due": lambda each: [each.due(moment) for moment in TIMES],
    "any due": lambda each: [each.is_any_due(moment) for moment in TIMES],
    "one id": lambda each: [(each.names.get(key), key in each.names) for key in IDS],
    "several": lambda each: each.several(IDS[::3]),
    "no ids": lambda each: each.several([]),
    "families": lambda each: [each.starting(prefix) for prefix in ("thr_a_", "thr_a", "thr", "epi_", "x")],
    "any of a family": lambda each: [len(each.starting("thr_", limit=most)) for most in (1, 2, 30)],
    "how many": lambda each: len(each.names),
    "whether any": lambda each: bool(each.names),
    "all": lambda each: dict(each.names),
    "all versions": lambda each: sorted(each.names.values()),
}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(views=VIEWS, whole=st.integers(1, 5), asked=st.lists(st.sampled_from(sorted(ASKED)), min_size=1, max_size=6))
def test_parts_tell_what_the_whole_tells(
    filled: Stores, views: dict[str, tuple[str, int]], whole: int, asked: list[str]
) -> None:
    """Whatever is asked first, and whatever after it."""
    filled.fill(Folder.EPISODES, [(key, *rest) for key, rest in views.items()])
    store = filled.listing_at_most(whole)
    parts, everything = store.listing(Folder.EPISODES), filled.listing_at_most(ALL).listing(Folder.EPISODES)
    assert parts.head_seq == everything.head_seq
    assert (type(parts) is type(everything)) == (len(views) <= whole)
    for question in asked:
        assert ASKED[question](parts) == ASKED[question](everything), question
    for name in everything.due(TIMES[-1]):
        view = store.read(parts.names[name.id])
        assert view is not None
        assert view.name == name
        assert view.body == {"of": name.id}


def test_the_order_is_that_of_the_log(stores: Stores) -> None:
    """Also where the ids sort otherwise, and in the listing of a whole folder."""
    stores.fill(SPOOL, [("spl_c", DUE, 1), ("spl_a", DUE, 3), ("spl_b", DUE, 2), ("spl_d", TIMES[-1], 1)])
    for whole in (1, 3, ALL):
        due = stores.listing_at_most(whole).listing(SPOOL).due(DUE)
        assert [name.id for name in due] == ["spl_c", "spl_b", "spl_a"]


def _questions(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []
    read = store.session.read

    def counted(ask: Any, **options: Any) -> Any:
        asked.append(getattr(ask, "__qualname__", ""))
        return read(ask, **options)

    monkeypatch.setattr(store.session, "read", counted)
    return asked


def test_what_is_known_is_not_asked_again(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    stores.fill(SPOOL, [(item_id(number), TIMES[-1], number) for number in range(1, 9)])
    store = stores.listing_at_most(3)
    asked = _questions(store, monkeypatch)
    listing = store.listing(SPOOL)
    assert not listing.due(DUE)
    assert not listing.is_any_due(DUE)
    assert item_id(2) in listing.names
    assert listing.starting("spl_", limit=2)
    assert any(each.startswith("spl_") for each in listing.names)  # and so stops at the first
    assert len(asked) == 1
    assert listing.several(item_id(number) for number in (4, 5, 77)).keys() == {item_id(4), item_id(5)}
    assert item_id(4) in listing.names
    assert item_id(77) not in listing.names
    assert store.read(listing.names[item_id(4)]) is not None  # its body came with the name
    assert len(asked) == 2
    assert len(set(listing.names)) == len(listing.names) == 8
    assert item_id(78) not in listing.names
    assert len(asked) == 3


def test_a_later_look_is_never_older(stores: Stores) -> None:
    """An id that somebody else changed is seen in its new version; one that was born is no absence any more."""
    mine, other = stores.listing_at_most(2), stores.listing_at_most(ALL)
    other.commit([birth(number, due=TIMES[-1]) for number in range(1, 7)], now=NOW)
    listing = mine.listing(SPOOL)
    other.commit(
        [attempt(other.listing(SPOOL).names[item_id(5)]), settle(other.listing(SPOOL).names[item_id(6)])], now=NOW
    )
    other.commit([birth(9, due=TIMES[-1])], now=NOW)
    assert listing.names[item_id(5)] == other.listing(SPOOL).names[item_id(5)]
    assert item_id(9) in listing.names
    assert item_id(6) not in listing.names
    other.commit([birth(6, due=TIMES[-1])], now=NOW)
    # What the listing said is by now no more true, and the lines since its head tell: to be sure is to list again.
    [answer] = mine.commit([_born(listing, 6)], now=NOW)
    assert isinstance(answer, Refused)
    assert item_id(6) in mine.listing(SPOOL).names


def test_a_birth_that_was_not_seen_is_refused(stores: Stores) -> None:
    """Two hosts look up an id that is not there: one of them gives birth to it."""
    stores.listing_at_most(ALL).commit([birth(number) for number in range(1, 7)], now=NOW)
    listings = [stores.listing_at_most(whole).listing(SPOOL) for whole in (2, 3)]
    assert all(item_id(8) not in listing.names for listing in listings)
    [first] = stores.listing_at_most(2).commit([_born(listings[0], 8)], now=NOW)
    [second] = stores.listing_at_most(3).commit([_born(listings[1], 8)], now=NOW)
    assert isinstance(first, Added)
    assert isinstance(second, Refused)


def _born(listing: Listing, number: int) -> Group:
    assert item_id(number) not in listing.names
    return birth(number, absent_at=listing.head_seq)
