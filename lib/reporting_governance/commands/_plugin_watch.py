"""Watching plugins in a tick: one that finds nothing touched makes a few `stat` and imports nothing for it."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reporting_governance.adapters.openclaw.sight import Sighted
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.contracts.journal_line import ViewName
    from reporting_governance.stages.scan_report import Said

_SOURCE = "openclaw"
_TASK = "self:plugins"
_LOCK = "plugins.lock"


def watched_installations(sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the parameters of each `openclaw` source of a profile that wants plugins watched."""
    wanted = [each["parameters"] for each in sources if each["source"] == _SOURCE]
    return [each for each in wanted if each.get("plugins", True) is True]


def watch(context: CommandContext) -> tuple[Said, ...]:
    """Say what another writer turned on or off since the last tick; see `stages/plugin_watch.py`."""
    wanted = watched_installations(context.settings.sources)
    there = [each for each in wanted if _is_there(context, each)]
    if not there and not _is_open(context, _TASK):
        return ()
    from reporting_governance.adapters.openclaw import footprint

    seen = footprint.load(context.state)
    kept: dict[str, Any] = {}
    said: tuple[Said, ...] = ()
    for parameters in there:
        key = str(parameters.get("state") or "")
        entry, around = seen.get(key), footprint.surroundings(os.environ, parameters)
        now = int(context.clock.now().timestamp())
        if not footprint.is_untouched(entry, around, _mark_of(context, entry), now):
            more, entry = _look(context, parameters, entry, around)
            said += more
        if entry is not None:
            kept[key] = entry
    if kept != seen and not context.dry_run:
        footprint.keep(context.state, kept)
    tasks = {_TASK: bool(wanted)} | {each["task_id"]: key in kept for key, each in seen.items() if key}
    for task_id in tasks:
        if _is_open(context, task_id):
            from reporting_governance.stages.plugin_watch import close_what_is_known

            said += close_what_is_known(context.store, task_id, watched=tasks[task_id], clock=context.clock)
    return said


@contextmanager
def switching(context: CommandContext, wait_seconds: float = 10) -> Iterator[None]:
    """Keep a change of ours and the watch apart: from the change to its line it looks like another writer's.

    Where there is no state nobody watches.  Raises: Busy.
    """
    if not os.path.isdir(context.state):
        yield
        return
    from reporting_governance.storage.files.lock import held

    with held(os.path.join(context.state, _LOCK), wait_seconds=wait_seconds):
        yield


def _look(
    context: CommandContext, parameters: Mapping[str, Any], entry: Mapping[str, Any] | None, around: str
) -> tuple[tuple[Said, ...], dict[str, Any] | None]:
    """Look at one installation; return what is said, and what is kept of the look."""
    from reporting_governance.adapters.openclaw.sight import look
    from reporting_governance.stages.plugin_watch import find_drift

    known = entry or {}
    package, sha256 = known.get("package"), known.get("config_sha256")
    sighted = look(parameters, os.environ, state_folder=context.state, package=package)
    if not find_drift(context.store, sighted.sight, known_sha256=sha256).compared.turned:
        return _recorded(context, sighted, known, around)
    try:
        with nullcontext() if context.dry_run else switching(context, wait_seconds=0):
            sighted = look(parameters, os.environ, state_folder=context.state, package=package)
            return _recorded(context, sighted, known, around)
    except Busy:  # a change of ours is under way: the next tick sees its line, or that there is none
        return (), {**known, "around": ""} if known else None


def _recorded(
    context: CommandContext, sighted: Sighted, known: Mapping[str, Any], around: str
) -> tuple[tuple[Said, ...], dict[str, Any] | None]:
    from reporting_governance.stages.plugin_watch import plugin_mark_id, watch_plugins

    sight = sighted.sight
    watched = watch_plugins(context.store, sight, clock=context.clock, known_sha256=known.get("config_sha256"))
    mark = _names(context).get(plugin_mark_id(sight.instance))
    if not watched.is_settled:
        return watched.said, {**known, "around": ""} if known else None
    return watched.said, {
        "around": around if sighted.is_steady else "",
        "looked_at": int(context.clock.now().timestamp()),
        "instance": sight.instance,
        "task_id": sight.task_id,
        "mark": None if mark is None else str(mark),
        "package": sight.package or known.get("package"),
        "config_sha256": sight.config_sha256,
        "paths": sighted.paths,
    }


def _names(context: CommandContext) -> Mapping[str, ViewName]:
    return context.store.listing(Folder.WATCH).names


def _mark_of(context: CommandContext, entry: Mapping[str, Any] | None) -> str | None:
    """Return the version of the mark that the journal has now."""
    if entry is None or not isinstance(entry.get("instance"), str):
        return None
    name = _names(context).get(_mark_id(entry["instance"]))
    return None if name is None else str(name)


def _mark_id(instance: str) -> str:
    from reporting_governance.contracts.ids import derive_id

    return derive_id("src", "openclaw-plugins", instance)


def _is_there(context: CommandContext, parameters: Mapping[str, Any]) -> bool:
    """Tell whether there is an installation, or was one when it was looked at last."""
    from reporting_governance.adapters.tasks.openclaw.places import default_state_folder, has_run, id_of_place

    written = parameters.get("state")
    folder = os.path.expanduser(written) if written else default_state_folder()
    folder = os.path.abspath(os.path.join(context.state, folder))
    config = None if written else os.environ.get("OPENCLAW_CONFIG_PATH")
    names = ("openclaw.json", "clawdbot.json", "extensions")
    files = [*([config] if config else ()), *(os.path.join(folder, name) for name in names)]
    old = os.path.join(os.path.dirname(folder), ".clawdbot")
    if has_run(folder) or any(map(os.path.exists, files)) or (not written and os.path.isdir(old)):
        return True
    return _mark_id(id_of_place(folder)) in _names(context)


def _is_open(context: CommandContext, task_id: str) -> bool:
    """Tell whether something is open about plugins: then somebody may have acknowledged it."""
    from reporting_governance.stages.self_change import self_key

    return self_key(task_id) in _names(context)
