"""What `doctor` looks at, one function for each thing; each answers with what it saw and what to do about it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import format_time
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext

_LITTLE_SPACE_BYTES = 256 * 1024 * 1024
_FEW_INODES = 10_000
_MISSED_TICKS = 5  #: so many ticks without a run are no coincidence
_RECENT_SECONDS = 86_400
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Verdict(StrEnum):
    """How one check came out."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    seen: str
    advice: str = ""


def all_checks(context: CommandContext) -> Iterator[Check]:
    """Yield every check in turn; one that fails with an error of ours is itself a bad result."""
    for name, look in _CHECKS:
        try:
            yield from look(context)
        except GovernanceError as fault:
            yield Check(name, Verdict.BAD, str(fault), fault.advice())


def _folder(context: CommandContext) -> Iterator[Check]:
    from reporting_governance.storage.files.layout import Layout, require_owner
    from reporting_governance.storage.files.mounts import network_mount

    if not Layout(context.state).exists():
        advice = "The first check-in, or `reportgov init`, makes it."
        yield Check("state folder", Verdict.WARNING, f"{context.state} is not set up yet", advice)
        return
    require_owner(context.state)
    kind = network_mount(context.state)
    if kind is not None:
        yield Check("state folder", Verdict.BAD, f"on a network file system ({kind})", "Use a local disk.")
    else:
        yield Check("state folder", Verdict.OK, context.state)
    yield from _modes(context.state)


def _modes(state: str) -> Iterator[Check]:
    """Folders that hold records must not be readable or writable by others; the inbox must keep its sticky bit."""
    for folder in ("journal", "blobs", *(each.value for each in Folder)):
        path = os.path.join(state, folder)
        if os.path.isdir(path) and os.stat(path).st_mode & _OPEN_TO_OTHERS & ~(stat.S_IRGRP | stat.S_IXGRP):
            yield Check("permissions", Verdict.BAD, f"{path} is open to others", f"chmod 0700 {path}")
    inbox = os.path.join(state, "inbox")
    if os.path.isdir(inbox):
        mode = os.stat(inbox).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            yield Check("permissions", Verdict.BAD, f"{inbox} lets users remove files of others", f"chmod 1733 {inbox}")


def _space(context: CommandContext) -> Iterator[Check]:
    place = context.state
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    free = shutil.disk_usage(place).free
    inodes = os.statvfs(place).f_favail
    seen = f"{free // (1024 * 1024)} MiB free"
    if free < _LITTLE_SPACE_BYTES:
        yield Check("disk", Verdict.BAD, seen, "Make room: without it nothing can be recorded, and so nothing is sent.")
    elif 0 < inodes < _FEW_INODES:
        yield Check("disk", Verdict.BAD, f"{inodes} inodes left", "Remove small files elsewhere on this file system.")
    else:
        yield Check("disk", Verdict.OK, seen)


def _journal(context: CommandContext) -> Iterator[Check]:
    head = context.store.ready()
    if head.seq == 0:
        yield Check("journal", Verdict.OK, "empty")
        return
    count = last = 0
    for line in context.store.replay():
        count, last = count + 1, line.seq
    if last > head.seq or count == 0:
        yield Check("journal", Verdict.BAD, f"{count} lines read, head {head.seq}", "reportgov doctor --rebuild")
    else:
        void = head.seq - count
        seen = f"{count} lines, log {head.log_id}" + (f", {void} void" if void else "")
        yield Check("journal", Verdict.OK, seen)


def _profile(context: CommandContext) -> Iterator[Check]:
    settings = context.settings
    if settings.refused:
        advice = "Until it is mended nothing new is decided; what was told goes on by the last good profile."
        yield Check("profile", Verdict.BAD, f"{context.profile_reference}: {settings.refused}", advice)
        return
    yield Check("profile", Verdict.OK, context.profile_reference)
    for note in settings.artifact.get("notes", ()):
        yield Check("profile", Verdict.WARNING, note)
    for note in settings.policy.powers.notes:
        yield Check("capabilities", Verdict.WARNING, note)


def _senders(context: CommandContext) -> Iterator[Check]:
    if not os.path.isdir(context.state):
        return  # a sender may make its folder below it
    yield from _troubled_targets(context)
    senders = context.senders()
    for target, sender in senders.items():
        findings = list(sender.probe())
        for each in findings:
            yield Check(f"target {target}", Verdict.BAD, each.message, each.help or "")
        if not findings:
            proof = sender.promises.best_first_proof.value
            yield Check(f"target {target}", Verdict.OK, f"sender {sender.name}, proof of a first answer: {proof}")


def _troubled_targets(context: CommandContext) -> Iterator[Check]:
    """Say what the targets answered last: a probe asks whether they are there, not whether they take messages."""
    from reporting_governance.stages.targets import troubled

    if context.store.ready().seq == 0:
        return
    for each in troubled(context.store, context.settings.profile.notification, context.clock.now()):
        name = f"target {each.target}"
        if each.trouble == "down":
            seen = f"could not be reached since {each.since}: {each.why}"
            yield Check(name, Verdict.BAD, seen, f"It is tried again at {each.until}; others go on.")
        elif each.trouble == "refused":
            advice = "Correct the address or its secret, then `reportgov retry` what is blocked."
            yield Check(name, Verdict.BAD, f"refused for good at {each.since}: {each.why}", advice)
        else:
            yield Check(name, Verdict.WARNING, f"has had {each.why}", f"The next goes at {each.until}.")


def _sources(context: CommandContext) -> Iterator[Check]:
    for source in context.task_sources():
        reading = source.read(now=context.clock.now(), baseline_at=context.clock.now(), known=frozenset())
        if reading.unreadable:
            yield Check(f"source {source.name}", Verdict.BAD, reading.unreadable, "Its tasks are not watched.")
        else:
            yield Check(f"source {source.name}", Verdict.OK, f"{len(reading.tasks)} tasks, instance {reading.instance}")
        for condition, reason in reading.cannot_see.items():
            yield Check(f"source {source.name}", Verdict.UNKNOWN, f"cannot judge {condition}: {reason}")


def _runs(context: CommandContext) -> Iterator[Check]:
    """Cron that has stopped is the one thing that nothing here can notice by itself."""
    last = context.last_run().began_at
    if last is None:
        yield Check("last run", Verdict.WARNING, "never", "Put `reportgov run` into the crontab: crontab -e")
        return
    age = int((context.clock.now() - last).total_seconds())
    tick = context.settings.watchdog.tick_seconds
    if age > _MISSED_TICKS * tick:
        advice = "Does cron run?  Is the line in the crontab of the state's owner?  What did it mail?"
        yield Check("last run", Verdict.BAD, f"{age} s ago, expected every {tick} s", advice)
    else:
        yield Check("last run", Verdict.OK, f"{age} s ago")


def _clock(context: CommandContext) -> Iterator[Check]:
    """A clock behind the journal makes everything look early."""
    files = context.files
    files.ready()
    stepped = files.clock_step(context.clock.now())
    if stepped is not None and (context.clock.now() - stepped).total_seconds() < _RECENT_SECONDS:
        yield Check("clock", Verdict.WARNING, f"was set at {format_time(stepped)}", "Nobody is accused for one grace.")
    else:
        yield Check("clock", Verdict.OK, format_time(context.clock.now()))


_CHECKS: tuple[tuple[str, Callable[[CommandContext], Iterator[Check]]], ...] = (
    ("state folder", _folder),
    ("disk", _space),
    ("profile", _profile),
    ("journal", _journal),
    ("clock", _clock),
    ("last run", _runs),
    ("targets", _senders),
    ("sources", _sources),
)
