"""Claims and probes are held against each other both ways: no claim without its probe, no probe of nothing."""

import json
from collections import Counter
from pathlib import Path

import pytest

from reporting_governance.adapters.probes.registry import known_runtimes, stories_of
from reporting_governance.contracts.capability import POWERS
from reporting_governance.core.probing import claimed_levels

CAPABILITIES = sorted((Path(__file__).parents[3] / "capabilities").glob("*.json"))
ALL = {f"{group}.{leaf}" for group, leaves in POWERS.items() for leaf in leaves}


@pytest.mark.parametrize("path", CAPABILITIES, ids=lambda path: path.stem)
def test_each_leaf_of_a_descriptor_has_one_probe_and_each_probe_a_leaf(path: Path) -> None:
    document = json.loads(path.read_text())
    stories = stories_of(document["runtime"]["name"], document["runtime"]["mode"])
    probed = Counter(power for story in stories for power in story.powers)
    assert set(claimed_levels(document)) == set(probed) == ALL
    assert set(probed.values()) == {1}
    named = {
        f"{group}.{leaf}": said["probe"]
        for group, leaves in document["capabilities"].items()
        for leaf, said in leaves.items()
        if "probe" in said
    }
    assert {power: power for power in named} == named


def test_each_runtime_with_probes_has_a_descriptor() -> None:
    described = [json.loads(path.read_text())["runtime"] for path in CAPABILITIES]
    assert {(each["name"], each["mode"]) for each in described} == set(known_runtimes())


def test_a_runtime_that_nobody_knows_has_no_stories() -> None:
    assert stories_of("semaphore", "hook") == ()
