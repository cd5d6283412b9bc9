"""A bundle as a bag (RFC 8493), held against the reference implementation."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.stages.export_world import exported, worked_state

pytestmark = pytest.mark.outside  # `nox -s verify` installs bagit


def validated(bag: Path) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("python")
    assert program is not None
    words = [program, "-m", "bagit", "--validate", str(bag)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=plain)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    state = str(tmp_path / "state")
    worked_state(state)
    report = exported(state, f"{tmp_path}/bundle.zip", signed=True, chosen={"tasks": ["tsk_0"]}, organization="We")
    with zipfile.ZipFile(report.file.path) as archive:
        archive.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked" / report.name


def test_the_reference_implementation_finds_it_valid(bag: Path) -> None:
    done = validated(bag)
    assert done.returncode == 0, done.stderr
    assert "is valid" in done.stderr


@pytest.mark.parametrize("change", ["missing", "changed", "more", "tag"])
def test_the_reference_implementation_finds_what_is_wrong(bag: Path, change: str) -> None:
    if change == "missing":
        (bag / "data/manifest.json").unlink()
    elif change == "changed":
        path = bag / "data/withheld.leaves"
        path.write_bytes(path.read_bytes()[:-2] + b"0\n")
    elif change == "more":
        (bag / "data/more").write_text("more\n")
    else:
        (bag / "bag-info.txt").write_text("Bagging-Date: 2000-01-01\n")
    assert validated(bag).returncode != 0
