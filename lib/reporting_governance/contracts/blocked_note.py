"""What somebody was refused whose user may not write the state; the owner's next command records it.

Shape: blocked-note.schema.json.  Who it was is the owner of the file; which role that user has, and which was needed,
is looked up by who reads it, since anybody can write such a file.
"""

from __future__ import annotations

from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record
from reporting_governance.contracts.role import Action


@frozen(kw_only=True)
class BlockedNote(Record):
    """A refusal, as it is dropped into the inbox."""

    schema: ClassVar[str] = "blocked-note"
    blocked: Action  #: what was to be done
