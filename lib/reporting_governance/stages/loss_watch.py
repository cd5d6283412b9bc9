"""What becomes of lines that the journal lost: an episode of `self:journal`, told once, over when a person says so.

The view of that task stays in `watch/` for ever, and its label says of which line it spoke: so a loss is told once,
however long ago it was, also after a rebuild.  Another loss before anybody acknowledged the first is told at once, and
speaks of the first too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.self_change import JOURNAL, JOURNAL_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporting_governance.core.episodes import Transition
    from reporting_governance.stages.clock import Clock
    from reporting_governance.stages.task_version import Body
    from reporting_governance.storage.interface import Line, Store

_CONDITION = "log_loss"
_LINE, _ACKED = "line", "acknowledged"  #: labels: which loss was told last, and which a person has acknowledged


@frozen
class Loss:
    """Acknowledged lines that are lost."""

    line: int  #: the `log.loss` line that says so
    found_at: str
    what: str


def losses(store: Store, from_line: int = 1) -> Iterator[Loss]:
    """Yield every loss that the journal tells of, oldest first.  It reads the journal from that line on."""
    return (loss for line in store.replay(from_line) if (loss := loss_of(line)))


def loss_of(line: Line) -> Loss | None:
    """Return the loss that a line tells of; None for any other line."""
    if line.document["type"] != "log.loss":
        return None
    from reporting_governance.core.journal_loss import loss_words

    at = str(line.document["ts"])
    return Loss(line.seq, at, loss_words(line.document["meta"], at))


def open_loss(store: Store) -> Loss | None:
    """Return the newest loss that no person has acknowledged yet; None when there is none."""
    newest = store.head().lost_seq
    if newest <= acknowledged_up_to(store):
        return None
    return next(losses(store, newest), None)


def acknowledged_up_to(store: Store) -> int:
    """Return the last line about a loss that a person has acknowledged; 0: none."""
    body = _body(store)
    if body is None:
        return 0
    labels = body["task"].get("labels") or {}
    return int(labels[_LINE]) if _is_acked(store, body) else int(labels[_ACKED])


def is_told(store: Store) -> bool:
    """Tell whether receivers were asked to be told of the newest loss, so that it can be acknowledged."""
    body = _body(store)
    return body is not None and bool(_threads(store, body)) and _line(body) >= store.head().lost_seq


def watch_for_losses(store: Store, clock: Clock) -> tuple[Transition, ...]:
    """Say that lines are lost, or that a person knows.  Where none ever were it costs nothing.

    Returns: what was said.  Safe to start twice: each thing said consumes the exact version it was seen in.
    """
    newest = store.head().lost_seq
    if not newest:
        return ()
    body = _body(store)
    if body is None or _line(body) < newest:
        return _told(store, clock, newest)
    if _is_open(body) and _is_acked(store, body):
        return _closed(store, clock, body)
    return ()


def _told(store: Store, clock: Clock, newest: int) -> tuple[Transition, ...]:
    from reporting_governance.contracts.times import parse_time
    from reporting_governance.core.conditions import Condition, Truth, Verdict
    from reporting_governance.core.episodes import ResolvedBy, resolve_all, transitions
    from reporting_governance.stages.self_change import say_about_us
    from reporting_governance.stages.task_version import load_version

    version = load_version(store, store.listing(Folder.WATCH), JOURNAL_KEY)
    loss = next(losses(store, newest), None)
    if version is None or loss is None:
        return ()
    now = clock.now()
    entries: Body = {}
    ended: tuple[Transition, ...] = ()
    acked, reason = acknowledged_up_to(store), loss.what
    if version.body is not None:
        entries = version.body["conditions"]
        if acked < _line(version.body):
            earlier = next(losses(store, _line(version.body)), None)
            reason += f"; before that, not acknowledged: {earlier.what if earlier else 'another loss'}"
        ended = resolve_all(entries, ResolvedBy.CONDITION_FALSE, "another loss, which speaks of this one too", now)
        entries = {name: {**entry, "phase": "resolved"} for name, entry in entries.items()}
    since = parse_time(loss.found_at)
    verdict = Verdict(
        condition=Condition.LOG_LOSS,
        truth=Truth.TRUE,
        reason=reason,
        anchor=since,
        due_at=since,
        opens_at=since,
    )
    changes = (*ended, *transitions(version.key, entries, (verdict,), finished=False, now=now))
    labels = {_LINE: str(loss.line), _ACKED: str(acked)}
    return say_about_us(
        store, version, changes, task_id=JOURNAL, title="the journal", clock=clock, labels=labels, stays=True
    )


def _closed(store: Store, clock: Clock, body: Body) -> tuple[Transition, ...]:
    from reporting_governance.core.episodes import ResolvedBy, resolve_all
    from reporting_governance.stages.self_change import say_about_us
    from reporting_governance.stages.task_version import load_version

    version = load_version(store, store.listing(Folder.WATCH), JOURNAL_KEY)
    if version is None or version.body is None or version.body["conditions"] != body["conditions"]:
        return ()
    by = next(thread["acked"]["actor"] for thread in _threads(store, body) if thread["acked"])
    changes = resolve_all(version.body["conditions"], ResolvedBy.ACKNOWLEDGED, f"{by} acknowledged it", clock.now())
    labels = {_LINE: str(_line(body)), _ACKED: str(_line(body))}
    return say_about_us(
        store, version, changes, task_id=JOURNAL, title="the journal", clock=clock, labels=labels, stays=True
    )


def _body(store: Store) -> Body | None:
    name = store.listing(Folder.WATCH).names.get(JOURNAL_KEY)
    view = None if name is None else store.read(name)
    return None if view is None else view.body


def _line(body: Body) -> int:
    return int((body["task"].get("labels") or {})[_LINE])


def _is_open(body: Body) -> bool:
    return bool(body["conditions"][_CONDITION]["phase"] == "firing")


def _is_acked(store: Store, body: Body) -> bool:
    return not _is_open(body) or any(thread["acked"] for thread in _threads(store, body))


def _threads(store: Store, body: Body) -> list[Body]:
    from reporting_governance.stages.self_change import threads_of

    return threads_of(store, body, _CONDITION)
