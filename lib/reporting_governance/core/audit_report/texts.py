"""Texts and values of records as the page shows them: cut, fetched from where they lie apart, or named as missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.blob_reference import is_reference

LONGEST = 600  #: characters of a text on the page
_LONGEST_VALUE = 200


class Missing(StrEnum):
    """Why a text that lies apart is not shown."""

    ERASED = "erased"
    WITHHELD = "withheld"


#: `read(digest)` returns what a blob holds, without its salt, or why it is not there
BlobReader = Callable[[str], bytes | Missing]


def nothing_apart(_digest: str) -> Missing:
    """Read no blob: each is withheld."""
    return Missing.WITHHELD


class Texts:
    """Reads texts of records for the page."""

    def __init__(self, read: BlobReader) -> None:
        self._read = read
        self.erased: int = 0
        self.withheld: int = 0

    def text(self, said: object) -> str | None:
        """Return a text as the page shows it; None where nothing was written."""
        found = self.data(said)
        if found is None or found == "":
            return None
        return cut(found if isinstance(found, str) else json_text(found))

    def data(self, said: Any) -> Any:
        """Return a value, out of its blob where it lies in one."""
        if not is_reference(said):
            return said
        content = self._read(said["$blob"])
        if content is Missing.ERASED:
            self.erased += 1
            return "(this text was erased; the record of it is unchanged)"
        if isinstance(content, Missing):
            self.withheld += 1
            return "(this text lies apart and is not part of what was exported)"
        text = content.decode("utf-8", "replace")
        if not said.get("json"):
            return text
        try:
            return json.loads(text)
        except ValueError:
            return cut(text)

    def mapping(self, said: Any) -> Mapping[str, Any]:
        """Return a value that should be an object; an empty one where it is none or not there."""
        found = self.data(said)
        return found if isinstance(found, Mapping) else {}

    def list(self, said: Any) -> list[Any]:
        """Return a value that should be a list; an empty one where it is none or not there."""
        found = self.data(said)
        return list(found) if isinstance(found, list | tuple) else []


def word(found: object) -> str:
    """Return a name or a time of a record, cut.  Raises: TypeError for what is no text; it is then not understood."""
    if type(found) is not str:
        raise TypeError(f"no text: {found!r}")
    return found if len(found) <= _LONGEST_VALUE else cut(found, _LONGEST_VALUE)


def word_or_none(found: object) -> str | None:
    """Return the same of what may be left out."""
    return None if found is None else word(found)


def count(found: object) -> int:
    """Return a whole number of a record.  Raises: TypeError for what is none."""
    if type(found) is not int:
        raise TypeError(f"no number: {found!r}")
    return found


def cut(text: str, longest: int = LONGEST) -> str:
    """Return a text of bounded length; what is left out is counted in it."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … ({len(text) - longest} more characters)"


def json_text(found: object) -> str:
    """Return a value as JSON, short."""
    written = json.dumps(found, ensure_ascii=False, sort_keys=True)
    return cut(written if not isinstance(found, str) else found, _LONGEST_VALUE)
