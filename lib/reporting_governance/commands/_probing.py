"""Wires the probes of `verify-descriptor --probe`: which stories, which programs, which profile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reporting_governance import __version__
from reporting_governance.resources import checkout_root, resource_path

if TYPE_CHECKING:
    from reporting_governance.contracts.probe_observation import ProbedDescriptor
    from reporting_governance.core.probing import Versions
    from reporting_governance.stages.probing import Progress

PROFILE = "probing/profile.yaml"


def probe(
    descriptor: Mapping[str, Any],
    *,
    openclaw: str | None = None,
    seconds_each: int | None = None,
    seconds_in_all: int | None = None,
    expires_days: int = 30,
    progress: Progress | None = None,
) -> ProbedDescriptor:
    """Try out what a descriptor of the right shape claims; minutes at most.

    Args:
        openclaw: OpenClaw's program; None: the one on the PATH, where there is one.
        seconds_each: the longest time of one story; None: its own limit.
        seconds_in_all: the longest time of all of them.
    """
    from datetime import timedelta

    from reporting_governance.adapters.probes.registry import stories_of
    from reporting_governance.adapters.probes.running import own_program
    from reporting_governance.stages.probing import SECONDS_IN_ALL, Probing, probe_descriptor

    how = Probing(
        program=own_program(),
        profile=resource_path("profiles", PROFILE),
        package_version=__version__,
        root=os.path.dirname(resource_path("profiles")),
        hosts=hosts(openclaw),
        seconds_each=seconds_each,
        seconds_in_all=seconds_in_all or SECONDS_IN_ALL,
        expires_after=timedelta(days=expires_days),
        **({"progress": progress} if progress else {}),
    )
    runtime = descriptor["runtime"]
    return probe_descriptor(descriptor, stories_of(runtime["name"], runtime["mode"]), how, now=_now)


def hosts(openclaw: str | None) -> Mapping[str, Sequence[str]]:
    """Return the words that start the hosts' own programs, of those that are here."""
    found = openclaw or shutil.which("openclaw")
    return {"openclaw": (os.path.abspath(found),)} if found else {}


def versions(probed: ProbedDescriptor | None = None) -> Versions:
    """Return what is here: this package, and the host's version where it was asked in this very run."""
    from reporting_governance.core.probing import Versions

    return Versions(package=__version__, runtime=None if probed is None else probed.runtime_version)


def shipped_root() -> str:
    """Return the folder from which related places are named."""
    return checkout_root() or os.path.dirname(resource_path("profiles"))


def _now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
