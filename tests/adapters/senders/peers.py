"""Real peers on loopback for senders: HTTP receivers that behave and misbehave as asked, and programs that do."""

import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self

from tests.adapters.senders.vendors import ANSWERS

Behaviour = Callable[[socket.socket], None]
Request = tuple[str, dict[str, str], bytes]


def reply(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    """Return a behaviour that answers properly."""

    def answer(peer: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status} Something", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        peer.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return answer


def hang(peer: socket.socket) -> None:
    """Never answer."""
    peer.settimeout(60)
    try:
        peer.recv(1)
    except OSError:
        pass


def drip(peer: socket.socket) -> None:
    """Answer one byte at a time, for ever: no single read ever times out."""
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(600):
        try:
            peer.sendall(b"X")
        except OSError:
            return
        time.sleep(0.1)


def drip_body(peer: socket.socket) -> None:
    """Answer with whole headers and a body that takes for ever."""
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    for _ in range(600):
        try:
            peer.sendall(b" ")
        except OSError:
            return
        time.sleep(0.1)


def reset(peer: socket.socket) -> None:
    """Take the message and break the connection."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(peer: socket.socket) -> None:
    """Take the message and close without a word."""


def truncate(peer: socket.socket) -> None:
    """Announce more than is sent."""
    peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"id": "abc"')


def late(peer: socket.socket) -> None:
    """Answer properly, when whoever asked has gone."""
    time.sleep(1.5)
    reply(200, b'{"ok": true}')(peer)


def garbage(peer: socket.socket) -> None:
    """Answer something that is no HTTP."""
    peer.sendall(b"\x00\x01\x02 220 smtp.example ESMTP\r\n")


def flood(peer: socket.socket) -> None:
    """Answer with far more than anybody reads."""
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
    try:
        for _ in range(50):
            peer.sendall(b"a" * 1_000_000)
    except OSError:
        pass


HTML = b"<!DOCTYPE html><html><body>Please sign in</body></html>"

BEHAVIOURS: Mapping[str, Behaviour] = {
    "ok": reply(200, b'{"ok": true}'),
    "id": reply(201, b'{"message": {"id": "m-77"}}'),
    "no_content": reply(204),
    "ok_false": reply(200, b'{"ok": false, "error": "channel_not_found"}'),
    "ok_false_later": reply(200, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "9"}),
    "html": reply(200, HTML, {"Content-Type": "text/html"}),
    "moved_302": reply(302, b"", {"Location": "/elsewhere"}),
    "moved_307": reply(307, b"", {"Location": "/elsewhere"}),
    "bad_request": reply(400, b"no"),
    "gone": reply(410),
    "busy_429": reply(429, b"", {"Retry-After": "120"}),
    "busy_429_date": reply(
        429, b"", {"Date": "Sun, 01 Mar 2026 00:00:00 GMT", "Retry-After": "Sun, 01 Mar 2026 00:03:20 GMT"}
    ),
    "busy_503": reply(503, b"", {"Retry-After": "soon"}),
    "broken_500": reply(500),
    "gateway_504": reply(504),
    "hang": hang,
    "drip": drip,
    "drip_body": drip_body,
    "reset": reset,
    "close": close,
    "truncate": truncate,
    "garbage": garbage,
    "late": late,
    "flood": flood,
    **{name: reply(*answer) for name, answer in ANSWERS.items()},
}


class Listener:
    """A server on loopback that talks with everybody who connects in a thread of its own."""

    port: int
    connections = 0
    patience: ClassVar[float] = 2.0  #: seconds that each talk has to end, when the server closes

    def listen(self) -> None:
        """Begin to take connections."""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def converse(self, peer: socket.socket, number: int) -> None:
        """Talk with who connected, the `number`-th from 0, and let go of the connection."""
        raise NotImplementedError

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # else the thread that accepts keeps it listening
        self._server.close()
        for thread in self._threads:  # a test that forks later wants no threads of ours
            thread.join(self.patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            number = self.connections
            self.connections += 1
            thread = threading.Thread(target=self.converse, args=(peer, number), daemon=True)
            self._threads.append(thread)
            thread.start()


class Receiver(Listener):
    """An HTTP receiver.  `script` names a behaviour for each message, the last one for all that follow."""

    def __init__(
        self, *script: str, tls: ssl.SSLContext | None = None, noted: Callable[[Request], None] = lambda _: None
    ) -> None:
        self.requests: list[Request] = []  #: whole requests that arrived: line, headers, body
        self._script = list(script)
        self._tls = tls
        self._noted = noted
        self.listen()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/hook"

    @property
    def bodies(self) -> Sequence[Mapping[str, Any]]:
        """The messages that arrived whole."""
        return [json.loads(body) for _, _, body in self.requests]

    def converse(self, peer: socket.socket, number: int) -> None:
        """Take one request, and do as the script says."""
        try:
            with peer if self._tls is None else self._tls.wrap_socket(peer, server_side=True) as connection:
                request = _request(connection)
                if request is None:
                    return
                self.requests.append(request)
                place = min(len(self.requests), len(self._script)) - 1
                self._noted(request)
                BEHAVIOURS[self._script[place]](connection)
        except OSError:
            pass


def _request(peer: socket.socket) -> Request | None:
    """Return a whole request; None when its sender went away before."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        more = peer.recv(65536)
        if not more:
            return None
        body += more
    return first, headers, body


#: Programs for the command sender: each notes the message it was given (one line), then does what its name says.
_NOTE = "import json,os,sys,time,signal\nopen(sys.argv[1],'a').write(sys.stdin.readline().strip()+'\\n')\n"
PROGRAMS: Mapping[str, str] = {
    "ok": _NOTE,
    "id": _NOTE + "print(json.dumps({'proof':'stored','id':'m-77'}))",
    "lies": _NOTE + "print(json.dumps({'proof':'person','id':'m-77'}))",
    "no_id": _NOTE + "print(json.dumps({'proof':'stored'}))",
    "nonsense": _NOTE + "print('[[[')",
    "later": _NOTE + "print(json.dumps({'retry_after_seconds':120})); sys.exit(75)",
    "fails": _NOTE + "print(json.dumps({'reason':'no such user'})); sys.exit(3)",
    "crashes": _NOTE + "os.kill(os.getpid(), signal.SIGSEGV)",
    "hangs": _NOTE + "time.sleep(300)",
    "ignores_sigterm": _NOTE + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)",
    "floods": _NOTE + "sys.stdout.write('a'*30_000_000); sys.stderr.write('b'*3_000_000)",
    "floods_for_ever": _NOTE + "\nwhile True: sys.stdout.write('a'*65536)",
    "kills_its_parent": _NOTE
    + "open(sys.argv[1]+'.pid','w').write(str(os.getpid())); os.kill(os.getppid(), signal.SIGKILL); time.sleep(300)",
    "deaf": "import sys; open(sys.argv[1],'a').write('{}\\n'); sys.exit(0)",
    "grandchild": _NOTE
    + "pid=os.fork()\nif pid==0:\n    time.sleep(300); os._exit(0)\nopen(sys.argv[1]+'.pid','w').write(str(pid))",
}


