"""The profile in force, with the packs and the descriptor it is held against.

Reading and checking YAML costs more than a whole tick, so the result is kept as JSON beside the journal, under the
digests of the files it was made from.  The copy is a cache: it may be deleted at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from reporting_governance import __version__
from reporting_governance.errors import ExitCode, GovernanceError
from reporting_governance.resources import resource_path

if TYPE_CHECKING:
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.contracts.finding import Finding
    from reporting_governance.contracts.watch_settings import Watchdog
    from reporting_governance.stages.enqueue import Policy

FALLBACK_PROFILE = "minimal-solo-mode"
_CACHE = os.path.join("journal", "settings.json")
_DESCRIPTOR_OF_RUNTIME = {"openclaw": "openclaw-watchdog-reference.json"}
_DESCRIPTOR = "local-host.json"
_MAX_BYTES = 1024 * 1024  #: of a profile, a pack or a descriptor


class ProfileUnreadable(GovernanceError):
    """The profile that was asked for is not there or cannot be read."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE
    message: ClassVar[str] = "{path}: {reason}"
    hint: ClassVar[str] = "--profile takes the name of a shipped profile ({shipped}) or the path of a file."


class PlainTiming:
    """The thresholds of an artifact without parsing them: parsing costs a tick more than all else it does."""

    __slots__ = ("_section", "grace_seconds", "tick_seconds")

    def __init__(self, section: Mapping[str, Any]) -> None:
        self._section = section
        self.tick_seconds: int = section["tick_seconds"]
        self.grace_seconds: int = section["grace_seconds"]

    def dump(self) -> dict[str, Any]:
        """Return all thresholds as `Watchdog.dump` does."""
        return dict(self._section)


class Part(NamedTuple):
    """One file that the settings were made from."""

    path: str
    digest: str


@dataclass(frozen=True)
class Settings:
    """What is in force.  `refused` says why the profile that was asked for is not; then the last good one is."""

    reference: str
    artifact: Mapping[str, Any]  #: a DeploymentProfileArtifact
    packs: Sequence[Mapping[str, Any]]
    descriptor: Mapping[str, Any]
    parts: Sequence[Part]
    findings: Sequence[Finding] = ()
    refused: str | None = None

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of every file that is in force, by its name; what the log says is in force."""
        return {os.path.basename(each.path): each.digest for each in self.parts}

    @cached_property
    def profile(self) -> ProfileSpec:
        """The profile's decisions."""
        from reporting_governance.contracts.deployment_profile import ProfileSpec

        return ProfileSpec.parse(self.artifact["spec"], source=self.reference)

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
    def sources(self) -> Sequence[Mapping[str, Any]]:
        """The task sources that the profile asks for, as plain data."""
        sources: Sequence[Mapping[str, Any]] = self.artifact["spec"]["sources"]
        return sources

    @cached_property
    def policy(self) -> Policy:
        """The packs, compiled, and what the runtime can do of what the profile asks."""
        from reporting_governance.core.capability_profile_compatibility import effective_capabilities
        from reporting_governance.core.policy_evaluator import compile_pack, document_digest
        from reporting_governance.stages.enqueue import Policy

        return Policy(
            packs=tuple(compile_pack(each) for each in self.packs),
            powers=effective_capabilities(self.artifact, self.descriptor),
            profile_digest=document_digest(self.artifact),
            descriptor_digest=document_digest(self.descriptor),
            refused=self.refused,
        )


def load_settings(state: str, reference: str, *, keep: bool = True) -> Settings:
    """Return what a profile puts in force.

    Args:
        state: the state folder; holds the cache, when it is there and ours.
        reference: a shipped profile's name, or the path of a file.
        keep: whether the cache may be written.

    A profile, pack or descriptor with faults decides nothing: then the last good settings are in force (else the
    shipped minimal-solo-mode), and `refused` and `findings` say why.

    Raises: ProfileUnreadable.
    """
    path = _profile_path(reference)
    data = _read(path)
    cached = _read_cache(state)
    if cached is not None and _still_true(cached, path, data):
        return _from_cache(cached, reference)
    settings = _compile(reference, path, data)
    if settings is not None and settings.refused is None:
        if keep:
            _write_cache(state, settings)
        return settings
    findings = settings.findings if settings else ()
    refused = (settings.refused if settings else None) or "it has faults"
    good = _from_cache(cached, reference) if cached is not None else _shipped_default(reference, path)
    return Settings(reference, good.artifact, good.packs, good.descriptor, good.parts, findings, refused)


