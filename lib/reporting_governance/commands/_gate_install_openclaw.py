"""`gate install --host openclaw`: which plugin, with which settings, into which OpenClaw."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from reporting_governance.adapters.hosts.openclaw.installing import Plan, PluginNotInstalled, carry_out, plan
from reporting_governance.commands._place import Place
from reporting_governance.resources import checkout_root, resource_path

_MORE_MS = 3000  #: that the plugin waits longer than the gate takes: a program has to start and to end, too
_MOST_MS = 12000  #: OpenClaw itself goes on after 15 s
_ON_ERROR = {"allow_and_notify": "pass", "block": "hold"}


def plugin_config(place: Place, profile: str | None, gate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plugin's settings: our program with absolute paths, and what the profile says of the gate."""
    root = checkout_root()
    if root is not None:
        command = [os.path.join(root, "bin", "gate")]
    else:
        command = [os.path.join(os.path.dirname(sys.executable), "reportgov"), "gate"]
    if place.database is not None:
        command += ["--local", place.local]
    config: dict[str, Any] = {"command": command, "state": place.name}
    if profile:
        config["profile"] = profile
    deadline_ms = min(gate["deadline_ms"] + _MORE_MS, _MOST_MS)
    return {**config, "deadlineMs": deadline_ms, "onError": _ON_ERROR[gate["on_error"]]}


def install_plugin(program: str, config: Mapping[str, Any], *, write: bool) -> tuple[Plan, bool]:
    """Return what it takes to put the plugin into OpenClaw, and whether that was done.

    Raises: PluginNotInstalled; of a config that must not be written nothing is.
    """
    folder = resource_path("integrations", "openclaw")
    if not os.path.isdir(folder):
        raise PluginNotInstalled(problem=f"{folder} is not there", suggestion="the installation is not complete")
    found = plan(program, folder, config)
    if not write or not found.steps:
        return found, False
    if found.hindered:
        raise PluginNotInstalled(problem=found.text(), suggestion="Nothing was written.")
    carry_out(found, program, folder)
    return found, True
