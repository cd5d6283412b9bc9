"""One HTTP exchange with rules that a library would not keep: which addresses may be spoken to is decided on the
connected address, nothing is followed, the whole exchange has one wall-clock limit, and the answer has a largest size.

Everything that can fail before the request leaves (names, connection, TLS, headers) fails in `Exchange.connect`;
`Exchange.post` is the effect.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from reporting_governance.contracts.frozen import frozen

LONGEST_BODY = 64 * 1024

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotConnected(Exception):
    """Surely nothing was sent.  The text names no address part that may hold a secret."""


class Forbidden(NotConnected):
    """The profile does not allow this address."""


class NoAnswer(Exception):
    """Something may have been sent, and no whole answer came."""


@frozen(kw_only=True)
class Reply:
    """The receiver's answer.  `whole` is false when its body was cut, by it or at our limit."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    body: bytes
    whole: bool
    complete: bool  #: false when the receiver broke off before the end it had announced


@frozen(kw_only=True)
class Rules:
    """What an address may be.  Loopback that the URL itself names is always allowed, also without TLS."""

    plain_http: bool = False
    private_networks: tuple[Network, ...] = ()
    ca_file: str | None = None


class Exchange:
    """One request to one URL, within `seconds` of wall-clock time in all."""

    def __init__(self, url: str, *, rules: Rules, seconds: float, method: str = "POST") -> None:
        self._url = _checked(url, rules)
        self._method = method
        self._rules = rules
        self._ends_at = time.monotonic() + seconds
        self._connection: http.client.HTTPConnection | None = None
        self._raw: socket.socket | None = None
        self._over = False

    def connect(self, headers: Mapping[str, str], length: int) -> None:
        """Connect and make the request's head ready.  Raises: NotConnected, Forbidden."""
        sock = self._open()
        try:
            self._raw = sock
            connection = http.client.HTTPConnection(str(self._url.hostname))
            connection.sock = self._secured(sock)
            path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
            connection.putrequest(self._method, path, skip_host=True, skip_accept_encoding=True)
            size = {} if self._method == "GET" else {"Content-Length": str(length)}
            for name, value in {"Host": self._url.netloc, **headers, **size}.items():
                connection.putheader(name, value)
        except (OSError, ValueError, http.client.HTTPException) as fault:
            sock.close()
            raise NotConnected(_words(fault)) from None
        self._connection = connection

    def post(self, body: bytes) -> Reply:
        """Send the request, and read the answer; a GET has an empty body.

        Raises: NoAnswer when the answer did not come whole within the limit.
        """
        assert self._connection is not None
        # A timeout of the socket is one of each read: a receiver that drips would hold us for ever.
        timer = threading.Timer(max(0.0, self._ends_at - time.monotonic()), self._stop)
        timer.daemon = True
        timer.start()
        try:
            self._connection.endheaders(body)
            response = self._connection.getresponse()
            reply = _read(response)
        except (OSError, ValueError, http.client.HTTPException) as fault:
            # The socket's own timeout is what was left of the same limit: whichever of the two is seen first.
            late = self._over or isinstance(fault, TimeoutError)
            raise NoAnswer("no answer within the limit" if late else _words(fault)) from None
        finally:
            timer.cancel()
            self.close()
        if self._over:
            raise NoAnswer("no answer within the limit")
        return reply

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
        if self._raw is not None:
            self._raw.close()

    def _stop(self) -> None:
        self._over = True
        if self._raw is not None:
            # Of the plain socket: the other thread may be inside the TLS object.
            with suppress(OSError):
                socket.socket.shutdown(self._raw, socket.SHUT_RDWR)

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise NotConnected("not connected within the limit")
        return left

    def _open(self) -> socket.socket:
        host = str(self._url.hostname)
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as fault:
            raise NotConnected(f"the name was not found: {_words(fault)}") from None
        last: NotConnected = NotConnected("the name has no address")
        for family, kind, protocol, _, place in found:
            try:
                return self._opened(family, kind, protocol, place)
            except OSError as fault:
                last = NotConnected(_words(fault))
            except Forbidden as fault:
                last = fault
        raise last

    def _opened(self, family: int, kind: int, protocol: int, place: Any) -> socket.socket:
        self._allow(place[0])
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(self._left())
            sock.connect(place)
            # The address that counts is the one that answered, whatever the name says by now.
            self._allow(sock.getpeername()[0])
        except BaseException:
            sock.close()
            raise
        return sock

    def _allow(self, text: str) -> None:
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address.is_loopback and names_loopback(self._url):
            return
        if any(address in network for network in self._rules.private_networks if network.version == address.version):
            return
        if not address.is_global or address.is_multicast:
            raise Forbidden("the address is private, and private_networks does not list it")

    def _secured(self, sock: socket.socket) -> socket.socket:
        sock.settimeout(self._left())
        if self._url.scheme != "https":
            return sock
        context = ssl.create_default_context(cafile=self._rules.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._raw = None  # the handshake has its own timeout; afterwards the wrapped socket owns the file
        secured = context.wrap_socket(sock, server_hostname=self._url.hostname)
        self._raw = secured
        return secured


def _checked(url: str, rules: Rules) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise Forbidden("the URL cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Forbidden("the URL is not one of http or https")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("the URL holds a user or password; use a header")
    if parts.scheme == "http" and not (rules.plain_http or names_loopback(parts)):
        raise Forbidden("the URL is not https, and plain_http does not allow that")
    return parts


def names_loopback(url: SplitResult) -> bool:
    """Tell whether a URL itself says that it means this machine."""
    host = (url.hostname or "").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(response: http.client.HTTPResponse) -> Reply:
    headers = {name.lower(): value for name, value in response.getheaders()}
    body, complete = b"", True
    try:
        body = response.read(LONGEST_BODY + 1)
    except http.client.IncompleteRead as cut:
        body, complete = cut.partial, False
    announced = headers.get("content-length", "")
    if announced.isdigit() and len(body) < min(int(announced), LONGEST_BODY + 1) and response.status not in (204, 304):
        complete = False
    whole = complete and len(body) <= LONGEST_BODY
    return Reply(status=response.status, headers=headers, body=body[:LONGEST_BODY], whole=whole, complete=complete)


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that texts name.  Raises: ValueError."""
    return tuple(ipaddress.ip_network(each) for each in texts)


def _words(fault: BaseException) -> str:
    """Return what a fault is, without what it quotes: its text may hold a part of the URL or of a header."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"TLS: {fault.verify_message}"
    if isinstance(fault, ssl.SSLError):
        return f"TLS: {fault.reason}"
    if isinstance(fault, socket.gaierror):
        return str(fault.strerror)
    if isinstance(fault, TimeoutError):
        return "timed out"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return type(fault).__name__
