"""A reproducible bundle of one journal folder is the same bytes on any machine, as far as machines differ here."""

import glob
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.storage.interface import Addition, Group
from tests.acceptance.verbs import ROOT
from tests.stages.export_world import open_state, opened, worked_state
from tests.storage.building import later

SCRIPT = Path(__file__).with_name("export_elsewhere.py")
PLAIN = {"LC_ALL": "C", "TZ": "UTC0", "PYTHONHASHSEED": "1", "COLUMNS": "80"}
OTHER = {"LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "99", "PYTHONUTF8": "0"}


def other_pythons() -> list[str]:
    """Return Pythons of other minor versions that are on this machine and new enough."""
    found = {}
    looked_at = [shutil.which(f"python3.{minor}") for minor in range(11, 16)]
    looked_at += glob.glob(os.path.expanduser("~/.pyenv/versions/3.1[1-9].*/bin/python"))
    for path in filter(None, looked_at):
        said = subprocess.run(
            [path, "-IS", "-c", "import sys; print(sys.version_info[1])"], capture_output=True, check=False
        )
        if said.returncode == 0 and int(said.stdout) != sys.version_info[1]:
            found[int(said.stdout)] = path
    return [path for _, path in sorted(found.items())]


def export(python: str, state: str, output: Path, chosen: Any, *, differently: bool) -> bytes:
    """Export in a process of its own and return the bundle's bytes."""
    words = [
        python,
        "-P",
        "-S",
        str(SCRIPT),
        state,
        str(output),
        json.dumps(chosen),
        "backwards" if differently else "-",
    ]
    subprocess.run(
        words,
        env={"PYTHONPATH": str(ROOT / "lib"), "PATH": os.defpath, **(OTHER if differently else PLAIN)},
        umask=0o000 if differently else 0o077,
        cwd="/" if differently else output.parent,
        check=True,
        timeout=60,
    )
    return output.read_bytes()


@pytest.fixture
def state(tmp_path: Path) -> str:
    folder = str(tmp_path / "state")
    worked_state(folder)
    with open(f"{folder}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b"torn\n")
    open_state(folder).commit([Group(additions=(Addition(type=LineType.LOG_HEARTBEAT),))], now=later(20))
    return folder


@pytest.mark.parametrize("chosen", [{}, {"tasks": ["tsk_0"]}], ids=["whole", "chosen"])
def test_the_same_bytes_under_other_circumstances(state: str, tmp_path: Path, chosen: Any) -> None:
    first = export(sys.executable, state, tmp_path / "first.zip", chosen, differently=False)
    elsewhere = shutil.copytree(state, tmp_path / "another place" / "state")
    second = export(sys.executable, str(elsewhere), tmp_path / "second.zip", chosen, differently=True)
    assert first == second
    assert opened(tmp_path / "first.zip").manifest["selected"] > 2


def test_the_same_bytes_with_another_python(state: str, tmp_path: Path) -> None:
    others = other_pythons()
    if not others:
        pytest.skip("this machine has one Python only")
    first = export(sys.executable, state, tmp_path / "first.zip", {}, differently=False)
    for number, python in enumerate(others):
        assert export(python, state, tmp_path / f"{number}.zip", {}, differently=True) == first, python
