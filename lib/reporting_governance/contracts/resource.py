"""What every document that a person writes says about itself."""

from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class ResourceMetadata(Record):
    """Which document of a kind this is; the same in descriptors and profiles."""

    schema: ClassVar[str] = "capability-descriptor"
    id: str
    title: str
    version: str
    owner: str | None = None
    summary: str | None = None
    tags: tuple[str, ...] | None = None
