"""One log for all tests of a process; whoever damages it takes a copy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audit.world import Bundle, World, exported, made_world


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a log that is not to be changed."""
    return made_world(tmp_path_factory.mktemp("audit"))


@pytest.fixture
def world(untouched: World, tmp_path: Path) -> World:
    """Return a copy that may be damaged."""
    return untouched.copied(tmp_path)


@pytest.fixture(scope="session")
def honest_path(untouched: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return an export of the untouched log, to its newest signed head."""
    return exported(untouched.state, tmp_path_factory.mktemp("bundle") / "honest.zip")


@pytest.fixture(scope="session")
def signed_path(untouched: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return an export of a log like it that the log's key signed as a whole."""
    folder = tmp_path_factory.mktemp("signed")
    return exported(untouched.copied(folder).state, folder / "signed.zip", signed=True)


@pytest.fixture(scope="session")
def honest(honest_path: str) -> Bundle:
    """Return the files of that export."""
    return Bundle.of(honest_path)


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[Bundle], str]:
    """Return what packs changed files into an archive whose lists fit again."""
    return lambda bundle: bundle.relisted().packed(tmp_path / "forged.zip")
