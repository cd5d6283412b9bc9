"""What the bridge would hand over now, for a dry run: nothing is sent, asked or recorded."""

from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import due_name
from reporting_governance.stages.clock import Clock
from reporting_governance.storage.interface import Store, expand


@frozen(kw_only=True)
class DueItem:
    """One item that is due."""

    spool_id: str
    target: str
    subject: str | None  #: None: its text was erased
    attempts: int  #: recorded so far
    not_after: str

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "spool_id": self.spool_id,
            "target": self.target,
            "subject": self.subject,
            "attempts": self.attempts,
            "not_after": self.not_after,
        }


def list_due(store: Store, *, clock: Clock, limit: int = 10_000) -> tuple[DueItem, ...]:
    """Return the items that are due, oldest first, at most `limit`."""
    store.ready()
    names = store.listing(Folder.SPOOL).due(due_name(clock.now()))[:limit]
    found = []
    for name in names:
        view = store.read(name)
        if view is not None:
            item = expand(store, view.body["item"])
            found.append(
                DueItem(
                    spool_id=item["spool_id"],
                    target=item["target"],
                    subject=item["rendered"]["subject"],
                    attempts=len(view.body["attempts"]),
                    not_after=item["not_after"],
                )
            )
    return tuple(found)
