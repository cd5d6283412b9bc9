"""A task's timeline as a drawing: what was claimed above the line of time, what was proven below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from reporting_governance.contracts.times import parse_time
from reporting_governance.core.audit_report.parts import Episode, Lane, Mark, Shape, TaskAccount
from reporting_governance.core.markup import Markup, element

LANES = {
    Lane.SAID: "Agent claimed",
    Lane.EVIDENCE: "Evidence kept",
    Lane.WATCH: "Promise broken",
    Lane.RULES: "Rules decided",
    Lane.TOLD: "People told",
    Lane.PERSON: "People acted",
}
_WIDTH, _LEFT, _RIGHT = 860, 118, 30
_ROW, _AXIS, _TOP = 30, 24, 18
_STEP = 13  #: pixels from one mark to the next that stands beside it
_MOST_TOGETHER = 5
_TICKS = (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 28 * 86400)
_MOST_TICKS = 6


class _Scale:
    """Where a time stands."""

    def __init__(self, times: Sequence[int]) -> None:
        self.first, self.last = min(times), max(times)
        self._span = max(self.last - self.first, 1)

    def x(self, millisecond: int) -> int:
        inside = min(max(millisecond, self.first), self.last)
        return _LEFT + 10 + (inside - self.first) * (_WIDTH - _LEFT - _RIGHT - 10) // self._span

    def ticks(self) -> Iterator[tuple[int, str]]:
        step = next((each for each in _TICKS if self._span // (each * 1000) <= _MOST_TICKS), self._span // 6000 + 1)
        at = -(-self.first // (step * 1000)) * step * 1000
        while at <= self.last:
            yield self.x(at), _label(at, step)
            at += step * 1000


def _label(at: int, step: int) -> str:
    when = datetime.fromtimestamp(at // 1000, UTC).isoformat()
    if step >= 86400:
        return when[:10]
    clock = when[11:16] if step >= 60 else when[11:19]
    return f"{when[5:10]} {clock}" if clock.startswith("00:00") else clock


def milliseconds(at: str) -> int | None:
    """Return a time of a record as a number; None for a text that is none."""
    try:
        return int(parse_time(at).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def drawing(task: TaskAccount, marks: Sequence[Mark], key: str) -> Markup | None:
    """Return the timeline of a task; None when nothing of it has a time."""
    times = [at for each in marks if (at := milliseconds(each.at)) is not None]
    episodes = list(task.episodes)
    times += [at for each in episodes for end in (each.due_at, each.ended_at) if end and (at := milliseconds(end))]
    if not times:
        return None
    scale = _Scale(times)
    height = _TOP + len(LANES) * _ROW + _AXIS + 6
    said = sum(len(task.lanes[lane]) for lane in LANES if lane is Lane.SAID)
    about = (
        f"Above the line of time: {said} of the agent's own reports. Below it: what was kept as evidence, noticed, "
        f"decided, told and done, {len(marks) - said} marks. The table that follows holds the same in words."
    )
    pieces = [element("title", "Timeline of the task", id=f"{key}-title"), element("desc", about, id=f"{key}-desc")]
    pieces += _ground(scale)
    pieces += [piece for each in episodes if (piece := _stretch(each, scale)) is not None]
    for lane in LANES:
        pieces += _lane(lane, [each for each in marks if each.lane is lane], scale)
    return element(
        "svg",
        *pieces,
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
    )


def _middle(lane: Lane) -> int:
    place = list(LANES).index(lane)
    return _TOP + place * _ROW + _ROW // 2 + (_AXIS if place else 0)


def _ground(scale: _Scale) -> Iterator[Markup]:
    bottom = _TOP + len(LANES) * _ROW + _AXIS
    axis = _TOP + _ROW + 4
    yield element("text", "claimed", x=4, y=11, class_="faint")
    yield element("text", "proven, recorded", x=4, y=axis + 15, class_="faint")
    last = -100
    for x, label in scale.ticks():
        yield element("line", x1=x, y1=_TOP - 6, x2=x, y2=bottom, class_="rule")
        if x - last > 62:
            anchor = "end" if x > _WIDTH - 40 else "middle"
            yield element("text", label, x=x, y=axis + 15, text_anchor=anchor, class_="faint")
            last = x
    yield element("line", x1=0, y1=axis, x2=_WIDTH, y2=axis, class_="axis")
    for lane, name in LANES.items():
        y = _middle(lane)
        yield element("text", name, x=4, y=y + 4)
        yield element("line", x1=_LEFT, y1=y, x2=_WIDTH - 4, y2=y, class_="rule")


def _stretch(episode: Episode, scale: _Scale) -> Markup | None:
    """Return the bar of a stretch in which a promise was broken; open at its end when it is not over."""
    start = milliseconds(episode.due_at) or milliseconds(episode.seen_at)
    end = scale.last if episode.ended_at is None else milliseconds(episode.ended_at)
    if start is None or end is None:
        return None
    left, right = scale.x(start), max(scale.x(end), scale.x(start) + 3)
    state = "and not over at the last line" if episode.ended_at is None else f"until {episode.ended_at}"
    bar = element("rect", x=left, y=_middle(Lane.WATCH) - 5, width=right - left, height=10, class_="stretch")
    about = element("title", f"{episode.condition}: since {episode.due_at}, {state}")
    return element("g", about, bar, class_="lane-watch")


def _lane(lane: Lane, marks: Sequence[Mark], scale: _Scale) -> Iterator[Markup]:
    """Yield the marks of a lane; those that fall together stand side by side, too many of them as a number."""
    together: list[Mark] = []
    place = edge = 0
    placed: list[tuple[int, list[Mark]]] = []
    for each in marks:
        at = milliseconds(each.at)
        if at is None:
            continue
        x = scale.x(at)
        if together and x < edge:
            together.append(each)
        else:
            place, together = x, [each]
            placed.append((place, together))
        edge = place + _STEP * min(len(together), _MOST_TOGETHER)
        edge += 16 if len(together) > _MOST_TOGETHER else 0
    y = _middle(lane)
    for x, group in placed:
        width = _STEP * (min(len(group), _MOST_TOGETHER) - 1) + (20 if len(group) > _MOST_TOGETHER else 0)
        left = min(x, _WIDTH - 8 - width)
        for offset, each in enumerate(group[:_MOST_TOGETHER]):
            yield element(
                "g",
                element("title", f"line {each.seq}: {each.what}"),
                shape(each.shape, left + offset * _STEP, y),
                class_=f"lane-{lane.value}",
            )
        if len(group) > _MOST_TOGETHER:
            more = f"+{len(group) - _MOST_TOGETHER}"
            yield element("text", more, x=left + _MOST_TOGETHER * _STEP - 6, y=y + 4)


def shape(kind: Shape, x: int, y: int) -> Markup:
    """Return one mark."""
    if kind is Shape.DOT:
        return element("circle", cx=x, cy=y, r=5, class_="full")
    if kind is Shape.RING:
        return element("circle", cx=x, cy=y, r=5, class_="open")
    if kind is Shape.SQUARE:
        return element("rect", x=x - 5, y=y - 5, width=10, height=10, class_="full")
    path = {
        Shape.DIAMOND: f"M{x} {y - 6}L{x + 6} {y}L{x} {y + 6}L{x - 6} {y}Z",
        Shape.TRIANGLE: f"M{x} {y - 6}L{x + 6} {y + 5}L{x - 6} {y + 5}Z",
        Shape.CROSS: f"M{x - 4} {y - 4}L{x + 4} {y + 4}M{x + 4} {y - 4}L{x - 4} {y + 4}",
        Shape.FLAG: f"M{x - 4} {y + 7}V{y - 7}L{x + 6} {y - 3}L{x - 4} {y + 1}",
    }[kind]
    return element("path", d=path, class_="stroke" if kind is Shape.CROSS else "full")


def sign(kind: Shape, lane: Lane) -> Markup:
    """Return a mark for the legend."""
    inside = element("g", shape(kind, 9, 9), class_=f"lane-{lane.value}")
    return element("svg", inside, viewBox="0 0 18 18", width=18, height=18, aria_hidden="true")