class Program:
    """A program for the command sender, and the messages that it was given."""

    def __init__(self, folder: Path, behaviour: str) -> None:
        self.script = folder / f"{behaviour}.py"
        self.script.write_text(PROGRAMS[behaviour])
        self.notes = folder / "given.jsonl"

    @property
    def argv(self) -> list[str]:
        return [sys.executable, str(self.script), str(self.notes)]

    @property
    def bodies(self) -> Sequence[Mapping[str, Any]]:
        if not self.notes.exists():
            return []
        return [json.loads(line) for line in self.notes.read_text().splitlines()]


def is_running(pid: int) -> bool:
    """Tell whether a process lives (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait for something to become true; tell whether it did."""
    ends_at = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.02)
    return True


def own_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a server's context with a certificate that nobody vouches for, and the certificate's path."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_file = folder / "peer.pem", folder / "peer.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    os.chmod(key_file, 0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_file)
    return context, pem


class ReceiverApart:
    """A receiver in a process of its own, for tests that fork or kill.

    `kill_file`: when a message arrives, the process whose number stands in that file is killed before the answer.
    """

    def __init__(self, folder: Path, *script: str, kill_file: Path | None = None) -> None:
        self._got = folder / "got.jsonl"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.senders.peers", str(self._got), str(kill_file or ""), *script],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def bodies(self, below: str = "") -> Sequence[Mapping[str, Any]]:
        """Return the messages that arrived whole, at the URL itself or at a path below it."""
        lines = self._got.read_text().splitlines() if self._got.exists() else []
        return [each["body"] for each in map(json.loads, lines) if each["path"] == f"/hook{below}"]

    def __enter__(self) -> "ReceiverApart":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def _serve_apart(got: str, kill_file: str, *script: str) -> None:
    def note(request: Request) -> None:
        line = {"path": request[0].split()[1], "body": json.loads(request[2])}
        with open(got, "ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
        if kill_file and os.path.exists(kill_file):
            os.kill(int(Path(kill_file).read_text()), signal.SIGKILL)

    receiver = Receiver(*script, noted=note)
    print(receiver.url, flush=True)
    signal.pause()


if __name__ == "__main__":
    _serve_apart(*sys.argv[1:])
