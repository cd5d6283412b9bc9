"""What leaves this process while another library sends, and what answers come: Apprise tells neither.

It says that a send failed, and not whether anything had left.  So this counts, below whatever the library does:
lookups, connections and handshakes that failed, writes to sockets, HTTP requests, and the answers to them.
For the process that sends one message and then ends; what is replaced here is never put back.
"""

import http.client
import socket
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: Ways out of a process that are no socket of Python's.
_ELSEWHERE: Final = frozenset(
    ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "syslog.syslog", "ctypes.dlopen")
)


@dataclass(slots=True)
class Wire:
    """Counts since `watch`.  Not frozen: it is what the hooks write to."""

    unreachable: int = 0  #: lookups, connections and TLS handshakes that failed
    writes: int = 0  #: to any socket, after its TLS handshake
    requests: int = 0  #: of HTTP, begun
    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)  #: status, headers (lower case)
    elsewhere: bool = False  #: something may have left by another way

    @property
    def nothing_left(self) -> bool:
        """Tell whether surely nothing left: a way that was tried failed, and no other was."""
        return self.unreachable > 0 and not self.writes and not self.elsewhere

    @property
    def only_answer(self) -> tuple[int, Mapping[str, str]] | None:
        """Return the last answer, when every request was answered and none of them well; else None."""
        is_whole = 0 < self.requests == len(self.answers) and not self.elsewhere
        if not is_whole or any(200 <= status < 300 for status, _ in self.answers):
            return None
        return self.answers[-1]


def watch() -> Wire:
    """Begin to count."""
    wire = Wire()

    def unreachable() -> None:
        wire.unreachable += 1

    def written() -> None:
        wire.writes += 1

    def requested() -> None:
        wire.requests += 1

    _wrap(socket, "getaddrinfo", failed=unreachable)
    _wrap(socket.socket, "connect", failed=unreachable)
    _wrap(ssl.SSLSocket, "do_handshake", failed=unreachable)
    for kind, names in (
        (socket.socket, ("send", "sendall", "sendto", "sendmsg", "sendfile")),
        (ssl.SSLSocket, ("send", "sendall", "sendto", "sendmsg", "sendfile", "write")),
    ):
        for name in names:
            _wrap(kind, name, before=written)
    _wrap(http.client.HTTPConnection, "putrequest", before=requested)
    _note_answers(wire)
    sys.addaudithook(lambda event, _: setattr(wire, "elsewhere", True) if event in _ELSEWHERE else None)
    return wire


def _wrap(
    place: Any, name: str, *, before: Callable[[], None] = lambda: None, failed: Callable[[], None] = lambda: None
) -> None:
    original = getattr(place, name)

    def wrapper(*given: Any, **named: Any) -> Any:
        before()
        try:
            return original(*given, **named)
        except OSError:
            failed()
            raise

    setattr(place, name, wrapper)


def _note_answers(wire: Wire) -> None:
    original = http.client.HTTPResponse.begin

    def begin(self: http.client.HTTPResponse) -> None:
        original(self)
        headers = {name.lower(): value for name, value in self.headers.items()}
        wire.answers.append((self.status, headers))

    setattr(http.client.HTTPResponse, "begin", begin)  # noqa: B010 - assigned as an attribute it is a type error
