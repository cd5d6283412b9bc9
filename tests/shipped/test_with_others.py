"""What we ship, used by the real programs it is made for: pre-commit and zizmor.

`nox -s verify` installs them; they want a package index and some minutes, so nothing else runs these.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shipped.repositories import ROOT, good, misspell

pytestmark = [pytest.mark.long, pytest.mark.outside]

_HOOKS = ("verify-descriptor", "verify-profile", "verify-policy")
_GIT = ("git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
_COUNT = re.compile(r"^(\d+) checked, (\d+) failed", re.MULTILINE)


def call(command: Sequence[str | Path], cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a program with our own variables, for it needs the package index that we use."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    return subprocess.run(
        command, cwd=cwd, env={**environment, **variables}, text=True, capture_output=True, timeout=900, check=False
    )


def committed(folder: Path) -> str:
    """Make a repository of a folder; return its commit."""
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        done = call([*_GIT, *command], folder)
        assert done.returncode == 0, done.stderr
    return call([*_GIT, "rev-parse", "HEAD"], folder).stdout.strip()


@dataclass(frozen=True)
class Hooks:
    """Our repository as a source of hooks, and the environment that pre-commit has made of it."""

    source: Path
    commit: str
    home: Path

    def run(self, repository: Path, **arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run all hooks on all files of a repository; arguments are those of a hook, with `_` for `-` in its name."""
        options: Mapping[str, Sequence[str]] = {name.replace("_", "-"): given for name, given in arguments.items()}
        lines = ["repos:", f"- repo: file://{self.source}", f"  rev: {self.commit}", "  hooks:"]
        for hook in _HOOKS:
            lines += [f"  - id: {hook}", "    verbose: true", f"    args: {[*options.get(hook, ())]}"]
        (repository / ".pre-commit-config.yaml").write_text("\n".join(lines) + "\n")
        committed(repository)
        return call(["pre-commit", "run", "--all-files"], repository, PRE_COMMIT_HOME=str(self.home), LANG="C.UTF-8")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    folder = tmp_path_factory.mktemp("hooks")
    source = folder / "reporting-governance"
    for name in call(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT).stdout.split("\0"):
        if name and (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    return Hooks(source, committed(source), folder / "home")


def test_good_files_pass(hooks: Hooks, tmp_path: Path) -> None:
    done = hooks.run(good(tmp_path / "repository"), verify_descriptor=["--strict"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 3
    assert _COUNT.findall(done.stdout) == [("1", "0")] * 3


def test_a_bad_file_fails_with_our_words(hooks: Hooks, tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    line = misspell(repository)
    done = hooks.run(repository)
    assert done.returncode == 1
    assert f"capabilities/agent.json:{line}:18: error GOV104: " in done.stdout
    assert 'did you mean "partial"?' in done.stdout
    assert "- exit code: 1" in done.stdout
    assert (done.stdout.count("Failed"), done.stdout.count("Passed")) == (1, 2)


def test_however_many_files_there_are_one_process_sees_them_all(hooks: Hooks, tmp_path: Path) -> None:
    repository = good(tmp_path / "repository")
    agent = (repository / "capabilities/agent.json").read_text()
    for number in range(199):
        name = f"agent-{number:03}"
        (repository / f"capabilities/{name}.json").write_text(agent.replace('"generic-gate"', f'"{name}"'))
    done = hooks.run(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _COUNT.findall(done.stdout) == [("200", "0"), ("1", "0"), ("1", "0")]


@pytest.fixture
def pipelines(tmp_path: Path) -> Path:
    """Return a folder in which zizmor takes our examples for workflows."""
    shutil.copytree(ROOT / "examples/workflows", tmp_path / ".github/workflows")
    shutil.copy(ROOT / "ci/action.yml", tmp_path)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", tmp_path)
    return tmp_path


def zizmor(folder: Path) -> "subprocess.CompletedProcess[str]":
    options = ("--offline", "--no-progress", "--strict-collection", "--collect=all", "--persona=auditor")
    return call(["zizmor", *options, "."], folder)


def test_zizmor_finds_nothing(pipelines: Path) -> None:
    done = zizmor(pipelines)
    assert done.returncode == 0, done.stdout
    looked_at = set(re.findall(r"completed \./(\S+)", done.stderr))
    ours = {f".github/workflows/{each.name}" for each in (ROOT / "examples/workflows").iterdir()}
    assert looked_at >= {"action.yml", *ours}
    # Ignored: at night the newest OpenClaw is what the claims have to hold for, and the journal is on the host's own
    # runner.
    assert "(2 ignored)" in done.stdout


def test_zizmor_would_find_something(pipelines: Path) -> None:
    action = pipelines / "action.yml"
    action.write_text(action.read_text().replace("--fail-on=$FAIL_ON", "--fail-on=${{ inputs.fail-on }}"))
    done = zizmor(pipelines)
    assert done.returncode != 0
    assert "template-injection" in done.stdout
