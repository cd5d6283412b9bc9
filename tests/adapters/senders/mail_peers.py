"""A mail server on loopback that speaks SMTP properly, but for failing exactly where it is told to."""

import base64
import os
import select
import signal
import socket
import ssl
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar

from tests.adapters.senders.peers import Listener

PHASES = ("greeting", "ehlo", "starttls", "ehlo2", "auth", "mail", "rcpt", "data", "body", "end", "quit")
FINE: Mapping[str, str] = {
    "greeting": "220 mail.test ESMTP",
    "starttls": "220 2.0.0 go ahead",
    "auth": "235 2.7.0 welcome",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 end with a dot",
    "end": "250 2.0.0 Ok: queued as 4ABC123DEF",
    "quit": "221 2.0.0 bye",
    "noop": "250 2.0.0 ok",
    "rset": "250 2.0.0 ok",
}
_TEXT = {"4": "4.0.0 not now", "5": "5.0.0 never", "2": "ok"}


@dataclass
class Mail:
    """A mail whose end was said."""

    sender: str
    recipient: str
    content: bytes  #: as it was meant: dots undoubled
    secured: bool
    commands: tuple[str, ...]

    @property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]


@dataclass
class MailPeer(Listener):
    """A server that speaks SMTP properly but for what its script says.

    A script is texts like `550@rcpt`, `hang@data`, `reset@end`, one for each connection, the last one for all others;
    several joined with `,`; `ok` for none.  What can be done at a phase: a reply's code, `=some literal reply`, `hang`,
    `drip`, `reset`, `close`, `garbage`, `long` (an endless line), `flood` (endless lines), `twice` (a reply that nobody
    asked for behind the proper one), `cut` (half a reply), `echo` (a refusal that repeats every secret), `kill` (the
    process that sends), `slow`.
    """

    patience: ClassVar[float] = 0.2  # a talk that hangs as its script says would be waited for
    script: tuple[str, ...] = ("ok",)
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    offers: tuple[str, ...] = ("SIZE 10000000", "8BITMIME", "DSN", "AUTH PLAIN LOGIN")
    kill: Callable[[], None] = lambda: None
    mails: list[Mail] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  #: every command that arrived

    def __post_init__(self) -> None:
        self.listen()

    @property
    def bodies(self) -> Sequence[Mapping[str, Any]]:
        """What arrived, as the cases of the bridge look at it."""
        return [_as_body(each.parsed) for each in self.mails]

    def converse(self, peer: socket.socket, number: int) -> None:
        """Talk as the script says."""
        script = self.script[min(number, len(self.script) - 1)]
        deeds = {phase: what for what, _, phase in (each.rpartition("@") for each in script.split(",") if "@" in each)}
        talk = _Talk(self, peer, deeds)
        try:
            if self.implicit:
                assert self.tls is not None
                talk.secure(self.tls)
            talk.run()
        except (OSError, EOFError, _Over):
            pass
        finally:
            talk.peer.close()


class _Over(Exception):
    """The script says that the connection ends here."""


