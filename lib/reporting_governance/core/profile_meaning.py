"""What a profile that is right by itself cannot keep with the descriptor and the senders it is to be used with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from reporting_governance.contracts.capability import EXPECTATIONS, Requirement
from reporting_governance.contracts.finding_rules import (
    ANCHOR_IN_STATE,
    HOLD_WITHOUT_FALLBACK,
    PREFERENCE_NOT_CLAIMED,
    PROOF_WITHOUT_PROVING_SENDER,
)
from reporting_governance.contracts.problem import Elsewhere, Problem
from reporting_governance.contracts.receipt import Proof
from reporting_governance.core.descriptor_meaning import DESCRIPTOR, claims, place_of

Document: TypeAlias = Mapping[str, Any]
_PROOF = EXPECTATIONS["final_delivery_ack"]


def doubts(written: Document) -> Iterator[Problem]:
    """Yield what a profile says and is not in force, as `compile_profile` decides it.

    Args:
        written: the profile as its author wrote it; its shape has been checked.
    """
    notification: Document = written.get("notification") or {}
    if notification.get("in_doubt") == "hold" and not notification.get("fallback"):
        message = "in_doubt: hold needs a fallback receiver; without one resend_marked is in force"
        yield Problem("/notification/in_doubt", message, rule=HOLD_WITHOUT_FALLBACK)


def anchors_in_state(written: Document, state: str) -> Iterator[Problem]:
    """Yield each anchor that lies inside the state folder: who rewrites the journal would rewrite it too.

    Args:
        written: the profile as its author wrote it; its shape and meaning have been checked.
        state: absolute path of the state folder.  Links are seen when a head is handed over.
    """
    folder = _steps(state)
    for place, each in enumerate((written.get("audit") or {}).get("anchors") or ()):
        name = {"file": "path", "git": "repository"}.get(each["kind"], "")
        if name and _steps(each[name])[: len(folder)] == folder:
            where = f"the {each['kind']} anchor lies inside the state folder /{'/'.join(folder)}"
            message = f"{where}: whoever rewrites the journal there rewrites it too, so it is no anchor"
            yield Problem(f"/audit/anchors/{place}/{name}", message, rule=ANCHOR_IN_STATE)


def _steps(path: str) -> list[str]:
    """Return the names on the way of an absolute path; the paths that are compared have no `..`."""
    return [each for each in path.split("/") if each not in ("", ".")]


def together_problems(
    artifact: Document, descriptor: Document, proofs: Mapping[tuple[str, str], Proof]
) -> Iterator[Problem]:
    """Yield what a compiled profile and a descriptor do not keep together, beside what preflight refuses.

    Args:
        artifact: a `DeploymentProfileArtifact`.
        proofs: how far each target's sender can prove what became of a message.
    """
    claimed = {power: leaf["level"] for power, leaf in claims(descriptor)}
    for name, wanted in artifact["spec"]["expectations"].items():
        power = EXPECTATIONS[name]
        if wanted == Requirement.PREFERRED and claimed.get(power, "none") == "none":
            there = (Elsewhere(DESCRIPTOR, place_of(power), f"what is claimed of {power}"),)
            message = f"{name} is preferred and not claimed: its fallback is taken"
            yield Problem(f"/expectations/{name}", message, rule=PREFERENCE_NOT_CLAIMED, elsewhere=there)
    if claimed.get(_PROOF) == "full":
        yield from _unproven(artifact, proofs)


def _unproven(artifact: Document, proofs: Mapping[tuple[str, str], Proof]) -> Iterator[Problem]:
    """What is claimed for every deployment must hold for every target of this one."""
    there = (Elsewhere(DESCRIPTOR, place_of(_PROOF), "full delivery proof is claimed here"),)
    needed = max(Proof.STORED, Proof(artifact["spec"]["notification"]["ack_requires"]))
    for (receiver, target), best in proofs.items():
        if best < needed:
            sender = artifact["spec"]["notification"]["receivers"][receiver]["targets"][target]["sender"]
            yield Problem(
                f"/notification/receivers/{receiver}/targets/{target}/sender",
                f"{sender} proves {best.value} at best, and full delivery proof needs {needed.value}",
                rule=PROOF_WITHOUT_PROVING_SENDER,
                elsewhere=there,
            )
