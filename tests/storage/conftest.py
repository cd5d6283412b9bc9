"""Every back end under one suite.  A new one adds its factory here and nothing else."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from reporting_governance.storage.dry_run import DryRunStore
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Store
from reporting_governance.storage.memory import MemoryStore

IN_A_DATABASE = [
    pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.everywhere]),
    pytest.param("dry_run_postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(params=["memory", "files", "dry_run", *IN_A_DATABASE])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    root = str(tmp_path / "state")
    factories: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "files": lambda: FilesStore(root, actor="uid:0"),
        "dry_run": lambda: DryRunStore(FilesStore(root, actor="uid:0"), actor="uid:0"),
        "postgres": lambda: _in_a_database(request, root),
        "dry_run_postgres": lambda: DryRunStore(_in_a_database(request, root), actor="uid:0"),
    }
    return factories[request.param]()


def _in_a_database(request: pytest.FixtureRequest, root: str) -> Store:
    from tests.postgres.back_end import in_databases
    from tests.storage.building import NOW

    until_the_end = ExitStack()
    request.addfinalizer(until_the_end.close)
    store: Store = until_the_end.enter_context(in_databases()).open(root, now=lambda: NOW, monotonic=lambda: 100.0)
    return store


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "state")
