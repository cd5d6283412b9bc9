"""Mail servers."""

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reporting_governance.adapters.senders.dsn import DeliveryReport, read_mail
from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.peers import own_certificate
from tests.adapters.senders.test_smtp_dsn import DELIVERED, report
from tests.fault_matrix.peer import Got, kill_bridge

_SCRIPTS: Mapping[str, str] = {
    "hang": "hang@end",
    "drip": "drip@end",
    "reset": "reset@data",
    "truncated": "cut@end",
    "3xx": "551@rcpt",  # user not local, try elsewhere: the nearest that mail has
    "4xx": "450@rcpt",
    "5xx": "550@rcpt",
    "HTML page": "=<!DOCTYPE html><html>Please sign in</html>@greeting",
    "one of two": "550@rcpt",
    "drop": "close@end",
    "kill -9 during": "kill@body",
    "late answer": "hang@end",
}


class SmtpPeer:
    """A mail server whose fault is over when `heal` is called."""

    def __init__(self, sender: str, fault: str, folder: Path, root: Path) -> None:
        self._fault = fault
        self._is_healthy = fault == "no fault"
        tls: ssl.SSLContext | None = None
        self._certificate: Path | None = None
        if fault == "TLS":
            tls, self._certificate = own_certificate(folder)
        self._server = MailPeer(
            (_SCRIPTS.get(fault, "ok"),), tls=tls, offers=("8BITMIME", "DSN"), kill=lambda: kill_bridge(folder)
        )
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            self._nobody: int = nobody.getsockname()[1]

    def parameters(self) -> Mapping[str, Any]:
        faulty = not self._is_healthy
        limit = 1 if self._fault in ("hang", "drip", "late answer") and faulty else 20
        wanted: dict[str, Any] = {
            "host": "nobody.invalid" if self._fault == "DNS" and faulty else "127.0.0.1",
            "port": self._nobody if self._fault == "refused" and faulty else self._server.port,
            "tls": "starttls" if self._fault in ("TLS", "DNS") and (faulty or self._certificate) else "none",
            "from_address": "gov@example.org",
            "to_address": "ops@example.org",
            "timeout_seconds": limit,
        }
        return wanted | ({"ca_file": str(self._certificate)} if self._certificate and self._is_healthy else {})

    def heal(self) -> None:
        self._is_healthy = True
        self._server.script = ("ok",)

    def got(self) -> Sequence[Got]:
        return [Got.of(str(each.parsed["Subject"])) for each in self._server.mails]

    def outside(self, attempts: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Report the delivery of what was taken, where its answer never came."""
        if self._fault != "late answer":
            return ()
        own = str(self._server.mails[0].parsed["Reportgov-Attempt"])
        found = read_mail(
            report(
                DELIVERED, about=f"Reporting-MTA: dns; relay.example.org\nOriginal-Envelope-Id: {own}\n", quoted=None
            )
        )
        assert isinstance(found, DeliveryReport)
        return (found.receipt(),)

    def close(self) -> None:
        threading.Thread(target=self._server.close, daemon=True).start()  # it waits for each of its talks
