"""A state and its users, made once for the tests of a module."""

import pkgutil
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

import reporting_governance
from tests.roles.users import why_not
from tests.roles.world import World, make_world


@pytest.fixture(scope="session")
def imported() -> None:
    """Import here, once, what each of the hundreds of forks would import again."""
    for found in pkgutil.walk_packages(reporting_governance.__path__, "reporting_governance."):
        if "postgres" not in found.name and not found.name.endswith("__main__"):
            with suppress(ImportError):
                import_module(found.name)
    for name in (
        "yaml",
        "jsonschema",
        "jsonschema_rs",
        "tabulate",
        "cryptography.hazmat.primitives.asymmetric.ed25519",
    ):
        import_module(name)


@pytest.fixture(scope="module")
def world(imported: None) -> Iterator[World]:
    """Return a state of user `gov`; tests that change it leave it usable for the next."""
    if why_not():
        pytest.skip(why_not())
    folder = Path(tempfile.mkdtemp(prefix="reportgov-roles-"))
    try:
        yield make_world(folder)
    finally:
        shutil.rmtree(folder)
