"""The profile in force, with the packs and the descriptor it is held against.

Reading and checking YAML costs more than a whole tick, so the result is kept as JSON beside the journal, under the
digests of the files it was made from (`_kept_settings`).  That copy is a cache: the journal names the same content.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from reporting_governance import __version__
from reporting_governance.commands._profile_sections import PlainTiming, SectionsOfGate
from reporting_governance.errors import ExitCode, GovernanceError
from reporting_governance.resources import resource_path

if TYPE_CHECKING:
    from reporting_governance.contracts.capability import EffectiveCapabilities
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.contracts.finding import Finding
    from reporting_governance.contracts.watch_settings import Watchdog
    from reporting_governance.core.policy_compiling import CompiledPack
    from reporting_governance.stages.policy import Policy

FALLBACK_PROFILE = "minimal-solo-mode"
_MAX_BYTES = 1024 * 1024  #: of a profile, a pack or a descriptor


class ProfileUnreadable(GovernanceError):
    """The profile that was asked for is not there or cannot be read."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE
    message: ClassVar[str] = "{path}: {reason}"
    hint: ClassVar[str] = "--profile takes the name of a shipped profile ({shipped}) or the path of a file."


class Part(NamedTuple):
    """One file that the settings were made from."""

    path: str
    digest: str


class Effective(NamedTuple):
    """Effective capabilities as plain data (`effective-capabilities.schema.json`)."""

    digest: str  #: SHA-256 of the document as canonical JSON
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Settings:
    """What is in force.  `refused` says why the profile that was asked for is not; then the last good one is."""

    reference: str
    artifact: Mapping[str, Any]  #: a DeploymentProfileArtifact
    packs: Sequence[Mapping[str, Any]]
    descriptor: Mapping[str, Any]
    parts: Sequence[Part]  #: the profile, its packs, the descriptor
    schemas: str  #: SHA-256 of the schemas that they were checked against
    findings: Sequence[Finding] = ()
    refused: str | None = None
    #: what may be counted on, by descriptor: that of the profile's runtime, and of each host that a gate can stand in
    effective: Mapping[str, Effective] = field(default_factory=dict)
    notes: Sequence[str] = ()  #: what preflight remarks
    substitutions: Mapping[str, str] = field(default_factory=dict)  #: actions of packs, and what stands in for them
    hosts: Sequence[Part] = ()  #: descriptors of hosts

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of everything that is in force, by name; what the log says is in force."""
        if not self.parts:
            return {}
        profile, *packs, descriptor = self.parts
        digests = {"schemas": self.schemas, "profile": profile.digest, "descriptor": descriptor.digest}
        digests |= {f"pack:{os.path.basename(each.path)}": each.digest for each in packs}
        return digests | {f"effective:{name}": each.digest for name, each in self.effective.items()}

    @property
    def content(self) -> Mapping[str, Any]:
        """All of it as plain JSON data, as it is kept beside the journal and in a blob that the journal names."""
        return {
            "version": __version__,
            "schemas": self.schemas,
            "parts": [{"path": each.path, "digest": each.digest} for each in self.parts],
            "artifact": self.artifact,
            "packs": self.packs,
            "descriptor": self.descriptor,
            "effective": {name: each._asdict() for name, each in self.effective.items()},
            "notes": list(self.notes),
            "substitutions": dict(self.substitutions),
            "hosts": [each._asdict() for each in self.hosts],
        }

    @classmethod
    def of_content(cls, content: Mapping[str, Any], reference: str) -> Settings:
        """Return the settings that were kept; an older version kept less."""
        return cls(
            reference,
            content["artifact"],
            content["packs"],
            content["descriptor"],
            tuple(Part(**each) for each in content["parts"]),
            content["schemas"],
            effective={name: Effective(**each) for name, each in content.get("effective", {}).items()},
            notes=content.get("notes", ()),
            substitutions=content.get("substitutions", {}),
            hosts=tuple(Part(**each) for each in content.get("hosts", ())),
        )

    @cached_property
    def profile(self) -> ProfileSpec:
        """The profile's decisions."""
        from reporting_governance.contracts.deployment_profile import ProfileSpec

        return ProfileSpec.parse(self.artifact["spec"], source=self.reference)

    @cached_property
    def profile_of_gate(self) -> ProfileSpec:
        """The sections of the profile that a gate reads, each parsed when it is read."""
        return cast("ProfileSpec", SectionsOfGate(self))

    @cached_property
    def watchdog(self) -> Watchdog:
        """The thresholds alone: all that a tick with nothing due reads of a profile."""
        from reporting_governance.contracts.watch_settings import Watchdog

        return Watchdog.parse(self.artifact["spec"]["watchdog"], source=self.reference)

    @property
    def timing(self) -> PlainTiming:
        """The thresholds as plain data."""
        return PlainTiming(self.artifact["spec"]["watchdog"])

    @property
    def self_watch(self) -> Mapping[str, Any]:
        """How we are watched ourselves, as plain data; what an older version recorded may lack some of it."""
        section: Mapping[str, Any] = self.artifact["spec"]["self"]
        return section

    @property
    def sources(self) -> Sequence[Mapping[str, Any]]:
        """The task sources that the profile asks for, as plain data."""
        sources: Sequence[Mapping[str, Any]] = self.artifact["spec"]["sources"]
        return sources

    @cached_property
    def policy(self) -> Policy:
        """The packs, compiled, and what the runtime can do of what the profile asks."""
        from reporting_governance.core.policy_compiling import document_digest

        return self._policy_with(
            self.powers_of(self.descriptor["metadata"]["id"]), document_digest(self.descriptor), ""
        )

    def policy_of(self, descriptor: str) -> Policy:
        """Return the packs with what a host can do, by its descriptor's id.  Raises: LookupError; see `powers_of`."""
        from reporting_governance.core.policy_compiling import document_digest

        parts = {os.path.basename(each.path).removesuffix(".json"): each.digest for each in self.hosts}
        known = self.effective.get(descriptor)
        return self._policy_with(
            self.powers_of(descriptor),
            parts.get(descriptor) or document_digest(self.descriptor),
            "" if known is None else known.digest,
        )

    def _policy_with(self, powers: EffectiveCapabilities, descriptor_digest: str, effective_digest: str) -> Policy:
        from reporting_governance.core.policy_compiling import document_digest
        from reporting_governance.stages.policy import Policy

        return Policy(
            packs=self._compiled_packs,
            powers=powers,
            profile_digest=document_digest(self.artifact),
            descriptor_digest=descriptor_digest,
            refused=self.refused,
            effective_digest=effective_digest,
        )

    @cached_property
    def _compiled_packs(self) -> tuple[CompiledPack, ...]:
        from reporting_governance.core.policy_compiling import compile_known_pack

        return tuple(compile_known_pack(each) for each in self.packs)

    def powers_of(self, descriptor: str) -> EffectiveCapabilities:
        """Return what may be counted on by a descriptor's id: the one of the profile's runtime, or one of a host.

        Raises: LookupError for a descriptor that these settings were not held against.
        """
        from reporting_governance.contracts.capability import EffectiveCapabilities
        from reporting_governance.core.effective_capabilities import effective_capabilities

        known = self.effective.get(descriptor)
        if known is not None:
            return EffectiveCapabilities.parse(known.document, source=descriptor)
        if descriptor != self.descriptor["metadata"]["id"]:
            raise LookupError(descriptor)
        return effective_capabilities(self.artifact, self.descriptor)


