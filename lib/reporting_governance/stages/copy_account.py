"""What one back end holds, in figures that two of them can be compared by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder

if TYPE_CHECKING:
    from reporting_governance.storage.interface import Store, View

_OPEN = tuple(folder for folder in Folder if folder is not Folder.PAST)


@frozen(kw_only=True)
class Account:
    """What one back end holds, in figures that two of them can be compared by."""

    log_id: str | None
    lines: int
    leaf: str
    root: str
    open_work: Mapping[str, int]  #: by folder
    open_digest: str  #: SHA-256 over every open view, name and body
    over: int  #: items in past/
    log_checkpoints: int

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "log_id": self.log_id,
            "lines": self.lines,
            "leaf": self.leaf,
            "root": self.root,
            "open": dict(self.open_work),
            "open_digest": self.open_digest,
            "over": self.over,
            "log_checkpoints": self.log_checkpoints,
        }


def views_of(source: Store, folders: Sequence[Folder] = _OPEN) -> Iterator[View]:
    """Yield the open views of these folders; what is gone before it is read is left out."""
    for folder in folders:
        for name in source.listing(folder).names.values():
            view = source.read(name)
            if view is not None:
                yield view


def account_of(source: Store) -> Account:
    """Return what a back end holds.  Raises: StorageError, Busy."""
    head = source.ready()
    counts: dict[str, int] = dict.fromkeys((folder.value for folder in _OPEN), 0)
    digests = []
    for view in views_of(source):
        counts[view.name.folder.value] += 1
        text = json.dumps([str(view.name), view.body], sort_keys=True, separators=(",", ":"))
        digests.append(sha256(text.encode("ascii")).digest())
    return Account(
        log_id=head.log_id,
        lines=head.seq,
        leaf=head.leaf,
        root=source.tree_head().root.hex(),
        open_work=counts,
        open_digest=sha256(b"".join(sorted(digests))).hexdigest(),
        over=len(source.past_names("")),
        log_checkpoints=len(source.log_checkpoints()),
    )
