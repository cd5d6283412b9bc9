"""What no document can show here: parts of the package that are not there."""

import json

from reporting_governance.contracts.surfaces import SURFACES
from reporting_governance.core.descriptor_meaning import Surroundings, descriptor_problems
from tests.verify.checking import ROOT

_DESCRIPTOR = json.loads((ROOT / "capabilities/local-host.json").read_text())


def test_a_surface_without_a_module_is_an_error_at_the_surface() -> None:
    there = frozenset(SURFACES) - {"bridge"}
    found = list(descriptor_problems(_DESCRIPTOR, Surroundings(paths={}, surfaces=there)))
    place = _DESCRIPTOR["runtime"]["surfaces"].index("bridge")
    assert [(each.rule.id if each.rule else None, each.pointer) for each in found] == [
        ("GOV213", f"/runtime/surfaces/{place}")
    ]


def test_every_surface_has_a_module() -> None:
    found = list(descriptor_problems(_DESCRIPTOR, Surroundings(paths={}, surfaces=frozenset(SURFACES))))
    assert found == []
