"""What the tests of several stages share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.memory import MemoryStore
from tests.stages.bridge_world import World
from tests.stages.gate_world import GateWorld


@pytest.fixture(params=["memory", "files"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A world on each back end."""
    if request.param == "memory":
        return World(MemoryStore())
    return World(FilesStore(str(tmp_path / "state"), actor="test"))


@pytest.fixture(params=["memory", "files"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., GateWorld]:
    """Make a world on each back end."""

    def made(**more: Any) -> GateWorld:
        store = MemoryStore() if request.param == "memory" else FilesStore(str(tmp_path / "state"), actor="test")
        return GateWorld(store, **more)

    return made
