"""The folders of a state, and how they come to be."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import NotOurState, StorageError, UsageError
from reporting_governance.file_modes import folder_mode
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.mounts import network_mount

EXAMPLE = "example"  #: where in a state `run --example` has one of its own, to be thrown away
OPEN_TO_PASS = 0o711  #: others may pass through to the inbox and see nothing
_DROP_BOX = 0o1733  #: everybody may put something in, nobody may look or remove what is another's
_OTHER_FOLDERS = (
    "operator-notify-sender-attempts",
    "operator-notify-bridge-receipts",
    "heartbeats",
    "blobs",
    "outbox",
    "corrupt",
)
_JOURNAL_FOLDERS = ("snapshots", "leaves", "checkpoints")


class InsideAState(UsageError):
    """A state folder inside another one, whose owner would find things there that no record explains."""

    message = "{path} lies inside the state folder {outer}"
    hint = "A state has a folder of its own: name another one with --state or $REPORTGOV_STATE."


class Layout:
    """Where things lie under one state folder."""

    __slots__ = (
        "applied",
        "blobs",
        "checkpoints",
        "corrupt",
        "heartbeats",
        "journal",
        "leaves",
        "lock",
        "log",
        "root",
        "snapshots",
    )

    def __init__(self, root: str) -> None:
        self.root = root
        self.journal = f"{root}/journal"
        self.log = f"{self.journal}/log"
        self.snapshots = f"{self.journal}/snapshots"
        self.leaves = f"{self.journal}/leaves"
        self.checkpoints = f"{self.journal}/checkpoints"
        self.applied = f"{self.journal}/applied"
        self.lock = f"{self.journal}/lock"
        self.blobs = f"{root}/blobs"
        self.heartbeats = f"{root}/heartbeats"
        self.corrupt = f"{root}/corrupt"

    def segment(self, first: int) -> str:
        """Return the path of the segment whose first line is `first`."""
        return f"{self.log}/{first:012d}.jsonl"

    def segments(self) -> list[int]:
        """Return the first seq of every segment, in order; empty when there is no log yet."""
        try:
            names = os.listdir(self.log)
        except FileNotFoundError:
            return []
        return sorted(int(name[:12]) for name in names if len(name) == 18 and name.endswith(".jsonl"))

    def exists(self) -> bool:
        """Tell whether the state was set up whole: `journal/log` is made last."""
        return os.path.isdir(self.log)


def prepare_lock(layout: Layout) -> None:
    """Make what the lock needs to lie in, on a file system it can be trusted on.

    Raises: StorageError for a network file system.
    """
    if not os.path.isdir(layout.journal):
        refuse_inside(layout.root)
        os.makedirs(os.path.dirname(layout.root) or ".", exist_ok=True)
        if not os.path.isdir(layout.root):  # a folder that somebody made for us keeps the mode they gave it
            _make(layout.root, OPEN_TO_PASS)
        _make(layout.journal)
    kind = network_mount(layout.root)
    if kind is not None:
        raise StorageError(
            path=layout.root,
            reason=f"lies on a network file system ({kind}), where locks cannot be trusted; use a local disk, "
            "or the PostgreSQL back end for several hosts",
        )


def refuse_inside(root: str) -> None:
    """Let no state begin inside another one, over whatever link it is named, but the one of `run --example`.

    Raises: InsideAState.
    """
    real = place = os.path.realpath(root)
    while (place := os.path.dirname(place)) != "/":
        if os.path.isdir(f"{place}/journal/log") and real != f"{place}/{EXAMPLE}":
            raise InsideAState(path=root, outer=place)


def finish(layout: Layout) -> None:
    """Make every folder that is missing, `journal/log` last.  Called under the lock, by whoever finds it missing."""
    for name in _OTHER_FOLDERS:
        _make(f"{layout.root}/{name}")
    make_view_folders(layout.root, (folder.value for folder in Folder))
    _make(f"{layout.root}/inbox", _DROP_BOX)
    for name in _JOURNAL_FOLDERS:
        _make(f"{layout.journal}/{name}")
    journal_io.sync_folder(layout.root)
    _make(layout.log)
    journal_io.sync_folder(layout.journal)


def make_local_folders(layout: Layout) -> None:
    """Make what a host needs for itself beside a log that lies elsewhere."""
    for name in _OTHER_FOLDERS:
        if name != "blobs":
            _make(f"{layout.root}/{name}")
    _make(f"{layout.root}/inbox", _DROP_BOX)
    _make(layout.checkpoints)
    journal_io.sync_folder(layout.root)


def view_folders_amiss(root: str) -> list[str]:
    """Return the names of the work folders that are gone, or in whose place stands a link or a file."""
    with os.scandir(root) as entries:  # before every commit: one call is quicker than a look at each of them
        there = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    return [folder.value for folder in Folder if folder.value not in there]


def make_view_folders(root: str, names: Iterable[str]) -> None:
    """Make these work folders; what stands in the place of one is put away.  Raises: StorageError, OSError."""
    for name in names:
        path = f"{root}/{name}"
        if os.path.lexists(path) and not is_folder(path):
            put_away(root, name)
        _make(path)


def is_folder(path: str) -> bool:
    """Tell whether a folder itself is there; a link to one is none, since it may lead out of the state."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def put_away(root: str, name: str) -> None:
    """Move what is none of ours into `corrupt/`, a link as a link, under a name that nothing there has.

    Args:
        name: its path below the state folder.

    Raises: StorageError when `corrupt` is itself something else; OSError.
    """
    corrupt = f"{root}/corrupt"
    if not os.path.lexists(corrupt):
        _make(corrupt)
    elif not is_folder(corrupt):
        raise StorageError(path=corrupt, reason=f"is not a folder, so {name} cannot be put into it; move it away")
    wanted = place = f"{corrupt}/{name.replace('/', '-')}"
    number = 1
    while os.path.lexists(place):
        number += 1
        place = f"{wanted}-{number}"
    os.rename(f"{root}/{name}", place)


def owner(root: str) -> int | None:
    """Return the uid that owns a state, None when there is no state.  Raises: StorageError."""
    try:
        return os.stat(root).st_uid
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as fault:
        raise StorageError(path=root, reason=fault.strerror or str(fault)) from None


def require_owner(root: str) -> None:
    """Let only the state's owner write: files of two users in one state end in one of them being locked out.

    That holds for root too, whose files the owner's next run could not read.  Raises: NotOurState.
    """
    uid = owner(root)
    if uid is not None and uid != os.geteuid():
        raise not_ours(root, uid)


def not_ours(root: str, uid: int) -> NotOurState:
    """Return the error of a process that does not belong to the owner of a state."""
    return NotOurState(path=root, owner=name_of_uid(uid), actor=name_of_uid(os.geteuid()))


def name_of_uid(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _make(path: str, mode: int | None = None) -> None:
    """Make a folder with exactly this mode, whatever the umask; so too one that a killed process left half made.

    Args:
        mode: None: for its owner alone, or for readers too, as the folder says that it lies in.
    """
    mode = folder_mode(os.path.dirname(path)) if mode is None else mode
    with suppress(FileExistsError):
        os.mkdir(path, mode)
    os.chmod(path, mode)
