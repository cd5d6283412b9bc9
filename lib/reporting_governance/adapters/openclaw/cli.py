"""Asking OpenClaw's own program whether it would do what we are about to do, before we do it.

It is run on a copy of the configuration with a state folder of its own, for three reasons that were measured on
2026.9.6.  With a gateway running it hands the work to the gateway, whose configuration is the real one whatever
`OPENCLAW_CONFIG_PATH` says, and finds the gateway by its state folder.  Of several ids it commits each by itself, so a
batch would be half done when one is refused.  And its writing loses remarks, folds names and adds keys that nobody
asked for.  On a copy it says by its exit status whether it takes the configuration and the plugins, and by what it
leaves there what it makes of them; what is put in place are our own edits, if they come to the same.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from reporting_governance.adapters.openclaw.config import read_document
from reporting_governance.adapters.openclaw.config_locks import EVENT, names
from reporting_governance.adapters.openclaw.installs import DATABASE
from reporting_governance.adapters.openclaw.interface import ConfigNotChanged
from reporting_governance.adapters.openclaw.json5_splice import spliced
from reporting_governance.adapters.openclaw.paths import Places
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed
from reporting_governance.contracts.config_edit import ConfigEdit, Switch
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.plugin_enablement import PluginPolicy

if TYPE_CHECKING:
    import sqlite3

SECONDS: Final = 180.0  #: one call takes two to ten; a laden machine many times that
_THEIRS: Final = (("plugins", "entries"), ("plugins", "slots"))  #: what the program itself writes
_LINKED: Final = ("extensions", "npm", "git", ".env")  #: of the state folder: where plugins and variables are
_PASSED: Final = (
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
)
_VARIABLE: Final = re.compile(rb"\$\{([A-Z_][A-Z0-9_]*)\}")
_LEASES: Final = "state_leases"
_LAST: Final = 400  #: characters of what it said


@frozen(kw_only=True)
class Program:
    """OpenClaw's own program."""

    argv: tuple[str, ...]  #: the program, absolute, and words before the verb
    seconds: float = SECONDS  #: within which it has to end


@frozen(kw_only=True)
class Rehearsal:
    """What the program is asked about."""

    folder: str  #: of the configuration
    name: str  #: its name there
    before: bytes
    edits: Sequence[ConfigEdit]
    switches: Sequence[Switch]
    after: bytes  #: what the edits come to


def rehearse(program: Program, asked: Rehearsal, places: Places, environment: Mapping[str, str]) -> None:
    """Let the program do it on a copy.  Only under the lock of ours, whose holder removes what is left behind.

    Raises: ConfigNotChanged when it refuses, does not end in time, or comes to something else; OSError.
    """
    path = os.path.join(asked.folder, asked.name)
    # a program that outlives a killed process of ours goes on where nobody looks any more
    name = f"{names(asked.name)}{os.urandom(4).hex()}"
    state = os.path.join(asked.folder, f"{name}.state")
    _make_state(state, places)
    # what is taken from other files is found from the folder of the configuration
    copy = os.path.join(asked.folder if b"$include" in asked.before else state, f"{name}.json")
    _write(copy, spliced(asked.before, [each for each in asked.edits if each.path[:2] not in _THEIRS]))
    settings = {**_passed(environment, asked.before), "OPENCLAW_STATE_DIR": state, "OPENCLAW_CONFIG_PATH": copy}
    for verb, ids in _verbs(asked.switches):
        sys.audit(EVENT, "ask", state)
        _run(program, (*program.argv, "plugins", verb, *ids), settings, state, path)
    other = _others(_policy(_read(copy), places, environment), _policy(asked.after, places, environment))
    if other:
        raise ConfigNotChanged(
            path=path,
            reason=f"OpenClaw's own program comes to something else than was meant: {', '.join(other)}",
            advice="Let it do this itself, or edit the file without it (--no-cli).",
        )


