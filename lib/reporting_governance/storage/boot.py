"""Which boot of the machine this is: views are written without a sync, so they are trusted within one boot only."""

import os
from hashlib import sha256

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


def boot_id() -> str:
    """Return the boot's id as a UUID's text; one made from the time of boot where the system has none."""
    try:
        fd = os.open(_BOOT_ID, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return _from_time_of_boot()
    try:
        return os.read(fd, 64).decode("ascii").strip()
    finally:
        os.close(fd)


def _from_time_of_boot() -> str:
    """Ask `sysctl`, which macOS has and which names the boot's session there."""
    from subprocess import run

    answer = run(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, check=False)
    digest = sha256(answer.stdout).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
