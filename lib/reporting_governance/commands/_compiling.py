"""From the files of a profile to the settings they put in force, or to what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.commands._checking import Checker, object_of, schemas_digest
from reporting_governance.commands._named_adapters import adapter_problems
from reporting_governance.commands._settings import (
    Effective,
    Part,
    ProfileUnreadable,
    Settings,
    digest_of,
    read_part,
    shipped_profiles,
)
from reporting_governance.contracts.finding_rules import MISSING_PACK
from reporting_governance.contracts.problem import Problem
from reporting_governance.contracts.reading import Document
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.core.profile_meaning import anchors_in_state
from reporting_governance.resources import resource_path

_DESCRIPTOR_OF_RUNTIME = {"openclaw": "openclaw-watchdog-reference.json"}
_DESCRIPTOR = "local-host.json"
#: hosts that a gate can stand in, whatever the runtime
_HOSTS = ("claude-code-hooks.json", "generic-gate.json", "openclaw-plugin.json")


def compile_settings(reference: str, path: str, data: bytes, *, state: str) -> Settings:
    """Read and check a profile and all it names; `refused` and `findings` of the result say what is wrong.

    Args:
        state: the state folder that it is for.

    Raises: ProfileUnreadable for a descriptor of ours that is gone.
    """
    checker = Checker()
    document = checker.document(data, path, "deployment-profile")
    artifact = None if document is None else checker.profile(document, path, digest=digest_of(data))
    if document is None or artifact is None:
        return Settings(reference, {}, (), {}, (), "", tuple(checker.findings), checker.summary())
    checker.refuse_at(document, path, anchors_in_state(object_of(document), state))
    packs = packs_of(checker, artifact, document, path)
    descriptor_path = descriptor_path_of(artifact)
    descriptor_data = read_part(descriptor_path)
    descriptor = checker.document(descriptor_data, descriptor_path, "capability-descriptor")
    contents = tuple(each.content for each in packs)
    checked = None
    if descriptor is not None:
        checked = checker.preflight(artifact, (descriptor, descriptor_path), contents, document, path)
    hosts = _hosts(checker)
    check_adapters(checker, artifact, document, path)
    parts = (
        Part(path, digest_of(data)),
        *(each.part for each in packs),
        Part(descriptor_path, digest_of(descriptor_data)),
    )
    return Settings(
        reference,
        artifact,
        contents,
        {} if descriptor is None else object_of(descriptor),
        parts,
        schemas_digest(),
        tuple(checker.findings),
        checker.summary(),
        effective=_effective(artifact, [each for each in (descriptor, *hosts.values()) if each is not None]),
        notes=() if checked is None else checked.notes,
        substitutions={} if checked is None else {each.wanted: str(each.action) for each in checked.substitutions},
        hosts=tuple(hosts),
    )


def descriptor_path_of(artifact: Mapping[str, Any]) -> str:
    """Return the file of the shipped descriptor that a profile is held against when nobody names another."""
    runtime = artifact["spec"]["requires"].get("runtime")
    return resource_path("capabilities", _DESCRIPTOR_OF_RUNTIME.get(runtime or "", _DESCRIPTOR))


def _hosts(checker: Checker) -> Mapping[Part, Document | None]:
    """Return the descriptors of hosts, each with the file it was read from."""
    hosts: dict[Part, Document | None] = {}
    for name in _HOSTS:
        path = resource_path("capabilities", name)
        data = read_part(path)
        hosts[Part(path, digest_of(data))] = checker.document(data, path, "capability-descriptor")
    return hosts


def _effective(artifact: Mapping[str, Any], descriptors: Sequence[Document]) -> Mapping[str, Effective]:
    """Lay the profile over each descriptor."""
    from reporting_governance.core.effective_capabilities import effective_capabilities
    from reporting_governance.core.policy_compiling import document_digest

    effective = {}
    for each in descriptors:
        powers = effective_capabilities(artifact, object_of(each)).dump()
        effective[powers["descriptor"]] = Effective(document_digest(powers), powers)
    return effective


class Pack(NamedTuple):
    """One pack that is right, with its file."""

    part: Part
    content: Mapping[str, Any]


def packs_of(checker: Checker, artifact: Mapping[str, Any], document: Document, path: str) -> Sequence[Pack]:
    """Return the packs that a profile names and that are right; findings about the others."""
    good: list[tuple[Document, str]] = []
    packs: list[Pack] = []
    names: Sequence[str] = artifact["spec"]["policy_packs"]
    for place, name in enumerate(names):
        if name in names[:place]:
            checker.refuse_at(document, path, [Problem(f"/policy_packs/{place}", f"{name} is named twice")])
            continue
        try:
            pack_path = path_of_pack(path, name)
            data = read_part(pack_path)
        except ProfileUnreadable as fault:
            message = f"the pack {name} cannot be read: {fault.details['reason']}"
            near = did_you_mean(name, known_packs(path))
            checker.refuse_at(document, path, [Problem(f"/policy_packs/{place}", message, near, rule=MISSING_PACK)])
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
        packs.append(Pack(Part(pack_path, digest_of(data)), content))
    checker.together(good)
    return packs


def known_packs(profile: str) -> Sequence[str]:
    """Return the ids of the packs that a profile may name: those beside it, and the shipped ones."""
    folders = os.path.join(os.path.dirname(profile), "policy-packs"), resource_path("policy-packs")
    names = {each for folder in folders if os.path.isdir(folder) for each in os.listdir(folder)}
    return sorted(each.removesuffix(".yaml") for each in names if each.endswith(".yaml"))


def check_adapters(checker: Checker, artifact: Mapping[str, Any], document: Document, path: str) -> None:
    """Keep what is wrong with the senders and sources that a profile names."""
    for rule, problem in adapter_problems(artifact):
        checker.refuse_at(document, path, [problem], rule=rule)


def path_of_pack(profile: str, name: str) -> str:
    """Return a pack's file: beside the profile when it is there, else the shipped one."""
    if os.sep in name or name.startswith("."):
        raise ProfileUnreadable(path=profile, reason=f"{name} is no pack id", shipped=shipped_profiles())
    own = os.path.join(os.path.dirname(profile), "policy-packs", f"{name}.yaml")
    return own if os.path.exists(own) else resource_path("policy-packs", f"{name}.yaml")
