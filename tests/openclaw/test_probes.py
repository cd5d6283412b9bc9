"""The probes of OpenClaw's powers, against the real program: what our descriptors claim of it is so."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting_governance import __version__
from reporting_governance.adapters.probes.interface import NotHere, Setting, Story
from reporting_governance.adapters.probes.openclaw_gateway import GatewayStory, OwnRecordsStory
from reporting_governance.adapters.probes.running import own_program
from reporting_governance.contracts.capability import Observation
from reporting_governance.stages.probing import Probing, probe_descriptor

from .install import Program

ROOT = Path(__file__).parents[2]
PROFILE = str(ROOT / "profiles/probing/profile.yaml")


@pytest.mark.openclaw
@pytest.mark.parametrize(
    ("name", "story"),
    [("openclaw-plugin", GatewayStory()), ("openclaw-watchdog-reference", OwnRecordsStory())],
    ids=["plugin", "records"],
)
def test_a_real_gateway_does_what_is_claimed_of_it(program: Program, name: str, story: Story) -> None:
    descriptor = json.loads((ROOT / f"capabilities/{name}.json").read_text())
    words = (str(program.node), str(program.openclaw))
    how = Probing(program=own_program(), profile=PROFILE, package_version=__version__, hosts={"openclaw": words})
    probed = probe_descriptor(descriptor, [story], how, now=lambda: datetime.now(UTC))
    seen = {each.power: (each.outcome, each.sentence) for each in probed.observations if each.power in story.powers}
    assert {power for power, (outcome, _) in seen.items() if outcome is Observation.CONFIRMED} == set(seen), seen
    assert (probed.runtime_version or "").startswith("OpenClaw ")


@pytest.mark.parametrize("story", [GatewayStory(), OwnRecordsStory()], ids=["plugin", "records"])
def test_without_the_program_nothing_is_probed(tmp_path: Path, story: Story) -> None:
    setting = Setting(scratch=str(tmp_path), program=own_program(), profile=PROFILE, deadline=time.monotonic() + 20)
    with pytest.raises(NotHere, match="not on this machine"):
        story.play(setting)
