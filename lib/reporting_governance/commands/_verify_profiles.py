"""The meaning of deployment profiles, alone and held against a descriptor, for `verify-profile`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.commands._checking import Checker, object_of
from reporting_governance.commands._compiling import check_adapters, descriptor_path_of, packs_of
from reporting_governance.commands._handler import say
from reporting_governance.commands._named_adapters import proofs
from reporting_governance.commands._settings import digest_of
from reporting_governance.commands._verify import HeldTogether, Verified
from reporting_governance.commands._verify_files import read_file, shown
from reporting_governance.commands._verify_options import write_file
from reporting_governance.contracts.capability import API_VERSION
from reporting_governance.contracts.deployment_profile import KIND
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.problem import problems_of
from reporting_governance.contracts.reading import Document
from reporting_governance.core.descriptor_meaning import DESCRIPTOR
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.profile_meaning import anchors_in_state, doubts, together_problems
from reporting_governance.core.profile_parts import ProfileParts
from reporting_governance.errors import ContractError, UsageError


class ProfileMeaning:
    """Holds profiles against what they name.

    Args:
        descriptor: file of the descriptor; None takes the shipped one of each profile's runtime.
        observations: file of what probes saw; what they contradicted cannot be counted on.
        state: the state folder that the profiles are for.
    """

    def __init__(self, descriptor: str | None, observations: str | None = None, *, state: str) -> None:
        self._given = descriptor
        self._observations = observations
        self._state = state
        self._descriptors: dict[str, Document | None] = {}
        self.together: list[HeldTogether] = []

    def check(self, document: Document, path: str, checker: Checker, faults: Sequence[Finding]) -> None:
        """Look at one profile; what has faults is left out, so that the rest is judged in the same run."""
        written = document.value
        if not isinstance(written, dict) or (faults and not _says_what_it_is(written)):
            return
        parts = ProfileParts(written)
        parts.leave_out(each.pointer for each in faults)
        artifact = _compiled(parts, document, path, checker)
        if artifact is None:
            return
        first = len(checker.findings)
        self._check_with_others(artifact, parts, document, path, checker)
        checker.findings[first:] = [
            each
            for each in checker.findings[first:]
            if (each.file, each.document) != (path, document.index) or parts.is_judged(each.pointer)
        ]

    def _check_with_others(
        self, artifact: Mapping[str, Any], parts: ProfileParts, document: Document, path: str, checker: Checker
    ) -> None:
        checker.refuse_at(document, path, doubts(parts.document))
        checker.refuse_at(document, path, anchors_in_state(parts.document, self._state))
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
        if parts.is_whole:
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


def _says_what_it_is(written: Mapping[str, Any]) -> bool:
    return (written.get("apiVersion"), written.get("kind")) == (API_VERSION, KIND)


def _compiled(parts: ProfileParts, document: Document, path: str, checker: Checker) -> Mapping[str, Any] | None:
    """Return the artifact that the sound parts of a profile make; what is wrong with others becomes findings."""
    from reporting_governance.commands._clock import SystemClock
    from reporting_governance.core.profile_compile import compile_profile

    digest, now = digest_of(document.places.text.encode("utf-8", "surrogatepass")), SystemClock().now()
    while True:
        try:
            return compile_profile(parts.document, digest=digest, now=now).dump()
        except ContractError as fault:
            problems = problems_of(fault)
            checker.refuse_at(document, path, [each for each in problems if parts.is_judged(each.pointer)])
            if not parts.leave_out(each.pointer for each in problems):
                return None


class NotOneProfile(UsageError):
    """--write-effective writes one document."""

    message = "--write-effective writes what one profile may count on; here are {count}"
    hint = "Name one profile."


def write_powers(path: str, done: Verified) -> None:
    """Write the effective capabilities of one profile; of one with faults of its own nothing, and that is said.

    Raises: NotOneProfile, NotWritten.
    """
    count = max(len(done.checked), len(done.together))
    if count > 1:
        raise NotOneProfile(count=count)
    if done.together:
        write_file(path, json.dumps(done.together[0].powers.dump(), indent=2, ensure_ascii=False))
    else:
        say(f"{path} was not written: what may be counted on is known of a profile and a descriptor without faults")
