"""What a completion needs can be said with options alone."""

from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.check_in import REPORT_FIELDS
from reporting_governance.storage.files.store import FilesStore
from tests.acceptance.verbs import Verbs

PROFILE = """apiVersion: reporting-governance/v1alpha1
kind: DeploymentProfile
metadata:
  id: here
  title: Here
  version: 1.0.0
spec:
  artifact_roots:
    work: work
"""


@pytest.fixture
def desk(tmp_path: Path) -> Verbs:
    """A deployment with a folder for evidence, and a task that runs."""
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (work / "src/build.py").write_text("print('built')\n")
    (work / "report.xml").write_text("<testsuite/>")  # by the check, behind the change
    (tmp_path / "profile.yaml").write_text(PROFILE)
    desk = Verbs(tmp_path / "state", options=("--profile", str(tmp_path / "profile.yaml")))
    desk.ok("report", "start", "build", "--agent", "coder")
    return desk


def report(desk: Verbs, *words: object) -> Any:
    """Check in for the task from its folder of work, and return the answer."""
    ended = desk.ok("report", *words, "--format", "json", cwd=desk.state.parent / "work")
    return ended.document()["results"][0]


def payload(desk: Verbs) -> Any:
    """Return the payload of the newest event."""
    lines = [line.document for line in FilesStore(str(desk.state), actor="test").replay()]
    return [
        each["record"]["body"]["payload"] for each in lines if each.get("record", {}).get("kind") == "event-envelope"
    ][-1]


def test_a_completion_by_options_alone(desk: Verbs) -> None:
    report(desk, "evidence", "build", "--file", "src/build.py")
    check = ("--file", "report.xml", "--command", "pytest -q", "--exit-status", 0, "--supports", "completion")
    answer = report(desk, "complete", "build", *check)
    assert (answer["qualities"], answer["status"]) == (["strong"], "completed")


@pytest.mark.parametrize(
    "check",
    [
        ("--command", "pytest -q", "--exit-status", 1, "--file", "report.xml"),
        ("--command", "pytest -q || true", "--exit-status", 0, "--file", "report.xml"),
        ("--command", "pytest -q", "--exit-status", 0),
        ("--command", "pytest -q", "--exit-status", 0, "--file", "gone.xml"),
    ],
)
def test_what_proves_no_completion(desk: Verbs, check: tuple[object, ...]) -> None:
    report(desk, "evidence", "build", "--file", "src/build.py")
    assert report(desk, "complete", "build", *check, "--supports", "completion")["status"] == "pending_verification"


def test_when_it_was_changed(desk: Verbs) -> None:
    check = ("--file", "report.xml", "--exit-status", 0, "--changed-at")
    assert report(desk, "evidence", "build", *check, "2020-01-01T00:00:00Z")["qualities"] == ["strong"]
    assert report(desk, "evidence", "build", *check, "2990-01-01T00:00:00Z")["qualities"] == ["moderate"]


def test_the_fields_of_a_report_and_its_claim(desk: Verbs) -> None:
    options = ("--current-status", "--completed", "--next-step", "--next-report", "--needs-operator")
    said = {name: f"what is {name}" for name in REPORT_FIELDS}
    words = [word for option, text in zip(options, said.values(), strict=True) for word in (option, text)]
    report(desk, "checkpoint", "build", *words, "--claim", "progress")
    assert payload(desk)["report"] == said
    assert payload(desk)["claim"]["kind"] == "progress"
    report(desk, "checkpoint", "build", "--next-step", "docs")
    assert payload(desk)["report"] == {"next_step": "docs"}
    report(desk, "checkpoint", "build", "only words")
    assert "report" not in payload(desk)


@pytest.mark.parametrize("words", [("--supports", "completion"), ("--class", "tool_output")])
def test_what_a_claim_is_supported_by_has_to_be_there(desk: Verbs, words: tuple[str, ...]) -> None:
    ended = desk.call("report", "complete", "build", *words)
    assert ended.code == 2
    assert "need evidence: --file or --command" in ended.err


@pytest.mark.parametrize("words", [("build",), ("--agent", "coder"), ("--file", "x"), ("build", "a message")])
def test_words_beside_standard_input_are_refused_and_not_forgotten(desk: Verbs, words: tuple[str, ...]) -> None:
    ended = desk.call("report", "-", *words, given='{"verb": "heartbeat", "task": "build"}')
    assert (ended.code, ended.out) == (2, "")
    assert "- takes everything from standard input" in ended.err
