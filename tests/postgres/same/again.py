"""All tests of a module, to be run again on a database, but for those that speak of files."""

from types import ModuleType
from typing import Any

import pytest

from tests.postgres.same.of_files import OF_FILES

MARKS = [pytest.mark.postgres]


def again(module: ModuleType) -> dict[str, Any]:
    """Return a module's tests and fixtures by name; a test that is new there runs here by itself."""
    left = OF_FILES.get(module.__name__.rpartition(".")[2], {})
    tests = {name: value for name, value in vars(module).items() if name.startswith("test_")}
    assert set(left) <= set(tests), f"no such test in {module.__name__}: {set(left) - set(tests)}"
    fixtures = {name: value for name, value in vars(module).items() if _is_fixture(value)}
    return {name: value for name, value in (tests | fixtures).items() if name not in left}


def _is_fixture(value: object) -> bool:
    return isinstance(value, type(_example))


@pytest.fixture
def _example() -> None: ...
