"""All tests of a module, to be run again on a database, but for those that speak of files."""

from types import ModuleType
from typing import Any

import pytest

from tests.postgres.same.of_files import OF_FILES


def again(module: ModuleType) -> dict[str, Any]:
    """Return a module's tests, fixtures and marks by name; a test that is new there runs here by itself."""
    left = OF_FILES.get(module.__name__.rpartition(".")[2], {})
    tests = {name: value for name, value in vars(module).items() if name.startswith("test_")}
    assert set(left) <= set(tests), f"no such test in {module.__name__}: {set(left) - set(tests)}"
    fixtures = {name: value for name, value in vars(module).items() if _is_fixture(value)}
    marks = {"pytestmark": [*getattr(module, "pytestmark", ()), pytest.mark.postgres]}
    return {name: value for name, value in (tests | fixtures | marks).items() if name not in left}


def _is_fixture(value: object) -> bool:
    return isinstance(value, type(_example))


@pytest.fixture
def _example() -> None: ...
