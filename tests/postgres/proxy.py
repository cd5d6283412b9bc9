"""What lies between a host and its database, and goes wrong at one exact message.

A proxy listens on a unix socket of its own and passes on whole messages of the protocol, counting those that make the
server do something, and all that it answers.  So "the network fails at every step" is a loop: arm the fault for message
1, 2, 3, … until one is not met any more.
"""

import os
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

_PORT = 5432  #: only a part of the socket's name
_ENCRYPTION_REQUESTS = (80877103, 80877104)  #: SSLRequest and GSSENCRequest, answered with N: not here
#: Parse, Bind, Describe and Close prepare something, and nobody waits for an answer to Terminate: these are no steps.
_NO_STEPS = b"PBDCX"
_SILENT_SECONDS = 0.2
_READY = b"Z"  #: ReadyForQuery: the server has done all that it was asked for


class Side(StrEnum):
    """Who said a message."""

    CLIENT = "client"
    SERVER = "server"


class Fault(StrEnum):
    """What goes wrong at a message."""

    CUT = "cut"  #: it is not passed on, and both ends lose their connection
    TORN = "torn"  #: half of it is passed on, then as CUT
    LOST_ANSWER = (
        "lost answer"  #: the server does what it is asked for; the client's connection ends instead of its answer
    )
    VANISHED = "vanished"  #: the client's connection ends, and the server does not notice
    STALL = "stall"  #: it, and everything after it, waits a while and is then passed on
    SWALLOWED = "swallowed"  #: it, and everything after it in both directions, is lost; no end notices


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Which fault, at which message of all connections, counted from 1."""

    fault: Fault
    at: int
    side: Side = Side.CLIENT
    seconds: float = 0.0  #: how long a stall takes; until what is at an end notices all the same, 0: never
    outage: bool = False  #: from the fault on new connections are refused too, until `restore`


Watcher = Callable[[Side, int, bytes], None]


class Proxy:
    """Between clients and the server that listens on the socket at `path`; use it as a context manager."""

    def __init__(self, path: str, *, watcher: Watcher | None = None, uncounted: bytes = b"") -> None:
        """Listen.

        Args:
            watcher: is told of each message, by side and number, before it is passed on.
            uncounted: types of messages of the server that are passed on and are no steps here.
        """
        self._server = path
        self._watcher = watcher
        self._lock = threading.Lock()
        self._plan: Plan | None = None
        self._counts = dict.fromkeys(Side, 0)
        self._links: list[_Link] = []
        self._refusing = False
        self._no_steps = {Side.CLIENT: _NO_STEPS, Side.SERVER: uncounted}
        self.fired = False  #: whether the armed fault was met
        self.passed = threading.Event()  #: what was stalled is on its way again
        self.seen: list[tuple[Side, bytes]] = []  #: the types of all messages since `arm`; of a start: empty
        self.folder = tempfile.mkdtemp(
            prefix="px-", dir=os.path.dirname(path)
        )  # goes with the server, even if we do not
        self.ended = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self.folder}/.s.PGSQL.{_PORT}")
        self._listener.listen(64)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def arm(self, plan: Plan | None) -> None:
        """Count from 1 again; at the plan's message its fault happens, once."""
        with self._lock:
            self._plan = plan
            self._counts = dict.fromkeys(Side, 0)
            self.seen = []
            self.fired = False
            self.passed.clear()
            self._refusing = False

    def restore(self) -> None:
        """End an outage."""
        with self._lock:
            self._refusing = False

    def refuse(self) -> None:
        """Begin an outage: whoever is connected is cut, and nobody gets in."""
        with self._lock:
            self._refusing = True
            links = list(self._links)
        for link in links:
            link.cut()

    def close(self) -> None:
        """Cut everybody, and listen no more."""
        self.ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for link in self._links:
            link.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                if self._refusing:
                    raise ConnectionRefusedError
                server.connect(self._server)
            except OSError:
                client.close()
                server.close()
                continue
            link = _Link(self, client, server)
            with self._lock:
                self._links.append(link)
            link.start()

    def _met(self, side: Side, message: bytes) -> Plan | None:
        """Count a message; return the plan when it is the one."""
        with self._lock:
            self._counts[side] += 1
            number = self._counts[side]
            self.seen.append((side, message[:1] if message[:1] != b"\0" else b""))
            plan = self._plan
            met = plan is not None and not self.fired and plan.side is side and plan.at == number
            if met and plan is not None:
                self.fired = True
                self._refusing = plan.outage
        if self._watcher is not None:
            self._watcher(side, number, message)
        return plan if met else None


