"""Make the environment that bin/ runs in.  Called by bin/_environment.sh with any Python 3.11 or newer and no packages.

Two starts at once on a fresh checkout: one builds, the other waits.  Killed at any point: the next start builds again.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from typing import Never

#: The first line of the lock file this environment was built from.  Made empty before the building starts, filled as
#: its last step, so it also tells our half-made folder from an environment that somebody made by hand.
MARKER = "built-from"
WAIT_SECONDS = 600
QUIET_SECONDS = 2


def main(arguments: list[str]) -> int:
    """Build `arguments[0]` (a folder) from `arguments[1]` (a lock file) unless it is already built from it."""
    folder, lock_file = arguments
    with open(lock_file, encoding="utf-8") as file:
        wanted = file.readline()
    lock = take_lock(folder)
    if is_built(folder, wanted):
        return 0
    print(f"setting up {folder} from {os.path.basename(lock_file)}, once; this may take a minute ...", file=sys.stderr)
    build(folder, lock_file, wanted, lock)
    return 0


def take_lock(folder: str) -> int:
    """Return the descriptor of the held lock.  The kernel releases it when its last holder dies, however it dies."""
    path = f"{folder}.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}", "Run this once as the user who owns the checkout.")
    started = time.monotonic()
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            waited = time.monotonic() - started
        if waited > WAIT_SECONDS:
            fail(f"another start has been setting up {folder} for {WAIT_SECONDS} s", "Try again later.", code=75)
        if waited > QUIET_SECONDS and not told:
            print(f"waiting for another start that sets up {folder} ...", file=sys.stderr)
            told = True
        time.sleep(0.1)


def is_built(folder: str, wanted: str) -> bool:
    """Whether the folder was built whole from a lock file with this first line, and its Python still exists."""
    return read_marker(folder) == wanted and os.access(os.path.join(folder, "bin", "python"), os.X_OK)


def read_marker(folder: str) -> str | None:
    """Return what the marker holds; None when the folder, or the marker in it, is not there."""
    try:
        with open(os.path.join(folder, MARKER), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def build(folder: str, lock_file: str, wanted: str, lock: int) -> None:
    """Build in place, since the scripts of a venv name its path; the marker is what says that it is whole."""
    if os.path.lexists(folder):
        if read_marker(folder) is None and os.listdir(folder):
            fail(f"{folder} was not made by bin/", "Move it out of the way, so that nothing of yours is overwritten.")
        shutil.rmtree(folder)
    os.mkdir(folder)
    write(os.path.join(folder, MARKER), "")
    python = os.path.join(folder, "bin", "python")
    # The real path: an environment that follows /usr/bin/python3 breaks when that becomes the next version.
    call([os.path.realpath(sys.executable), "-I", "-m", "venv", folder], lock)
    packages = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    call([python, "-I", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
          "--no-deps", "--require-hashes", "-r", lock_file], lock)  # fmt: skip
    if os.path.isdir(os.path.join(folder, packages, "setuptools")):
        # Python 3.11 puts it there; its start-up hook would run, and cost, in every process.
        call([python, "-I", "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], lock)
    # Relative to itself, so a checkout that is moved, or copied whole, runs its own code.
    write(os.path.join(folder, packages, "reporting_governance.pth"), "../../../../lib\n")
    write(os.path.join(folder, MARKER), wanted)


def call(command: list[str], lock: int) -> None:
    """Run one step.  It inherits the lock: when we are killed, nobody else starts before the step has ended too."""
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[lock],
        check=False,
    )
    if result.returncode:
        print(result.stdout, file=sys.stderr, end="")
        fail(
            f"{' '.join(command[2:5])} ... ended with {result.returncode}, see above",
            "The packages come from your package index; is it within reach?  The next start tries again.",
        )


def write(path: str, text: str) -> None:
    """Replace a file at once, so that a reader sees the old text or the new."""
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.new", path)


def fail(what: str, hint: str, *, code: int = 3) -> Never:
    """End with two lines on stderr."""
    print(f"{os.path.basename(__file__)}: {what}\n{hint}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    # Python's own way to end on an error is a traceback and 1, which means "the answer is no" to who called us.
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", "Mend that and start again; what is half made is made anew.")
    except KeyboardInterrupt:
        sys.exit(130)
