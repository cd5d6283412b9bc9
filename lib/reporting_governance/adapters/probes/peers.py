"""A receiver on loopback that gives each kind of answer once: stored, accepted, refused, busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

#: path -> status and body
ANSWERS = {
    "/stores": (200, b'{"id": "message-1"}'),
    "/accepts": (202, b"{}"),
    "/refuses": (410, b"{}"),
    "/busy": (503, b"{}"),
}
MOST_BYTES = 1024 * 1024


class Receiver(NamedTuple):
    """A receiver that listens."""

    address: str
    got: list[tuple[str, str]]  #: path and text of everything that was sent to it


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Serve while the context is open."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    got: list[tuple[str, str]] = []

    class Peer(BaseHTTPRequestHandler):
        """Answers by the path."""

        timeout = 20  #: seconds that a silent client may hold its thread

        def do_POST(self) -> None:
            """Take a message."""
            text = self.rfile.read(min(MOST_BYTES, int(self.headers.get("Content-Length") or 0)))
            got.append((self.path, text.decode("utf-8", "replace")))
            status, body = ANSWERS.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: what was sent stands in our own records."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Receiver(f"http://127.0.0.1:{server.server_address[1]}", got)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
