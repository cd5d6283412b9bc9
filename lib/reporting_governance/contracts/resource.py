"""What every document that a person writes says about itself."""

from collections.abc import Iterator
from typing import ClassVar

from reporting_governance.contracts.capability import API_VERSION
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem
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


def wrong_kind(version: str, kind: str, wanted: str) -> Iterator[Problem]:
    """Yield what is wrong with the apiVersion and kind of a document that people write."""
    if version != API_VERSION:
        yield Problem("/apiVersion", f"apiVersion is {API_VERSION}, not {version}")
    if kind != wanted:
        yield Problem("/kind", f"kind is {wanted}, not {kind}")
