"""Real PostgreSQL servers for tests: each in a folder of its own, on a unix socket, gone with the process.

No server that was there before is ever touched.  As root the server runs as another user, since it refuses root.
A server ends with the thread that started it (Linux), however that ends: start it in the main thread.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.postgres.binaries import Binaries, readable_by_all

if TYPE_CHECKING:
    import psycopg

OWNER = "tests"  #: superuser of every server that is started here
PORT = 5432  #: of the socket's name
LONGEST_SECONDS = 30.0  #: for a start or an end
#: Becomes another user, asks the kernel for SIGQUIT when we end (1 is PR_SET_PDEATHSIG; a change of user would undo
#: it), and then is the server.  Between fork and exec this would not be safe beside threads.
_LAUNCHER = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
user, _, group = os.environ.pop("LAUNCH_AS").partition(":")
if user:
    os.setgroups([]); os.setgid(int(group)); os.setuid(int(user))
if sys.platform == "linux":
    libc.prctl(1, 3, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_LAUNCH = (sys.executable, "-I", "-S", "-c", _LAUNCHER)
#: Quick, and safe where only processes die: what the kernel was given survives them.
SETTINGS = {
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass
class Server:
    """One server, running or not.  `settings` are those of postgresql.conf; a change holds from the next start."""

    binaries: Binaries
    folder: str
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))
    environment: dict[str, str] = field(default_factory=dict)
    tcp_port: int | None = None  #: on 127.0.0.1, beside the socket
    process: "subprocess.Popen[bytes] | None" = None
    _made: int = 0

    # -- life

    def start(self) -> "Server":
        """Start, and wait until connections are taken."""
        assert self.process is None, "it runs"
        given = self.settings | {"listen_addresses": "127.0.0.1" if self.tcp_port else ""}
        arguments = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        port = str(self.tcp_port or PORT)
        with open(f"{self.folder}/log", "ab") as log:
            program = f"{self.binaries.folder}/postgres"
            self.process = subprocess.Popen(
                launched([program, "-D", self.data, "-k", self.folder, "-p", port, *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment_of_servers(**self.environment),
                start_new_session=True,
            )
        self._wait_until(self._is_ready, "the server does not start")
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT is a fast shutdown, SIGQUIT an immediate one, which leaves recovery to the next start."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(LONGEST_SECONDS)
        self.process = None

    def kill(self) -> None:
        """End it as `pg_ctl stop -m immediate` does: no checkpoint, and what is in its memory is gone."""
        self.stop(signal.SIGQUIT)

    def freeze(self, *, thaw: bool = False) -> None:
        """Stop all its processes where they are, as a machine that hangs: whoever is connected stays so, unanswered."""
        assert self.process is not None
        how = signal.SIGCONT if thaw else signal.SIGSTOP
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        for pid in (self.process.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, how)

    def restart(self) -> None:
        """End it in good order, and start it again."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """End it and leave nothing behind."""
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """Return what the server has said so far."""
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    # -- databases

    @property
    def data(self) -> str:
        return f"{self.folder}/data"

    @property
    def socket_path(self) -> str:
        return f"{self.folder}/.s.PGSQL.{self.tcp_port or PORT}"

    def url(self, database: str = "postgres", *, user: str = OWNER, host: str | None = None) -> str:
        """Return the address of a database; `host` is another folder with a socket in it, such as a proxy's."""
        port = f"&port={self.tcp_port}" if self.tcp_port and host is None else ""
        return f"postgresql://{user}@/{database}?host={host or self.folder}{port}"

    def connect(self, database: str = "postgres", *, user: str = OWNER) -> "psycopg.Connection[Any]":
        """Return a connection in autocommit mode."""
        import psycopg

        return psycopg.connect(self.url(database, user=user), autocommit=True)

    def new_database(self, *, template: str = "template1") -> str:
        """Copy a database that nobody is connected to; return the copy's name."""
        self._made += 1
        name = f"t{os.getpid()}_{self._made}"
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def new_role(self, name: str, *, member_of: tuple[str, ...] = ()) -> str:
        """Make a role that may log in and nothing else but what its groups may."""
        groups = f" IN ROLE {', '.join(member_of)}" if member_of else ""
        self._say(f"CREATE ROLE {name} LOGIN{groups}")
        return name

    def _say(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    # -- its start

    def _is_ready(self) -> bool:
        """Look at what the server itself writes down: a connection before its time would be an error in its log."""
        try:
            with open(f"{self.data}/postmaster.pid", encoding="ascii") as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return False
        assert self.process is not None
        return lines[0] == str(self.process.pid) and len(lines) > 7 and lines[7].strip() == "ready"

    def _wait_until(self, there: Callable[[], bool], otherwise: str) -> None:
        ends_at = time.monotonic() + LONGEST_SECONDS
        while not there():
            assert self.process is not None
            going = self.process.poll() is None and time.monotonic() < ends_at
            assert going, f"{otherwise}: {self.log()[-2000:]}"
            time.sleep(0.005)


def new_server(
    binaries: Binaries,
    *,
    settings: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    tcp: bool = False,
) -> Server:
    """Make a server that does not run yet, in a folder of its own; the caller removes it."""
    folder = _private_folder()
    if os.geteuid() == 0:
        binaries = readable_by_all(binaries, folder)
    options = ("-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale", "--no-instructions")
    run_program([f"{binaries.folder}/initdb", "-D", f"{folder}/data", *options], folder)
    return Server(
        binaries=binaries,
        folder=folder,
        settings=SETTINGS | dict(settings or {}),
        environment=dict(environment or {}),
        tcp_port=free_port() if tcp else None,
    )


def new_standby(primary: Server) -> Server:
    """Make a standby of a running server, as pg_basebackup does; it does not run yet, and is to be removed first."""
    folder = _private_folder()
    place = ("-h", primary.folder, "-p", str(primary.tcp_port or PORT), "-U", OWNER)
    program = f"{primary.binaries.folder}/pg_basebackup"
    run_program([program, *place, "-D", f"{folder}/data", "-R", "-c", "fast", "--no-sync"], folder)
    return Server(binaries=primary.binaries, folder=folder, settings=dict(primary.settings))


def run_program(command: list[str], folder: str) -> None:
    """Run one of a server's programs to its end, as the servers' user and in a folder of theirs."""
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=_environment(),
        cwd=folder,
        **_other_user(),
    )


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def slow_fsync(folder: str, *, microseconds: int = 1000) -> dict[str, str] | None:
    """Return the environment in which each sync of a server takes so long, None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "slow_fsync.c")
    library = f"{folder}/slow_fsync.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    os.chmod(library, 0o755)
    return {"LD_PRELOAD": library, "SLOW_FSYNC_MICROSECONDS": str(microseconds)}


def launched(command: list[str]) -> list[str]:
    """Return what starts a program as the servers' user, to end with the thread that starts it."""
    return [*_LAUNCH, *command]


def environment_of_servers(**more: str) -> dict[str, str]:
    """Return the environment in which `launched` works."""
    return _environment() | more | {"LAUNCH_AS": _launched_as()}


def as_another_user(path: str) -> None:
    """Give a file to the user whom servers run as."""
    other = _other_user()
    if other:
        os.chown(path, other["user"], other["group"])


def _private_folder() -> str:
    """Return a new folder that only the server's user and we can enter; short, as a socket's name has 107 bytes."""
    parent = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="pg-", dir=parent if len(parent) < 60 else "/tmp")
    as_another_user(folder)
    return folder


def _other_user() -> dict[str, Any]:
    """Return how to start a program as another user, when we are root; nothing when we are not."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    """Return this environment without what points at other servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _launched_as() -> str:
    other = _other_user()
    return f"{other['user']}:{other['group']}" if other else ""
