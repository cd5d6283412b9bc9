"""The example workflows: what they ask for is little, and what they call is fixed and there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from reporting_governance.commands.verify_descriptor import main as verify_descriptor
from tests.shipped.repositories import ROOT

WORKFLOWS = sorted((ROOT / "examples/workflows").glob("*.yml"))
_PINNED = re.compile(r"uses: [\w./-]+@(?P<commit>[0-9a-f]{40})(?: # v\d+\.\d+\.\d+)?$")


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(path.read_text())["jobs"].values():
        yield from job["steps"]


def test_there_are_some() -> None:
    assert {each.name for each in WORKFLOWS} >= {"verify.yml", "nightly-probe.yml"}


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


def test_the_verb_that_runs_at_night_takes_these_options() -> None:
    lines = [step["run"] for step in steps(ROOT / "examples/workflows/nightly-probe.yml") if "run" in step]
    (line,) = [each for each in lines if each.startswith("reportgov ")]
    _, verb, *options = shlex.split(line)
    assert verb == "verify-descriptor"
    known = {name for option in verify_descriptor.params for name in option.opts}
    assert {each for each in options if each.startswith("--")} <= known
    assert CliRunner().invoke(verify_descriptor, [*options, "--help"]).exit_code == 0
