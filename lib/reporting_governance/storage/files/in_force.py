"""What is in force, as lines of the log say it: digests by name, and a blob with the content itself.

The digests tell whether anything has changed.  The blob is what a person or the next process reads when the files of
then are gone or broken: it is stored when a line is about to name it, never before, and read only when it is asked for.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.lines import IN_FORCE

_TYPES = (LineType.LOG_OPEN.value, LineType.CONFIG_CHANGED.value)
#: A line that retires others says again what the last of them named: asked when no line that is kept names anything.
_RESTATED = (LineType.LOG_SEGMENT_RETIRED.value,)
_NEEDLE = f'"{IN_FORCE}":'.encode()


class InForce(Mapping[str, Any]):
    """The context of a line: digests, and under `in_force` the reference of a blob that is stored when it is read.

    Args:
        root: the state folder.
        digests: SHA-256 of everything that is in force, by name.
        content: returns what the blob holds.
    """

    def __init__(self, root: str, digests: Mapping[str, str], content: Callable[[], bytes]) -> None:
        self._root = root
        self._digests = digests
        self._content = content
        self._reference: Mapping[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        if name != IN_FORCE:
            return self._digests[name]
        if self._reference is None:
            blobs = Blobs(Layout(self._root).blobs)
            reference = blobs.put(self._content())
            blobs.settle()
            self._reference = reference
        return self._reference

    def __iter__(self) -> Iterator[str]:
        yield from self._digests
        yield IN_FORCE

    def __len__(self) -> int:
        return len(self._digests) + 1


def last_in_force(root: str) -> bytes | None:
    """Return the content that the newest line about it names; None when there is none, or it is erased.

    Only lines that chain are believed.  This reads segments from the newest back until one holds such a line: it is
    for whoever has lost everything quicker.  Raises: OSError, StorageError, `chain.UnknownVersion`.
    """
    layout = Layout(root)
    if not os.path.isdir(layout.log):
        return None
    firsts = layout.segments()
    for types in (_TYPES, _RESTATED):
        for first in reversed(firsts):
            reference = _last_reference(layout, firsts, first, types)
            if reference is not None:
                return Blobs(layout.blobs).get(reference)
    return None


def _last_reference(layout: Layout, firsts: list[int], first: int, types: Collection[str]) -> Mapping[str, Any] | None:
    path = layout.segment(first)
    if not any(_NEEDLE in raw for raw in journal_io.raw_lines(path, 0)):
        return None
    from reporting_governance.storage.chain import Chain, Place
    from reporting_governance.storage.files.reading import leaf_before

    found = None
    chain = Chain(journal_io.raw_lines(path, 0), Place(0, first - 1, leaf_before(layout, firsts, first)))
    for group in chain.groups():
        for line in group:
            if line.document["type"] in types:
                context = (line.document.get("meta") or {}).get("context") or {}
                found = context.get(IN_FORCE, found)
    return found
