"""What `doctor` looks at, one function for each thing; each answers with what it saw and what to do about it.

The host is in `_health_host.py`; here is what is ours, and what we talk to.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from reporting_governance.commands._gate_holding import seen_of
from reporting_governance.commands._health_anchors import anchors
from reporting_governance.commands._health_check import Check, Rule, Verdict
from reporting_governance.commands._health_database import database
from reporting_governance.commands._health_host import (
    clock,
    folder,
    metrics,
    permissions,
    secrets,
    space,
    zones,
)
from reporting_governance.commands._health_roles import roles
from reporting_governance.commands._health_signing import signing
from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Sender
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.contracts.finding import Finding

_LOST = (
    "Look why: a disk that lies about syncing, a power cut, a file that somebody cut or replaced.  Compare with a copy "
    "of the journal, if there is one; then `reportgov ack self:journal`."
)
_SAID_NO = {"refused": "refused what it got last", "bounced": "gave back what it had taken"}
_MEND_TARGET = (
    "Mend its address or what its receiver complains of; then `reportgov retry` with the id of a blocked item, which "
    "`reportgov status` shows."
)
_PROBE_SECONDS = 20.0  #: all targets are asked at once


def all_checks(context: CommandContext) -> Iterator[Check]:
    """Yield every check in turn; one that fails with an error of ours is itself a bad result."""
    for rule, look in _CHECKS:
        try:
            yield from look(context)
        except GovernanceError as fault:
            yield Check(rule, Verdict.BAD, str(fault), fault.advice())


def _journal(context: CommandContext) -> Iterator[Check]:
    head = context.store.ready()
    if head.seq == 0:
        yield Check(Rule.JOURNAL, Verdict.OK, "empty")
        return
    from reporting_governance.stages.loss_watch import acknowledged_up_to, is_told, loss_of

    count = last = 0
    lost = []
    for line in context.store.replay():
        count, last = count + 1, line.seq
        if loss := loss_of(line):
            lost.append(loss)
    acknowledged = acknowledged_up_to(context.store) if lost else 0
    for loss in lost:
        if loss.line > acknowledged:
            advice = _LOST if is_told(context.store) else f"Let `reportgov run` tell the receivers.  {_LOST}"
            yield Check(Rule.JOURNAL, Verdict.BAD, loss.what, advice)
    if last > head.seq or count == 0:
        yield Check(Rule.JOURNAL, Verdict.BAD, f"{count} lines read, head {head.seq}", "reportgov doctor --rebuild")
    elif all(loss.line <= acknowledged for loss in lost):
        void = head.seq - count
        seen = f"{count} lines, log {head.log_id}" + (f", {void} void" if void else "")
        known = "".join(f"; acknowledged: {loss.what}" for loss in lost)
        yield Check(Rule.JOURNAL, Verdict.OK, seen + known)


def _profile(context: CommandContext) -> Iterator[Check]:
    settings = context.settings
    if settings.refused:
        advice = "Until it is mended nothing new is decided; what was told goes on by the last good profile."
        yield Check(Rule.PROFILE, Verdict.BAD, f"{context.profile_reference}: {settings.refused}", advice)
        return
    doubt = settings.artifact["spec"]["notification"]["in_doubt"]
    yield Check(Rule.PROFILE, Verdict.OK, f"{context.profile_reference}; a send that nobody knows the end of: {doubt}")
    yield Check(Rule.CAPABILITIES, Verdict.OK, seen_of(settings))
    for note in settings.artifact.get("notes", ()):
        yield Check(Rule.PROFILE, Verdict.WARNING, note, "Change the profile if that is not what you want.")
    advice = (
        "What the runtime cannot do may be `off` in `expectations`, if nobody needs it; docs/contracts.md says more."
    )
    for note in settings.notes:
        yield Check(Rule.CAPABILITIES, Verdict.WARNING, note, advice)
    if settings.substitutions:
        instead = ", ".join(f"{action} instead of {wanted}" for wanted, action in settings.substitutions.items())
        yield Check(Rule.CAPABILITIES, Verdict.OK, f"by the profile's fallbacks: {instead}")


def _senders(context: CommandContext) -> Iterator[Check]:
    if not os.path.isdir(context.state):
        return  # a sender may make its folder below it
    from reporting_governance.stages.targets import targets_of

    here, opened = context.local_host.name, context.senders()
    senders: dict[str, Sender] = {}
    for name, settings in targets_of(context.settings.profile.notification):
        if settings.is_sent_from(here):
            senders[name] = opened[name]
        else:
            yield Check(Rule.TARGET, Verdict.OK, f"not from here: sent by {' or '.join(settings.hosts)}", subject=name)
    for (target, sender), found in zip(senders.items(), _probed(list(senders.values())), strict=True):
        for each in found or ():
            yield Check(Rule.TARGET, Verdict.BAD, each.message, each.help or each.rule, target)
        if found is None:
            advice = "Notices to it wait and are tried again.  Is its host reachable from here?"
            seen = f"sender {sender.name} gave no answer within {_PROBE_SECONDS:.0f} s"
            yield Check(Rule.TARGET, Verdict.BAD, seen, advice, target)
        elif not found:
            proof = sender.promises.best_first_proof.value
            seen = f"sender {sender.name}, proof of a first answer: {proof}"
            yield Check(Rule.TARGET, Verdict.OK, seen, subject=target)


def _telling(context: CommandContext) -> Iterator[Check]:
    """What targets did with what they got: a probe that answers says nothing about that."""
    if not os.path.isdir(context.state):
        return
    from reporting_governance.commands._hosts import hosts_at_work
    from reporting_governance.stages.targets import troubled

    notification, now = context.settings.profile.notification, context.clock.now()
    for each in troubled(context.store, notification, now, hosts_at_work(context)):
        if each.trouble == "no_host":
            advice = "Its notices wait.  Start `run` on one of these hosts, or correct `hosts` of the target."
            yield Check(Rule.TARGET, Verdict.BAD, each.why, advice, each.target)
        elif each.trouble == "down":
            seen = f"not reached since {each.since}: {each.why}; tried again at {each.until}"
            advice = "Its notices wait.  Nothing to do if it comes back; else mend its address, or what stands between."
            yield Check(Rule.TARGET, Verdict.WARNING, seen, advice, each.target)
        elif each.trouble in _SAID_NO:
            seen = f"{_SAID_NO[each.trouble]}, at {each.since}: {each.why}"
            yield Check(Rule.TARGET, Verdict.BAD, seen, _MEND_TARGET, each.target)


def _probed(senders: Sequence[Sender]) -> list[Sequence[Finding] | None]:
    """Ask all senders at once; None for one that took too long.  A thread that hangs holds nobody: it is a daemon."""
    found: list[Sequence[Finding] | None] = [None] * len(senders)

    from reporting_governance.adapters.senders.rules import UNREACHABLE

    def ask(place: int) -> None:
        try:
            found[place] = senders[place].probe()
        except Exception as fault:  # its text may hold a secret, and a thread would print it
            words = f"its probe ended with a bug ({type(fault).__name__})"
            found[place] = (UNREACHABLE.finding(file=senders[place].name, message=words),)

    threads = [threading.Thread(target=ask, args=(place,), daemon=True) for place in range(len(senders))]
    ends_at = time.monotonic() + _PROBE_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
    return list(found)


def _sources(context: CommandContext) -> Iterator[Check]:
    from reporting_governance.stages.source_reading import read_source

    now = context.clock.now()
    for source in context.task_sources():
        reading = read_source(source, now=now, baseline_at=now, known=frozenset())
        if reading.unreadable:
            advice = "Its tasks are not watched.  May the state's owner read what is named there?"
            yield Check(Rule.SOURCE, Verdict.BAD, reading.unreadable, advice, source.name)
        else:
            seen = f"{len(reading.tasks)} tasks, instance {reading.instance}"
            yield Check(Rule.SOURCE, Verdict.OK, seen, subject=source.name)
        for condition, reason in reading.cannot_see.items():
            advice = "Nothing to do: it is never told of, and never called well."
            yield Check(Rule.SOURCE, Verdict.UNKNOWN, f"cannot judge {condition}: {reason}", advice, source.name)


def _runs(context: CommandContext) -> Iterator[Check]:
    """Cron that has stopped is the one thing that nothing here can notice by itself."""
    from reporting_governance.commands._siblings import trouble_with_runs
    from reporting_governance.stages.watch_mark import seen_pace

    stale = trouble_with_runs(context)
    last = context.last_run()
    pace, expected = seen_pace(context.store), context.settings.timing.tick_seconds
    if pace > 2 * expected:
        seen = f"`run` looks about every {pace} s, and the profile says every {expected} s"
        wanted = max(60, round(pace / 60) * 60)
        advice = f"Set watchdog.tick_seconds in the profile to {wanted}, or have it started every {expected} s."
        yield Check(Rule.RUNS, Verdict.WARNING, seen, advice)
    if stale is not None:
        yield Check(Rule.RUNS, Verdict.BAD, stale.sentence, stale.advice)
    elif last.began_at is None:
        advice = "`reportgov schedule print --cron` or `--systemd` says what to install."
        yield Check(Rule.RUNS, Verdict.WARNING, "`run` was not started here yet", advice)
    else:
        ended = "" if last.exit_code is None else f", ended with {last.exit_code}"
        yield Check(Rule.RUNS, Verdict.OK, f"{int((context.clock.now() - last.began_at).total_seconds())} s ago{ended}")


def _heartbeat(context: CommandContext) -> Iterator[Check]:
    wanted = context.settings.self_watch
    if not wanted.get("heartbeat_url"):
        return
    from reporting_governance.adapters.heartbeat import Heartbeat

    found = Heartbeat(
        wanted["heartbeat_url"],
        private_networks=wanted.get("heartbeat_networks", ()),
        ca_file=wanted.get("heartbeat_ca_file"),
    ).probe()
    if found.arrived:
        yield Check(Rule.HEARTBEAT, Verdict.OK, "its host can be connected to; nothing was sent")
    else:
        advice = "Whoever watches from outside is not told that runs succeed, and will raise an alarm."
        yield Check(Rule.HEARTBEAT, Verdict.BAD, found.problem, advice)


def _plugins(context: CommandContext) -> Iterator[Check]:
    from reporting_governance.commands._plugins_doctor import plugins

    yield from plugins(context)


_CHECKS: tuple[tuple[Rule, Callable[[CommandContext], Iterator[Check]]], ...] = (
    (Rule.FOLDER, folder),
    (Rule.PERMISSIONS, permissions),
    (Rule.ROLES, roles),
    (Rule.DATABASE, database),
    (Rule.SPACE, space),
    (Rule.PROFILE, _profile),
    (Rule.SECRETS, secrets),
    (Rule.JOURNAL, _journal),
    (Rule.CLOCK, clock),
    (Rule.ZONES, zones),
    (Rule.RUNS, _runs),
    (Rule.TARGET, _senders),
    (Rule.TARGET, _telling),
    (Rule.SOURCE, _sources),
    (Rule.METRICS, metrics),
    (Rule.HEARTBEAT, _heartbeat),
    (Rule.SIGNER, signing),
    (Rule.ANCHOR, anchors),
    (Rule.PLUGINS, _plugins),
)
