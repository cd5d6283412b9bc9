"""Which keys a log had, from which line on, and which of them the reviewer has reason to trust.

A key enters by a `log.key` line that it signs itself; at a rotation the old key signs too, so trust in the old one
reaches the new one.  A key that came in without that is trusted only by whoever was given it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from reporting_governance.verifier.findings import Findings
from reporting_governance.verifier.note import Note, VerifierKey, is_signed_by, parse_note, parse_vkey

KEY_TEXT = "reporting-governance log key"  #: first line of what the keys sign
MOST_KEYS = 500  #: of one log; each costs signatures to check, and comparisons with all the others


class LogKey(NamedTuple):
    """A key that a line brought in."""

    seq: int
    key: VerifierKey
    handed_over: bool  #: by the key before it; true of the first


class KeyChain:
    """The keys of one log, in their order."""

    def __init__(self, log_id: str, pinned: Sequence[VerifierKey]) -> None:
        self._log_id = log_id
        self.pinned = [each for each in pinned if each.name == log_id]
        self.entries: list[LogKey] = []

    def add(self, seq: int, meta: Mapping[str, Any], findings: Findings) -> None:
        """Take a `log.key` line in; one whose signatures do not fit brings in no key."""
        if len(self.entries) >= MOST_KEYS:
            findings.say("key-line-false", f"line {seq}: more keys than any log has", seq=seq)
            return
        try:
            key = parse_vkey(_text_of(meta, "vkey"))
            note = parse_note(_text_of(meta, "note").encode())
            before = None if meta.get("previous") is None else parse_vkey(_text_of(meta, "previous"))
        except ValueError as fault:
            findings.say("key-line-false", f"line {seq}: {fault}", seq=seq)
            return
        wanted = f"{KEY_TEXT}\n{self._log_id}\n{key.text()}\n{'-' if before is None else before.text()}\n"
        if key.name != self._log_id or note.text != wanted or not is_signed_by(note, key):
            findings.say("key-line-false", f"line {seq}: what the new key signed is not this", seq=seq)
            return
        current = self.entries[-1].key if self.entries else None
        if current is None:
            handed_over = before is None or is_signed_by(note, before)
            if before is not None:
                self.entries.append(LogKey(0, before, True))  # its own line was retired
        else:
            handed_over = before == current and is_signed_by(note, current)
        self.entries.append(LogKey(seq, key, handed_over))

    def trusted(self) -> list[VerifierKey]:
        """Return the keys that are to be trusted: the pinned ones and those handed on from them; of no pin all."""
        if not self.pinned:
            return [each.key for each in self.entries]
        found = list(self.pinned)
        reached = False
        for entry in self.entries:
            reached = entry.key in self.pinned or (reached and entry.handed_over)
            if reached and entry.key not in found:
                found.append(entry.key)
        return found

    def replaced_at(self, key: VerifierKey) -> Optional[int]:  # noqa: UP045
        """Return the line that put another key in the place of this one, None while it is in force."""
        places = [place for place, entry in enumerate(self.entries) if entry.key == key]
        if not places or places[-1] + 1 >= len(self.entries):
            return None
        return self.entries[places[-1] + 1].seq

    def is_before_trusted(self, key: VerifierKey) -> bool:
        """Tell whether a trusted key took the place of this one, at once or later."""
        keys = [entry.key for entry in self.entries]
        return key in keys and any(each in self.trusted() for each in keys[keys.index(key) + 1 :])

    def not_handed_over(self, key: VerifierKey) -> Optional[int]:  # noqa: UP045
        """Return the line that brought a key in behind a trusted one without that one's signature."""
        trusted = self.trusted()
        seen = False
        for entry in self.entries:
            if entry.key == key and key not in trusted and seen:
                return entry.seq
            seen = seen or entry.key in trusted
        return None

    def signer_of(self, note: Note) -> tuple[Optional[VerifierKey], bool]:  # noqa: UP045
        """Return which key signed a note, trusted ones first, and whether a signature under a known key is false."""
        false = False
        for key in [*self.trusted(), *(each.key for each in self.entries)]:
            if any((each.name, each.key_id) == (key.name, key.key_id) for each in note.signatures):
                if is_signed_by(note, key):
                    return key, False
                false = True
        return None, false


def _text_of(meta: Mapping[str, Any], name: str) -> str:
    value = meta.get(name)
    if type(value) is not str:
        raise ValueError(f"no {name}")
    return value