def _shipped_default(reference: str, path: str) -> Settings:
    fallback = resource_path("profiles", f"{FALLBACK_PROFILE}.yaml")
    if fallback == path:
        raise ProfileUnreadable(path=path, reason="the shipped profile has faults", shipped=_shipped())
    settings = _compile(reference, fallback, _read(fallback))
    if settings is None or settings.refused:
        raise ProfileUnreadable(path=fallback, reason="the shipped profile has faults", shipped=_shipped())
    return settings


def _profile_path(reference: str) -> str:
    if os.sep in reference or reference.endswith((".yaml", ".yml", ".json")):
        return os.path.abspath(reference)
    return resource_path("profiles", f"{reference}.yaml")


def _shipped() -> str:
    names = sorted(
        each.removesuffix(".yaml") for each in os.listdir(resource_path("profiles")) if each.endswith(".yaml")
    )
    return ", ".join(names)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as fault:
        raise ProfileUnreadable(path=path, reason=fault.strerror or str(fault), shipped=_shipped()) from None


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _read_cache(state: str) -> Mapping[str, Any] | None:
    try:
        with open(os.path.join(state, _CACHE), "rb") as file:
            cached = json.loads(file.read())
    except (OSError, ValueError):
        return None
    return cached if isinstance(cached, dict) and cached.get("version") == __version__ else None


def _still_true(cached: Mapping[str, Any], path: str, data: bytes) -> bool:
    parts = [Part(**each) for each in cached["parts"]]
    if parts[0] != Part(path, _digest(data)):
        return False
    try:
        return all(_digest(_read(each.path)) == each.digest for each in parts[1:])
    except ProfileUnreadable:
        return False


def _from_cache(cached: Mapping[str, Any], reference: str) -> Settings:
    parts = tuple(Part(**each) for each in cached["parts"])
    return Settings(reference, cached["artifact"], cached["packs"], cached["descriptor"], parts)


def _write_cache(state: str, settings: Settings) -> None:
    """Keep the settings for the next command.  Best effort: a folder that is not there or not ours stays as it is."""
    folder = os.path.join(state, os.path.dirname(_CACHE))
    try:
        if os.stat(folder).st_uid != os.geteuid():
            return
        document = {
            "version": __version__,
            "parts": [{"path": each.path, "digest": each.digest} for each in settings.parts],
            "artifact": settings.artifact,
            "packs": settings.packs,
            "descriptor": settings.descriptor,
        }
        path = os.path.join(state, _CACHE)
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.replace(temporary, path)
    except OSError:
        return


def _compile(reference: str, path: str, data: bytes) -> Settings | None:
    """Read and check a profile and all it names; None when not even its shape is right."""
    from reporting_governance.commands._checking import Checker
    from reporting_governance.core.profile_compile import compile_profile

    checker = Checker()
    document = checker.read(data, path, "deployment-profile")
    if document is None:
        return Settings(reference, {}, (), {}, (), tuple(checker.findings), checker.summary())
    artifact = checker.guarded(path, lambda: compile_profile(document, digest=_digest(data)).dump())
    if artifact is None:
        return Settings(reference, {}, (), {}, (), tuple(checker.findings), checker.summary())
    parts = [Part(path, _digest(data))]
    packs = []
    for name in artifact["spec"]["policy_packs"]:
        pack_path = _pack_path(path, name)
        pack_data = checker.guarded(pack_path, partial(_read, pack_path))
        pack = checker.pack(pack_data, pack_path) if pack_data is not None else None
        if pack is not None and pack["metadata"]["id"] != name:
            checker.refuse(pack_path, f"the pack calls itself {pack['metadata']['id']}; its file is named for {name}")
        if pack is not None and pack_data is not None:
            packs.append(pack)
            parts.append(Part(pack_path, _digest(pack_data)))
    runtime = artifact["spec"]["requires"].get("runtime")
    descriptor_path = resource_path("capabilities", _DESCRIPTOR_OF_RUNTIME.get(runtime or "", _DESCRIPTOR))
    descriptor_data = _read(descriptor_path)
    descriptor = checker.read(descriptor_data, descriptor_path, "capability-descriptor")
    parts.append(Part(descriptor_path, _digest(descriptor_data)))
    if descriptor is not None:
        checker.preflight(artifact, descriptor, packs, path)
    return Settings(
        reference, artifact, tuple(packs), descriptor or {}, tuple(parts), tuple(checker.findings), checker.summary()
    )


def _pack_path(profile: str, name: str) -> str:
    """Return a pack's file: beside the profile when it is there, else the shipped one."""
    if os.sep in name or name.startswith("."):
        raise ProfileUnreadable(path=profile, reason=f"{name} is no pack id", shipped=_shipped())
    own = os.path.join(os.path.dirname(profile), "policy-packs", f"{name}.yaml")
    return own if os.path.exists(own) else resource_path("policy-packs", f"{name}.yaml")
