"""Signed notes, log heads in them, and the short mark of a head that travels in messages.

Source: C2SP signed-note (text, blank line, signature lines) and tlog-checkpoint (origin, size, root).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from reporting_governance.verifier.ed25519 import ed25519_verify

_ED25519_KEY = b"\x01"  #: signature type identifier
_SIGNATURE_START = "— "
_MOST_SIGNATURES = 100
_MOST_NOTE_BYTES = 1_000_000
_MOST_HEAD_LINES = 100  #: of a head in a text: each line of a long one could be the begin of another
_SIZE = re.compile("0|[1-9][0-9]{0,18}")
_HEX_KEY_ID = re.compile("[0-9a-f]{8}")
_MARK = re.compile(
    r"Journal:[\s>]+(?P<log>[0-9a-f]{8}),[\s>]+(?P<size>0|[1-9][0-9]{0,18})[\s>]+lines,"
    r"[\s>]+root[\s>]+(?P<root>[0-9a-f]{20,64})(?![0-9a-zA-Z])"
)


class VerifierKey(NamedTuple):
    """A public key under a name: what a reviewer pins."""

    name: str
    key_id: bytes  #: 4 bytes
    public: bytes  #: 32 bytes, Ed25519

    def text(self) -> str:
        """Return the key as one word that people hand on: name, key id in hex, type and key in base64."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519_KEY + self.public)}"


class Signature(NamedTuple):
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A text, its last newline included, and the signatures under it; nothing is checked yet."""

    text: str
    signatures: tuple[Signature, ...]


class LogHead(NamedTuple):
    """What a log was at one size; `root` is that of the Merkle tree over its lines, 32 bytes."""

    origin: str
    size: int
    root: bytes


class HeadMark(NamedTuple):
    """A head as a message carries it: the first 8 hex digits of the log's id, and the first 20 to 64 of the root."""

    log: str
    size: int
    root_hex: str


def vkey_of(name: str, public: bytes) -> VerifierKey:
    """Return the verifier key of an Ed25519 public key.

    Raises: ValueError when the name cannot stand in a note, or the key has not 32 bytes.
    """
    _check_name(name)
    if len(public) != 32:
        raise ValueError(f"an Ed25519 public key has 32 bytes, not {len(public)}")
    return VerifierKey(name, sha256(name.encode() + b"\n" + _ED25519_KEY + public).digest()[:4], public)


def parse_vkey(text: str) -> VerifierKey:
    """Return the key of `<name>+<key id>+<base64>`.

    Raises: ValueError when it is none, of another type than Ed25519, or has another key's id.
    """
    name, _, rest = text.partition("+")
    key_id, _, material = rest.partition("+")
    if not _HEX_KEY_ID.fullmatch(key_id):
        raise ValueError("not a verifier key: <name>+<8 hex digits>+<base64>")
    try:
        data = _from_base64(material)
    except ValueError as fault:
        raise ValueError(f"not a verifier key: after the key id, {fault}") from None
    if data[:1] != _ED25519_KEY:
        raise ValueError("not an Ed25519 verifier key")
    key = vkey_of(name, data[1:])
    if key.key_id.hex() != key_id:
        raise ValueError(f"the key id {key_id} belongs to another name or key: this one has {key.key_id.hex()}")
    return key


