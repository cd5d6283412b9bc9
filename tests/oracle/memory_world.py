"""The chain on the back end that forgets: for what needs no files, and for what happens between two reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.interface import Listing, Store, View
from reporting_governance.storage.memory import MemoryStore
from tests.crash.chain.world import World
from tests.oracle.agreement import agree_on_states
from tests.oracle.checker import Derived, check, lines_of_store


@dataclass
class MemoryWorld(World):
    """As `World`, with its records in memory; `root` holds only what was sent."""

    memory: MemoryStore = field(default_factory=MemoryStore)

    def files(self) -> Store:  # type: ignore[override]
        return self.memory

    def check(self, *, at_rest: bool = True, acknowledged: Sequence[Sequence[str]] = ()) -> Derived:
        derived = check(lines_of_store(self.memory), self.arrived(), at_rest=at_rest, acknowledged=acknowledged)
        agree_on_states(self.memory, derived, self.clock)
        return derived


class Interrupted:
    """A store in which somebody else acts once, just after a folder was listed, or just before a commit."""

    def __init__(
        self, store: Store, act: Callable[[], object], *, after_listing: Folder | None = None, commit: int = 1
    ) -> None:
        self._store = store
        self._act: Callable[[], object] | None = act
        self._folder = after_listing
        self._commits = 0
        self._commit = commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _now(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()

    def listing(self, folder: Folder) -> Listing:
        listing = self._store.listing(folder)
        if folder is self._folder:
            self._now()
        return listing

    def read(self, name: Any) -> View | None:
        return self._store.read(name)

    def commit(self, groups: Any, **given: Any) -> Any:
        self._commits += 1
        if self._folder is None and self._commits == self._commit:
            self._now()
        return self._store.commit(groups, **given)
