"""Real users for tests, who leave no trace: each child has mounts of its own, and accounts of its own in them.

A child is forked, gets its accounts by a bind mount over /etc that nobody else sees, the login uid that a login would
have set, and then becomes the user for good.  The kernel decides what it may do, as for anybody.
"""

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from tests.acceptance.forked import live
from tests.acceptance.verbs import ROOT, Ended

UNSET = 0xFFFFFFFF  #: the login uid of a process that nobody logged in for
_NEW_MOUNTS = 0x00020000
_BIND = 0x1000
_AND_BELOW = 0x4000
_PRIVATE_AND_BELOW = 0x40000 | _AND_BELOW
_DUMPABLE = 4
_SECONDS = 60

#: name -> uid; `nameless` has no account
UIDS = {
    "gov": 70_001,  # owns the state
    "olga": 70_002,  # operator
    "adam": 70_003,  # admin, by his group
    "vera": 70_004,  # viewer: no file names her
    "rita": 70_005,  # viewer, in the group of readers
    "relay": 70_006,  # sender
    "mallory": 70_007,  # viewer, who prepares what others are to stumble over
}
NAMELESS = 70_099
#: name -> gid and members; the first group of each account is one of its own
GROUPS = {"readers": (71_001, ("gov", "rita")), "admins": (71_002, ("adam",)), "crowd": (71_003, ("vera", "mallory"))}


@dataclass(frozen=True)
class User:
    """Who a child becomes.

    `login` is the user who logged in, as `sudo` and `su` leave it; `groups` are those of the process where they are
    not those of the account.
    """

    name: str
    login: str | None = None
    groups: tuple[int, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def uid(self) -> int:
        """The uid of the process."""
        return uid_of(self.name)


def uid_of(name: str) -> int:
    """Return the uid of one of our users, of root, or of a number in digits."""
    return int(name) if name.isdigit() else 0 if name == "root" else UIDS[name]


def groups_of(name: str) -> tuple[int, ...]:
    """Return the groups of an account, its own first."""
    return (uid_of(name), *(gid for gid, members in GROUPS.values() if name in members))


@cache
def _etc() -> Path:
    """Return a folder to stand in for /etc: the machine's accounts and our users; all else leads to `_real_etc`.

    The folder is covered, and not the two files: when anybody makes a user, other files take the place of these, and
    what covers them falls away everywhere.
    """
    folder = Path(tempfile.mkdtemp(prefix="reportgov-accounts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # no child comes here: it ends without tidying up
    folder.chmod(0o755)
    etc = folder / "etc"
    etc.mkdir(mode=0o755)
    _real_etc(etc).mkdir(mode=0o755)
    users = [f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n" for name, uid in UIDS.items()]
    groups = [f"{name}:x:{uid}:\n" for name, uid in UIDS.items()]
    groups += [f"{name}:x:{gid}:{','.join(members)}\n" for name, (gid, members) in GROUPS.items()]
    ours = {"passwd": users, "group": groups}
    for name, lines in ours.items():
        path = etc / name
        path.write_text(Path("/etc", name).read_text().rstrip("\n") + "\n" + "".join(lines))
        path.chmod(0o644)
    for name in os.listdir("/etc"):
        if name not in ours:
            (etc / name).symlink_to(_real_etc(etc) / name)
    return etc


def _real_etc(etc: Path) -> Path:
    return etc.parent / "real"


def run_as(user: User, arguments: Sequence[str], *, at: Path | None = None) -> Ended:
    """Run a verb as a user, in a fork of this process.

    Args:
        at: the folder to run it in; None: /.
    """

    def verb() -> int:
        os.chdir(at or "/")
        sys.argv = ["reportgov", *arguments]
        from reporting_governance.__main__ import main

        return main(arguments)

    ended = call_as(user, verb)
    assert "Traceback" not in ended.err, ended.err
    return ended


def call_as(user: User, work: Callable[[], int | None]) -> Ended:
    """Do something as a user, in a fork of this process; what it returns is the exit code."""
    _etc()  # made here once, and not by each child
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _live(user, work, out.fileno(), err.fileno())
        ends_at = time.monotonic() + _SECONDS
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > ends_at:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.002)
        out.seek(0)
        err.seek(0)
        return Ended(os.waitstatus_to_exitcode(ended[1]), out.read().decode(), err.read().decode())


def _live(user: User, work: Callable[[], int | None], out: int, err: int) -> NoReturn:
    def as_the_user() -> int | None:
        become(user)
        return work()

    live(as_the_user, out, err, crashed=99)


def become(user: User) -> None:
    """Turn this process into one of a user's, for good."""
    own_accounts()
    Path("/proc/self/loginuid").write_text(str(UNSET if user.login is None else uid_of(user.login)))
    os.umask(0o022)
    os.environ.clear()
    os.environ.update({"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(ROOT / "lib")})
    os.environ.update(user.environment)
    gid = 0 if user.name == "root" else uid_of(user.name)
    os.setgroups(groups_of(user.name) if user.groups is None else user.groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(user.uid, user.uid, user.uid)
    _libc().prctl(_DUMPABLE, 1, 0, 0, 0)  # or /proc/self would be root's, as for no program that is started anew


def own_accounts() -> None:
    """Give this process accounts that no other process sees."""
    libc = _libc()
    _checked(libc.unshare(_NEW_MOUNTS), "unshare")
    _checked(libc.mount(None, b"/", None, _PRIVATE_AND_BELOW, None), "mount /")
    etc = _etc()
    _checked(libc.mount(b"/etc", os.fsencode(_real_etc(etc)), None, _BIND | _AND_BELOW, None), "mount the real /etc")
    _checked(libc.mount(os.fsencode(etc), b"/etc", None, _BIND, None), "mount /etc")
    _open_ways(libc)


def _open_ways(libc: ctypes.CDLL) -> None:
    """Let everybody reach this Python and the checkout, where they lie in a folder that is closed to others.

    The closed folder is covered, for this process alone, by an empty one in which only these lie.
    """
    needed: dict[Path, list[Path]] = {}
    for place in {Path(each).resolve() for each in (sys.base_prefix, sys.prefix, ROOT)}:
        closed = next((each for each in [*place.parents][::-1] if not each.stat().st_mode & 0o001), None)
        if closed is not None:
            needed.setdefault(closed, []).append(place)
    for closed, places in needed.items():
        kept = {place: os.open(place, os.O_PATH | os.O_DIRECTORY) for place in places}
        _checked(libc.mount(b"none", os.fsencode(closed), b"tmpfs", 0, b"mode=755"), f"mount {closed}")
        for place, fd in kept.items():
            place.mkdir(parents=True, mode=0o755)
            _checked(
                libc.mount(f"/proc/self/fd/{fd}".encode(), os.fsencode(place), None, _BIND, None), f"mount {place}"
            )
            os.close(fd)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int, what: str) -> None:
    if answer:
        raise OSError(ctypes.get_errno(), what)


@cache
def why_not() -> str:
    """Return why real users cannot be had here; empty when they can."""
    if os.geteuid() != 0:
        return "only root can become another user"

    def look() -> int:
        assert pwd.getpwuid(UIDS["vera"]).pw_name == "vera"
        assert (os.geteuid(), int(Path("/proc/self/loginuid").read_text())) == (UIDS["gov"], UIDS["vera"])
        assert os.access(sys.executable, os.X_OK), sys.executable
        return 0

    ended = call_as(User("gov", login="vera"), look)
    return "" if ended.code == 0 else f"no mounts, accounts, login uid of its own, or no way to {ROOT}: {ended.err}"


needs_users = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
