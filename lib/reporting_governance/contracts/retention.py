"""What keeping and erasing speak of: stretches of the log that are retired, and what keeps others where they are."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import Folder


class Retirement(NamedTuple):
    """What a `log.segment_retired` line says: these lines are kept no longer, only their leaf hashes are.

    Lines are retired from the beginning of the log on.  So none before `to_seq` is kept either, also where the line
    that said so has been retired since.
    """

    seq: int  #: of the line that says so
    from_seq: int
    to_seq: int
    root: str  #: of the RFC 6962 tree over the leaf hashes of these lines alone, hex
    at: str  #: RFC 3339
    reason: str
    approver: str
    keys: tuple[Mapping[str, Any], ...] = ()  #: what the `log.key` lines among them said, each with its seq


class Stretch(NamedTuple):
    """One whole segment that is retired, or would be."""

    from_seq: int
    to_seq: int
    size: int  #: bytes of its file
    first_at: str  #: when its first line was added, RFC 3339
    last_at: str  #: when the segment behind it was opened


class Holder(NamedTuple):
    """Something in a view whose line stands in a segment that is old enough: it keeps this one and all behind it."""

    folder: Folder
    id: str
    since_seq: int  #: the line with which its present life began; of what is only remembered, the newest


class RetirementPlan(NamedTuple):
    """Which segments can go, and what keeps the others that are old enough."""

    stretches: tuple[Stretch, ...]  #: oldest first, without a gap
    root: str  #: of the RFC 6962 tree over their leaf hashes; empty without any
    blobs: tuple[str, ...]  #: digests that only their lines name
    held: tuple[Holder, ...]  #: oldest first
    kept_old: int  #: segments that are old enough and stay
    reason_kept: str  #: why, as far as it is not an open item's doing; empty when it is


class Elsewhere(NamedTuple):
    """A place outside the blobs in which a text stands too."""

    path: str  #: below the state folder
    is_whole: bool  #: the whole text; else its beginning, as a quotation has it
    cleaned: bool  #: it was (or would be) taken out there
