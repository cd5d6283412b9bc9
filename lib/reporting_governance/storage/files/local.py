"""What a host keeps for itself when the log lies in a database: inbox, heartbeats, outbox, run.lock, keys, caches."""

import os

from reporting_governance.errors import StorageError
from reporting_governance.file_modes import create
from reporting_governance.storage.files import layout as layouts
from reporting_governance.storage.files.layout import Layout


def prepare(root: str) -> None:
    """Make the folders that are missing.  Cheap where they are there.

    Raises: NotOurState, StorageError, also for a network file system: locks lie here.
    """
    layouts.require_owner(root)
    layout = Layout(root)
    if os.path.exists(layout.lock):  # made last
        return
    try:
        layouts.prepare_lock(layout)
        layouts.make_local_folders(layout)
        os.close(create(layout.lock, os.O_WRONLY))
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else root
        raise StorageError(path=place, reason=error.strerror or str(error)) from error
