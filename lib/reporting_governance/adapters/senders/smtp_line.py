"""One connection to a mail server: bytes out, replies in, with one wall-clock limit for all of it.

Every wait is cut to what is left of the limit, so a server that drips one byte a second holds nobody.  Nothing is
believed that was said out of turn: what a server sent before it was asked is no answer.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from reporting_governance.adapters.senders.smtp_answers import Reply
from reporting_governance.contracts.frozen import frozen

LONGEST_LINE = 4096  #: octets; RFC 5321, 4.5.3.1.5 asks for 512
LONGEST_REPLY = 64 * 1024
_CHUNK = 16 * 1024
_GOODBYE_SECONDS = 1.0

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Broken(Exception):
    """The connection failed, or what came over it is no SMTP.  The text quotes nothing that the server sent."""


@frozen(kw_only=True)
class Place:
    """Where a mail server is, and how it is to prove who it is."""

    host: str
    port: int
    private_networks: tuple[Network, ...] = ()
    ca_file: str | None = None


class Line:
    """A connection.  `loopback`: it goes to this machine; `secured`: it is encrypted and the certificate was right."""

    def __init__(self, place: Place, *, seconds: float, hide: Callable[[str], str] = str) -> None:
        self._place = place
        self._hide = hide  # at once: the half of a secret that a later cut leaves is found by nobody
        self._ends_at = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._read = b""
        self.loopback = False
        self.secured = False

    def open(self) -> None:
        """Connect to the first address that answers.  Raises: Broken."""
        host = self._place.host
        try:
            found = socket.getaddrinfo(host, self._place.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as fault:
            raise Broken(f"the name was not found: {_words(fault)}") from None
        last = Broken("the name has no address")
        for family, kind, protocol, _, address in found:
            try:
                return self._open(family, kind, protocol, address)
            except (OSError, Broken) as fault:
                last = Broken(_words(fault))
        raise last

    def secure(self) -> None:
        """Begin TLS, and check the certificate.  Raises: Broken."""
        if self._read:
            # Whoever sits in between may have put it there, to be taken for what comes over the secured line.
            raise Broken("the server spoke out of turn before TLS")
        try:
            context = ssl.create_default_context(cafile=self._place.ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            sock = self._ready()
            self._socket = context.wrap_socket(sock, server_hostname=self._place.host)
        except (OSError, ValueError) as fault:
            self.close()  # neither side can tell any more where the handshake ends and words begin
            raise Broken(_words(fault)) from None
        self.secured = True

    def local_address(self) -> str:
        """Return our end's address as an SMTP address literal (RFC 5321, 4.1.3)."""
        assert self._socket is not None
        address = ipaddress.ip_address(self._socket.getsockname()[0].partition("%")[0])
        return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"

    def ask(self, command: str) -> Reply:
        """Send a command and return its reply; when the server has already refused to go on, that.  Raises: Broken."""
        early = self.early()
        if early is not None:
            return early
        self.send(command.encode("utf-8") + b"\r\n")
        return self.reply()

    def send(self, data: bytes) -> None:
        """Hand all bytes to the kernel.  Raises: Broken when not every one was taken."""
        view = memoryview(data)
        try:
            while view:
                self._ready().sendall(view[:_CHUNK])
                view = view[_CHUNK:]
        except OSError as fault:
            raise Broken(_words(fault)) from None

    def early(self) -> Reply | None:
        """Return a refusal that came unasked (RFC 5321, 3.8: 421 at any time); None when the server is silent.

        Raises: Broken for anything else that came unasked: no later reply could be told from it.
        """
        assert self._socket is not None
        if not self._read:
            try:
                self._socket.settimeout(0)
                data = self._socket.recv(_CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                return None
            except OSError as fault:
                raise Broken(_words(fault)) from None
            if not data:
                raise Broken("the connection was closed")
            self._read = data
        reply = self.reply()
        if not reply.refuses:
            raise Broken("the server spoke out of turn")
        return reply

    def reply(self) -> Reply:
        """Read one reply to its end.  Raises: Broken."""
        lines: list[str] = []
        size = 0
        while True:
            line = self._line()
            size += len(line)
            if size > LONGEST_REPLY:
                raise Broken("the server's reply is too long")
            if not (line[:3].isdigit() and line[3:4] in (b" ", b"-", b"")):
                raise Broken("the server's reply is no SMTP")
            code = int(line[:3])
            lines.append(line[4:].decode("utf-8", "replace"))
            if line[3:4] != b"-":
                # All together: a server breaks a long text where it likes, also in the middle of a secret.
                return Reply(code=code, lines=tuple(self._hide("\n".join(lines)).split("\n")))

    def goodbye(self) -> None:
        """Take leave and close.  Whatever goes wrong here changes nothing."""
        if self._socket is None:
            return
        self._ends_at = min(self._ends_at, time.monotonic() + _GOODBYE_SECONDS)
        with suppress(Broken):
            self.ask("QUIT")
        self.close()

    def close(self) -> None:
        """Let the connection go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self, family: int, kind: int, protocol: int, address: Any) -> None:
        self._allow(address[0])
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(self._left())
            sock.connect(address)
            # The address that counts is the one that answered, whatever the name says by now.
            self.loopback = self._allow(sock.getpeername()[0])
        except BaseException:
            sock.close()
            raise
        self._socket = sock

    def _allow(self, text: str) -> bool:
        """Tell whether an address is loopback.  Raises: Broken when it may not be spoken to."""
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address.is_loopback and names_loopback(self._place.host):
            return True
        if any(address in each for each in self._place.private_networks if each.version == address.version):
            return False
        if not address.is_global or address.is_multicast:
            raise Broken("the address is private, and private_networks does not list it")
        return False

    def _line(self) -> bytes:
        while b"\n" not in self._read:
            if len(self._read) > LONGEST_LINE:
                raise Broken("a line of the server is too long")
            try:
                data = self._ready().recv(_CHUNK)
            except OSError as fault:
                raise Broken(_words(fault)) from None
            if not data:
                raise Broken("the connection was closed")
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        if len(line) > LONGEST_LINE:
            raise Broken("a line of the server is too long")
        return line.removesuffix(b"\r")

    def _ready(self) -> socket.socket:
        assert self._socket is not None
        self._socket.settimeout(self._left())
        return self._socket

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise Broken(_TOO_LATE)
        return left


_TOO_LATE: Final = "not done within the limit"


def names_loopback(host: str) -> bool:
    """Tell whether a host's name itself says that it means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _words(fault: BaseException) -> str:
    """Return what a fault is, without what it quotes."""
    if isinstance(fault, Broken):
        return str(fault)
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"TLS: {fault.verify_message}"
    if isinstance(fault, ssl.SSLError):
        return f"TLS: {fault.reason}"
    if isinstance(fault, socket.gaierror):
        return str(fault.strerror)
    if isinstance(fault, TimeoutError):
        return _TOO_LATE
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return type(fault).__name__
