"""What the tests of several stages share."""

from pathlib import Path

import pytest

from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.memory import MemoryStore
from tests.stages.bridge_world import World


@pytest.fixture(params=["memory", "files"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A world on each back end."""
    if request.param == "memory":
        return World(MemoryStore())
    return World(FilesStore(str(tmp_path / "state"), actor="test"))
