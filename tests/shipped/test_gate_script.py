"""ci/gate: in every shell, wherever it lies and from wherever it is called."""

import json
import shutil
from pathlib import Path

import pytest

from tests.shipped.repositories import ROOT, good, lower, misspell, run, with_reportgov

GATE = ROOT / "ci/gate"
SHELLS = {"dash": ("dash",), "bash": ("bash", "--posix"), "busybox": ("busybox", "sh")}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_finds_the_fault_and_leaves_the_reports(shell: str, tmp_path: Path) -> None:
    program, *rest = SHELLS[shell]
    if (found := shutil.which(program)) is None:
        pytest.skip(f"{program} is not here")
    repository = good(tmp_path / "their repository")
    line = misspell(repository)
    ended = run([found, *rest, GATE, "--reports=what was found"], repository)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert f"capabilities/agent.json:{line}:18: error GOV104: " in ended.stdout
    assert 'did you mean "partial"?' in ended.stdout.lower()
    assert ended.stdout.count(" checked, ") == 3, "a descriptor with a fault keeps nobody from checking the rest"
    reports = sorted(each.name for each in (repository / "what was found").iterdir())
    verbs = ("verify-descriptor", "verify-policy", "verify-profile")
    assert reports == [f"{verb}.{suffix}" for verb in verbs for suffix in ("json", "sarif", "xml")]
    (result,) = json.loads((repository / "what was found/verify-descriptor.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "capabilities/agent.json"


def test_nothing_is_wrong_and_it_is_called_over_links(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a folder/gate").symlink_to(GATE)
    (tmp_path / "check").symlink_to("a folder/gate")
    ended = run([tmp_path / "check"], repository)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_folder_keeps_the_paths_of_the_repository(tmp_path: Path) -> None:
    repository = good(tmp_path / "packages/-their agent")
    misspell(repository)
    ended = run([GATE, "--folder", "packages/-their agent", "--format", "github"], tmp_path)
    assert ended.returncode == 1
    assert "::error file=packages/-their agent/capabilities/agent.json,line=" in ended.stdout
    there = run([GATE, "--folder=-their agent", "--format=github", "--reports", "reports"], tmp_path / "packages")
    assert there.returncode == 1
    assert "::error file=-their agent/capabilities/agent.json,line=" in there.stdout


def test_a_report_that_is_asked_for_has_stdout_to_itself(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    shutil.rmtree(repository / "profiles")
    ended = run([GATE, "--reports", "reports", "--format", "json"], repository)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["findings"] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_report_that_three_verbs_would_write_is_refused(shell: str, tmp_path: Path) -> None:
    program, *rest = SHELLS[shell]
    if (found := shutil.which(program)) is None:
        pytest.skip(f"{program} is not here")
    repository = good(tmp_path / "repository")
    for options in (["--format=sarif=all.sarif"], ["--strict", "--format", "sarif=all.sarif"]):
        ended = run([found, *rest, GATE, *options], repository)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "--reports FOLDER" in ended.stderr
        assert not (repository / "all.sarif").exists()
    assert run([found, *rest, GATE, "--strict", "--format"], repository).returncode == 2


def test_a_repository_of_packs_only_is_checked(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    shutil.rmtree(repository / "capabilities")
    for each in (repository / "profiles").glob("*.*"):
        each.unlink()
    ended = run([GATE], repository)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count(" checked, ") == 1
    shutil.rmtree(repository / "profiles/policy-packs")
    assert run([GATE], repository).returncode == 2, "nothing is left to check"


def test_options_reach_the_checks(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    shutil.rmtree(repository / "profiles")
    lower(repository)
    assert run([GATE], repository).returncode == 0
    assert run([GATE, "--fail-on", "warning"], repository).returncode == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--reports",), "gate: --reports needs a folder"),
        (("--reports=",), "gate: --reports needs a folder"),
        (("--folder", ""), "gate: --folder needs a folder"),
        (("--folder", "nowhere"), "gate: neither capabilities/ nor profiles/ is in ./nowhere"),
        (("--folder", "$(touch touched)"), "gate: neither capabilities/ nor profiles/ is in ./$(touch touched)"),
        ((), "gate: neither capabilities/ nor profiles/ is in ./."),
    ],
)
def test_it_says_what_is_wrong_with_the_call(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = run([GATE, *options], tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith(said)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_option_is_never_green(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    misspell(repository)
    ended = run([GATE, "--fail-on", "error; touch touched"], repository)
    assert ended.returncode == 2
    assert "Invalid value for '--fail-on'" in ended.stderr
    assert not list(tmp_path.rglob("touched"))


def test_what_could_not_be_checked_counts_for_more_than_what_is_wrong(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    misspell(repository)
    (repository / "profiles/gone.yaml").symlink_to("nowhere.yaml")
    assert run([GATE], repository).returncode == 3


def test_alone_in_another_repository_it_takes_the_installed_command(tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    misspell(repository)
    (repository / "ci").mkdir()
    alone = shutil.copy(GATE, repository / "ci")
    ended = run([alone], repository)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "pip install reporting-governance" in ended.stderr
    ended = run([alone], repository, **with_reportgov(tmp_path / "installed"))
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.count(" checked, ") == 3


def test_help_is_the_head_of_the_file() -> None:
    ended = run([GATE, "--help"], ROOT)
    assert ended.returncode == 0
    assert ended.stdout.startswith("The checks for any CI")
    assert "folder=" not in ended.stdout