def parse_note(data: bytes) -> Note:
    """Return the text and the signatures of one whole note.

    Raises: ValueError for whatever is not exactly a note: no UTF-8, a control character, no blank line before the
        signatures, a last line without its newline, a name that no key may have, base64 that is not the only one of
        its bytes, more than 100 signatures or 1,000,000 bytes.
    """
    if len(data) > _MOST_NOTE_BYTES:
        raise ValueError(f"a note has at most {_MOST_NOTE_BYTES} bytes")
    whole = data.decode("utf-8")
    if any(character < " " and character != "\n" for character in whole):
        raise ValueError("a note holds no control characters")
    text, blank, rest = whole.rpartition("\n\n")
    if not blank or not rest.endswith("\n"):
        raise ValueError("a note is a text, a blank line and signature lines, each with a newline at its end")
    lines = rest[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise ValueError(f"a note has at most {_MOST_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_parsed_signature(line) for line in lines))


def format_note(text: str, signatures: Sequence[Signature]) -> bytes:
    """Return the note's bytes.  Raises: ValueError when `parse_note` would not read them so."""
    lines = (f"{_SIGNATURE_START}{each.name} {_base64(each.key_id + each.signature)}\n" for each in signatures)
    data = f"{text}\n{''.join(lines)}".encode()
    if parse_note(data) != Note(text, tuple(signatures)):
        raise ValueError("this text and these signatures make no note")
    return data


def is_signed_by(note: Note, key: VerifierKey) -> bool:
    """Tell whether a key signed the note.

    Signatures of others are passed over.  A note with a false signature under the key's own name and id is refused
    whole, whatever else stands under it.
    """
    own = [each for each in note.signatures if each.name == key.name and each.key_id == key.key_id]
    message = note.text.encode()
    return bool(own) and all(ed25519_verify(key.public, message, each.signature) for each in own)


def head_text(head: LogHead) -> str:
    """Return the text that is signed for a head.  Raises: ValueError when it would not be read back so."""
    text = f"{head.origin}\n{head.size}\n{_base64(head.root)}\n"
    if parse_head(text) != head:
        raise ValueError("this is no head of a log")
    return text


def parse_head(text: str) -> LogHead:
    """Return the head that a note's text says; lines after the third are an extension and say nothing here.

    Raises: ValueError when it says none.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise ValueError("a head is three lines: origin, size, root")
    origin, size, digest = lines[:3]
    if not _SIZE.fullmatch(size):
        raise ValueError(f"not the size of a log: {size[:40]!r}")
    top = _from_base64(digest)
    if len(top) != 32:
        raise ValueError("the root of a log has 32 bytes")
    return LogHead(origin, int(size), top)


def parse_heads(data: bytes) -> list[Note]:
    """Return every note over a head that stands in a text, in their order: notes one after another, or a mail.

    What is no such note is passed over, and so are marks of quoting and spaces around a line.  That takes nothing
    away from a signature: it is over the head's text as it is put together here.
    """
    lines = [line.strip(" \t\r>") for line in data.decode("utf-8", "replace").split("\n")]
    notes: list[Note] = []
    before = 0
    for blank, line in enumerate(lines):
        if line or not (blank + 1 < len(lines) and lines[blank + 1].startswith(_SIGNATURE_START)):
            continue
        after = blank + 1
        while after < len(lines) and lines[after].startswith(_SIGNATURE_START):
            after += 1
        start = blank
        while start > before and lines[start - 1]:
            start -= 1
        found = _head_at_the_end(lines[start:blank], lines[blank + 1 : after])
        notes.extend(found)
        before = after
    return notes


def log_key_text(log_id: str, vkey: str, previous: str | None) -> str:
    """Return the text that is signed when a key enters a log: by itself, and by the one that it replaces."""
    return f"reporting-governance log key\n{log_id}\n{vkey}\n{previous or '-'}\n"


def head_mark(log_id: str, size: int, root_hex: str, digits: int = 32) -> str:
    """Return the mark of a head: what notices, the system's log and people carry.

    Args:
        root_hex: the root in hex, at least `digits` of it.
        digits: how much of the root the mark carries, 20 to 64.
    Raises: ValueError when `find_marks` would not find it so.
    """
    mark = f"Journal: {log_id[:8]}, {size} lines, root {root_hex[:digits]}"
    if find_marks(mark) != [HeadMark(log_id[:8], size, root_hex[:digits])] or len(root_hex) < digits:
        raise ValueError(f"this is no mark of a log's head: {mark!r}")
    return mark


def find_marks(text: str) -> list[HeadMark]:
    """Return the marks that stand in a text, in their order; a mark may be broken into lines between its words."""
    return [mark for _, mark in marks_with_lines(text)]


def marks_with_lines(text: str) -> Iterator[tuple[int, HeadMark]]:
    """Yield the marks that stand in a text, each with the number of the line in which it begins."""
    line, counted_to = 1, 0
    for found in _MARK.finditer(text):
        line += text.count("\n", counted_to, found.start())
        counted_to = found.start()
        yield line, HeadMark(found["log"], int(found["size"]), found["root"])


def _head_at_the_end(lines: Sequence[str], signatures: Sequence[str]) -> list[Note]:
    for start in range(max(0, len(lines) - _MOST_HEAD_LINES), len(lines) - 2):
        if not _SIZE.fullmatch(lines[start + 1]):
            continue  # cheap before dear: a text may be megabytes of something else
        try:
            parse_head("\n".join(lines[start:]) + "\n")
            data = "\n".join([*lines[start:], "", *signatures, ""]).encode()
            return [parse_note(data)]
        except ValueError:
            continue
    return []


def _parsed_signature(line: str) -> Signature:
    if not line.startswith(_SIGNATURE_START):
        raise ValueError(f"not a signature line: {line[:40]!r}")
    name, _, encoded = line[len(_SIGNATURE_START) :].partition(" ")
    _check_name(name)
    data = _from_base64(encoded)
    if len(data) <= 4:
        raise ValueError(f"a signature without a signature: {line[:40]!r}")
    return Signature(name, data[:4], data[4:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        raise ValueError(f"not a key's name: {name[:40]!r}")


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    """Return the bytes of standard base64 in its one form.  Raises: ValueError."""
    try:
        is_one = _base64(data := b64decode(text.encode("ascii", "replace"), validate=True)) == text
    except ValueError:  # it tells of padding, which says nothing to whoever copied a key
        is_one = False
    if not is_one:
        raise ValueError(f"not base64 in its one form: {text[:40]!r}")
    return data
