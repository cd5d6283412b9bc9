"""The real OpenClaw for the tests marked `openclaw`: installed once, started on an island of its own.

Without the program these tests skip, loudly.  Asked for by their mark (`-m openclaw`) they install it first, unless
OPENCLAW_INSTALL=0.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .install import NoProgram, Program, find_program
from .island import Island, can_isolate


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Program:
    """Return the real program."""
    asked_for = request.config.option.markexpr.strip() == "openclaw"
    environment = {"OPENCLAW_INSTALL": "1" if asked_for else "0", **os.environ}
    reason = can_isolate()
    if reason is not None:
        pytest.skip(f"OpenClaw is not tried: {reason}")
    try:
        return find_program(environment)
    except NoProgram as fault:
        if asked_for and environment["OPENCLAW_INSTALL"] == "1":
            pytest.fail(f"OpenClaw could not be installed: {fault}")
        pytest.skip(f"OpenClaw is not tried: {fault}")


@pytest.fixture
def island(program: Program, tmp_path: Path) -> Iterator[Island]:
    """Return a fresh home with a running gateway."""
    with Island(tmp_path / "island", program) as island:
        island.start_gateway()
        yield island
