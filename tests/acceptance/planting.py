"""Tokens that are planted where a secret can be, peers that give them away in every shape, and a search for them."""

import base64
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

USER = "bob"  #: whose token it is, where a channel wants a user too
_SEEN = 10  #: characters of a token; this much of its beginning or its end is a find


def token(name: str) -> str:
    """Return the token of a place: the same at each call, no part of it in any other."""
    return "q" + sha256(name.encode()).hexdigest()[:24] + "z"


def shapes(secret: str) -> str:
    """Return a text in which a secret stands in each shape that a careless program prints it in."""
    half = len(secret) // 2
    pair = f"{USER}:{secret}"
    return " | ".join(
        (
            secret,
            "".join(f"%{ord(each):02X}" for each in secret),
            f"{secret[:half]}\n    {secret[half:]}",
            base64.b64encode(pair.encode()).decode(),
            base64.b64encode(f"\0{pair}\0".encode()).decode(),
            base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
        )
    )


def readings(data: bytes) -> Iterator[str]:
    """Return what a text says, also to somebody who takes JSON, URLs, line ends and base64 apart."""
    plain = data.decode("utf-8", "replace")
    for _ in range(3):  # a text in JSON in JSON
        yield plain
        yield unquote(plain)
        yield re.sub(r"[\s|=│]|\.{3}|…", "", plain)
        plain = _unescaped(plain)
    for run in re.findall(r"[A-Za-z0-9+/_-]{16,}", plain):
        bare = run.replace("-", "+").replace("_", "/")
        for start in range(4):
            part = bare[start : start + (len(bare) - start) // 4 * 4]
            with suppress(ValueError):
                yield base64.b64decode(part).decode("latin-1")


def _unescaped(text: str) -> str:
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\+[nrt]", " ", text).replace("\\/", "/")


def found_in(data: bytes, names: Sequence[str]) -> set[str]:
    """Return the names of the tokens of which a text tells a good part."""
    texts = "\0".join(readings(data)).lower()
    secrets = {name: token(name) for name in names}
    return {name for name, each in secrets.items() if each[:_SEEN] in texts or each[-_SEEN:] in texts}


@dataclass
class CommandLines:
    """Looks at the command line of every process of this machine, all the time, as anybody may."""

    seen: set[bytes] = field(default_factory=set)

    def __enter__(self) -> "CommandLines":
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def look(self, *_: object) -> None:
        """Look once; also called by peers, when somebody sends to them."""
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with suppress(OSError):
                    self.seen.add(Path("/proc", entry, "cmdline").read_bytes())

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.look()


def refusal(names: Sequence[str]) -> bytes:
    """Return what a vendor answers to a message it refuses, with every secret in it; in the words of all vendors."""
    said = " | ".join(shapes(token(name)) for name in names)
    errors = {"ok": False, "status": 0, "code": 40001, "errcode": "M_FORBIDDEN", "error_code": 400}
    return json.dumps(
        {**errors, "error": said, "description": said, "message": said, "errors": [said], "detail": {"id": said}}
    ).encode()


def program(names: Mapping[str, str], *, code: int, identity: str = "") -> str:
    """Return a program that says its secrets on both its outputs.

    Args:
        names: of the tokens, by the variable that must hold each.
        identity: the variable whose value it gives as its id of the message.
    """
    said = " | ".join(shapes(token(name)) for name in names.values())
    return f"""
import json, os, sys
for variable, value in {[(variable, token(name)) for variable, name in names.items()]!r}:
    assert os.environ[variable] == value
said = {said!r}
print(said, file=sys.stderr)
answer = {{"reason": said, "error": said, "ok": False}}
if {identity!r}:
    answer |= {{"proof": "stored", "id": os.environ[{identity!r}]}}
print(json.dumps(answer))
sys.exit({code})
"""