def _verbs(switches: Sequence[Switch]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for verb, on in (("disable", False), ("enable", True)):
        ids = tuple(each.plugin_id for each in switches if each.enabled is on)
        if ids:
            yield verb, ids


def _make_state(state: str, places: Places) -> None:
    """Make a state folder that has the same plugins and the same records of them, and no gateway."""
    os.mkdir(state, 0o700)
    os.mkdir(os.path.join(state, "state"), 0o700)
    for name in _LINKED:
        if os.path.exists(os.path.join(places.state, name)):
            os.symlink(os.path.join(places.state, name), os.path.join(state, name))
    if os.path.exists(places.workspace):
        os.symlink(places.workspace, os.path.join(state, "workspace"))
    _copy_database(os.path.join(places.state, DATABASE), os.path.join(state, DATABASE))


def _copy_database(source: str, target: str) -> None:
    import sqlite3
    from urllib.parse import quote

    if not os.path.exists(source):
        return
    sys.audit(EVENT, "copy", target)
    try:
        uri = f"file:{quote(source)}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            _drop_leases(new)
    except sqlite3.Error as fault:
        raise OSError(f"{source} cannot be copied for OpenClaw's own program: {fault}") from fault


def _drop_leases(database: sqlite3.Connection) -> None:
    """Let go of what others held when the copy was made: in a copy nobody ever gives it back, and it is waited for."""
    if database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (_LEASES,)).fetchone():
        database.execute(f"DELETE FROM {_LEASES}")  # noqa: S608  (a constant of ours)
        database.commit()


def _passed(environment: Mapping[str, str], config: bytes) -> dict[str, str]:
    """Return the variables that the program gets: its own, a few of the system's, and those the configuration names."""
    named = {each.decode() for each in _VARIABLE.findall(config)}
    kept = {
        key: value
        for key, value in environment.items()
        if key in _PASSED or key in named or key.startswith("OPENCLAW_")
    }
    return {**kept, "NO_COLOR": "1", "CI": "1"}


def _run(program: Program, words: tuple[str, ...], settings: Mapping[str, str], folder: str, path: str) -> None:
    from reporting_governance.adapters.senders.openclaw_run import run

    try:
        code, output, errors = run(words, words[0], settings, folder=folder, seconds=program.seconds, own_group=True)
    except OSError as fault:
        raise ConfigNotChanged(path=path, reason=f"{words[0]} cannot be started: {fault.strerror}") from fault
    if code is None:
        raise ConfigNotChanged(path=path, reason=f"{words[0]} did not end within {program.seconds:.0f} s")
    if code != 0:
        said = " ".join((errors or output).decode("utf-8", "replace").split())
        said = "".join(each for each in said if each.isprintable())[-_LAST:]
        verb = " ".join(words[-len(words) + len(program.argv) :])
        raise ConfigNotChanged(path=path, reason=f"OpenClaw refuses `{verb}` (exit code {code}): {said}")


def _policy(data: bytes, places: Places, environment: Mapping[str, str]) -> PluginPolicy | str:
    """Return what a configuration says of plugins, or why that cannot be told."""
    try:
        document = read_relaxed(data)
    except NotReadable as fault:
        return str(fault)
    reading = read_document(document, places, environment)
    return reading.problem or reading.configured.policy


def _others(theirs: PluginPolicy | str, ours: PluginPolicy | str) -> list[str]:
    """Return in which points two differ; an entry that does not say whether it is on says nothing."""
    if isinstance(theirs, str) or isinstance(ours, str):
        return [each for each in (theirs, ours) if isinstance(each, str)]
    found = []
    for name in ("enabled", "allow", "deny", "entries", "memory_slot", "context_slot", "channels"):
        mine, other = _plain(getattr(ours, name)), _plain(getattr(theirs, name))
        if mine != other:
            found.append(f"{name.replace('_', ' ')} {_shown(other)} instead of {_shown(mine)}")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: each for key, each in value.items() if each is not None}
    return set(value) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    text = ", ".join(sorted(map(str, value))) if isinstance(value, set) else str(value)
    return text[:_LAST] or "nothing"


def _write(path: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)


def _read(path: str) -> bytes:
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return file.read()
