"""bin/ works wherever it is called from, and costs next to nothing once its environment stands."""

import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from reporting_governance import __version__
from reporting_governance.commands.main import VERBS

CRON = {"PATH": "/usr/bin:/bin"}
HELPERS = {"_environment.sh", "_environment.py", "test"}


def start(*command: str, cwd: str = "/", env: Mapping[str, str] = CRON) -> "subprocess.CompletedProcess[str]":
    """Run a program with no more than cron gives it; the first start on a fresh checkout also makes the environment."""
    return subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, timeout=180, check=False)


@pytest.fixture(scope="module")
def probe(checkout: str) -> str:
    """Return a verb script whose environment stands."""
    path = os.path.join(checkout, "bin", "status")
    result = start(path, "--help")
    assert result.returncode == 0, result.stderr
    return path


def test_there_is_one_executable_per_verb_and_they_differ_in_name_only(checkout: str) -> None:
    names = set(os.listdir(os.path.join(checkout, "bin"))) - HELPERS
    assert names == set(VERBS)
    paths = [os.path.join(checkout, "bin", name) for name in sorted(names)]
    assert len({Path(path).read_bytes() for path in paths}) == 1
    assert all(os.stat(path).st_mode & stat.S_IXUSR for path in [*paths, os.path.join(checkout, "bin", "test")])


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_does(checkout: str, probe: str, verb: str) -> None:
    result = start(os.path.join(checkout, "bin", verb), "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: reportgov {verb} ")
    assert "Exit codes:" in result.stdout


def test_called_by_a_relative_path_from_the_checkout_and_from_bin(checkout: str, probe: str) -> None:
    assert start("bin/status", "--help", cwd=checkout).returncode == 0
    assert start("./status", "--help", cwd=os.path.join(checkout, "bin")).returncode == 0
    assert start("sh", "status", "--help", cwd=os.path.join(checkout, "bin")).returncode == 0


def test_called_over_links(probe: str, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "status").symlink_to(probe)
    (tmp_path / "chain").symlink_to(os.path.join("a folder", "status"))
    (tmp_path / "bin").symlink_to(os.path.dirname(probe))
    (tmp_path / "checkout").symlink_to(os.path.dirname(os.path.dirname(probe)))
    for path in (folder / "status", tmp_path / "chain", tmp_path / "bin" / "status", tmp_path / "checkout/bin/status"):
        result = start(str(path), "--help")
        assert (result.returncode, result.stderr) == (0, ""), path


def test_a_link_found_through_the_path(probe: str, tmp_path: Path) -> None:
    (tmp_path / "status").symlink_to(probe)
    assert start("status", "--help", env={"PATH": f"{tmp_path}:/usr/bin:/bin"}).returncode == 0


def test_the_callers_folder_and_variables_do_not_decide_what_is_imported(probe: str, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('wrong click')\n")
    (tmp_path / "reporting_governance.py").write_text("raise SystemExit('wrong package')\n")
    result = start(probe, "--help", cwd=str(tmp_path), env={**CRON, "PYTHONPATH": str(tmp_path), "PYTHONHOME": "/"})
    assert (result.returncode, result.stderr) == (0, "")


def test_a_standing_environment_costs_no_process(checkout: str, probe: str, tmp_path: Path) -> None:
    # With no PATH at all the shell can start nothing but what it names in full: the Python it becomes.
    (tmp_path / "status").write_bytes(Path(probe).read_bytes())
    result = start("/bin/sh", probe, "--help", env={"PATH": str(tmp_path / "nothing here")})
    assert (result.returncode, result.stderr) == (0, "")


def test_an_unknown_verb_is_a_usage_error_with_a_suggestion(checkout: str, probe: str) -> None:
    python = os.path.join(checkout, ".venv", "bin", "python")
    result = start(python, "-I", "-m", "reporting_governance", "scna")
    assert result.returncode == 2
    assert "No such verb 'scna'. Did you mean scan?" in result.stderr
    assert result.stdout == ""
    assert start(python, "-I", "-m", "reporting_governance", "--version").stdout.strip().endswith(__version__)


def test_the_list_of_verbs_imports_no_verb_and_nothing_heavy(checkout: str, probe: str) -> None:
    code = (
        "import sys; from reporting_governance.commands.main import main; main(['--help']);"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    result = start(os.path.join(checkout, ".venv", "bin", "python"), "-I", "-c", code)
    loaded = set(result.stderr.split())
    assert all(verb in result.stdout for verb in VERBS)
    ours = {name for name in loaded if name.startswith("reporting_governance.commands.")}
    assert ours == {"reporting_governance.commands.main", "reporting_governance.commands._handler"}
    heavy = {"yaml", "jsonschema", "jsonschema_rs", "tabulate", "filelock", "cryptography", "sqlite3", "subprocess",
             "logging", "pathlib", "tempfile", "traceback", "urllib.request", "hashlib", "socket"}  # fmt: skip
    assert not heavy & loaded
