"""A rendered message for one target.  Shape: spool-item.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.notice import Urgency
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class Rendered(Record):
    """The message as the channel shows it."""

    schema: ClassVar[str] = "spool-item"
    subject: str
    body: str
    html: str | None = None


@frozen(kw_only=True)
class Telling(Record):
    """What the message says, for senders and programs; as it was when it was rendered, whatever came later.

    An object of its own: of a message about hundreds of things the facts are stored apart as one piece.
    """

    schema: ClassVar[str] = "spool-item"
    phase: Phase  #: of all its notices
    urgency: Urgency  #: the highest of its notices
    facts: Mapping[str, Any]  #: of one notice; of several, each under its notice's id.  Long texts are cut


@frozen(kw_only=True)
class JournalHead(Record):
    """The head of our journal when the item was made: the message ends with it, so whoever gets it is a witness."""

    schema: ClassVar[str] = "spool-item"
    log: str  #: the first 8 hex digits of the log's id
    size: int  #: lines
    root: str  #: the first 32 hex digits of the root of the tree over them


@frozen(kw_only=True)
class SpoolItem(Record):
    """One target, one address, one outcome.  `target` is a name in the profile, never an address."""

    schema: ClassVar[str] = "spool-item"
    spool_id: str
    notice_ids: tuple[str, ...]
    thread_keys: tuple[str, ...]  #: of the notices, in their order
    round: int  #: 0; 1 and more for a person's retries
    channel: str
    sender: str  #: a name in the registry of senders
    target: str  #: `receiver/target`
    rendered: Rendered
    telling: Telling
    idempotency_key: str
    dispatched_at: datetime
    due_at: datetime
    not_after: datetime  #: the end of its lifetime; then it is blocked
    expects_proof: Proof
    journal_head: JournalHead | None = None  #: None: made by an older version, or for an empty journal
