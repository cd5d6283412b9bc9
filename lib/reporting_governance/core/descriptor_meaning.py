"""What a capability descriptor of the right shape cannot mean: paths, versions, surfaces and claims that do not fit.

Rules and their sources: the specification's descriptor page ("Descriptor responsibilities", "What it should not
overclaim").  Works on plain data, so that thousands of right descriptors cost little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from reporting_governance.contracts.capability import POWERS
from reporting_governance.contracts.capability_descriptor import PLUGIN_SPEC_VERSIONS
from reporting_governance.contracts.finding import shown
from reporting_governance.contracts.finding_rules import (
    FULL_WITHOUT_PROBE,
    MISSING_FILE,
    NOT_EXECUTABLE,
    OVERCLAIM,
    PARTIAL_WITHOUT_LIMITS,
    SURFACE_WITHOUT_MODULE,
    TRUTH_MODEL,
    UNKNOWN_PROBE,
    UNKNOWN_SPECIFICATION,
    WRONG_PATH,
    WRONG_SCHEMA_PATH,
)
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Elsewhere, Problem
from reporting_governance.contracts.suggest import did_you_mean, meant
from reporting_governance.core.canonical_schemas import SCHEMA_NAMES, check_schemas

Document: TypeAlias = Mapping[str, Any]
DESCRIPTOR = "capability-descriptor"
#: suffixes of files that an interpreter runs, so that they need not be executable
INTERPRETED = (".mjs", ".js", ".py", ".sh")


class PathFault(StrEnum):
    """Why a path from the package root names no file there."""

    ABSOLUTE = "it is absolute"
    ESCAPES = "it leaves the package root"
    THROUGH_LINK = "a symbolic link is on its way"
    MISSING = "there is no such file below the package root"
    NO_FILE = "it is no regular file"


@frozen(kw_only=True)
class NamedPath:
    """What stands at a path that a document names."""

    fault: PathFault | None = None
    executable: bool = False
    nearest: str | None = None  #: a file beside it with a similar name


@frozen(kw_only=True)
class Surroundings:
    """What lies around a descriptor: gathered beforehand, since this room looks at no disk."""

    paths: Mapping[str, NamedPath]  #: by the path as it is written; a path that is not there was not looked at
    surfaces: frozenset[str]  #: those for which there is a module


def paths_named(descriptor: Document) -> Sequence[str]:
    """Return the paths of a descriptor that must name a file below the package root."""
    entrypoint = descriptor["runtime"].get("entrypoint")
    return () if entrypoint is None else (entrypoint,)


def descriptor_problems(descriptor: Document, around: Surroundings) -> Iterator[Problem]:
    """Yield all that a descriptor cannot mean; its shape has been checked.

    Args:
        descriptor: a `CapabilityDescriptor` as plain data.
        around: what lies around it.
    """
    yield from _entrypoint(descriptor["runtime"], around)
    yield from _surfaces(descriptor["runtime"], around)
    yield from _compatibility(descriptor)
    for power, claim in claims(descriptor):
        yield from _said(power, claim)
    yield from _overclaims(descriptor)
    yield from _truth(descriptor)


def claims(descriptor: Document) -> Iterator[tuple[str, Document]]:
    """Yield (power, what is said about it) for every leaf that stands in a descriptor."""
    groups: Document = descriptor["capabilities"]
    for group, names in POWERS.items():
        said = groups.get(group)
        if said:
            for name in names:
                leaf = said.get(name)
                if leaf is not None:
                    yield f"{group}.{name}", leaf


def place_of(power: str) -> str:
    """Return the pointer of a power's leaf."""
    return "/capabilities/" + power.replace(".", "/")


def _entrypoint(runtime: Document, around: Surroundings) -> Iterator[Problem]:
    written: str = runtime.get("entrypoint", "")
    found = around.paths.get(written)
    if found is None:
        return
    place = "/runtime/entrypoint"
    if found.fault in (PathFault.ABSOLUTE, PathFault.ESCAPES, PathFault.THROUGH_LINK):
        yield Problem(place, f"the entrypoint is outside the package: {found.fault}", rule=WRONG_PATH)
    elif found.fault is not None:
        yield Problem(place, f"the entrypoint is not there: {found.fault}", meant(found.nearest), rule=MISSING_FILE)
    elif not found.executable and not written.endswith(INTERPRETED):
        yield Problem(place, "the entrypoint is not executable", f"run: chmod +x {written}", rule=NOT_EXECUTABLE)


def _surfaces(runtime: Document, around: Surroundings) -> Iterator[Problem]:
    for index, surface in enumerate(runtime.get("surfaces") or ()):
        if surface not in around.surfaces:
            message = f"the package has no module for the surface {surface}"
            yield Problem(f"/runtime/surfaces/{index}", message, rule=SURFACE_WITHOUT_MODULE)


