"""ci/action.yml: its steps, run as GitHub runs them."""

import json
from pathlib import Path

import pytest
import yaml

from tests.shipped.repositories import ROOT, good, lower, misspell
from tests.shipped.runner import Ran, Runner

ACTION = ROOT / "ci/action.yml"


def act(workspace: Path, **given: str) -> Ran:
    return Runner(workspace, workspace.parent / "runner").run(ACTION, **given)


def reports(ran: Ran) -> list[str]:
    return sorted(each.name for each in Path(ran.outputs["reports"]).iterdir())


def test_a_good_repository_is_green_and_its_reports_are_uploaded(tmp_path: Path) -> None:
    ran = act(good(tmp_path / "repository"), strict="true")
    assert (ran.code, ran.err) == (0, "")
    assert "::error" not in ran.out
    (python, its_input), (upload, what) = ran.used
    assert python.startswith("actions/setup-python@")
    assert its_input == {"python-version": "3.13"}
    assert upload.startswith("github/codeql-action/upload-sarif@")
    assert what == {"sarif_file": ran.outputs["reports"]}
    verbs = ("verify-descriptor", "verify-policy", "verify-profile")
    assert reports(ran) == [f"{verb}.{suffix}" for verb in verbs for suffix in ("json", "sarif", "xml")]
    # Runs that are uploaded together must each have a category of their own.
    logs = [json.loads(each.read_text()) for each in Path(ran.outputs["reports"]).glob("*.sarif")]
    assert len({log["runs"][0]["automationDetails"]["id"] for log in logs}) == 3


def test_a_fault_is_red_and_stands_beside_its_line(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    line = misspell(repository)
    ran = act(repository)
    assert ran.code == 1
    (annotation,) = [each for each in ran.out.splitlines() if each.startswith("::error ")]
    assert annotation.startswith(f"::error file=capabilities/agent.json,line={line},col=18,")
    assert "verify-descriptor.sarif" in reports(ran)
    assert len(ran.used) == 2, "what was found is uploaded all the more"


def test_paths_stay_those_of_the_repository_when_a_folder_is_named(tmp_path: Path) -> None:
    misspell(good(tmp_path / "repository/an agent"))
    ran = act(tmp_path / "repository", folder="an agent")
    assert ran.code == 1
    assert "::error file=an agent/capabilities/agent.json,line=" in ran.out
    log = json.loads((Path(ran.outputs["reports"]) / "verify-descriptor.sarif").read_text())
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "an%20agent/capabilities/agent.json"


def test_inputs_choose_how_strict_it_is_and_whether_anything_is_uploaded(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    lower(repository)
    for number, (given, code) in enumerate(
        (({}, 0), ({"strict": "true"}, 1), ({"fail_on": "warning", "upload_sarif": "false"}, 1))
    ):
        ran = Runner(repository, tmp_path / f"runner {number}").run(ACTION, **given)
        assert ran.code == code, given
        assert len(ran.used) == (1 if "upload_sarif" in given else 2)


@pytest.mark.parametrize(
    "given",
    [
        {"fail_on": "error; touch touched"},
        {"fail_on": '"; touch touched; "'},
        {"fail_on": "error$(touch touched)"},
        {"folder": "`touch touched`"},
        {"folder": "$(touch touched)"},
        {"folder": "--help"},
    ],
    ids=lambda given: repr(*given.values()),
)
def test_an_input_is_never_run(given: dict[str, str], tmp_path: Path) -> None:
    ran = act(good(tmp_path / "repository"), **given)
    assert ran.code == 2, ran.out + ran.err
    assert not list(tmp_path.rglob("*touched*"))
    assert len(ran.used) == 1, "there is nothing to upload"
    assert ran.outputs == {"reports": ""}


def test_an_input_that_only_decides_decides_nothing_but_that(tmp_path: Path) -> None:
    hostile = "true]; touch touched; [ x"
    ran = act(good(tmp_path / "repository"), strict=hostile, upload_sarif=hostile)
    assert ran.code == 0
    assert not list(tmp_path.rglob("*touched*"))
    assert len(ran.used) == 1


def test_no_script_holds_an_expression() -> None:
    """The harness above would run one that does, and a case of the test above would leave its trace."""
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    assert [step["name"] for step in steps if "${{" in step.get("run", "")] == []