class _Link:
    """One client's connection, and ours to the server for it."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._ends = {Side.CLIENT: client, Side.SERVER: server}
        self._going = threading.Event()
        self._going.set()
        self._muted: threading.Timer | None = None  #: what the server says is not passed on; ends all when it is silent
        self._silent = False  #: nothing reaches the server any more
        self._threads = [threading.Thread(target=self._pump, args=(side,), daemon=True) for side in Side]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Cut both ends, and wait until nothing of it is left."""
        self.cut()
        self._going.set()
        for thread in self._threads:
            thread.join()
        for end in self._ends.values():
            end.close()

    def cut(self) -> None:
        for side in Side:
            self._end(side)

    def _end(self, side: Side) -> None:
        # only a shutdown wakes the thread that reads; a closed descriptor could be another socket's by then
        with suppress(OSError):
            self._ends[side].shutdown(socket.SHUT_RDWR)

    def _pump(self, side: Side) -> None:
        here = self._ends[side]
        there = self._ends[Side.SERVER if side is Side.CLIENT else Side.CLIENT]
        try:
            for message in _messages(here, starts=side is Side.CLIENT):
                self._going.wait()
                is_step = message[:1] not in self._proxy._no_steps[side]
                plan = self._proxy._met(side, message) if is_step else None
                if plan is not None and self._fails(plan, message, there):
                    return
                if self._muted is not None and side is Side.SERVER:
                    if message[:1] == _READY:
                        return
                    self._mute()
                    continue
                there.sendall(message)
        except OSError:
            pass
        finally:
            if self._muted is not None:
                self._muted.cancel()
            if not self._silent:
                self.cut()

    def _fails(self, plan: Plan, message: bytes, there: socket.socket) -> bool:
        """Do what goes wrong; tell whether this direction is over."""
        if plan.fault is Fault.STALL:
            self._going.clear()
            self._proxy.ended.wait(plan.seconds)
            self._going.set()
            self._proxy.passed.set()
            return False
        if plan.fault is Fault.SWALLOWED:
            self._going.clear()
            self._proxy.ended.wait(plan.seconds or None)
            return True
        if plan.fault is Fault.LOST_ANSWER:
            self._mute()
            return False
        if plan.fault is Fault.TORN:
            there.sendall(message[: len(message) // 2])
        if plan.fault is Fault.VANISHED:
            self._silent = True
            self._end(Side.CLIENT)
            if plan.seconds:
                self._proxy.ended.wait(plan.seconds)
                self._end(Side.SERVER)
        return True

    def _mute(self) -> None:
        """Cut when the server has nothing more to say; one that was asked to flush says no ReadyForQuery."""
        if self._muted is not None:
            self._muted.cancel()
        self._muted = threading.Timer(_SILENT_SECONDS, self.cut)
        self._muted.daemon = True
        self._muted.start()


def _messages(source: socket.socket, *, starts: bool) -> Iterator[bytes]:
    """Yield whole messages; a client's first has no type, and its wish for encryption is refused here."""
    buffer = bytearray()
    while True:
        size = _size(buffer, 0 if starts else 1)
        if size is None or len(buffer) < size:
            more = source.recv(65536)
            if not more:
                return
            buffer += more
            continue
        message = bytes(buffer[:size])
        del buffer[:size]
        if starts and struct.unpack("!i", message[4:8])[0] in _ENCRYPTION_REQUESTS:
            source.sendall(b"N")
            continue
        starts = False
        yield message


def _size(buffer: bytearray, before: int) -> int | None:
    """Return how long the message is that the buffer begins with, None when that is not there yet."""
    if len(buffer) < before + 4:
        return None
    return before + int(struct.unpack("!i", buffer[before : before + 4])[0])
