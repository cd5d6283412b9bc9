"""What an inbox is to the stage that empties it; `storage/files/inbox.py` is the one on disk."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Dropped(Protocol):
    """One thing in the inbox: its bytes, or why it is not read."""

    @property
    def name(self) -> str:
        """How it was called."""
        ...

    @property
    def uid(self) -> int:
        """Who wrote it, by the file system."""
        ...

    @property
    def identity(self) -> str:
        """The same for the same file, handed in again."""
        ...

    @property
    def data(self) -> bytes:
        """Its bytes."""
        ...

    @property
    def problem(self) -> str:
        """Why it is not read; empty when it is."""
        ...


class Flood(Protocol):
    """A user who has put in more than one run takes."""

    @property
    def uid(self) -> int:
        """Who."""
        ...

    @property
    def left(self) -> int:
        """How many files wait for the next runs."""
        ...


class Taken(Protocol):
    """What one run takes in."""

    @property
    def dropped(self) -> Sequence[Dropped]:
        """Oldest first."""
        ...

    @property
    def floods(self) -> Sequence[Flood]:
        """Who has to wait."""
        ...


class Inbox(Protocol):
    """Where things are dropped."""

    def take(self) -> Taken:
        """Return what was dropped; nothing is removed by it."""
        ...

    def done(self, dropped: Any) -> None:
        """Remove what was recorded."""
        ...

    def refuse(self, dropped: Any, findings: Sequence[Mapping[str, Any]]) -> str:
        """Put aside what is not recorded."""
        ...
