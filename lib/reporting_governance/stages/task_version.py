"""The version of a task's view that a change stands on, and how it is found."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import ViewName
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.storage.interface import Absence, Listing, Store, View, expand

Body = Mapping[str, Any]


@frozen
class TaskVersion:
    """The exact version of a task's view that a change stands on, or the proof that there is none."""

    key: str
    name: ViewName | None
    body: Body | None
    absence: Absence | None = None


def load_version(store: Store, listing: Listing, key: str) -> TaskVersion | None:
    """Return a task's newest version, also from `past/`; None when it was changed while we looked."""
    name = listing.names.get(key)
    if name is not None:
        view = store.read(name)
        return None if view is None else version_of(store, view)
    past = store.past(key)
    if past is not None:
        return version_of(store, past)
    return TaskVersion(key, None, None, Absence(listing.folder, key, listing.head_seq))


def version_of(store: Store, view: View) -> TaskVersion:
    """Return a view as a version, with its long texts in place."""
    return TaskVersion(view.name.id, view.name, expand(store, view.body))


def parse_task(document: Body, *, source: str) -> TaskState:
    """Return a task's state; an erased title is none."""
    if document.get("title", "") is None:
        document = {key: value for key, value in document.items() if key != "title"}
    return TaskState.parse(document, source=source)
