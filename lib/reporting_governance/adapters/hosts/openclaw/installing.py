"""Puts the plugin into an OpenClaw: what it would take, and doing it through OpenClaw's own program.

Its config file is never written here.  The program keeps a copy, checks its own schema and locks against others; it
also turns JSON5 into plain JSON and loses comments by that, so a config that has any is left to its owner.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import ExitCode, GovernanceError

PLUGIN = "reporting-governance"
_ENTRY = f"plugins.entries.{PLUGIN}"
_CHOSEN = ("deadlineMs", "onError", "hooks")  #: what an operator may have chosen: it stays
_SENDING = "message_sending"
_WAITING = ("telegram",)  #: channels that were seen to show no preview while a plugin listens to `message_sending`
_SECONDS = 300  #: the program takes up to half a minute, longer on a busy machine
_MOST_BYTES = 4 * 1024 * 1024


class PluginNotInstalled(GovernanceError):
    """OpenClaw did not do what it was asked."""

    exit_code: ClassVar[ExitCode] = ExitCode.NO
    message: ClassVar[str] = "{problem}"
    hint: ClassVar[str] = "{suggestion}"

    def __init__(self, *, problem: str, suggestion: str) -> None:
        super().__init__(problem=problem, suggestion=suggestion)


@frozen(kw_only=True)
class Plan:
    """What it takes to put the plugin into one OpenClaw."""

    settings: str  #: path of its config
    steps: tuple[tuple[str, ...], ...]  #: command lines, in order; none: it is there already
    hindered: tuple[str, ...]  #: why the steps are not done, and what a person can do about it
    entry: Mapping[str, Any]  #: what stands in the config afterwards, below `plugins`
    notes: tuple[str, ...] = ()  #: settings of the operator's own that let words past the gate

    def text(self, *, written: bool = False) -> str:
        """Return it for a person."""
        return "\n\n".join([self._steps(written), *self.notes])

    def _steps(self, written: bool) -> str:
        if written:
            return f"{self.settings}: OpenClaw has the plugin, and loads it at its next start or by itself"
        if not self.steps:
            return f"{self.settings}: the gate is there already"
        lines = [f"# {self.settings}", *(shlex.join(each) for each in self.steps)]
        if self.hindered:
            lines += ["", "Not done, because", *(f"- {each}" for each in self.hindered)]
            lines += ["", "By hand, into the config:", json.dumps({"plugins": self.entry}, indent=2)]
        return "\n".join(lines)


def plan(program: str, folder: str, config: Mapping[str, Any]) -> Plan:
    """Return what it takes; nothing is changed.

    Args:
        program: OpenClaw's own.
        folder: the plugin's, absolute.
        config: of the plugin, for its entry.

    Raises: PluginNotInstalled when the program does not say where its config is, or that cannot be read.
    """
    settings = _settings(program)
    document, plain = _read(settings)
    plugins = document.get("plugins", {})
    plugins = plugins if isinstance(plugins, Mapping) else {}
    entry = _mapping(_mapping(plugins, "entries"), PLUGIN)
    there = _mapping(entry, "config")
    merged = {**there, **config, **{key: there[key] for key in _CHOSEN if key in there}}
    steps: list[tuple[str, ...]] = []
    linked = folder in (_mapping(plugins, "load").get("paths") or ())
    if not linked or entry.get("enabled") is not True:
        # it is the operator who runs this, who reads what is printed first, and the folder is our own
        install = ("install", "--link", folder, "--force", "--accept-capabilities")
        steps.append((program, "plugins", *install))
    changes: list[dict[str, Any]] = []
    if merged != there:
        changes.append({"path": f"{_ENTRY}.config", "value": merged})
    if _mapping(entry, "hooks").get("allowConversationAccess") is not True:
        changes.append({"path": f"{_ENTRY}.hooks.allowConversationAccess", "value": True})
    if changes:
        steps.append((program, "config", "set", "--batch-json", json.dumps(changes)))
    wanted = {"enabled": True, "config": merged, "hooks": {"allowConversationAccess": True}}
    return Plan(
        settings=settings,
        steps=tuple(steps),
        hindered=tuple(_hindered(plugins, plain)),
        entry={"load": {"paths": [folder]}, "entries": {PLUGIN: wanted}},
        notes=tuple(_past_the_gate(document, merged)),
    )


def carry_out(plan: Plan, program: str, folder: str) -> None:
    """Do the steps, and look whether OpenClaw has the plugin then.

    Raises: PluginNotInstalled with what OpenClaw said; what it had done by then stays, and it may be done again.
    """
    for step in plan.steps:
        code, out, error = _run(step)
        if code != 0:
            said = " ".join((error or out).split())[-600:]
            raise PluginNotInstalled(
                problem=f"`{shlex.join(step[:3])}` ended with {code}: {said}",
                suggestion="mend that and start again; what was done stays",
            )
    code, out, _ = _run((program, "plugins", "inspect", PLUGIN, "--json"))
    found = _mapping(_parsed(out), "plugin")
    if (
        code != 0
        or found.get("status") != "loaded"
        or os.path.realpath(str(found.get("rootDir"))) != os.path.realpath(folder)
    ):
        raise PluginNotInstalled(
            problem=f"OpenClaw does not load the plugin from {folder}: {found.get('error') or 'not listed'}",
            suggestion=f"`{program} plugins inspect {PLUGIN}` and `{program} plugins doctor` say why",
        )


def _hindered(plugins: Mapping[str, Any], plain: bool) -> Iterator[str]:
    if not plain:
        yield "the config has comments or other JSON5, and OpenClaw makes plain JSON of it whenever it writes"
    if plugins.get("enabled") is False:
        yield "plugins are switched off (plugins.enabled)"
    if PLUGIN in _folded(plugins.get("deny")):
        yield f"{PLUGIN} is denied (plugins.deny)"
    allowed = _folded(plugins.get("allow"))
    if allowed and PLUGIN not in allowed:
        yield f"plugins.allow lists what may load, and {PLUGIN} is not in it: add it there"


def _past_the_gate(document: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    hooks = config.get("hooks")
    if isinstance(hooks, list) and _SENDING not in hooks:
        yield f"{_ENTRY}.config.hooks is without {_SENDING}: a report of an agent that has used tools is not held back"
    channels = _mapping(document, "channels")
    for name in channels:
        channel = _mapping(channels, name)
        if name not in _WAITING and channel and channel.get("enabled") is not False and _streams(channel):
            yield (
                f"{name}: that previews wait for the gate was seen with {' and '.join(_WAITING)} only; "
                f"`openclaw config set channels.{name}.streaming.mode off` shows none"
            )


def _streams(channel: Mapping[str, Any]) -> bool:
    accounts = _mapping(channel, "accounts")
    modes = [_mapping(_mapping(accounts, each), "streaming").get("mode") for each in accounts]
    return _mapping(channel, "streaming").get("mode") != "off" or any(each not in (None, "off") for each in modes)


def _folded(names: object) -> list[str]:
    return [each.lower() for each in names if isinstance(each, str)] if isinstance(names, list) else []


def _settings(program: str) -> str:
    code, out, error = _run((program, "config", "file", "--json"))
    path = _parsed(out).get("path")
    if code != 0 or not isinstance(path, str) or not path:
        raise PluginNotInstalled(
            problem=f"`{program} config file --json` ended with {code} and no path: {' '.join(error.split())[-300:]}",
            suggestion="name OpenClaw's program with --program; 2026.9.6 and later are known to work",
        )
    return os.path.expanduser(path)


def _read(path: str) -> tuple[Mapping[str, Any], bool]:
    """Return the config, and whether it is plain JSON; an empty one where there is none or it is not."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return {}, True
    except OSError as fault:
        raise PluginNotInstalled(
            problem=f"{path}: {fault.strerror}", suggestion="run this as OpenClaw's user"
        ) from None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}, False
    return (document, True) if isinstance(document, dict) else ({}, False)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _mapping(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _run(words: Sequence[str]) -> tuple[int, str, str]:
    """Run OpenClaw to its end; its whole process group is ended at the limit."""
    import signal
    import subprocess

    try:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as fault:
        raise PluginNotInstalled(
            problem=f"{words[0]} cannot be started: {fault.strerror}",
            suggestion="name OpenClaw's program with --program",
        ) from None
    try:
        out, error = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise PluginNotInstalled(
            problem=f"`{shlex.join(words[:3])}` took longer than {_SECONDS} s",
            suggestion="look at OpenClaw, and start again",
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return process.returncode, out.decode("utf-8", "replace"), error.decode("utf-8", "replace")
