"""The meaning of deployment profiles, alone and held against a descriptor, for `verify-profile`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.commands._checking import Checker, object_of
from reporting_governance.commands._compiling import check_adapters, descriptor_path_of, packs_of
from reporting_governance.commands._named_adapters import proofs
from reporting_governance.commands._settings import digest_of
from reporting_governance.commands._verify import HeldTogether
from reporting_governance.commands._verify_files import read_file, shown
from reporting_governance.commands._verify_options import write_file
from reporting_governance.contracts.reading import Document
from reporting_governance.core.descriptor_meaning import DESCRIPTOR
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.profile_meaning import doubts, together_problems
from reporting_governance.errors import UsageError


class ProfileMeaning:
    """Holds profiles against what they name.

    Args:
        descriptor: file of the descriptor; None takes the shipped one of each profile's runtime.
        observations: file of what probes saw; what they contradicted cannot be counted on.
    """

    def __init__(self, descriptor: str | None, observations: str | None = None) -> None:
        self._given = descriptor
        self._observations = observations
        self._descriptors: dict[str, Document | None] = {}
        self.together: list[HeldTogether] = []

    def check(self, document: Document, path: str, checker: Checker, *, has_shape: bool) -> None:
        """Look at one profile."""
        if not has_shape:
            return
        written = object_of(document)
        artifact = checker.profile(document, path, digest=digest_of(document.places.text.encode()))
        if artifact is None:
            return
        checker.refuse_at(document, path, doubts(written))
        packs = [each.content for each in packs_of(checker, artifact, document, path)]
        check_adapters(checker, artifact, document, path)
        descriptor_path = self._given or shown(descriptor_path_of(artifact))
        descriptor = self._descriptor(descriptor_path, checker)
        if descriptor is None:
            return
        beside = {DESCRIPTOR: (descriptor, descriptor_path)}
        claimed = object_of(descriptor)
        seen = self._seen(claimed)
        checker.preflight(artifact, beside[DESCRIPTOR], packs, document, path, observations=seen)
        problems = together_problems(artifact, claimed, proofs(artifact))
        checker.refuse_at(document, path, problems, beside=beside)
        self.together.append(HeldTogether(path, descriptor_path, effective_capabilities(artifact, claimed, seen)))

    def _seen(self, descriptor: Mapping[str, Any]) -> Mapping[str, str]:
        """Return what probes saw of a descriptor, by power; nothing when that does not count here and now."""
        if self._observations is None:
            return {}
        from reporting_governance import __version__
        from reporting_governance.commands._clock import SystemClock
        from reporting_governance.core.probing import Versions, judge
        from reporting_governance.stages.probing import read_observations

        now = SystemClock().now()
        for each in read_observations(self._observations).descriptors:
            if each.descriptor == descriptor["metadata"]["id"]:
                versions = Versions(package=__version__)
                judged = judge(descriptor, each, today=now.date(), now=now, versions=versions)
                return {power: outcome.value for power, outcome in judged.outcomes.items()}
        return {}

    def _descriptor(self, path: str, checker: Checker) -> Document | None:
        if path not in self._descriptors:
            self._descriptors[path] = checker.document(read_file(path), path, DESCRIPTOR)
        return self._descriptors[path]


class NotOneProfile(UsageError):
    """--write-effective writes one document."""

    message = "--write-effective writes what one profile may count on; {count} profiles could be held together"
    hint = "Name one profile that has no faults of its own."


def write_powers(path: str, together: Sequence[HeldTogether]) -> None:
    """Write the effective capabilities of one profile.  Raises: NotOneProfile, NotWritten."""
    if len(together) != 1:
        raise NotOneProfile(count=len(together))
    write_file(path, json.dumps(together[0].powers.dump(), indent=2, ensure_ascii=False))
