"""The blobs that go over with a copy of a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.blob_reference import is_reference
from reporting_governance.stages.copy_account import views_of

if TYPE_CHECKING:
    from reporting_governance.stages.export_source import LogSource
    from reporting_governance.storage.interface import Store


def bodies(source: Store) -> Iterator[Mapping[str, Any]]:
    """Yield every view's body, of what is over too: the line that made it may be retired."""
    for view in views_of(source):
        yield view.body
    for identity in source.past_names(""):
        past = source.past(identity)
        if past is not None:
            yield past.body


def blobs_in(log: LogSource, documents: Iterable[Mapping[str, Any] | None]) -> Iterator[tuple[str, bytes]]:
    """Yield each blob that documents name, once, salt and all; what was erased is left out."""
    seen = set()
    for document in documents:
        for digest in _digests(document):
            if digest not in seen:
                seen.add(digest)
                content = log.blob(digest)
                if content is not None:  # else it was erased
                    yield digest, content


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if is_reference(value):
            yield value["$blob"]
            return
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _digests(each)
