"""How what becomes of plugins stands in the journal: one line for each plugin, with no record of its own.

`pluginId` is the id as the plugin writes it.  `meta` of plugin.enable and plugin.disable:

- before, after: whether it was on, and whether it is by what was written (true or false).
- seen: whether it was on when looked at again; null: it could not be seen.  Not the same as `after`: nobody proved it.
- was, why: what decided before, and what decides after.
- named: whether somebody asked for this plugin; else it went on or off with another one, which `reason` names.
- changes: what was changed for it, in words.
- forced: whether a rule of compatibility was not met and the owner went on.
- way: cli or file; config: the path of the configuration; before_sha256, after_sha256: of its bytes, null for
  no file; backup.
- host: the version of OpenClaw that was judged by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.config_edit import ConfigChanged
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import LineType
from reporting_governance.core.plugin_changes import Switched
from reporting_governance.core.plugin_check import Checked
from reporting_governance.storage.interface import Addition

ENABLE, DISABLE = LineType.PLUGIN_ENABLE.value, LineType.PLUGIN_DISABLE.value  #: also the names of the actions


def action_of(on: bool) -> str:
    """Return the action that turns a plugin on or off."""
    return ENABLE if on else DISABLE


def compatibility_line(checked: Checked, *, host: str, forced: bool) -> Addition:
    """Return the line of a plugin that was to be turned on and does not fit; `forced`: it was, all the same."""
    return Addition(
        type=LineType.PLUGIN_COMPATIBILITY_FAILED,
        plugin_id=checked.plugin_id,
        action=ENABLE,
        reason="; ".join(checked.reasons),
        meta={"host": host, "forced": forced},
    )


@frozen(kw_only=True)
class Circumstances:
    """What the lines of one change share."""

    changed: ConfigChanged
    host: str
    forced: frozenset[str]  #: ids


def switched_lines(
    switched: Iterable[Switched], seen: Mapping[str, bool], circumstances: Circumstances
) -> list[Addition]:
    """Return the lines of a change that was made.

    Args:
        seen: id -> whether it is on now; an id that is not there could not be seen.
    """
    changed = circumstances.changed
    shared = {
        "way": changed.way.value,
        "config": changed.path,
        "before_sha256": changed.before_sha256,
        "after_sha256": changed.after_sha256,
        "backup": changed.backup,
        "host": circumstances.host,
    }
    return [_line(each, seen.get(each.plugin_id), shared, circumstances) for each in switched]


def _line(each: Switched, seen: bool | None, shared: Mapping[str, Any], circumstances: Circumstances) -> Addition:
    own: dict[str, Any] = {
        "before": each.before.enabled,
        "after": each.after.enabled,
        "seen": seen,
        "was": each.before.why.value,
        "why": each.after.why.value,
        "named": each.is_named,
        "changes": [change.says for change in each.changes],
        "forced": each.plugin_id in circumstances.forced,
    }
    return Addition(
        type=LineType.PLUGIN_ENABLE if each.after.enabled else LineType.PLUGIN_DISABLE,
        plugin_id=each.plugin_id,
        action=action_of(each.after.enabled),
        reason=each.after.why.value if each.is_named else f"with {', '.join(each.because)}: {each.after.why.value}",
        meta={**own, **shared},
    )


def named_ids(checked: Sequence[Checked]) -> frozenset[str]:
    """Return the ids of answers."""
    return frozenset(each.plugin_id for each in checked)
