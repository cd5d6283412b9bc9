"""The newest version of one view, for a stage that works from a listing which others have moved on from."""

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
