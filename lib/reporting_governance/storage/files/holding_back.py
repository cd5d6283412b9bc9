"""What is open, and with which line of the log its present life began: that line and all behind it are kept."""

import re
from collections.abc import Iterable

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.retention import Holder
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import Chain, LineGroup, Place, UnknownVersion
from reporting_governance.storage.encoding import record_of
from reporting_governance.storage.files import journal_io
from reporting_governance.storage.files.layout import Layout
from reporting_governance.storage.files.reading import leaf_before

#: Ids of what is only remembered, by nobody closed and never over: marks of task sources, what is known of targets.
#: Their views hold what the newest line says, so that line alone is kept.
_REMEMBERED = ("src_", "tgt_", "tld_")
_VIEWS = b',"views":['
_ID = re.compile(rb'\["[a-z-]+","([^"]+)","')


class OpenWork:
    """Everything in a view now, and the lines it is made of as far as the log was read.

    Args:
        names: the versions of all views, those in `past/` included.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._newest: dict[str, ViewName] = {}
        self._worked_on: dict[str, ViewName] = {}
        self._since: dict[str, int] = {}
        for text in names:
            name = ViewName.parse(text)
            if name.folder is Folder.PAST or name.id.startswith(_REMEMBERED):
                self._newest[text] = name
            else:
                self._worked_on[name.id] = name

    def learn(self, group: LineGroup) -> None:
        """Read one group of lines, in order."""
        records = [(line.seq, record) for line in group if (record := record_of(line.document)) is not None]
        consumed = {name.id for _, record in records for name in record.consumes if name.folder is not Folder.PAST}
        for seq, record in records:
            for key in record.views:
                is_open = key.id in self._worked_on and key.folder is not Folder.PAST
                if is_open and (key.id not in consumed or key.id not in self._since):
                    self._since[key.id] = seq

    def learn_births(self, layout: Layout, firsts: Iterable[int]) -> None:
        """Read newer segments for what was born again in them; only lines that name something held are decoded.

        Raises: OSError, StorageError.
        """
        for first in firsts:
            path = layout.segment(first)
            if not self._since or not any(self._names_held(raw) for raw in journal_io.raw_lines(path, 0)):
                continue
            chain = Chain(
                journal_io.raw_lines(path, 0), Place(0, first - 1, leaf_before(layout, layout.segments(), first))
            )
            try:
                self.learn_newer(chain.groups())
            except UnknownVersion as unknown:
                raise StorageError(path=path, reason=f"{unknown}; a newer program wrote it") from None

    def learn_newer(self, groups: Iterable[LineGroup]) -> None:
        """Read newer groups for what was born again in them.  Raises what reading them raises."""
        for group in groups:
            if any(self._names_held(line.raw) for line in group):
                self._learn_again(group)

    def _learn_again(self, group: LineGroup) -> None:
        """Read a newer group: only what was held already may have been born again."""
        held = dict(self._since)
        self.learn(group)
        self._since = {identity: seq for identity, seq in self._since.items() if identity in held}

    def holders(self, until: int) -> tuple[Holder, ...]:
        """Return what keeps a line up to `until`, oldest first."""
        found = [
            Holder(self._worked_on[identity].folder, identity, seq)
            for identity, seq in self._since.items()
            if seq <= until
        ]
        found.extend(Holder(name.folder, name.id, name.seq) for name in self._newest.values() if name.seq <= until)
        return tuple(sorted(found, key=lambda each: (each.since_seq, each.id)))

    def _names_held(self, raw: bytes) -> bool:
        at = raw.rfind(_VIEWS)
        return at >= 0 and any(found.decode("ascii") in self._since for found in _ID.findall(raw, at))
