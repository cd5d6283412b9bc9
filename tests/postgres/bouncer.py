"""A real PgBouncer between hosts and a server: found, or fetched from Debian and unpacked without being root.

PGBOUNCER names the program; without it the one on PATH is taken, or the one in the cache folder, which
`PGBOUNCER_INSTALL=1` lets apt fill (0.5 MB): nobody downloads by running a test by accident.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.postgres.servers import OWNER, PORT, Server, as_another_user, environment_of_servers, launched

PACKAGES = ("pgbouncer", "libc-ares2", "libevent-2.1-7")  #: what else it wants is in every Debian
LONGEST_SECONDS = 20.0
#: Debian's place for system programs, which is not on everybody's PATH
_SYSTEM = "/usr/sbin:/usr/local/sbin"


class NoProgram(Exception):
    """There is no PgBouncer here; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """Where the program lies, and libraries that came with it."""

    path: str
    libraries: tuple[str, ...] = ()


def find_program() -> Program:
    """Return the program.  Raises: NoProgram."""
    named = os.environ.get("PGBOUNCER")
    if named:
        if not os.access(named, os.X_OK):
            raise NoProgram(f"PGBOUNCER names no program: {named}")
        return Program(path=named)
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:{_SYSTEM}")
    if found:
        return Program(path=found)
    home_cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(home_cache) / "reporting-governance-pgbouncer"
    if not _unpacked(folder):
        if os.environ.get("PGBOUNCER_INSTALL") != "1":
            raise NoProgram("no pgbouncer: install it, or set PGBOUNCER_INSTALL=1 to fetch it with apt-get (0.5 MB)")
        _fetch(folder)
    (program,) = _unpacked(folder)
    return Program(path=str(program), libraries=tuple(str(each) for each in folder.glob("root/usr/lib/*-linux-gnu")))


def _unpacked(folder: Path) -> list[Path]:
    return list(folder.glob("root/usr/sbin/pgbouncer"))


def _fetch(folder: Path) -> None:
    """Unpack Debian's packages below `folder`, whole or not at all."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NoProgram("no pgbouncer, and no apt-get to fetch it with")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="pgbouncer-") as scratch:
        ran = subprocess.run(
            ["apt-get", "download", *PACKAGES], cwd=scratch, capture_output=True, text=True, timeout=120, check=False
        )
        if ran.returncode != 0:
            raise NoProgram(f"apt-get download ended with {ran.returncode}: {ran.stderr[-500:]}")
        for package in Path(scratch).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), f"{scratch}/root"], check=True)
            package.unlink()
        with suppress(OSError):  # somebody else was quicker
            os.rename(scratch, folder)


@dataclass
class Bouncer:
    """One PgBouncer before one server; use it as a context manager.  `settings` are those of its section."""

    server: Server
    settings: dict[str, str] = field(default_factory=dict)
    users: tuple[str, ...] = (OWNER,)
    folder: str = ""  #: holds its socket; given where a proxy's would be
    process: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> "Bouncer":
        program = _here()
        self.folder = tempfile.mkdtemp(prefix="pb-", dir=self.server.folder)  # goes with the server, even if we do not
        self._program = f"{self.folder}/pgbouncer"
        shutil.copy2(program.path, self._program)  # where it lies perhaps only we may look
        for folder in program.libraries:
            for library in Path(folder).glob("*.so.*"):
                shutil.copy2(library, f"{self.folder}/{library.name}")
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> "Bouncer":
        """Start, and wait until connections are taken."""
        assert self.process is None, "it runs"
        self._write_down()
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(
                launched([self._program, f"{self.folder}/ini"]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment_of_servers(LD_LIBRARY_PATH=self.folder),
                start_new_session=True,
            )
        ends_at = time.monotonic() + LONGEST_SECONDS
        while not self._listens():
            going = self.process.poll() is None and time.monotonic() < ends_at
            assert going, f"it does not start: {self.log()[-2000:]}"
            time.sleep(0.005)
        return self

    def kill(self) -> None:
        """End it at once, with every connection through it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(LONGEST_SECONDS)
            self.process = None
            with suppress(FileNotFoundError):
                os.unlink(self.socket_path)

    @property
    def socket_path(self) -> str:
        return f"{self.folder}/.s.PGSQL.{PORT}"

    def url(self, database: str = "postgres", *, user: str = OWNER) -> str:
        """Return the address of a database through it."""
        return self.server.url(database, user=user, host=self.folder)

    def says(self, question: str) -> list[dict[str, Any]]:
        """Return what its console answers, such as to `SHOW SERVERS`."""
        import psycopg
        from psycopg.rows import dict_row

        # the console knows the simple protocol alone
        with psycopg.connect(
            self.url("pgbouncer"), autocommit=True, row_factory=dict_row, cursor_factory=psycopg.ClientCursor
        ) as console:
            cursor = console.execute(question.encode())
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        """Return what it has said so far."""
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket_path)
            except OSError:
                return False
        return True

    def _write_down(self) -> None:
        server = self.server
        given = {
            "pool_mode": "transaction",
            "default_pool_size": "4",
            "max_client_conn": "200",
            "listen_port": str(PORT),
            "unix_socket_dir": self.folder,
            "auth_type": "trust",
            "auth_file": f"{self.folder}/users",
            "admin_users": OWNER,
            "server_reset_query": "",  # as in the manual for this mode: nothing is to be undone
            "server_login_retry": "1",
            "log_connections": "0",
            "log_disconnections": "0",
        } | self.settings
        lines = [
            "[databases]",
            f"* = host={server.folder} port={server.tcp_port or PORT}",
            "[pgbouncer]",
            *(f"{name} = {value}" for name, value in given.items()),
        ]
        for name, content in (("ini", lines), ("users", [f'"{user}" ""' for user in self.users])):
            with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
                file.write("\n".join(content) + "\n")
        for path in (self.folder, *(entry.path for entry in os.scandir(self.folder))):
            as_another_user(path)


@cache
def _here() -> Program:
    if sys.platform != "linux":
        pytest.skip("PgBouncer is fetched for Linux alone")
    try:
        return find_program()
    except NoProgram as reason:
        pytest.skip(str(reason))
