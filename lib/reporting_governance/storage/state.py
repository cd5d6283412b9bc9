"""All views behind one line of the log, kept as the bytes of their files, and what a line does to them."""

from dataclasses import dataclass, field
from typing import Any

from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.core.projection import Body, ConsumedViewGone, apply
from reporting_governance.errors import StorageError
from reporting_governance.storage.chain import LineGroup, Place
from reporting_governance.storage.encoding import body_text, record_of
from reporting_governance.storage.marks import Marks
from reporting_governance.storage.view_content import body_in, content_of

_SEGMENT_OPEN = LineType.LOG_SEGMENT_OPEN.value
_ERASED = LineType.RECORD_ERASED.value


@dataclass(slots=True)
class State:
    """All views behind one line of the log."""

    place: Place
    marks: Marks = field(default_factory=Marks)
    contents: dict[str, bytes] = field(default_factory=dict)  #: version's name -> content of its file
    erased: list[str] = field(default_factory=list)  #: digests that lines behind the snapshot erase

    def add(self, group: LineGroup) -> None:
        """Add one group.  Raises StorageError when it consumes what no earlier line made."""
        records = []
        texts: dict[int, str] = {}
        for line in group:
            record = record_of(line.document)
            if record is not None:
                records.append((line.seq, record))
                text = body_text(line.raw)
                if text is not None:
                    texts[id(record.body)] = text
            self.marks = self.marks.after(line.document)
            if line.document["type"] == _SEGMENT_OPEN:
                self._forget_past(line.document.get("meta", {}).get("past_before", 0))
            elif line.document["type"] == _ERASED:
                self.erased.append((line.document.get("meta") or {}).get("blob", ""))
        if not records:
            return
        try:
            changes = apply(records, self._body, self._holds)
        except ConsumedViewGone as gone:
            raise StorageError(
                path="journal", reason=f"line {group[0].seq} changes {gone}, which no earlier line made"
            ) from None
        for put in changes.puts:
            name = str(put.name)
            self.contents[name] = content_of(name, put.body, texts)
            if put.name.folder is Folder.PAST:
                self._drop_replaced(records, put.name)
        for closed in changes.removes:
            self.contents.pop(str(closed), None)

    def _drop_replaced(self, records: list[Any], put: ViewName) -> None:
        """A file in `past/` has a fixed name: the version that was put anew is gone."""
        for _, record in records:
            for name in record.consumes:
                if name.folder is Folder.PAST and name.id == put.id:
                    self.contents.pop(str(name), None)

    def _body(self, name: ViewName) -> Body | None:
        content = self.contents.get(str(name))
        return None if content is None else body_in(content)

    def _holds(self, name: ViewName) -> bool:
        return str(name) in self.contents

    def _forget_past(self, before: int) -> None:
        old = [name for name in self.contents if name.startswith("past/") and int(name[-12:]) < before]
        for name in old:
            del self.contents[name]
