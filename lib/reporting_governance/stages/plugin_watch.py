"""Watching what another writer turns on or off among OpenClaw's plugins.

What was seen is a mark like that of a task source: it stays, and it is written again only when what is on has changed,
or there are plugins that it does not know.  Each plugin that is seen for the first time is a line
`plugin.discovered`; so is each that another writer changed.  Those also open an episode of `self:plugins`, which is
told once and is over when a person acknowledges it, when all is as it was, or when the next change is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reporting_governance.contracts.ids import derive_id
from reporting_governance.contracts.journal_line import Folder, LineType, ViewName
from reporting_governance.contracts.plugin_sight import PluginSight
from reporting_governance.contracts.source_mark import SourceMark
from reporting_governance.core.conditions import Condition, Truth, Verdict
from reporting_governance.core.episodes import ResolvedBy, Transition, is_open, resolve_all, transitions
from reporting_governance.core.plugin_drift import (
    Compared,
    OwnChange,
    Turned,
    base_of,
    compare,
    drift_words,
    kept_base,
)
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.scan_batch import say
from reporting_governance.stages.scan_report import Said
from reporting_governance.stages.self_change import SELF, say_about_us, self_key, threads_of
from reporting_governance.stages.source_marks import mark_group
from reporting_governance.stages.task_version import TaskVersion, load_version
from reporting_governance.storage.interface import Added, Addition, Group, Listing, Store, View, expand

SOURCE = "openclaw-plugins"  #: of the mark
_TITLE = "OpenClaw's plugins"
_DRIFT = Condition.PLUGIN_DRIFT.value
_OURS = (LineType.PLUGIN_ENABLE, LineType.PLUGIN_DISABLE)
Body = Mapping[str, Any]


def plugin_mark_id(instance: str) -> str:
    """Return the id of the mark of one installation."""
    return derive_id("src", SOURCE, instance)


class Drift(NamedTuple):
    """What differs from the mark, and what the mark says."""

    compared: Compared
    mark: Body | None  #: None: nothing was ever recorded
    name: ViewName | None
    config_changed: bool

    @property
    def cursor(self) -> Body:
        """What was recorded; empty when nothing was."""
        return {} if self.mark is None else self.mark["cursor"]


def find_drift(store: Store, sight: PluginSight, *, known_sha256: str | None = None) -> Drift:
    """Hold what is seen against what was recorded; nothing is added.

    Args:
        known_sha256: the digest that the configuration had when it was looked at last; None: what the mark says.
    """
    view = _mark_view(store, store.listing(Folder.WATCH), sight.instance)
    if view is None:
        compared = Compared(turned=(), first_seen=tuple(sorted(sight.plugins)), is_moved=not sight.problem)
        return Drift(compared, None, None, config_changed=False)
    mark = expand(store, view.body)["source-mark"]
    cursor = mark["cursor"]
    known = known_sha256 or cursor["config_sha256"]
    if sight.problem:
        return Drift(Compared(turned=(), first_seen=(), is_moved=False), mark, view.name, config_changed=False)
    same = kept_base(cursor["plugins"], sight) == cursor["plugins"]
    own = () if same else _own_changes(store, view.name.seq, sight.config)
    compared = compare(cursor["plugins"], sight, own, base_is_whole=bool(cursor["whole"]))
    return Drift(compared, mark, view.name, config_changed=sight.config_sha256 != known)


class Watched(NamedTuple):
    """What was said, and whether everything there was to record is recorded: else somebody else was first."""

    said: tuple[Said, ...]
    is_settled: bool = True


def watch_plugins(store: Store, sight: PluginSight, *, clock: Clock, known_sha256: str | None = None) -> Watched:
    """Record what is seen for the first time, and say what another writer changed.

    Safe to start twice, also at the same time: everything said consumes the exact version it was seen in.

    Args:
        known_sha256: the digest that the configuration had when it was looked at last; None: what the mark says.
    """
    drift = find_drift(store, sight, known_sha256=known_sha256)
    if drift.mark is None and sight.problem:
        return Watched(())  # nobody was ever able to see anything, so nothing is lost from sight
    watch = store.listing(Folder.WATCH)
    now = clock.now()
    beside = _beside(store, sight, drift, watch, clock)
    verdicts = tuple(_verdicts(store, watch, sight, drift, now))
    version = load_version(store, watch, self_key(sight.task_id)) if verdicts else None
    if verdicts and version is None:
        return Watched((), is_settled=False)
    changes = () if version is None else _changes(version, verdicts, drift, sight, now)
    if version is None or not changes:
        answers = [] if beside is None else store.commit([beside], now=now)
        return Watched((), is_settled=all(isinstance(each, Added) for each in answers))
    said = say_about_us(store, version, changes, task_id=sight.task_id, title=_TITLE, clock=clock, beside=beside)
    return Watched(say(sight.task_id, SELF, said), is_settled=bool(said))


def _changes(
    version: TaskVersion, verdicts: Sequence[Verdict], drift: Drift, sight: PluginSight, now: datetime
) -> tuple[Transition, ...]:
    entries = {} if version.body is None else version.body["conditions"]
    changes = transitions(version.key, entries, verdicts, finished=False, now=now)
    if not drift.compared.turned and _is_put_back(drift, sight, entries):
        changes += _ended(version, ResolvedBy.CONDITION_FALSE, "they are as they were before", now)
    return changes


def close_what_is_known(store: Store, task_id: str, *, watched: bool, clock: Clock) -> tuple[Said, ...]:
    """End what a person has acknowledged; and, when nobody watches plugins any more, whatever is open."""
    version = load_version(store, store.listing(Folder.WATCH), self_key(task_id))
    if version is None or version.body is None:
        return ()
    now = clock.now()
    if not watched:
        reason = "plugins are not watched any more"
        changes = resolve_all(version.body["conditions"], ResolvedBy.UNWATCHED, reason, now)
    else:
        acked = [each["acked"]["actor"] for each in threads_of(store, version.body, _DRIFT) if each["acked"]]
        changes = _ended(version, ResolvedBy.ACKNOWLEDGED, f"{acked[0]} acknowledged it", now) if acked else ()
    said = say_about_us(store, version, changes, task_id=task_id, title=_TITLE, clock=clock)
    return say(task_id, SELF, said)


def open_drift(store: Store, task_id: str) -> str | None:
    """Return since when a change is told that nobody has acknowledged; None: there is none."""
    name = store.listing(Folder.WATCH).names.get(self_key(task_id))
    view = None if name is None else store.read(name)
    entry = None if view is None else view.body["conditions"].get(_DRIFT)
    if view is None or entry is None or not is_open(entry):
        return None
    return None if any(each["acked"] for each in threads_of(store, view.body, _DRIFT)) else str(entry["anchor"])


def _mark_view(store: Store, watch: Listing, instance: str) -> View | None:
    name = watch.names.get(plugin_mark_id(instance))
    return None if name is None else store.read(name)


def _verdicts(store: Store, watch: Listing, sight: PluginSight, drift: Drift, now: datetime) -> Iterator[Verdict]:
    is_known = self_key(sight.task_id) in watch.names
    if sight.problem or is_known:
        truth = Truth.TRUE if sight.problem else Truth.FALSE
        reason = sight.problem or "it can be read again"
        yield Verdict(condition=Condition.SOURCE_UNREADABLE, truth=truth, reason=reason)
    if drift.compared.turned:
        reason = drift_words(drift.compared.turned, sight, config_changed=drift.config_changed)
        reason += _earlier(store, sight)
        yield Verdict(
            condition=Condition.PLUGIN_DRIFT, truth=Truth.TRUE, reason=reason, anchor=now, due_at=now, opens_at=now
        )


def _earlier(store: Store, sight: PluginSight) -> str:
    return "" if open_drift(store, sight.task_id) is None else "; what was told before that is not acknowledged"


def _is_put_back(drift: Drift, sight: PluginSight, entries: Body) -> bool:
    """Tell whether every plugin of the change that is open is as it was before it."""
    before: Mapping[str, bool] = drift.cursor.get("told") or {}
    if sight.problem or not before or not is_open(entries.get(_DRIFT)):
        return False
    return all((name in sight.plugins and sight.plugins[name].enabled) is was for name, was in before.items())


def _ended(version: TaskVersion, by: ResolvedBy, reason: str, now: datetime) -> tuple[Transition, ...]:
    entry = (version.body or {"conditions": {}})["conditions"].get(_DRIFT)
    return () if entry is None else resolve_all({_DRIFT: entry}, by, reason, now)


def _beside(store: Store, sight: PluginSight, drift: Drift, watch: Listing, clock: Clock) -> Group | None:
    """Return the lines and the mark; lines that are too many for one group are added before."""
    if sight.problem or not (drift.compared.is_moved or drift.compared.first_seen):
        return None
    turned = {each.plugin_id: each for each in drift.compared.turned}
    told = {each.plugin_id: each.was_on for each in drift.compared.turned} or drift.cursor.get("told") or {}
    old = drift.cursor.get("plugins") or {}
    lines = [
        _line(name, sight, turned.get(name), is_first=name in drift.compared.first_seen)
        for name in dict.fromkeys((*drift.compared.first_seen, *turned))
    ]
    while len(lines) > COMMIT:
        store.commit([Group(tuple(lines[:COMMIT]))], now=clock.now())
        lines = lines[COMMIT:]
    mark = SourceMark(
        mark_id=plugin_mark_id(sight.instance),
        source=SOURCE,
        instance=sight.instance,
        baseline_at=clock.now(),
        cursor={
            "task_id": sight.task_id,
            "config": sight.config,
            "config_sha256": sight.config_sha256,
            "package": sight.package or drift.cursor.get("package"),
            "whole": sight.is_whole,
            "plugins": kept_base(old, sight) if old else base_of(sight.plugins),
            "told": told,
        },
    )
    group = mark_group(mark, drift.name, watch)
    return Group((*lines, *group.additions), absences=group.absences)


def _line(name: str, sight: PluginSight, turned: Turned | None, *, is_first: bool) -> Addition:
    seen = sight.plugins.get(name)
    meta: dict[str, Any] = {
        "before": None if turned is None or is_first else turned.was_on,
        "after": seen is not None and seen.enabled,
        "config": sight.config,
        "from": None if seen is None else seen.origin.value,
        "version": None if seen is None else seen.version,
        "why": turned.why if turned is not None else "" if seen is None else seen.why,
    }
    reason = "seen for the first time" if is_first else "changed by another writer"
    return Addition(type=LineType.PLUGIN_DISCOVERED, plugin_id=name, reason=reason, meta=meta)


def _own_changes(store: Store, after_line: int, config: str) -> Sequence[OwnChange]:
    """Return what lines of ours say that we changed in a configuration since a line."""
    numbers = [each for each in store.holding([each.value for each in _OURS]) if each > after_line]
    if not numbers:
        return ()
    wanted = set(numbers)
    found = []
    for line in store.replay(min(numbers)):
        if line.seq not in wanted or line.document["type"] not in _OURS:
            continue
        meta = line.document.get("meta") or {}
        if meta.get("config", config) != config:
            continue
        found.append(
            OwnChange(
                plugin_id=str(line.document.get("pluginId", "")),
                enabled=line.document["type"] == LineType.PLUGIN_ENABLE,
            )
        )
    return found
