"""Tool calls, as OpenClaw's `after_tool_call` tells of them, made into deeds.

The plugin hands over for each call: `id`, `at` (its beginning), `tool`, `params` and `details` (the keys it knows of
the host's own), `output` (the end of the text that the agent got), `sha256` of the whole text, `error` (null or text).
What the details say, measured in 2026.9.6:

- exec: `status` completed (with `exitCode`, 0 or not), failed (killed or out of time: `exitCode` null, `exitSignal`,
  `timedOut`), running (moved to the background, `sessionId` is its name), error (never ran); `cwd`, where it ran.
- process: what became of commands in the background: `sessions`, a list, each with `sessionId`, `status`, `exitCode`;
  or these of the one that was asked for.
- write, edit: `changed`, false when the file was like that before; apply_patch: `summary` {added, modified, deleted}.
- sessions_spawn: `status` accepted and `childSessionKey`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reporting_governance.adapters.hosts.interface import HookRefused
from reporting_governance.adapters.hosts.openclaw.reading import object_at, plain, text_at, time_at, whole_or_none
from reporting_governance.contracts.deed import MOST_OUTPUT_BYTES, MOST_TEXT_BYTES, Deed, DeedKind

MOST_DEEDS = 2048
_RUNNERS = frozenset({"exec", "bash"})
_EDITORS = frozenset({"write", "edit", "apply_patch", "file_write"})
_RESULTS = frozenset({"subagent_announce", "subagent_settle"})  #: by the plugin: a sub-agent's words came back
_LONGEST_NAME = 512
_MOST_PATHS = 64
_MOST_IN_BACKGROUND = 256
_PATCHED = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.{1,4096})$|^\*\*\* Move to: (.{1,4096})$", re.MULTILINE)
_TOLD_STATUS = re.compile(r"\n*\(Command exited with code -?\d{1,9}\)\s*\Z")  #: the host's words, not the command's
_SHA256 = re.compile(r"[0-9a-f]{64}")


def deeds_of(document: Mapping[str, Any], folder: str) -> tuple[Deed, ...]:
    """Return the deeds in the order in which they began.

    Args:
        folder: what paths are below when they do not say it.

    Raises: HookRefused for a call that is not what the plugin hands over.
    """
    given = document.get("deeds")
    if not isinstance(given, list) or len(given) > MOST_DEEDS:
        raise HookRefused(problem=f"deeds: expected a list of at most {MOST_DEEDS} calls", pointer="/deeds")
    deeds: list[Deed] = []
    background: dict[str, int] = {}
    for index, call in enumerate(given):
        place = f"/deeds/{index}"
        if not isinstance(call, Mapping):
            raise HookRefused(problem="expected an object", pointer=place)
        deed, details = _deed(call, place, folder), object_at(call, "details", place)
        if deed.kind is DeedKind.RUN and details.get("status") == "running":
            background[plain(details.get("sessionId"))] = len(deeds)
        elif deed.tool == "process":
            _settle(deeds, background, details, object_at(call, "params", place), deed.output)
        deeds.append(deed)
    return tuple(sorted(deeds, key=lambda deed: (deed.at is not None, deed.at)))


def _deed(call: Mapping[str, Any], place: str, folder: str) -> Deed:
    tool, identity = text_at(call, "tool", place), text_at(call, "id", place)
    if not tool or len(tool) > _LONGEST_NAME or len(identity) > _LONGEST_NAME:
        raise HookRefused(problem=f"tool and id have at most {_LONGEST_NAME} characters", pointer=place)
    params, details = object_at(call, "params", place), object_at(call, "details", place)
    error = text_at(call, "error", place, needed=False)
    digest = text_at(call, "sha256", place, needed=False)
    deed = Deed(
        kind=DeedKind.TOOL,
        at=time_at(call, "at", place),
        id=identity or place,
        tool=tool,
        failed=bool(error),
        output=_end(text_at(call, "output", place, needed=False)),
        sha256=digest if _SHA256.fullmatch(digest) else "",
    )
    if tool in _RUNNERS:
        return _ran(deed, params, details)
    if tool in _EDITORS:
        return _edited(deed, params, details, folder)
    child = plain(details.get("childSessionKey"))[:_LONGEST_NAME]
    if tool == "sessions_spawn":
        refused = bool(error) or details.get("status") != "accepted"
        told = plain(params.get("label")) or plain(params.get("task"))
        return replace(deed, kind=DeedKind.SPAWN, failed=refused, child=child or deed.id, text=_cut(told))
    if tool in _RESULTS and child:
        return replace(deed, kind=DeedKind.CHILD_RESULT, failed=None, child=child)
    return replace(deed, text=plain(params.get("action"))[:_LONGEST_NAME])


def _ran(deed: Deed, params: Mapping[str, Any], details: Mapping[str, Any]) -> Deed:
    """Return a command with its outcome; one that was refused before it began is no command that ran."""
    status, exit_status = details.get("status"), whole_or_none(details.get("exitCode"))
    if status not in ("completed", "failed", "running"):
        return replace(deed, failed=True)
    interrupted = status == "running" or exit_status is None
    return replace(
        deed,
        kind=DeedKind.RUN,
        command=_cut(plain(params.get("command"))),
        folder=plain(details.get("cwd")) or plain(params.get("workdir")),
        exit_status=None if interrupted else exit_status,
        failed=None if status == "running" else interrupted or exit_status != 0,
        interrupted=interrupted,
    )


def _edited(deed: Deed, params: Mapping[str, Any], details: Mapping[str, Any], folder: str) -> Deed:
    if details.get("changed") is False:
        return deed
    paths = list(_paths(params, details))[:_MOST_PATHS]
    created, removed = (
        tuple(_below(folder, each) for each in paths if each in _summed(details, key)) for key in ("added", "deleted")
    )
    below = tuple(_below(folder, each) for each in paths)
    return replace(deed, kind=DeedKind.EDIT, paths=below, created=created, removed=removed)


def _summed(details: Mapping[str, Any], key: str) -> list[Any]:
    summary = details.get("summary")
    names = summary.get(key) if isinstance(summary, Mapping) else None
    return names if isinstance(names, list) else []


def _paths(params: Mapping[str, Any], details: Mapping[str, Any]) -> Iterator[str]:
    summary = details.get("summary")
    if isinstance(summary, Mapping):
        for names in summary.values():
            yield from (plain(each) for each in (names if isinstance(names, list) else ()) if plain(each))
        return
    named = plain(params.get("path")) or plain(params.get("file_path"))
    if named:
        yield named
    for found in _PATCHED.finditer(plain(params.get("input"))):
        yield (found.group(1) or found.group(2)).strip()


def _below(folder: str, path: str) -> str:
    return path if path.startswith(("/", "~")) or not folder else f"{folder.rstrip('/')}/{path.removeprefix('./')}"


def _settle(
    deeds: list[Deed],
    background: Mapping[str, int],
    details: Mapping[str, Any],
    params: Mapping[str, Any],
    output: str,
) -> None:
    """Take what a look at the background says of commands there that have ended."""
    listed = details.get("sessions")
    ended = listed[:_MOST_IN_BACKGROUND] if isinstance(listed, list) else [details]
    for each in ended:
        if not isinstance(each, Mapping) or each.get("status") not in ("completed", "failed"):
            continue
        index = background.get(plain(each.get("sessionId")) or plain(params.get("sessionId")))
        status = whole_or_none(each.get("exitCode"))
        if index is None or status is None:
            continue
        told = _end(plain(each.get("tail"))) if isinstance(listed, list) else output
        deeds[index] = replace(
            deeds[index], exit_status=status, failed=status != 0, interrupted=False, output=told or deeds[index].output
        )


def _end(output: str) -> str:
    return _TOLD_STATUS.sub("", output).encode()[-MOST_OUTPUT_BYTES:].decode("utf-8", "ignore")


def _cut(text: str) -> str:
    return text.encode()[:MOST_TEXT_BYTES].decode("utf-8", "ignore")
