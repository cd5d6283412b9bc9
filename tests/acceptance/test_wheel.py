"""What `pip install` gives works away from the checkout: the command, and everything that must travel with it."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from reporting_governance import __version__

FOLDERS = ("schemas", "capabilities", "profiles", "integrations")


def run(*command: str, cwd: Path) -> str:
    """Run a program outside the checkout and return what it printed; its failure fails the test."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(command, cwd=cwd, env=theirs, text=True, capture_output=True, timeout=180, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(checkout: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built wheel."""
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-I", "-m", "hatchling", "build", "-t", "wheel", "-d", str(target), cwd=Path(checkout))
    (path,) = target.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment outside the checkout that holds the wheel; its dependencies are borrowed from ours."""
    folder = tmp_path_factory.mktemp("elsewhere") / "environment"
    run(sys.executable, "-I", "-m", "venv", "--without-pip", str(folder), cwd=folder.parent)
    packages = Path(run(str(folder / "bin/python"), "-I", "-c", "import site; print(site.getsitepackages()[0])",
                        cwd=folder.parent).strip())  # fmt: skip
    # A plain path: the .pth file by which our own environment finds lib/ is not followed from here.
    (packages / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    run(sys.executable, "-I", "-m", "pip", "--python", str(folder / "bin/python"), "install", "--quiet", "--no-index",
        "--no-deps", "--disable-pip-version-check", str(wheel), cwd=folder.parent)  # fmt: skip
    return folder


def test_the_command_runs_from_the_wheel(installed: Path) -> None:
    assert run(str(installed / "bin/reportgov"), "--version", cwd=installed.parent).split()[-1] == __version__
    where = run(str(installed / "bin/python"), "-I", "-c",
                "import reporting_governance; print(reporting_governance.__file__)", cwd=installed.parent)  # fmt: skip
    assert where.startswith(str(installed))


def test_everything_that_ships_travels_unchanged(installed: Path, checkout: str) -> None:
    root = Path(checkout)
    wanted = {
        str(path.relative_to(root)): path.read_bytes()
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert all(any(name.startswith(f"{folder}/") for name in wanted) for folder in FOLDERS), "nothing to look for"
    assert any(name.startswith("profiles/policy-packs/") for name in wanted)
    data = next(installed.rglob("reporting_governance/_data"))
    found = {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert found == wanted


def test_resources_are_found_in_both_places(installed: Path, checkout: str) -> None:
    code = (
        "from reporting_governance.resources import checkout_root, read_resource, resource_path\n"
        "import os\n"
        "print(checkout_root(), resource_path('profiles'), len(read_resource('profiles', 'minimal-solo-mode.yaml')),\n"
        "      *sorted(os.listdir(resource_path('policy-packs'))))"
    )
    away = run(str(installed / "bin/python"), "-I", "-c", code, cwd=installed.parent).split()
    here = run(sys.executable, "-c", f"import sys; sys.path.insert(0, {checkout + '/lib'!r})\n{code}",
               cwd=installed.parent).split()  # fmt: skip
    assert away[0] == "None"
    assert away[1].startswith(str(installed))
    assert here[:2] == [checkout, os.path.join(checkout, "profiles")]
    assert away[2:] == here[2:]
    assert int(away[2]) > 0
