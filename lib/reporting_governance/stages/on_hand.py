"""What is queued or on its way out, as one look saw it: everybody who asks in one run shares the look."""

from collections.abc import Mapping, Sequence

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.stages.newest import read_all
from reporting_governance.storage.interface import Store, View


class OnHand:
    """Open spool items and queued notices; each folder is read once, when somebody asks.

    Whoever builds on it consumes exact versions, so what has changed since is refused and never taken for true.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._items: dict[str, list[View]] = {}
        self._queue: Mapping[str, ViewName] | None = None

    def items_with(self, notice: str) -> Sequence[View]:
        """Return the open items that carry a notice."""
        self._look()
        return self._items.get(notice, ())

    def queued(self, notice: str) -> ViewName | None:
        """Return the version of a notice that waits in the queue; None when it does not."""
        return self._look().get(notice)

    def _look(self) -> Mapping[str, ViewName]:
        if self._queue is None:
            self._queue = self._store.listing(Folder.QUEUE).names
            for view in read_all(self._store, self._store.listing(Folder.SPOOL).names.values()):
                for notice in view.body["item"]["notice_ids"]:
                    self._items.setdefault(notice, []).append(view)
        return self._queue
