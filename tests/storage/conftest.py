"""Every back end under one suite.  A new one adds its factory here and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.storage.dry_run import DryRunStore
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Store
from reporting_governance.storage.memory import MemoryStore


@pytest.fixture(params=["memory", "files", "dry_run"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    factories: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "files": lambda: FilesStore(str(tmp_path / "state"), actor="uid:0"),
        "dry_run": lambda: DryRunStore(FilesStore(str(tmp_path / "state"), actor="uid:0"), actor="uid:0"),
    }
    return factories[request.param]()


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "state")