class _Talk:
    def __init__(self, server: MailPeer, peer: socket.socket, deeds: Mapping[str, str]) -> None:
        self.server = server
        self.peer = peer
        self._deeds = deeds
        self._read = b""
        self._sender = self._recipient = ""
        self._secured = False
        self._commands: list[str] = []
        self._secrets: list[str] = []

    def secure(self, tls: ssl.SSLContext) -> None:
        self.peer = tls.wrap_socket(self.peer, server_side=True)
        self._secured = True

    def run(self) -> None:
        self._say("greeting")
        while True:
            line = self._line().decode("utf-8", "surrogateescape")
            self.server.lines.append(line)
            self._commands.append(line)
            self._obey(line)

    def _obey(self, line: str) -> None:
        verb = line.partition(" ")[0].upper()
        if verb == "EHLO":
            offers = [*self.server.offers]
            if self.server.tls is not None and not self._secured and "strip" not in self._deeds.get("ehlo", ""):
                offers.append("STARTTLS")
            names = ["mail.test", *offers]
            lines = [f"250{' ' if place == len(names) - 1 else '-'}{name}" for place, name in enumerate(names)]
            self._say("ehlo2" if self._secured and not self.server.implicit else "ehlo", "\r\n".join(lines))
        elif verb == "STARTTLS":
            self._say("starttls")
            assert self.server.tls is not None
            self.secure(self.server.tls)
        elif verb == "AUTH":
            self._auth(line)
        elif verb == "MAIL":
            self._sender = line.partition("<")[2].partition(">")[0]
            self._say("mail")
        elif verb == "RCPT":
            self._recipient = line.partition("<")[2].partition(">")[0]
            self._say("rcpt")
        elif verb == "DATA":
            self._say("data")
            self._content()
        elif verb == "QUIT":
            self._say("quit")
            raise _Over
        else:
            self._say(verb.lower())

    def _auth(self, line: str) -> None:
        parts = line.split()
        self._secrets = [line, *parts[2:]]
        if parts[1].upper() == "LOGIN":
            for prompt in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                self.peer.sendall(f"334 {prompt}\r\n".encode())
                self._secrets.append(self._line().decode())
        for each in list(self._secrets):
            with suppress(ValueError):
                self._secrets += base64.b64decode(each, validate=True).decode("utf-8", "replace").split("\0")
        self._say("auth")

    def _content(self) -> None:
        lines: list[bytes] = []
        while True:
            if "body" in self._deeds and lines:
                self._say("body")
            line = self._line()
            if line == b".":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b".") else line)
        content = b"".join(line + b"\r\n" for line in lines)
        mail = Mail(self._sender, self._recipient, content, self._secured, tuple(self._commands))
        self.server.mails.append(mail)
        self._say("end")

    def _say(self, phase: str, fine: str = "") -> None:
        what = self._deeds.get(phase)
        fine = fine or FINE.get(phase, "502 5.5.1 what?")
        if what is None or what == "strip":
            self.peer.sendall(f"{fine}\r\n".encode())
        elif what.startswith("="):
            self.peer.sendall(what[1:].encode() + b"\r\n")
        elif what.isdigit():
            self.peer.sendall(f"{what} {_TEXT.get(what[0], 'hm')}\r\n".encode())
            if phase == "body":  # read on, so that what was said is not lost in a reset
                while self._line() != b".":
                    pass
            if phase == "body" or what == "421":
                raise _Over
        elif what == "echo":
            self.peer.sendall(f"550 5.7.1 no: {' '.join(self._secrets)}\r\n".encode())
        else:
            self._misbehave(what, fine.encode())

    def _misbehave(self, what: str, fine: bytes) -> None:
        if what == "hang":
            gone = select.poll()  # reads nothing: what is sent to it fills up
            gone.register(self.peer, select.POLLRDHUP)
            gone.poll(60_000)
        elif what == "drip":
            for _ in range(600):
                self.peer.sendall(b"2")
                time.sleep(0.1)
        elif what == "reset":
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _Over
        elif what == "garbage":
            self.peer.sendall(b"\x00\x01HTTP/1.1 400 Bad Request\r\n\r\n")
        elif what == "long":
            for _ in range(200):
                self.peer.sendall(b"250-" + b"a" * 60_000)
        elif what == "flood":
            for _ in range(20_000):
                self.peer.sendall(b"250-" + b"a" * 60 + b"\r\n")
        elif what == "twice":
            self.peer.sendall(fine + b"\r\n250 2.0.0 Ok: queued as NEVER\r\n")
            return
        elif what == "cut":
            self.peer.sendall(fine[:2])
        elif what == "kill":
            self.server.kill()
            time.sleep(0.2)
        elif what == "slow":
            time.sleep(0.3)
            self.peer.sendall(fine + b"\r\n")
            return
        raise _Over

    def _line(self) -> bytes:
        while b"\r\n" not in self._read:
            data = self.peer.recv(65536)
            if not data:
                raise EOFError
            self._read += data
        line, _, self._read = self._read.partition(b"\r\n")
        return line


def _as_body(mail: EmailMessage) -> Mapping[str, Any]:
    subject = str(mail["Subject"])
    marked = subject.startswith("[possible repeat of ")
    return {
        "id": str(mail["Message-ID"]).strip("<>").partition("@")[0],
        "possible_repeat_of": subject.removeprefix("[possible repeat of ").partition("]")[0] if marked else None,
    }


def kill_sending_child() -> None:
    """Kill -9 the process in which this one sends."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"child_main.py" in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
