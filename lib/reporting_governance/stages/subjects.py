"""Which threads a person means: an act takes the id of whatever they have in front of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.backwards import stretches
from reporting_governance.stages.newest import read_all
from reporting_governance.storage.interface import Store, View

THREAD = "thr_"


def all_threads(store: Store) -> list[View]:
    """Return every open thread."""
    names = store.listing(Folder.EPISODES).names
    return read_all(store, (name for key, name in names.items() if key.startswith(THREAD)))


def threads_about(store: Store, subject: str, everybody: Sequence[View]) -> list[View]:
    """Return the open threads of every episode that a subject names, directly or through one of its records.

    The views are asked first.  What they no longer name, such as the notice before the newest, which may be the
    message that lies before somebody, is looked for in the log.

    Args:
        subject: id of an episode, review, event, decision, notice, thread, item, attempt or receipt, or of a task (its
            own id or its key).
        everybody: every open thread.
    """
    if subject.startswith(("epi_", "rvw_")):
        families = {ids.thread_prefix(subject)}
    else:
        families = {ids.thread_family(each.name.id) for each in everybody if _names(each, subject)}
        families |= _families_of_item(store, subject)
    found = _of_families(everybody, families)
    if found or "_" not in subject:
        return found
    return _of_families(everybody, _families_in_log(store, subject))


def _of_families(everybody: Iterable[View], families: set[str]) -> list[View]:
    return [each for each in everybody if ids.thread_family(each.name.id) in families]


def _names(thread: View, subject: str) -> bool:
    newest: Mapping[str, Any] = thread.body["newest"] or {}
    facts: Mapping[str, Any] = thread.body.get("facts") or {}
    return subject in (thread.name.id, thread.body["task_key"], newest.get("notice_id"), facts.get("task_id"))


def _families_of_item(store: Store, subject: str) -> set[str]:
    if not subject.startswith("spl_"):
        return set()
    name = store.listing(Folder.SPOOL).names.get(subject)
    view = (store.read(name) if name else None) or store.past(subject)
    return {ids.thread_family(key) for key in view.body["item"]["thread_keys"]} if view else set()


def _families_in_log(store: Store, subject: str) -> set[str]:
    """Return what a record of the log belongs to, by itself or through what it follows from."""
    parents: dict[str, Sequence[str]] = {}
    families: dict[str, set[str]] = {}
    found: set[str] = set()
    for stretch in stretches(store, store.head().seq):
        for line in stretch:
            record = line.document.get("record")
            if record is not None:
                parents[record["id"]] = record["parents"]
                families[record["id"]] = _families_of_record(record)
        found, missing = _followed(subject, parents, families)
        if not missing:
            break  # what it follows from stands before it, and all of that was read
    return found


def _followed(
    subject: str, parents: Mapping[str, Sequence[str]], families: Mapping[str, set[str]]
) -> tuple[set[str], bool]:
    """Return what a record belongs to, and whether anything that it follows from was not read."""
    waiting, seen = [subject], set()
    found: set[str] = set()
    missing = False
    while waiting:
        identity = waiting.pop()
        if identity in seen:
            continue
        seen.add(identity)
        missing = missing or identity not in parents
        if families.get(identity):
            found |= families[identity]
        else:
            waiting.extend(parents.get(identity, ()))
    return found, missing


def _families_of_record(record: Mapping[str, Any]) -> set[str]:
    body = record["body"]
    if record["kind"] == "notice":
        return {ids.thread_family(body["thread_key"])}
    if record["kind"] == "spool-item":
        return {ids.thread_family(key) for key in body["thread_keys"]}
    if record["kind"] == "event-envelope":
        return {ids.thread_prefix(str(body["payload"].get("episode") or body["event_id"]))}
    return {ids.thread_family(view[1]) for view in record["views"] if view[1].startswith(THREAD)}