def _compatibility(descriptor: Document) -> Iterator[Problem]:
    said: Document = descriptor["compatibility"]
    for index, version in enumerate(said.get("plugin_spec_versions") or ()):
        if version not in PLUGIN_SPEC_VERSIONS:
            known = ", ".join(PLUGIN_SPEC_VERSIONS)
            yield Problem(
                f"/compatibility/plugin_spec_versions/{index}",
                f"the specification has no version {version} that is known here; known: {known}",
                did_you_mean(version, PLUGIN_SPEC_VERSIONS),
                rule=UNKNOWN_SPECIFICATION,
            )
    for each in check_schemas(descriptor):
        if not each.matches:
            yield Problem(
                f"/compatibility/{each.key}",
                f"{each.key} does not name {SCHEMA_NAMES[each.key]}",
                meant(each.canonical),
                rule=WRONG_SCHEMA_PATH,
            )


def _said(power: str, leaf: Document) -> Iterator[Problem]:
    """What a claim has to say beside its level; ours, upstream's documents are valid without it."""
    level, probe = leaf["level"], leaf.get("probe")
    if level == "partial" and not leaf.get("limits"):
        yield Problem(
            place_of(power), f"{power} is partial and names no limits", at_key=True, rule=PARTIAL_WITHOUT_LIMITS
        )
    if level == "full" and not probe:
        yield Problem(
            place_of(power),
            f"{power} is full and names no probe",
            f'write "probe": "{power}"',
            at_key=True,
            rule=FULL_WITHOUT_PROBE,
        )
    if probe is not None and probe != power:
        yield Problem(
            f"{place_of(power)}/probe",
            f"no probe of {power} is called {shown(probe)}",
            meant(power),
            rule=UNKNOWN_PROBE,
        )


#: which surface a power stands on: without it, whatever is claimed is an overclaim
_STANDS_ON: Mapping[str, str] = {
    "observation.watchdog_state": "watchdog",
    "watchdog.watchdog_evaluation": "watchdog",
    "enforcement.block_transition": "hook",
    "enforcement.rewrite_message": "hook",
    "enforcement.annotate_placeholder": "hook",
    "notification_path.queue_items": "queue",
    "notification_path.spool_handoff": "dispatcher",
    "notification_path.receipts": "bridge",
    "notification_path.sender_binding": "sender_binding",
    "notification_path.direct_send": "sender_binding",
    "notification_path.final_delivery_proof": "sender_binding",
    **{f"storage.{each}": "storage" for each in POWERS["storage"]},
}
#: what only a hook sees whole: attached in another way, a runtime learns of it afterwards or in part
_FULL_NEEDS_HOOK = ("observation.outgoing_report_attempts",)


def _overclaims(descriptor: Document) -> Iterator[Problem]:
    surfaces: Sequence[str] | None = descriptor["runtime"].get("surfaces")
    said = dict(claims(descriptor))
    if surfaces is not None:
        for power, leaf in said.items():
            needed = _STANDS_ON.get(power)
            if needed is not None and needed not in surfaces and leaf["level"] != "none":
                yield _overclaim(power, f"{power} is claimed, and the runtime has no surface {needed}")
            elif power in _FULL_NEEDS_HOOK and leaf["level"] == "full" and "hook" not in surfaces:
                yield _overclaim(power, f"{power} is claimed in full, and the runtime has no surface hook")
    proof, carried = (said.get(f"notification_path.{each}", {}).get("level") for each in _PROOF_AND_ITS_GROUND)
    if proof == "full" and carried != "full":
        message = "full delivery proof is claimed, and receipts are not kept in full"
        yield _overclaim("notification_path.final_delivery_proof", message, "notification_path.receipts")


_PROOF_AND_ITS_GROUND = ("final_delivery_proof", "receipts")


def _overclaim(power: str, message: str, ground: str | None = None) -> Problem:
    place = place_of(ground) if ground else "/runtime/surfaces"
    because = (Elsewhere(DESCRIPTOR, place, "this is what it stands on"),)
    return Problem(f"{place_of(power)}/level", message, rule=OVERCLAIM, elsewhere=because)


def _truth(descriptor: Document) -> Iterator[Problem]:
    path: Document = descriptor["capabilities"].get("notification_path") or {}
    model: Document | None = path.get("truth_model")
    if model is None:
        return
    place = "/capabilities/notification_path/truth_model"
    states: Sequence[str] | None = model.get("delivery_states")
    proven = model.get("ack_requires_proven_send")
    pending = model.get("pending_external_send_supported")
    if proven is False:
        yield Problem(
            f"{place}/ack_requires_proven_send",
            "acked means proven: a runtime that acks without proof has no truthful ack",
            rule=TRUTH_MODEL,
        )
    if states is None:
        return
    if pending is not None and pending != ("pending_external_send" in states):
        word = "is supported and not" if pending else "is not supported and yet"
        yield Problem(
            f"{place}/pending_external_send_supported",
            f"pending_external_send {word} among the delivery states",
            rule=TRUTH_MODEL,
            elsewhere=(Elsewhere(DESCRIPTOR, f"{place}/delivery_states", "the delivery states"),),
        )
    claimed = (path.get("final_delivery_proof") or {}).get("level", "none")
    if claimed != "none" and "acked" not in states:
        yield Problem(
            f"{place}/delivery_states",
            "delivery proof is claimed, and acked is not among the delivery states",
            rule=TRUTH_MODEL,
            elsewhere=(Elsewhere(DESCRIPTOR, place_of("notification_path.final_delivery_proof"), "the claim"),),
        )
