"""The profile in force, with the packs and the descriptor it is held against.

Reading and checking YAML costs more than a whole tick, so the result is kept as JSON beside the journal, under the
digests of the files it was made from.  The copy is a cache: it may be deleted at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from reporting_governance import __version__
from reporting_governance.errors import ExitCode, GovernanceError
from reporting_governance.resources import resource_path

if TYPE_CHECKING:
    from reporting_governance.commands._checking import Checker
    from reporting_governance.contracts.deployment_profile import ProfileSpec
    from reporting_governance.contracts.finding import Finding
    from reporting_governance.contracts.reading import Document
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
    if settings.refused is None:
        if keep:
            _write_cache(state, settings)
        return settings
    good = _from_cache(cached, reference) if cached is not None else _shipped_default(reference, path)
    return replace(good, findings=settings.findings, refused=settings.refused)


def _shipped_default(reference: str, path: str) -> Settings:
    fallback = resource_path("profiles", f"{FALLBACK_PROFILE}.yaml")
    if fallback == path:
        raise ProfileUnreadable(path=path, reason="the shipped profile has faults", shipped=_shipped())
    settings = _compile(reference, fallback, _read(fallback))
    if settings.refused:
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


def _compile(reference: str, path: str, data: bytes) -> Settings:
    """Read and check a profile and all it names.  All faults are found that can be told from each other."""
    from reporting_governance.commands._checking import Checker, object_of

    checker = Checker()
    document = checker.document(data, path, "deployment-profile")
    artifact = None if document is None else checker.profile(document, path, digest=_digest(data))
    if document is None or artifact is None:
        return Settings(reference, {}, (), {}, (), tuple(checker.findings), checker.summary())
    packs = _packs(checker, artifact, document, path)
    runtime = artifact["spec"]["requires"].get("runtime")
    descriptor_path = resource_path("capabilities", _DESCRIPTOR_OF_RUNTIME.get(runtime or "", _DESCRIPTOR))
    descriptor_data = _read(descriptor_path)
    descriptor = checker.document(descriptor_data, descriptor_path, "capability-descriptor")
    contents = tuple(each.content for each in packs)
    if descriptor is not None:
        checker.preflight(artifact, object_of(descriptor), contents, document, path)
    _check_adapters(checker, artifact, document, path)
    parts = (Part(path, _digest(data)), *(each.part for each in packs), Part(descriptor_path, _digest(descriptor_data)))
    return Settings(
        reference,
        artifact,
        contents,
        {} if descriptor is None else object_of(descriptor),
        parts,
        tuple(checker.findings),
        checker.summary(),
    )


class _Pack(NamedTuple):
    part: Part
    content: Mapping[str, Any]


def _packs(checker: Checker, artifact: Mapping[str, Any], document: Document, path: str) -> Sequence[_Pack]:
    """Return the packs that a profile names and that are right; findings about the others."""
    from reporting_governance.contracts.problem import Problem

    good: list[tuple[Document, str]] = []
    packs: list[_Pack] = []
    names: Sequence[str] = artifact["spec"]["policy_packs"]
    for place, name in enumerate(names):
        if name in names[:place]:
            checker.refuse_at(document, path, [Problem(f"/policy_packs/{place}", f"{name} is named twice")])
            continue
        try:
            pack_path = _pack_path(path, name)
            data = _read(pack_path)
        except ProfileUnreadable as fault:
            checker.refuse_at(document, path, [Problem(f"/policy_packs/{place}", str(fault))])
            continue
        pack = checker.document(data, pack_path, "policy-pack")
        content = None if pack is None else checker.pack(pack, pack_path)
        if pack is None or content is None:
            continue
        called = content["metadata"]["id"]
        if called != name:
            message = f"the pack calls itself {called}; its file is named for {name}"
            checker.refuse_at(pack, pack_path, [Problem("/metadata/id", message)])
        good.append((pack, pack_path))
        packs.append(_Pack(Part(pack_path, _digest(data)), content))
    checker.together(good)
    return packs


def _check_adapters(checker: Checker, artifact: Mapping[str, Any], document: Document, path: str) -> None:
    from reporting_governance.commands._named_adapters import adapter_problems

    for rule, problem in adapter_problems(artifact):
        checker.refuse_at(document, path, [problem], rule=rule)


def _pack_path(profile: str, name: str) -> str:
    """Return a pack's file: beside the profile when it is there, else the shipped one."""
    if os.sep in name or name.startswith("."):
        raise ProfileUnreadable(path=profile, reason=f"{name} is no pack id", shipped=_shipped())
    own = os.path.join(os.path.dirname(profile), "policy-packs", f"{name}.yaml")
    return own if os.path.exists(own) else resource_path("policy-packs", f"{name}.yaml")
