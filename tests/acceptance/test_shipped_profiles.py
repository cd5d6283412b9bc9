"""The profiles that are shipped: whole, right by themselves, and compiled to the same bytes everywhere."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.commands._settings import load_settings
from reporting_governance.contracts.deployment_profile import DeploymentProfileArtifact, ProfileSpec
from reporting_governance.contracts.reading import read_documents
from reporting_governance.core.capability_profile_compatibility import preflight
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.profile_compile import compile_profile
from reporting_governance.resources import resource_path

PROFILES = ("minimal-solo-mode", "standard-team-mode", "strict-manager-mode")
#: path in a profile: its values in the order of `PROFILES`
VALUES = {
    "watchdog.tick_seconds": (60, 60, 60),
    "watchdog.grace_seconds": (300, 300, 60),
    "watchdog.silence_seconds": (1800, 1800, 900),
    "watchdog.start_grace_seconds": (900, 900, 900),
    "watchdog.forward_within_seconds": (600, 600, 600),
    "watchdog.verify_within_seconds": (3600, 3600, 900),
    "notification.repeat_seconds": (14400, 3600, 1800),
    "notification.group_wait_seconds": (0, 30, 0),
    "notification.retry.lifetime_seconds": (432000, 432000, 432000),
    "notification.ack_requires": ("stored", "stored", "stored"),
    "gate.max_blocks": (3, 3, 3),
    "gate.posture": ("advise", "advise", "enforce"),
}


def data_of(name: str) -> bytes:
    return Path(resource_path("profiles", f"{name}.yaml")).read_bytes()


def document_of(name: str) -> Any:
    [document] = read_documents(data_of(name), name=f"{name}.yaml").documents
    return document.value


def compiled(name: str) -> DeploymentProfileArtifact:
    return compile_profile(document_of(name), digest=sha256(data_of(name)).hexdigest())


def test_these_are_shipped() -> None:
    assert sorted(each for each in os.listdir(resource_path("profiles")) if each.endswith(".yaml")) == [
        f"{name}.yaml" for name in PROFILES
    ]


@pytest.mark.parametrize(("path", "values"), VALUES.items())
def test_their_values(path: str, values: tuple[Any, ...]) -> None:
    for name, expected in zip(PROFILES, values, strict=True):
        found = document_of(name)
        for key in path.split("."):
            found = found[key]
        assert found == expected, name


@pytest.mark.parametrize("name", PROFILES)
class TestEach:
    def test_it_passes_preflight_with_the_descriptor_of_its_runtime(self, name: str, tmp_path: Path) -> None:
        settings = load_settings(str(tmp_path / "state"), name, keep=False)
        assert (settings.refused, list(settings.findings)) == (None, [])
        actions = {each for pack in settings.packs for each in compile_pack(pack).pack.required_actions()}
        checked = preflight(settings.artifact, settings.descriptor, actions)
        assert (checked.passed, checked.legacy, tuple(settings.notes)) == (True, False, checked.notes)

    @pytest.mark.parametrize("runtime", ["local-host", "openclaw"])
    def test_so_it_does_when_it_asks_for_a_runtime(self, name: str, runtime: str, tmp_path: Path) -> None:
        own = tmp_path / "own.yaml"
        text = data_of(name).decode()
        assert "  runtime: null " in text
        own.write_text(text.replace("  runtime: null ", f"  runtime: {runtime} ", 1))
        settings = load_settings(str(tmp_path / "state"), str(own), keep=False)
        assert settings.refused is None
        assert settings.descriptor["runtime"]["name"] == runtime

    def test_it_writes_out_every_setting(self, name: str) -> None:
        """So whoever copies it sees all there is; each name stands in the schema with a sentence."""
        written = document_of(name)
        whole = ProfileSpec().dump()
        assert set(written) - {"apiVersion", "kind", "metadata"} == set(whole)
        for section in (
            "requires",
            "expectations",
            "watchdog",
            "notification",
            "gate",
            "self",
            "fallbacks",
            "retention",
        ):
            assert set(whole[section]) <= set(written[section]), section

    def test_its_artifact_survives_a_round_trip(self, name: str) -> None:
        artifact = compiled(name)
        dumped = json.loads(json.dumps(artifact.dump()))
        assert DeploymentProfileArtifact.parse(dumped) == artifact
        assert DeploymentProfileArtifact.parse(dumped).dump() == artifact.dump()

    def test_its_artifact_names_the_bytes_it_was_made_from(self, name: str, tmp_path: Path) -> None:
        settings = load_settings(str(tmp_path / "state"), name, keep=False)
        assert settings.artifact["source_digest"] == sha256(data_of(name)).hexdigest()
        assert settings.artifact == compiled(name).dump()

    def test_it_compiles_to_the_same_bytes_in_every_process(self, name: str) -> None:
        program = (
            "import sys; from hashlib import sha256; from reporting_governance.commands._settings import load_settings;"
            "from reporting_governance.commands._kept_settings import encoded;"
            f"print(sha256(encoded(load_settings('/nowhere', {name!r}, keep=False))).hexdigest())"
        )
        seen = set()
        for seed in ("0", "1", "4711"):
            environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
            done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
            seen.add(done.stdout)
        assert len(seen) == 1
