"""The example workflows: what they ask for is little, and what they call is fixed and there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from reporting_governance.commands.export_audit import main as export_audit
from reporting_governance.commands.verify_audit import main as verify_audit
from reporting_governance.commands.verify_descriptor import main as verify_descriptor
from tests.shipped.repositories import ROOT

WORKFLOWS = sorted((ROOT / "examples/workflows").glob("*.yml"))
_PINNED = re.compile(r"uses: [\w./-]+@(?P<commit>[0-9a-f]{40})(?: # v\d+\.\d+\.\d+)?$")


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(path.read_text())["jobs"].values():
        yield from job["steps"]


def test_there_are_some() -> None:
    assert {each.name for each in WORKFLOWS} >= {"verify.yml", "nightly-probe.yml", "audit-export.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_is_granted_that_no_step_needs(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"].pop("contents") == "read"
        assert set(job["permissions"]) <= {"security-events"}
        assert "timeout-minutes" in job
    assert [each["with"]["persist-credentials"] for each in steps(path) if "checkout@" in each.get("uses", "")] == [
        False
    ]


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "ci/action.yml"], ids=lambda path: path.stem)
def test_what_others_wrote_is_named_by_its_commit(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines()]
    used = [line for line in lines if line.startswith("uses:")]
    assert used
    assert [line for line in used if not _PINNED.fullmatch(line)] == []


def test_the_action_is_given_inputs_that_it_has() -> None:
    inputs = yaml.safe_load((ROOT / "ci/action.yml").read_text())["inputs"]
    given = [
        step["with"] for path in WORKFLOWS for step in steps(path) if "reporting-governance/ci@" in step.get("uses", "")
    ]
    assert given
    assert all(set(each) <= set(inputs) for each in given)


NIGHTLY = {
    "nightly-probe.yml": {"verify-descriptor": verify_descriptor},
    "audit-export.yml": {"export-audit": export_audit, "verify-audit": verify_audit},
}


@pytest.mark.parametrize("name", NIGHTLY)
def test_the_verbs_that_run_at_night_take_these_options(name: str) -> None:
    lines = [step["run"] for step in steps(ROOT / "examples/workflows" / name) if "run" in step]
    called = [shlex.split(each)[1:] for each in lines if each.startswith("reportgov ")]
    assert [verb for verb, *_ in called] == list(NIGHTLY[name])
    for verb, *options in called:
        command = NIGHTLY[name][verb]
        known = {each for option in command.params for each in option.opts}
        assert {each for each in options if each.startswith("--")} <= known
        assert CliRunner().invoke(command, [*options, "--help"]).exit_code == 0
