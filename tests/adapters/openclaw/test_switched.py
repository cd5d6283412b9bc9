"""What enabling and disabling leave, held against what OpenClaw 2026.9.6 left of the same configurations."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.openclaw.plugins.captured import FILE, make_package
from tests.openclaw.plugins.switching import CASES, Case, differs, document_of, make_home, our_left
from tests.openclaw.plugins.switching_captured import captured

LEAST_CASES = 60
OWN = ("a2a", "memory-core", "openai", "telegram")  #: those that cases speak of


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = json.loads(FILE.read_text())
    own = {name: document["own"][name] for name in OWN}
    return make_package(tmp_path_factory.mktemp("package"), document["openclaw"], own)


def test_every_case_was_captured() -> None:
    assert list(captured()) == [each.name for each in CASES]
    assert len(CASES) >= LEAST_CASES
    assert sum(1 for each in CASES if each.meant) <= 12


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
def test_the_same_is_left(case: Case, package: Path, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", case)
    before = document_of(case, home)
    files = set(os.listdir(home.state))
    ours = our_left(home, package, case)
    differing = differs(case, ours, captured()[case.name], before)
    assert bool(differing) is bool(case.meant), differing
    more = set(os.listdir(home.state)) - files
    assert more <= {"openclaw.json", "openclaw.json.reportgov.bak", ".openclaw.json.reportgov.lock"}
