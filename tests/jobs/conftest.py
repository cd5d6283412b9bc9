"""Jobs on each back end."""

from pathlib import Path

import pytest

from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.memory import MemoryStore
from tests.jobs.world import Jobs


@pytest.fixture(params=["memory", "files"])
def jobs(request: pytest.FixtureRequest, tmp_path: Path) -> Jobs:
    """Jobs on each back end."""
    if request.param == "memory":
        return Jobs(MemoryStore())
    return Jobs(FilesStore(str(tmp_path / "state"), actor="test"))