def load_settings(
    state: str,
    reference: str,
    *,
    keep: bool = True,
    make: bool = False,
    last_in_force: Callable[[], bytes | None] | None = None,
) -> Settings:
    """Return what a profile puts in force.

    Args:
        state: the state folder; holds the cache, when it is there and ours.
        reference: a shipped profile's name, or the path of a file.
        keep: whether the cache may be written.
        make: whether the state's folder may be made for it.
        last_in_force: reads from the journal what was in force; None: the journal lies in the state folder.

    A profile, pack or descriptor with faults decides nothing: then the last good settings are in force (those kept
    beside the journal, else those it names, else the shipped minimal-solo-mode); `refused` and `findings` say why.

    Raises: ProfileUnreadable.
    """
    from reporting_governance.commands import _kept_settings

    path = _profile_path(reference)
    data = read_part(path)
    cached = _kept_settings.read(state, reference)
    if cached is not None and _kept_settings.still_true(cached, Part(path, digest_of(data))):
        return cached
    from reporting_governance.commands._compiling import compile_settings

    settings = compile_settings(reference, path, data, state=state)
    if settings.refused is None:
        if keep:
            _kept_settings.write(state, settings, make=make)
        return settings
    good = cached
    if good is None:
        named = last_in_force or partial(_in_folder, state)
        good = _kept_settings.recovered(named, reference) or _shipped_default(reference, path, state)
        if keep:
            _kept_settings.write(state, good, make=make)
    return replace(good, findings=settings.findings, refused=settings.refused)


def _in_folder(state: str) -> bytes | None:
    from reporting_governance.storage.files.in_force import last_in_force

    return last_in_force(state)


def _shipped_default(reference: str, path: str, state: str) -> Settings:
    fallback = resource_path("profiles", f"{FALLBACK_PROFILE}.yaml")
    if fallback == path:
        raise ProfileUnreadable(path=path, reason="the shipped profile has faults", shipped=shipped_profiles())
    from reporting_governance.commands._compiling import compile_settings

    settings = compile_settings(reference, fallback, read_part(fallback), state=state)
    if settings.refused:
        raise ProfileUnreadable(path=fallback, reason="the shipped profile has faults", shipped=shipped_profiles())
    return settings


def _profile_path(reference: str) -> str:
    if os.sep in reference or reference.endswith((".yaml", ".yml", ".json")):
        return os.path.abspath(reference)
    return resource_path("profiles", f"{reference}.yaml")


def shipped_profiles() -> str:
    """Return the names of the shipped profiles, as a text for people."""
    names = sorted(
        each.removesuffix(".yaml") for each in os.listdir(resource_path("profiles")) if each.endswith(".yaml")
    )
    return ", ".join(names)


def read_part(path: str) -> bytes:
    """Return the bytes of a profile, pack or descriptor.  Raises: ProfileUnreadable."""
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as fault:
        raise ProfileUnreadable(path=path, reason=fault.strerror or str(fault), shipped=shipped_profiles()) from None


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return sha256(data).hexdigest()
