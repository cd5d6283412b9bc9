"""File systems on which locks and renames of two machines do not exclude each other.

`flock` on NFS without a lock server lets everybody in; the refusal is the cure, PostgreSQL the way out.
"""

import os

MOUNT_TABLE = "/proc/self/mountinfo"
_NETWORK = frozenset(
    (
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "glusterfs", "beegfs", "gpfs", "9p",
        "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs2", "fuse.juicefs",
    )
)  # fmt: skip


def network_mount(path: str, *, table: str = MOUNT_TABLE) -> str | None:
    """Return the type of the network file system a folder lies on, None when it lies on none (or nobody can tell)."""
    try:
        with open(table, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.readlines()
    except OSError:
        return None
    place = os.path.realpath(path)
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5:
            continue
        mount = _unescaped(fields[4])
        if len(mount) >= len(best) and _lies_under(place, mount):
            best, kind = mount, after.split(" ")[0]
    return kind if kind in _NETWORK else None


def _lies_under(place: str, mount: str) -> bool:
    return place == mount or place.startswith(mount.rstrip("/") + "/")


def _unescaped(text: str) -> str:
    """Return a mount point as it is: blanks and backslashes stand there as octal numbers."""
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text
