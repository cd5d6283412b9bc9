"""What the tests of contracts share."""

from typing import Any

import pytest

from tests.contracts.schemas_read import SCHEMAS, Judges


@pytest.fixture(scope="session")
def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by its kind."""
    return SCHEMAS


@pytest.fixture(scope="session")
def judges() -> dict[str, Judges]:
    """Return the validators of every kind."""
    return {kind: Judges(kind) for kind in SCHEMAS}
