"""What a probe starts has a bare environment, an end, and nothing that outlives it."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from reporting_governance.adapters.probes.interface import ProbeStopped, Setting
from reporting_governance.adapters.probes.running import Actors, own_program


def actors(folder: Path, *, seconds: float = 30) -> Actors:
    return Actors(
        Setting(scratch=str(folder), program=own_program(), profile="none", deadline=time.monotonic() + seconds)
    )


def python(text: str) -> list[str]:
    return [sys.executable, "-I", "-c", text]


def test_nothing_of_our_environment_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    said = actors(tmp_path).run(python("import json, os; print(json.dumps(dict(os.environ)))"))
    environment = json.loads(said)
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert environment["HOME"] == str(tmp_path / "home")


def test_what_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    text = (
        "import subprocess, time; p = subprocess.Popen(['sleep', '600']);"
        " open('pid', 'w').write(str(p.pid)); time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(ProbeStopped, match="did not end in time"):
        actors(tmp_path, seconds=2).run(python(text))
    assert time.monotonic() - began < 20
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not _runs(pid):
            break
        time.sleep(0.1)
    assert not _runs(pid)


def test_what_a_program_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    text = (
        "import subprocess; p = subprocess.Popen(['sleep', '600'], stdin=-3, stdout=-3, stderr=-3);"
        " open('pid', 'w').write(str(p.pid))"
    )
    actors(tmp_path).run(python(text))
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not _runs(pid):
            break
        time.sleep(0.1)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("text", ["raise SystemExit(70)", "import os; os.kill(os.getpid(), 9)"])
def test_a_crash_stops_the_probe(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProbeStopped, match="ended with"):
        actors(tmp_path).run(python(text))


def test_an_answer_in_other_words_stops_the_probe(tmp_path: Path) -> None:
    setting = Setting(
        scratch=str(tmp_path), program=python("print('all is well')"), profile="none", deadline=time.monotonic() + 30
    )
    with pytest.raises(ProbeStopped, match="JSON"):
        Actors(setting).verb("scan")
    assert os.path.isdir(tmp_path / "home")


def test_no_time_is_left(tmp_path: Path) -> None:
    late = actors(tmp_path, seconds=-1)
    with pytest.raises(ProbeStopped, match="over"):
        late.run(python("pass"))
    with pytest.raises(ProbeStopped, match="over"):
        late.wait(0.1)
