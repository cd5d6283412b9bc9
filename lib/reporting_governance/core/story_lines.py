"""Which lines of the journal belong to a story.

Pure, and light: of each line only what joins it to others is kept, so that a hundred thousand of them fit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Document
from reporting_governance.core.story_plugins import PLUGIN_LINES

_EPISODE, _THREAD = "epi_", "thr_"


class Node(NamedTuple):
    """What joins a record to others."""

    seq: int
    id: str
    kind: str
    parents: Sequence[str]
    views: Sequence[str]
    about: Sequence[str]
    names: Sequence[str]  #: what else it speaks of: its episode, what a hold waits for, what an act is about
    task: str | None  #: the task's own id; of an event
    starts: str | None  #: the task that an event starts


@frozen(kw_only=True)
class Related:
    """The lines of a story, in order.  `whole`: what it begins with is among them, so no older line belongs to it."""

    seqs: tuple[int, ...]
    whole: bool


def node_of(seq: int, line: Document) -> Node | None:
    """Return what joins a line to others; None for a line without a record, but for one about a plugin."""
    record: Mapping[str, Any] | None = line.get("record")
    if record is None:
        if line["type"] not in PLUGIN_LINES:
            return None
        return Node(seq, f"line_{seq}", line["type"], (), (), (line["pluginId"],), (), None, None)
    body = record["body"]
    names: list[str] = []
    task = starts = None
    if record["kind"] == "event-envelope":
        task = body["task_id"]
        if body["payload"].get("episode"):
            names.append(body["payload"]["episode"])
        if body["event_type"] == "task_started" and record["about"]:
            starts = record["about"][0]
    elif record["kind"] == "hold":
        names.append(body["cause"])
    elif record["kind"] == "act":
        names.append(body["subject"])
    views = [view[1] for view in record["views"]]
    return Node(seq, record["id"], record["kind"], record["parents"], views, record["about"], names, task, starts)


def related(nodes: Iterable[Node], identity: str) -> Related:
    """Return the lines that belong to an id: those that name it, what they follow from, and what followed from them.

    Args:
        nodes: of all lines from some line on, in order.
    """
    known = list(nodes)
    keys = _asked(known, identity)
    start = [each for each in known if _names(each, keys)]
    if not start:
        return Related(seqs=(), whole=False)
    above, missing = _ancestors(known, start)
    wanted = {each.seq for each in (*start, *above)}
    wanted |= {each.seq for each in _descendants(known, {each.id for each in start} | keys)}
    return Related(seqs=tuple(sorted(wanted)), whole=not missing and _begins(known, keys, identity))


def _asked(nodes: Sequence[Node], identity: str) -> set[str]:
    """Return the id and, where it is a task's own, the keys of the tasks that are called so."""
    keys = {each.about[0] for each in nodes if each.task == identity and each.about}
    return keys | {identity}


def _names(node: Node, keys: set[str]) -> bool:
    return node.id in keys or any(each in keys for part in (node.views, node.about, node.names) for each in part)


def _begins(nodes: Sequence[Node], keys: set[str], identity: str) -> bool:
    """Tell whether nothing older can name an id: only of a task it has to be known that it began here."""
    tasks = {key for key in keys if key.startswith("tsk_")}
    if tasks:
        return tasks <= {each.starts for each in nodes}
    if "_" not in identity:
        return False  # an agent, or another word
    if identity.startswith(_EPISODE):
        return any(_opens(each, identity) for each in nodes)
    if identity.startswith(_THREAD):
        return True  # its first line is there, or it would be missing among what the others follow from
    return any(each.id == identity for each in nodes)


def _ancestors(nodes: Sequence[Node], start: Sequence[Node]) -> tuple[list[Node], bool]:
    """Return what records follow from, and whether any of that lies before the first node."""
    by_id: dict[str, Node] = {}
    opened: dict[str, list[Node]] = {}
    for each in nodes:
        by_id.setdefault(each.id, each)
        for view in each.views:
            if _opens(each, view) and not (view.startswith(_THREAD) and view in opened):
                opened.setdefault(view, []).append(each)
    found: dict[int, Node] = {}
    missing = False
    waiting = list(start)
    seen: set[str] = set()
    while waiting:
        for parent in waiting.pop().parents:
            if parent in seen:
                continue
            seen.add(parent)
            follows = [by_id[parent]] if parent in by_id else opened.get(parent, [])
            missing = missing or not follows
            for each in follows:
                if each.seq not in found:
                    found[each.seq] = each
                    waiting.append(each)
    return list(found.values()), missing


def _descendants(nodes: Sequence[Node], origins: set[str]) -> list[Node]:
    """Return what followed from ids.  Within one commit a notice stands before the decision it follows from."""
    children: dict[str, list[Node]] = {}
    for each in nodes:
        for parent in each.parents:
            children.setdefault(parent, []).append(each)
    found: dict[int, Node] = {}
    waiting, seen = list(origins), set(origins)
    while waiting:
        for each in children.get(waiting.pop(), ()):
            found[each.seq] = each
            threads = (view for view in each.views if view.startswith(_THREAD)) if each.kind == "notice" else ()
            for name in (each.id, *threads):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
    return list(found.values())


def _opens(node: Node, view: str) -> bool:
    """Tell whether a record may have opened what is no record itself: an event its episode, a notice its thread."""
    if view.startswith(_EPISODE):
        return node.kind in ("event-envelope", "evidence")
    return view.startswith(_THREAD) and node.kind == "notice"
