"""A policy pack with faults: each is said with its place, and nothing new is decided by it."""

import os
from pathlib import Path

from reporting_governance.commands._settings import load_settings
from reporting_governance.resources import resource_path


def profile_with(tmp_path: Path, change: tuple[str, str]) -> str:
    """Write a profile beside a copy of the shipped pack in which one text was replaced."""
    pack = Path(resource_path("policy-packs", "no-silence.yaml")).read_text(encoding="utf-8")
    assert change[0] in pack
    os.mkdir(tmp_path / "policy-packs")
    (tmp_path / "policy-packs" / "no-silence.yaml").write_text(pack.replace(*change, 1), encoding="utf-8")
    profile = tmp_path / "profile.yaml"
    profile.write_bytes(Path(resource_path("profiles", "minimal-solo-mode.yaml")).read_bytes())
    return str(profile)


def test_a_misspelt_fact_is_told_with_its_line_and_what_was_meant(tmp_path: Path) -> None:
    profile = profile_with(tmp_path, ("fact: checkpoint.is_overdue", "fact: checkpoint.is_overdu"))
    settings = load_settings(str(tmp_path / "state"), profile)
    (finding,) = settings.findings
    lines = (tmp_path / "policy-packs" / "no-silence.yaml").read_text(encoding="utf-8").splitlines()
    assert "checkpoint.is_overdu" in lines[(finding.line or 0) - 1]
    assert "checkpoint.is_overdue" in f"{finding.message} {finding.suggestion}"
    assert settings.refused is not None
    assert settings.refused.startswith(f"{finding.file}:{finding.line}:{finding.column}: ")


def test_a_pack_under_another_name_is_refused(tmp_path: Path) -> None:
    profile = profile_with(tmp_path, ("no-silence", "no-silence"))
    packs = tmp_path / "policy-packs"
    (packs / "no-silence.yaml").rename(packs / "second.yaml")
    text = Path(profile).read_text(encoding="utf-8")
    Path(profile).write_text(text.replace("policy_packs: [no-silence,", "policy_packs: [second,"), encoding="utf-8")
    settings = load_settings(str(tmp_path / "state"), profile)
    assert settings.refused is not None
    assert "the pack calls itself no-silence" in settings.refused


def test_a_profile_that_leaves_its_expectations_out_has_the_usual_ones(tmp_path: Path) -> None:
    text = Path(resource_path("profiles", "minimal-solo-mode.yaml")).read_text(encoding="utf-8")
    head, _, rest = text.partition("\nexpectations:")
    short = head + "\n" + rest[rest.index("\npolicy_packs:") :]
    profile = tmp_path / "short.yaml"
    profile.write_text(short, encoding="utf-8")
    settings = load_settings(str(tmp_path / "state"), str(profile))
    assert settings.refused is None
    assert settings.policy.powers.powers["notification_path.queue_items"].requested == "required"
