"""Modes of what is made: for its owner alone, or for one group to read too, as the folder says that it is made in.

`init --readers GROUP` gives the folders of a state the modes below.  Their set-group-id bit hands the group down to
whatever is made in them, so nobody has to ask for the group again.  Keys are made by their own module, which knows
no such folder.
"""

import os
import stat

OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY_FILE = 0o600
READERS_FOLDER = stat.S_ISGID | 0o750
READERS_ROOT = stat.S_ISGID | 0o751  #: others may still pass through to the inbox
READERS_FILE = 0o640


def for_readers(folder: str) -> bool:
    """Tell whether a folder was opened to a group of readers; no other mode counts as that."""
    return stat.S_IMODE(os.stat(folder or ".").st_mode) in (READERS_FOLDER, READERS_ROOT)


def create(path: str, flags: int) -> int:
    """Open a file for writing that may be new, with the mode that its folder calls for, whatever the umask.

    Args:
        flags: of `os.open`; O_CREAT and O_CLOEXEC are added.

    Raises: OSError.
    """
    fd = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY_FILE)
    try:
        if for_readers(os.path.dirname(path)):
            os.fchmod(fd, READERS_FILE)
    except BaseException:
        os.close(fd)
        raise
    return fd


def make_folder(path: str) -> None:
    """Make a folder with the mode that its parent calls for.  Raises: FileExistsError, OSError."""
    os.mkdir(path, OWNER_ONLY_FOLDER)
    if for_readers(os.path.dirname(path)):
        os.chmod(path, READERS_FOLDER)


def folder_mode(parent: str) -> int:
    """Return the mode of a folder of ours that is made in `parent`."""
    return READERS_FOLDER if for_readers(parent) else OWNER_ONLY_FOLDER
