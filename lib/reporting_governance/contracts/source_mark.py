"""Where the watch over one source began.  Shape: source-mark.schema.json."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class SourceMark(Record):
    """What ended before `baseline_at` is listed by `status` and never told."""

    schema: ClassVar[str] = "source-mark"
    mark_id: str
    source: str  #: `openclaw`, `json` ...
    instance: str
    baseline_at: datetime
    horizon_at: datetime | None = None  #: reports with an older anchor and no view are stale
    cursor: Mapping[str, Any] | None = None
