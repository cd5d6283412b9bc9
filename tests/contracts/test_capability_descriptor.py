"""A descriptor's claims, leaf by leaf."""

import json
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.capability import POWERS, SupportLevel
from reporting_governance.contracts.capability_descriptor import Capabilities, CapabilityDescriptor
from reporting_governance.errors import ContractError

ROOT = Path(__file__).parents[2]


def _document(**leaf: Any) -> dict[str, Any]:
    return {
        "apiVersion": "reporting-governance/v1alpha1",
        "kind": "AdapterCapabilities",
        "metadata": {"id": "x", "title": "X", "version": "1"},
        "runtime": {"name": "x", "mode": "hook"},
        "compatibility": {},
        "capabilities": {"watchdog": {"watchdog_evaluation": leaf}},
    }


@pytest.mark.parametrize("level", list(SupportLevel))
@pytest.mark.parametrize("supported", [True, False])
def test_supported_and_level_say_the_same(level: SupportLevel, supported: bool) -> None:
    document = _document(supported=supported, level=level.value)
    if supported == (level is not SupportLevel.NONE):
        assert CapabilityDescriptor.parse(document).leaf("watchdog.watchdog_evaluation").level is level
    else:
        with pytest.raises(ContractError, match="/capabilities/watchdog/watchdog_evaluation: supported: "):
            CapabilityDescriptor.parse(document)


def test_an_absent_leaf_is_unknown_and_not_none() -> None:
    descriptor = CapabilityDescriptor.parse(_document(supported=True, level="full"))
    assert descriptor.leaf("enforcement.escalate") is None
    assert descriptor.leaf("watchdog.watchdog_evaluation") is not None
    with pytest.raises(LookupError, match="no such power"):
        descriptor.leaf("enforcement.escalat")
    with pytest.raises(LookupError):
        descriptor.leaf("notification_path.truth_model")


def test_groups_and_leaves_are_the_known_powers() -> None:
    groups = dict(Capabilities.keys())
    assert set(groups) == set(POWERS)
    document = json.loads((ROOT / "capabilities/local-host.json").read_text())
    descriptor = CapabilityDescriptor.parse(document)
    said = dict(descriptor.leaves())
    assert len(said) == sum(map(len, POWERS.values()))
    assert all(each is not None for each in said.values())


@pytest.mark.parametrize("path", sorted((ROOT / "capabilities").glob("*.json")), ids=lambda path: path.stem)
def test_our_own_descriptors_name_limits_and_probes(path: Path) -> None:
    for power, leaf in CapabilityDescriptor.parse(json.loads(path.read_text())).leaves():
        if leaf is not None and leaf.level is not SupportLevel.NONE:
            assert leaf.probe == power
        if leaf is not None and leaf.level is SupportLevel.PARTIAL:
            assert leaf.limits, power
