"""What a cell needs of a peer, whatever it speaks."""

import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

#: What of a message tells which item it is, in whatever form the peer gets it.
SUBJECT = re.compile(r"task-(\d+) is silent")
MARK = "possible repeat of"
GIVEN_ID = "m-77"  #: what our own peers give as their id


@dataclass(frozen=True, kw_only=True, slots=True)
class Got:
    """One message that a peer truly has: whole, and not refused."""

    task: str
    marked: bool
    key: str = ""  #: by which the peer knows a repeat; empty: it does not
    place: str = ""  #: under which the peer says that it has stored it

    @classmethod
    def of(cls, text: str, *, key: str = "", place: str = "") -> "Got":
        """Return what a peer has got, from its text."""
        found = SUBJECT.search(text)
        assert found, f"a message of ours names its task: {text[:200]}"
        return cls(task=found[1], marked=MARK in text, key=key, place=place)


class Peer(Protocol):
    """A receiver with one fault, until it is healed."""

    def parameters(self) -> Mapping[str, Any]:
        """Return the sender's parameters, as the profile has them now."""
        ...

    def heal(self) -> None:
        """Let the fault be over."""
        ...

    def got(self) -> Sequence[Got]:
        """Return what truly arrived."""
        ...

    def outside(self, attempts: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Let somebody outside act; return the receipts that are handed in.  `attempts`: ids, oldest first."""
        ...

    def close(self) -> None:
        """End."""
        ...


def kill_bridge(folder: Path) -> None:
    """Kill -9 the bridge whose process wrote its number into a folder."""
    os.kill(int((folder / "bridge.pid").read_text()), signal.SIGKILL)
