"""What `doctor` looks at of the host: folders, disk, clock, zones, and the files that hold secrets."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reporting_governance.commands._health_check import Check, Rule, Verdict
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import format_time

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext

_LITTLE_SPACE_BYTES = 256 * 1024 * 1024
_FEW_INODES = 10_000
_RECENT_SECONDS = 86_400
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KEPT = ("journal", "journal/log", "blobs", "heartbeats", "outbox", "corrupt", *(each.value for each in Folder))


_SHOWN = 3  #: files that are not as they should be; one command mends them all


def folder(context: CommandContext) -> Iterator[Check]:
    """Look whether the state is there, ours, and on a disk of this host."""
    from reporting_governance.storage.files.layout import Layout, require_owner
    from reporting_governance.storage.files.mounts import network_mount

    layout = Layout(context.state)
    if not (os.path.exists(layout.lock) if context.database is not None else layout.exists()):
        advice = "The first check-in, or `reportgov init`, makes it."
        yield Check(Rule.FOLDER, Verdict.WARNING, f"{context.state} is not set up yet", advice)
        return
    require_owner(context.state)
    kind = network_mount(context.state)
    if kind is not None:
        seen = f"{context.state} is on a network file system ({kind})"
        advice = "Use a local disk: locks of two hosts do not exclude each other there."
        yield Check(Rule.FOLDER, Verdict.BAD, seen, advice)
    else:
        yield Check(Rule.FOLDER, Verdict.OK, context.state)


def permissions(context: CommandContext) -> Iterator[Check]:
    """Records must be ours and closed to others; the inbox must keep its sticky bit; files must come to be usable."""
    state = context.state
    if not os.path.isdir(os.path.join(state, "journal")):
        return
    found = [*_modes(state), *_owners(state), *_readers(context), *_umask()]
    yield from found or [Check(Rule.PERMISSIONS, Verdict.OK, f"{_open_to(context)}, and all of it ours")]


def _open_to(context: CommandContext) -> str:
    from reporting_governance.commands._readers import group_of

    group = group_of(context)
    return "closed to others" if group is None else f"closed to others but the readers of group {group}"


def _readers(context: CommandContext) -> Iterator[Check]:
    """What a group may read has one mode and one group, or its members meet a file that they cannot read."""
    from reporting_governance.commands._readers import group_name
    from reporting_governance.storage.files import readers

    gid = readers.readers(context.state)
    if gid is None:
        return
    for number, each in enumerate(readers.amiss(context.state, gid)):
        group = group_name(each.gid)
        if each.is_key:
            seen = f"{each.path} is a key that others than its owner may read (mode {each.mode:04o})"
            yield Check(Rule.PERMISSIONS, Verdict.BAD, seen, f"chmod go= {shlex.quote(each.path)}")
        elif number < _SHOWN:
            seen = f"{each.path} is not as readers need it (mode {each.mode:04o}, group {group})"
            yield Check(Rule.PERMISSIONS, Verdict.BAD, seen, f"reportgov init --readers {shlex.quote(group_name(gid))}")


def _modes(state: str) -> Iterator[Check]:
    for name in _KEPT:
        path = os.path.join(state, name)
        if os.path.isdir(path) and os.stat(path).st_mode & _OPEN_TO_OTHERS & ~(stat.S_IRGRP | stat.S_IXGRP):
            yield _open(path, "chmod 0700")
    for path in _files(os.path.join(state, "journal", "log")):
        if os.lstat(path).st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            yield _open(path, "chmod 0600")
    inbox = os.path.join(state, "inbox")
    if os.path.isdir(inbox):
        mode = os.stat(inbox).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            advice = f"chmod 1733 {shlex.quote(inbox)}"
            yield Check(Rule.PERMISSIONS, Verdict.BAD, f"{inbox} lets users remove files of others", advice)


def _open(path: str, command: str) -> Check:
    return Check(Rule.PERMISSIONS, Verdict.BAD, f"{path} is open to others", f"{command} {shlex.quote(path)}")


def _owners(state: str) -> Iterator[Check]:
    """A file of another user, root's after a run by hand for one, locks the owner's next run out."""
    places = [os.path.join(state, name) for name in (*_KEPT, "run.lock")]
    for path in (*places, *_files(os.path.join(state, "journal")), *_files(os.path.join(state, "journal", "log"))):
        if not os.path.lexists(path):
            continue
        uid = os.lstat(path).st_uid
        if uid != os.geteuid():
            advice = f"chown -R --reference={shlex.quote(state)} {shlex.quote(path)}"
            yield Check(Rule.PERMISSIONS, Verdict.BAD, f"{path} belongs to uid {uid}", advice)


def _umask() -> Iterator[Check]:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            mask = next(int(line.split()[1], 8) for line in file if line.startswith("Umask:"))
    except (OSError, StopIteration, ValueError):
        return
    if mask & stat.S_IRWXU:
        advice = "Set it to 0077 where `run` is started: nobody could read what is made, we neither."
        yield Check(Rule.PERMISSIONS, Verdict.BAD, f"the umask is {mask:04o}", advice)


def _files(place: str) -> list[str]:
    if not os.path.isdir(place):
        return []
    return [os.path.join(place, name) for name in sorted(os.listdir(place))]


def space(context: CommandContext) -> Iterator[Check]:
    """Look whether there is room for the next records."""
    place = context.state
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    free = shutil.disk_usage(place).free
    system = os.statvfs(place)
    seen = f"{free // (1024 * 1024)} MiB and {system.f_favail} inodes free"
    if system.f_flag & os.ST_RDONLY:
        seen = f"{place} is on a file system that is mounted read-only"
        yield Check(Rule.SPACE, Verdict.BAD, seen, "Mount it for writing, and look why the host mounted it so.")
    elif free < _LITTLE_SPACE_BYTES:
        advice = "Make room: without it nothing can be recorded, and so nothing is sent."
        yield Check(Rule.SPACE, Verdict.BAD, seen, advice)
    elif system.f_files > 0 and system.f_favail < _FEW_INODES:
        yield Check(Rule.SPACE, Verdict.BAD, seen, "Remove small files elsewhere on this file system.")
    else:
        yield Check(Rule.SPACE, Verdict.OK, seen)


def clock(context: CommandContext) -> Iterator[Check]:
    """A clock behind the journal makes everything look early."""
    import time

    files, now = context.backend, context.clock.now()
    files.ready()
    stepped = files.clock_step(now)
    if stepped is not None and (now - stepped).total_seconds() < _RECENT_SECONDS:
        advice = "Nothing to do once: nobody is accused for one grace.  Again and again: let one service set the clock."
        yield Check(Rule.CLOCK, Verdict.WARNING, f"was set at {format_time(stepped)}", advice)
    else:
        yield Check(Rule.CLOCK, Verdict.OK, f"{format_time(now)}; the host's zone is {time.tzname[0]}")


def zones(context: CommandContext) -> Iterator[Check]:
    """Look whether the host knows every time zone that the profile names."""
    from zoneinfo import ZoneInfo

    wanted = sorted(set(_named(context.settings.artifact["spec"], "time_zone")))
    missing = []
    for zone in wanted:
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, LookupError):
            missing.append(zone)
    if missing:
        advice = "Install the zone database (Debian: apt install tzdata), or correct the name."
        yield Check(Rule.ZONES, Verdict.BAD, f"this host does not know {', '.join(missing)}", advice)
    elif wanted:
        yield Check(Rule.ZONES, Verdict.OK, ", ".join(wanted))


def _named(node: Any, key: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == key and isinstance(value, str):
                yield value
            yield from _named(value, key)
    elif isinstance(node, (list, tuple)):
        for each in node:
            yield from _named(each, key)


def secrets(context: CommandContext) -> Iterator[Check]:
    """Look whether every reference leads somewhere, and whether others may read the files."""
    references = sorted(set(_references(context.settings.artifact["spec"])))
    bad = [check for reference in references for check in _of_reference(*reference)]
    yield from bad
    if references and not bad:
        yield Check(Rule.SECRETS, Verdict.OK, f"{len(references)} references lead somewhere")


def _references(node: Any) -> Iterator[tuple[str, str]]:
    from reporting_governance.adapters.senders.secrets import REFERENCE

    if isinstance(node, str):
        yield from ((match.group(1), match.group(2)) for match in REFERENCE.finditer(node))
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, (list, tuple)):
        for each in node:
            yield from _references(each)


def _of_reference(place: str, name: str) -> Iterator[Check]:
    from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets

    try:
        Secrets().resolve(f"${{{place}:{name}}}")
    except SecretMissing as fault:
        yield Check(Rule.SECRETS, Verdict.BAD, str(fault), fault.advice())
        return
    if place == "file":
        path = os.path.expanduser(name)
        if os.stat(path).st_mode & stat.S_IRWXO:
            advice = f"chmod 0600 {shlex.quote(path)}"
            yield Check(Rule.SECRETS, Verdict.WARNING, f"{path} can be read by everybody", advice)


def metrics(context: CommandContext) -> Iterator[Check]:
    """Look whether the metrics can be written where the profile wants them, and are not old."""
    from reporting_governance.commands._metrics_file import metrics_place

    wanted = context.settings.self_watch.get("metrics_path")
    if not wanted:
        return
    path = metrics_place(context.state, wanted)
    place = os.path.dirname(path)
    if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
        advice = f"Make the folder, and let the user who starts `run` write in it: {shlex.quote(place)}"
        yield Check(Rule.METRICS, Verdict.BAD, f"{place} is no folder that we may write in", advice)
        return
    mode = os.stat(place).st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        advice = f"chmod o-w {shlex.quote(place)}: anybody can put other numbers in their place."
        yield Check(Rule.METRICS, Verdict.WARNING, f"{place} can be written by everybody", advice)
    else:
        yield Check(Rule.METRICS, Verdict.OK, path)
