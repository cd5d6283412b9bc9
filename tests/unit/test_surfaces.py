"""The specification's names lead to real modules, and no shipped descriptor names a surface that is not there."""

import json
import os
from importlib.util import find_spec

import pytest

from reporting_governance.contracts.capability_descriptor import CapabilityDescriptor
from reporting_governance.contracts.surfaces import CORE, PLANNED, SURFACES
from reporting_governance.resources import resource_path


def exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("surface", sorted(SURFACES))
def test_a_surface_is_there_or_said_to_be_planned(surface: str) -> None:
    assert exists(SURFACES[surface]) is (surface not in PLANNED)


@pytest.mark.parametrize("name", CORE)
def test_the_core_has_the_specifications_names(name: str) -> None:
    assert exists(f"reporting_governance.core.{name}")


@pytest.mark.parametrize("name", sorted(os.listdir(resource_path("capabilities"))))
def test_shipped_descriptors_name_known_surfaces(name: str) -> None:
    with open(resource_path("capabilities", name), encoding="utf-8") as file:
        descriptor = CapabilityDescriptor.parse(json.load(file), source=name)
    assert {str(each) for each in descriptor.runtime.surfaces or ()} <= set(SURFACES) - PLANNED
