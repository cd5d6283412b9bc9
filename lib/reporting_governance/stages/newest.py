"""Reading views by names from a listing which others may have moved on from."""

from collections.abc import Iterable

from reporting_governance.contracts.journal_line import ViewName
from reporting_governance.errors import Busy
from reporting_governance.storage.interface import Listing, Store, View

LOOKS = 20  #: how often a view is looked for while others keep changing it


def newest_view(store: Store, listing: Listing, identity: str) -> View | None:
    """Return the newest version of a view that was listed; None when it was not listed, or is over by now.

    A version that was listed and is gone has been replaced, nearly always: taking it for the end of the view would
    leave out whoever waits in it.

    Raises: Busy when others kept changing it.
    """
    for _ in range(LOOKS):
        name = listing.names.get(identity)
        if name is None:
            return None
        view = store.read(name)
        if view is not None:
            return view
        listing = store.listing(listing.folder)
    raise Busy(path=identity, seconds=0)


def read_all(store: Store, names: Iterable[ViewName]) -> list[View]:
    """Return the views of names that are still there."""
    return [view for name in names if (view := store.read(name)) is not None]
