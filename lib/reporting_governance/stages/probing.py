"""Plays the stories of a runtime against its descriptor, and keeps what was seen in a file.

A probe that crashes, hangs or cannot be read is inconclusive, and what was never played is not probed: neither is ever
taken for confirmed.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reporting_governance.adapters.probes.interface import NotHere, Place, ProbeStopped, Seen, Setting, Sight, Story
from reporting_governance.contracts.capability import API_VERSION, Observation, SupportLevel
from reporting_governance.contracts.probe_observation import (
    KIND,
    ProbedDescriptor,
    ProbeObservation,
    ProbeObservations,
    ProbePlace,
)
from reporting_governance.core.probing import claimed_levels, digest, outcome_of
from reporting_governance.errors import GovernanceError
from reporting_governance.resources import shipped_name

MOST_BYTES = 10 * 1024 * 1024  #: of a file of observations
SECONDS_IN_ALL = 300
SECONDS_WITH_HOSTS = 1500  #: a host's own program takes minutes to install and to start
EXPIRES_AFTER = timedelta(days=30)
Progress = Callable[[int, int, str], None]  #: stories that are done, all of them, and the name of the next


class ObservationsUnusable(GovernanceError):
    """A file of observations cannot be read or written."""

    message = "{path}: {reason}"
    hint = "Observations are a regular file; `verify-descriptor --probe --write-observations FILE` makes one."


def _silent(_done: int, _all: int, _name: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probing:
    """How probes are run."""

    program: Sequence[str]  #: the words that start our own program
    profile: str  #: the profile that is in force in the scratch folder
    package_version: str
    root: str = ""  #: files below it are named from it
    hosts: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: what starts a host's own program
    seconds_each: int | None = None  #: the longest time of one story; none: its own limit
    seconds_in_all: int | None = None  #: the longest time of all; none: more where a host's own program takes part
    expires_after: timedelta = EXPIRES_AFTER
    progress: Progress = _silent


def probe_descriptor(
    descriptor: Mapping[str, Any], stories: Sequence[Story], how: Probing, *, now: Callable[[], datetime]
) -> ProbedDescriptor:
    """Play the stories that look at a claimed power, in order; what was seen of each claim.

    Args:
        descriptor: right in shape.
        stories: those of its runtime and mode.
        now: the clock.
    """
    claims = claimed_levels(descriptor)
    began, end = now(), time.monotonic() + _seconds_in_all(how)
    wanted = [each for each in stories if set(each.powers) & set(claims)]
    seen: dict[str, ProbeObservation] = {}
    version: str | None = None
    for place, story in enumerate(wanted):
        how.progress(place, len(wanted), story.name)
        started = now()
        played, sights = _played(story, how, end)
        version = played.runtime_version if played and played.runtime_version else version
        for each in sights:
            if each.power in claims:
                seen[each.power] = _observed(each, claims[each.power], played, started, now(), how.root)
    how.progress(len(wanted), len(wanted), "")
    runtime: Mapping[str, Any] = descriptor["runtime"]
    return ProbedDescriptor(
        descriptor=descriptor["metadata"]["id"],
        descriptor_sha256=digest(descriptor),
        package_version=how.package_version,
        runtime=runtime["name"],
        runtime_version=version,
        probed_at=began,
        expires_at=began + how.expires_after,
        observations=tuple(seen.get(power) or _no_story(power, level, runtime) for power, level in claims.items()),
    )


def _seconds_in_all(how: Probing) -> int:
    if how.seconds_in_all is not None:
        return how.seconds_in_all
    return SECONDS_WITH_HOSTS if how.hosts else SECONDS_IN_ALL


@dataclass(frozen=True, slots=True)
class _Untold:
    """What stands in for a sight of a power that was not seen."""

    power: str
    outcome: Observation
    sentence: str


def _played(story: Story, how: Probing, end: float) -> tuple[Seen | None, Sequence[Sight | _Untold]]:
    """Play one story in a scratch folder of its own, which is gone afterwards."""
    limit = story.limit_seconds if how.seconds_each is None else how.seconds_each
    deadline = min(end, time.monotonic() + limit)
    if deadline <= time.monotonic():
        return None, _untold(story, Observation.NOT_PROBED, "The time for all probes was over.")
    scratch = tempfile.mkdtemp(prefix="reportgov-probe-")  # mode 0700
    try:
        setting = Setting(scratch=scratch, program=how.program, profile=how.profile, deadline=deadline, hosts=how.hosts)
        seen = story.play(setting)
    except NotHere as missing:
        return None, _untold(story, Observation.NOT_PROBED, f"Not probed: {missing}.")
    except ProbeStopped as stopped:
        return None, _untold(story, Observation.INCONCLUSIVE, f"The probe stopped: {stopped}.")
    except Exception as fault:  # whatever is wrong with a probe says nothing about the runtime
        return None, _untold(story, Observation.INCONCLUSIVE, f"The probe failed: {type(fault).__name__}: {fault}.")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    missed = set(story.powers) - {each.power for each in seen.sights}
    lost = [
        each for each in _untold(story, Observation.INCONCLUSIVE, "The probe says nothing.") if each.power in missed
    ]
    return seen, [*seen.sights, *lost]


def _untold(story: Story, outcome: Observation, sentence: str) -> list[_Untold]:
    return [_Untold(power, outcome, sentence) for power in story.powers]


def _observed(
    sight: Sight | _Untold,
    claimed: SupportLevel,
    played: Seen | None,
    started: datetime,
    ended: datetime,
    root: str,
) -> ProbeObservation:
    if isinstance(sight, _Untold) or played is None:
        outcome = sight.outcome if isinstance(sight, _Untold) else Observation.INCONCLUSIVE
        return ProbeObservation(power=sight.power, claimed=claimed, outcome=outcome, sentence=sight.sentence)
    return ProbeObservation(
        power=sight.power,
        claimed=claimed,
        outcome=outcome_of(claimed, sight.found, honest=sight.honest),
        found=sight.found,
        sentence=sight.sentence,
        evidence_sha256=played.evidence_sha256,
        started_at=started,
        ended_at=max(started, ended),
        related=tuple(_place(each, root) for each in sight.places),
    )


def _place(place: Place, root: str) -> ProbePlace:
    inside = f"{root}{os.sep}" if root else ""
    file = shipped_name(place.file.removeprefix(inside) if inside else place.file)
    return ProbePlace(file=file, pointer=place.pointer, message=place.message)


def _no_story(power: str, claimed: SupportLevel, runtime: Mapping[str, Any]) -> ProbeObservation:
    sentence = f"Not probed: there is no probe of it for the runtime {runtime['name']} in mode {runtime['mode']}."
    return ProbeObservation(power=power, claimed=claimed, outcome=Observation.NOT_PROBED, sentence=sentence)


def read_observations(path: str) -> ProbeObservations:
    """Return what a file holds.  Raises: ObservationsUnusable, ContractError."""
    return ProbeObservations.parse(_plain(path), source=path)


def write_observations(path: str, probed: Sequence[ProbedDescriptor], *, kept: ProbeObservations | None = None) -> None:
    """Write observations, whole or not at all; those of other descriptors are kept.  Raises: ObservationsUnusable."""
    new = {each.descriptor: each for each in (*(kept.descriptors if kept else ()), *probed)}
    document = ProbeObservations(
        api_version=API_VERSION, kind=KIND, descriptors=tuple(new[name] for name in sorted(new))
    )
    text = json.dumps(document.dump(), indent=2, ensure_ascii=False) + "\n"
    try:
        _replace(path, text.encode())
    except OSError as fault:
        raise ObservationsUnusable(path=path, reason=fault.strerror or str(fault)) from None


def _plain(path: str) -> object:
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise ObservationsUnusable(path=path, reason="it is no regular file")
            data = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise ObservationsUnusable(path=path, reason=fault.strerror or str(fault)) from None
    if len(data) > MOST_BYTES:
        raise ObservationsUnusable(path=path, reason=f"it is larger than {MOST_BYTES} bytes")
    try:
        return json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise ObservationsUnusable(path=path, reason=f"it is no JSON: {fault}") from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _replace(path: str, data: bytes) -> None:
    """Put a file in place by renaming; what stands there is replaced only when it is a regular file itself."""
    for standing in _standing(path):
        if not stat.S_ISREG(standing.st_mode):
            raise OSError(None, "it is no regular file, and is not replaced")
    folder, name = os.path.split(path)
    number, beside = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
    try:
        with open(number, "wb") as file:
            os.fchmod(number, 0o644)
            file.write(data)
            file.flush()
            os.fsync(number)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _standing(path: str) -> Iterator[os.stat_result]:
    try:
        yield os.lstat(path)
    except FileNotFoundError:
        return
