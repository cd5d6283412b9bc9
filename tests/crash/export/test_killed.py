"""An export that is killed, starved of disk or cut short: no bundle, or a whole one, and a log that is as it was."""

import os
import resource
import shutil
import signal
from pathlib import Path

import pytest

from reporting_governance.errors import StorageError
from tests.stages.export_world import exported, left_in, open_state, opened, worked_state
from tests.storage.killing import Report, killed_everywhere
from tests.storage.oracle import read_log


@pytest.fixture
def template(tmp_path: Path) -> str:
    """Return a folder with a state of which one head is signed already, and a place for bundles."""
    folder = tmp_path / "template"
    worked_state(str(folder / "state"))
    (folder / "out").mkdir()
    exported(str(folder / "state"), str(folder / "first.zip"), signed=True)
    (folder / "first.zip").unlink()
    return str(folder)


def exporting(root: str, report: Report) -> None:
    done = exported(f"{root}/state", f"{root}/out", signed=True)
    report([done.file.path, done.file.sha256])


def check_left(root: str, acknowledged: bool) -> None:
    """Check what a killed export left: and that the next one needs nobody's help."""
    bundles = [each for each in left_in(f"{root}/out") if not each.startswith(".")]
    if acknowledged:
        assert len(bundles) == 1
    for each in bundles:
        opened(f"{root}/out/{each}")
    open_state(f"{root}/state").ready()
    recorded = [each for each in read_log(f"{root}/state") if each["type"] == "audit.exported"]
    assert len(recorded) - 1 <= len(bundles), "what the log says was exported is there"
    done = exported(f"{root}/state", f"{root}/again.zip", signed=True)
    assert opened(done.file.path).manifest["root"] == done.root
    assert done.signed_to == done.size


@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_every_step(template: str, tmp_path: Path, stride: int) -> None:
    steps = whole = 0
    for _, root, outcome in killed_everywhere(template, str(tmp_path / "killed"), exporting, stride=stride):
        steps += outcome.killed
        whole += any(each.endswith(".zip") for each in left_in(f"{root}/out"))
        check_left(root, bool(outcome.reports))
    assert steps * stride > 40
    assert whole >= 1


def size_of_bundle(template: str, folder: Path) -> int:
    root = shutil.copytree(template, folder / "whole")
    return exported(f"{root}/state", f"{root}/out", signed=True).file.size


@pytest.mark.parametrize("missing", [1, 100, 5_000, 50_000])
def test_a_disk_that_fills_up_leaves_no_bundle_and_no_record(template: str, tmp_path: Path, missing: int) -> None:
    limit = size_of_bundle(template, tmp_path) - missing
    root = template
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(StorageError, match="partial"):
            exported(f"{root}/state", f"{root}/out", signed=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert left_in(f"{root}/out") == []
    assert [each["type"] for each in read_log(f"{root}/state")].count("audit.exported") == 1
    check_left(root, acknowledged=False)


def test_short_writes_lose_nothing(template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(shutil.copytree(template, tmp_path / "short"))
    whole = exported(f"{template}/state", f"{template}/out", reproducible=True, recorded=False)
    plain = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: plain(fd, data[: max(1, len(data) // 3)]))
    short = exported(f"{root}/state", f"{root}/out", reproducible=True, recorded=False)
    assert Path(short.file.path).read_bytes() == Path(whole.file.path).read_bytes()


def test_a_log_that_grows_meanwhile_is_exported_as_it_was(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that others add between the two readings belong to the next export."""
    from reporting_governance.stages import exporting as stage
    from tests.stages.export_world import event
    from tests.storage.building import later

    write = stage._write

    def grown(*arguments: object) -> None:
        open_state(f"{template}/state").commit([event(900)], now=later(50))
        write(*arguments)

    monkeypatch.setattr(stage, "_write", grown)
    done = exported(f"{template}/state", f"{template}/out", signed=True)
    bundle = opened(done.file.path)
    assert bundle.manifest["size"] == done.size == max(bundle.lines())


def test_a_log_that_is_changed_meanwhile_is_not_exported(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from reporting_governance.stages import exporting as stage

    write = stage._write
    path = Path(template, "state/journal/log/000000000001.jsonl")

    def changed(*arguments: object) -> None:
        path.write_bytes(path.read_bytes().replace(b'"agent_id":"coder"', b'"agent_id":"codex"', 1))
        write(*arguments)

    monkeypatch.setattr(stage, "_write", changed)
    with pytest.raises(StorageError, match="changed while it was exported"):
        exported(f"{template}/state", f"{template}/out", recorded=False)
    assert left_in(f"{template}/out") == []
