"""What the real OpenClaw says about the plugins of a home, brought down to what we compare."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from tests.openclaw.install import Program

from .making import Home

#: A call was seen to take three seconds; a laden machine may need many times that.
SECONDS = 180

#: The hosts that are tried beside the program's own version.
HOSTS = (
    "2026.9.6",
    "2026.3.23",
    "2026.7.1",
    "2026.7.1-1",
    "2026.7.1-2",
    "2026.7.1-beta.5",
    "2026.7.1-beta.10",
    "2026.7.2-beta.1",
    "2026.7.1.beta.3",
    "v2026.7.1",
    "2026.7.33",
    "2026.8.1",
    "2026.9.6-1",
    "2027.1.1",
    "2026.7",
    "unknown",
)

#: What a message of OpenClaw's says -> how we name it; the first that fits counts.  None: not compared, and why is told
#: in docs/plugins.md.
REASONS: tuple[tuple[str, str | None], ...] = (
    (r"plugin manifest not found", "no_manifest"),
    (r"unsafe plugin manifest path", "unsafe_manifest"),
    (r"failed to parse plugin manifest", "broken_manifest"),
    (r"plugin manifest must be an object", "broken_manifest"),
    (r"plugin manifest requires id", "no_id"),
    (r"agent plugin manifest name must be", "no_id"),
    (r"is reserved by OpenClaw core", "reserved_id"),
    (r"plugin manifest requires configSchema", "no_config_schema"),
    (r"invalid plugin manifest backupResources", "bad_backup_resources"),
    (r"invalid plugin manifest categories", "bad_categories"),
    (r"openclaw must be an object", "bad_package"),
    (r"extensions must be an array", "bad_package"),
    (r"extensions\[\d+\] must be a non-empty string", "bad_package"),
    (r"runtimeExtensions\[\d+\] must be a non-empty string", "bad_package"),
    (r"runtimeExtensions length", "bad_package"),
    (r"openclaw\.extensions is empty", "no_entries"),
    (r"entries collide on derived id", "entries_collide"),
    (r"entry escapes package directory", "unsafe_entry"),
    (r"entry unreadable", "unreadable_entry"),
    (r"requires compiled runtime output", "not_built"),
    (r"entry not found", "entry_missing"),
    (r"source escapes plugin root", "source_escapes"),
    (r"package directory escapes bundled root", "unsafe_entry"),
    (r"failed to read extensions dir", "root_unreadable"),
    (r"cannot stat path", "unreadable_entry"),
    (r"world-writable path", "writable_by_all"),
    (r"suspicious ownership", "strange_owner"),
    (r"minHostVersion must use a semver floor", "bad_floor"),
    (r"but this host version could not be determined", "unknown_host"),
    (r"plugin requires OpenClaw >=", "host_too_old"),
    (r"invalid package plugin API metadata", "bad_api_range"),
    (r"plugin requires plugin API", "api_not_in_range"),
    (r"collide as normalized id", "ids_collide"),
    (r"duplicate plugin id", "overridden"),
    (r"Configured plugin load path is unavailable", "path_missing"),
    (r"Configured plugin load path inspection failed", "path_unreadable"),
    (r"plugin path is not a supported file", "not_a_plugin_file"),
    (r"legacy npm plugin declaration ignored", "legacy_declaration"),
    (r"requires plugin \"", "wants_another"),
    (r"declares .* without channelConfigs", None),
    (r"Workspace plugin discovery was skipped", None),
    (r"requires capability consent", None),
)


class Row(NamedTuple):
    """One plugin as it is listed."""

    origin: str
    enabled: bool
    source: str  #: below the home or the package
    version: str | None
    name: str
    form: str


class Refused(NamedTuple):
    """Something that is told beside the list."""

    reason: str
    source: str
    plugin_id: str
    level: str


class Answer(NamedTuple):
    """What is compared of one answer."""

    plugins: dict[str, Row]
    refused: set[Refused]


def ask(program: Program, home: Home, *, host: str | None = None, **more: str) -> Any:
    """Return the parsed answer of `openclaw plugins list --json` over a home, without a network."""
    arguments = ["plugins", "list", "--json"]
    status, out, err = run(program, home, *arguments, host=host, **more)
    if status != 0:
        raise AssertionError(f"openclaw plugins list ended with {status}: {err[-3000:]}")
    return json.loads(out)


def run(program: Program, home: Home, *arguments: str, host: str | None = None, **more: str) -> tuple[int, str, str]:
    """Run OpenClaw over a home to its end and return its exit status and what it printed."""
    environment = {
        **home.environment(),
        "NO_COLOR": "1",
        "CI": "1",
        "PATH": f"{program.node.parent}:/usr/bin:/bin",
        **({} if host is None else {"OPENCLAW_COMPATIBILITY_HOST_VERSION": host}),
        **more,
    }
    command = ["nice", "-n", "10", "unshare", "-rn", str(program.node), str(program.openclaw), *arguments]
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=home.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return process.returncode, out, err


def package_of(program: Program) -> Path:
    """Return the folder of the installed package."""
    return program.openclaw.parent


def brought_down(document: Any, home: Home, package: Path) -> Answer:
    """Return what is compared of an answer.

    Raises: AssertionError for a message that `REASONS` does not know: OpenClaw has learned to say something new.
    """
    short = Shortening(home, package)
    plugins = {
        each["id"]: Row(
            each["origin"],
            each["enabled"],
            short(each["source"]),
            each.get("version"),
            each["name"],
            each.get("bundleFormat") or each.get("format", "openclaw"),
        )
        for each in document["plugins"]
    }
    refused = set()
    for each in document["diagnostics"]:
        reason = _reason(each["message"])
        if reason is not None:
            refused.add(Refused(reason, short(each.get("source", "")), each.get("pluginId", ""), each["level"]))
    return Answer(plugins, refused)


class Shortening:
    """Paths without what differs from machine to machine."""

    def __init__(self, home: Home, package: Path) -> None:
        self.roots = [(os.path.realpath(package), "<package>"), (os.path.realpath(home.folder), "<home>")]

    def __call__(self, path: str) -> str:
        for root, name in self.roots:
            if path == root or path.startswith(root + os.sep):
                return name + path[len(root) :]
        return path


def _reason(message: str) -> str | None:
    for pattern, reason in REASONS:
        if re.search(pattern, message):
            return reason
    raise AssertionError(f"OpenClaw says what we have no name for: {message}")
