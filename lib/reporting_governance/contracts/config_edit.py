"""What is to be changed in a configuration that belongs to another program, and what came of it."""

from __future__ import annotations

from enum import StrEnum

from reporting_governance.contracts.frozen import frozen


class EditKind(StrEnum):
    """What is done to the value at a path."""

    SET = "set"  #: the value is there afterwards; objects that are missing on the way are made
    DROP = "drop"  #: nothing is there afterwards; an object that is empty then stays
    JOIN = "join"  #: the list at the path, which is made when it is missing, has the text at its end unless it had it
    LEAVE = "leave"  #: the list at the path has the text no more, however often it had it


@frozen(kw_only=True)
class ConfigEdit:
    """One edit.  It says what holds afterwards, so doing it twice changes nothing more.

    `path` names keys of objects from the top, each exactly as it is written in the file: whoever works out edits looks
    at the file's own spelling first (`entries` may have `Alpha` where the plugin's id is `alpha`).
    """

    kind: EditKind
    path: tuple[str, ...]
    value: str | bool | None = None  #: SET: what is there afterwards; JOIN and LEAVE: the text; DROP: None


@frozen(kw_only=True)
class Switch:
    """A plugin that is to be on or off."""

    plugin_id: str
    enabled: bool


class Way(StrEnum):
    """How a configuration was changed."""

    CLI = "cli"  #: the program itself did it first, on a copy of its own, and ours came to the same
    FILE = "file"  #: the file alone was edited


@frozen(kw_only=True)
class ConfigChanged:
    """What a change came to.  Digests are SHA-256, lower-case hex."""

    path: str  #: of the file that was changed
    way: Way
    edits: tuple[ConfigEdit, ...]  #: as they were done in the end, on the text that was there then
    before_sha256: str | None  #: None: there was no file
    after_sha256: str | None  #: the same as before: nothing had to be changed, and nothing was written
    backup: str | None  #: path of the file as it was; None when nothing was written, or there was nothing to keep

    @property
    def is_written(self) -> bool:
        """Whether the file is another one than before."""
        return self.before_sha256 != self.after_sha256
