"""Finding the lines of a story without reading a long log for a short story."""

from collections.abc import Iterator
from itertools import takewhile

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.record import Document
from reporting_governance.core.story_lines import Node, node_of, related
from reporting_governance.stages.sifting import sift, stretches_of
from reporting_governance.storage.interface import Store

WINDOWS = (5_000, 100_000)  #: lines that are looked at first, and where looking for its own does not pay; then all
_GROUP = 200  #: lines that one commit adds at most: an episode's first line stands so near to what its view names


@frozen(kw_only=True)
class Traced:
    """The lines of a story, in order, and what was read to find them."""

    lines: tuple[tuple[int, Document], ...]
    from_seq: int  #: no older line belongs to it, as far as was looked
    to_seq: int
    whole: bool  #: the story begins with its first line; else an older line may belong to it, and there is none


def trace(store: Store, identity: str) -> Traced:
    """Return the lines that belong to an id.

    The views are asked where the story begins, as long as they know it, and the newest lines are read.  Of an older
    story the lines are looked for, and only those are read; where that does not pay, all are.
    """
    head = store.ready().seq
    nodes: list[Node] = []
    end, is_sifted = head, False
    for begin in _begins(store, identity, head):
        if begin > end:
            continue
        if begin < head - WINDOWS[0] and not is_sifted:
            is_sifted = True
            traced = _sifted(store, identity, head)
            if traced is not None:
                return traced
        nodes = [*_nodes(store, begin, end), *nodes]
        end = begin - 1
        found = related(nodes, identity)
        if found.whole or begin == 1:
            return Traced(lines=_lines(store, found.seqs), from_seq=begin, to_seq=head, whole=found.whole)
    return Traced(lines=(), from_seq=1, to_seq=head, whole=False)


def _sifted(store: Store, identity: str, head: int) -> Traced | None:
    """Return the lines of a story from those that hold its words; None where that does not pay, or leaves some out."""
    nodes = sift(store, identity, head)
    if nodes is None:
        return None
    found = related(nodes, identity)
    if found.seqs and not found.whole:
        return None
    lines = tuple(pair for stretch in stretches_of(found.seqs) for pair in _lines(store, stretch))
    return Traced(lines=lines, from_seq=min(found.seqs, default=1), to_seq=head, whole=found.whole)


def _begins(store: Store, identity: str, head: int) -> Iterator[int]:
    known = _opened_at(store, identity)
    if known is not None:
        yield max(1, known - _GROUP)
    for window in WINDOWS:
        yield max(1, head - window + 1)
    yield 1


def _opened_at(store: Store, identity: str) -> int | None:
    """Return the line near which the episode of an open piece of work began; None when the views do not say."""
    episodes = store.listing(Folder.EPISODES)
    threads: list[str] = []
    if identity.startswith("epi_"):
        name = episodes.names.get(identity)
        return name.seq if name else None
    if identity.startswith("thr_"):
        threads = [identity]
    elif identity.startswith("spl_"):
        name = store.listing(Folder.SPOOL).names.get(identity)
        view = store.read(name) if name else None
        threads = list(view.body["item"]["thread_keys"]) if view else []
    elif identity.startswith("ntc_"):
        name = store.listing(Folder.QUEUE).names.get(identity)
        view = store.read(name) if name else None
        threads = [view.body["notice"]["thread_key"]] if view else []
    seqs = [name.seq for each in threads if (name := episodes.names.get(f"epi_{each.split('_')[1]}")) is not None]
    return min(seqs) if seqs and len(seqs) == len(threads) else None


def _nodes(store: Store, begin: int, end: int) -> list[Node]:
    nodes = (node_of(line.seq, line.document) for line in takewhile(lambda each: each.seq <= end, store.replay(begin)))
    return [each for each in nodes if each is not None]


def _lines(store: Store, seqs: tuple[int, ...]) -> tuple[tuple[int, Document], ...]:
    if not seqs:
        return ()
    wanted, last = set(seqs), seqs[-1]
    lines = takewhile(lambda each: each.seq <= last, store.replay(seqs[0]))
    return tuple((line.seq, line.document) for line in lines if line.seq in wanted)
