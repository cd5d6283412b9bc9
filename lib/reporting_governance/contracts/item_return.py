"""A settled item that came back.  Shape: item-return.schema.json."""

from collections.abc import Mapping
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class ItemReturn(Record):
    """What the log says of an item whose message bounced after it was settled: a person may send it again.

    It was no open work any more, so no view holds it; this makes one.
    """

    schema: ClassVar[str] = "item-return"
    return_id: str
    attempt_id: str  #: the send that bounced
    item: Mapping[str, Any]  #: the spool item, as it was recorded
    attempts: tuple[Mapping[str, Any], ...]  #: as they were recorded, in order
