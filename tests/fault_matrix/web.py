"""Receivers of HTTP: a hook of the operator's own, and the vendors' APIs as they document their answers."""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from tests.adapters.senders.api_cells import PARAMETERS
from tests.adapters.senders.peers import BEHAVIOURS, own_certificate
from tests.fault_matrix.peer import GIVEN_ID, Got, kill_bridge

#: What each answers when all is well, and under which id it then has the message.
GOOD: Mapping[str, tuple[str, str]] = {
    "webhook": ("id", GIVEN_ID),
    "slack": ("slack_stored", "1772337906.000100"),
    "telegram": ("telegram_stored", "77"),
    "ntfy": ("ntfy_stored", "hwQ2YpKdmg"),
    "pushover": ("pushover_queued", ""),
    "pagerduty": ("pagerduty_accepted", "PT4KHLK"),
    "matrix": ("matrix_stored", "$YUwRidLecu:example.org"),
    "apprise": ("ok", ""),
}
#: A fault that is an answer: the vendor's own where it has one.
_ANSWERS: Mapping[str, str] = {
    "3xx": "moved_307",
    "4xx": "bad_request",
    "429": "busy_429",
    "5xx": "broken_500",
    "200 ok:false": "ok_false",
    "HTML page": "html",
}
_OWN_ANSWERS: Mapping[tuple[str, str], str] = {
    ("slack", "429"): "slack_ratelimited",
    ("slack", "200 ok:false"): "slack_channel_not_found",
    ("telegram", "4xx"): "telegram_blocked",
    ("telegram", "429"): "telegram_429",
    ("telegram", "5xx"): "telegram_500",
    ("telegram", "200 ok:false"): "telegram_false_200",
    ("ntfy", "4xx"): "ntfy_403",
    ("pushover", "4xx"): "pushover_invalid_user",
    ("pushover", "200 ok:false"): "pushover_zero_200",
    ("pagerduty", "4xx"): "pagerduty_invalid",
    ("pagerduty", "5xx"): "pagerduty_500",
    ("matrix", "4xx"): "matrix_forbidden",
    ("matrix", "429"): "matrix_429_header",
    ("matrix", "5xx"): "matrix_unknown",
}
#: A fault after the whole message was taken.
_SILENCES: Mapping[str, str] = {
    "hang": "hang",
    "drip": "drip_body",
    "truncated": "truncate",
    "drop": "close",
    "late answer": "late",
}
_SHORT = ("hang", "drip", "late answer")  #: the limit has to be waited for
_ASKED: Mapping[str, str] = {"pagerduty": "pagerduty_triggered"}


class WebPeer:
    """A receiver whose fault is over when `heal` is called."""

    def __init__(self, sender: str, fault: str, folder: Path, root: Path) -> None:
        self._sender = sender
        self._fault = fault
        self._folder = folder
        self._got: list[Got] = []
        self._tls: ssl.SSLContext | None = None
        self._certificate: Path | None = None
        self._is_healthy = fault == "no fault"
        if fault == "TLS":
            self._tls, self._certificate = own_certificate(folder)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._server.getsockname()[1]
        if fault == "refused":  # nobody listens there until it is healed
            self._server.close()
        else:
            threading.Thread(target=self._serve, daemon=True).start()

    def parameters(self) -> Mapping[str, Any]:
        scheme = "https" if self._tls else "http"
        url = f"{scheme}://127.0.0.1:{self._port}/hook"
        if self._fault == "DNS" and not self._is_healthy:
            url = "https://nobody.invalid/hook"
        limit = 1 if self._fault in _SHORT and not self._is_healthy else 20
        if self._sender == "apprise":
            return self._apprise(url, limit)
        trusted = {"ca_file": str(self._certificate)} if self._certificate and self._is_healthy else {}
        if self._sender == "webhook":
            return {"url": url, "timeout_seconds": limit, "ack_json_pointer": "/message/id", **trusted}
        elsewhere = {"api_url": url} if self._sender == "pagerduty" else {}
        return {**PARAMETERS[self._sender], "base_url": url, "timeout_seconds": limit, **elsewhere, **trusted}

    def _apprise(self, url: str, limit: int) -> Mapping[str, Any]:
        """Return Apprise's own way to name a hook; it cannot be told which certificates count."""
        wishes = "?retry=2&redirect=yes" + ("&verify=no" if self._is_healthy else "")
        own = self._folder / "url"
        own.write_text(url.replace("http", "json", 1) + wishes)
        return {"url": f"${{file:{own}}}", "timeout_seconds": limit}

    def heal(self) -> None:
        self._is_healthy = True
        if self._fault == "refused":
            self._server = socket.create_server(("127.0.0.1", self._port))
            threading.Thread(target=self._serve, daemon=True).start()

    def got(self) -> Sequence[Got]:
        return list(self._got)

    def outside(self, attempts: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Call back, where a hook's answer came too late to be heard."""
        if self._fault != "late answer" or self._sender != "webhook":
            return ()
        told = {"attempt_id": attempts[0], "proof": "stored", "id": "callback-1", "evidence": {"id": GIVEN_ID}}
        return (told,)

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        server = self._server
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(peer,), daemon=True).start()

    def _converse(self, peer: socket.socket) -> None:
        with suppress(OSError), peer if self._tls is None else self._tls.wrap_socket(peer, server_side=True) as talk:
            self._take(talk)

    def _take(self, peer: socket.socket) -> None:
        fault = "no fault" if self._is_healthy else self._fault
        head, body = _head(peer)
        if head.startswith(b"GET "):
            return BEHAVIOURS[_ASKED[self._sender]](peer)
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        if fault in ("reset", "kill -9 during"):
            _read(peer, body, length // 2)
            if fault == "kill -9 during":
                kill_bridge(self._folder)
            return peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        body = _read(peer, body, length)
        good, place = GOOD[self._sender]
        answer = _OWN_ANSWERS.get((self._sender, fault)) or _ANSWERS.get(fault)
        if fault == "one of two":
            answer = _OWN_ANSWERS.get((self._sender, "4xx"), _ANSWERS["4xx"])
        if answer is None:
            self._got.append(Got.of(unquote_plus(body.decode()), key=self._key(head, body), place=place))
        BEHAVIOURS[answer or _SILENCES.get(fault) or good](peer)
        return None

    def _key(self, head: bytes, body: bytes) -> str:
        """Return what the receiver knows a repeat by: a transaction in the path, or a key in the body."""
        if self._sender == "matrix":
            return head.split()[1].decode()
        found = re.search(rb'"dedup_key":"([^"]+)"', body)
        return found[1].decode() if found else ""


def _head(peer: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(65536)
        if not more:
            raise ConnectionError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    return head, body


def _read(peer: socket.socket, body: bytes, length: int) -> bytes:
    while len(body) < length:
        more = peer.recv(length - len(body))
        if not more:
            raise ConnectionError
        body += more
    return body
