"""The lines of an old story, found without reading the log that lies around it.

Whatever belongs to a task names its key, and so does all that follows from it.  So the lines that hold an id say which
tasks it is about, and those that hold the id or a key are all lines of its story; each is then read where it stands.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from reporting_governance.core.story_lines import Node, node_of
from reporting_governance.storage.interface import Line, Store

_MOST_WORDS = 8  #: each is looked for through the whole log; beyond them reading it costs less
_NEAR = 1_000  #: lines between two that are rather read than looked up anew
_LOOK_UP = 3_000  #: lines that could be read while one is looked up


def sift(store: Store, identity: str, head: int) -> list[Node] | None:
    """Return what joins the lines of a story, and more than those; None when reading all lines costs less.

    Args:
        head: the newest line that counts.
    """
    if not identity:
        return None
    first = _nodes(store, store.holding([identity]), head)
    if first is None:
        return None
    keys = {key for node in first for key in node.about if key.startswith("tsk_")} | {identity}
    if len(keys) > _MOST_WORDS or (first and len(keys) == 1 and not identity.startswith("tsk_")):
        return None
    return first if len(keys) == 1 else _nodes(store, store.holding(keys), head)


def _nodes(store: Store, seqs: Sequence[int], head: int) -> list[Node] | None:
    stretches = stretches_of([seq for seq in seqs if seq <= head])
    if len(stretches) * _LOOK_UP > head:
        return None
    wanted = set(seqs)
    nodes = (
        node_of(line.seq, line.document)
        for stretch in stretches
        for line in _between(store, stretch[0], stretch[-1])
        if line.seq in wanted
    )
    return [node for node in nodes if node is not None]


def stretches_of(seqs: Sequence[int]) -> list[tuple[int, ...]]:
    """Return lines in stretches of those that stand near each other."""
    found: list[list[int]] = []
    for seq in seqs:
        if found and seq - found[-1][-1] <= _NEAR:
            found[-1].append(seq)
        else:
            found.append([seq])
    return [tuple(each) for each in found]


def _between(store: Store, begin: int, end: int) -> Iterator[Line]:
    return takewhile(lambda line: line.seq <= end, store.replay(begin))
