"""Agents wait for each answer of a gate: one that says nothing against them imports nothing that it does not need."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_gate import hook
from tests.acceptance.test_verbs_cold import HEAVY, PROGRAM
from tests.acceptance.verbs import Verbs

#: Ours, which belong to compiling a profile, to recording, and to the rest of the command line.
NOT_FOR_A_PASS = """
    commands.main commands._wiring commands._handler commands._compiling commands._checking
    commands._tables commands._bug_log commands._gate_install commands._gate_leaving commands._artifacts
    contracts.reading contracts.shape contracts.deployment_profile contracts.notification_settings
    contracts.notice contracts.act contracts.review
    core.conditions core.episodes core.routing core.watch_settings core.projection core.scrub core.profile_compile
    core.policy_examples core.story core.rendering
    stages.task_change stages.gate_recording stages.gate_late stages.deciding stages.first_notices stages.enforcing
    stages.check_in_group stages.scan stages.enqueue stages.dispatch stages.bridge
    storage.encoding storage.memory storage.files.commit storage.files.writer storage.files.heal storage.files.rebuild
    adapters.interface adapters.senders adapters.tasks adapters.hosts.openclaw adapters.hosts.generic
""".split()
RECORDING = {"stages.gate_recording", "stages.deciding", "storage.files.commit", "core.scrub"}


@pytest.fixture(scope="module")
def verbs(tmp_path_factory: pytest.TempPathFactory) -> Verbs:
    """Return a state that a gate's very first call has made: it let something pass."""
    verbs = Verbs(tmp_path_factory.mktemp("cold") / "state", options=("--profile", "strict-manager-mode"))
    answer, modules = answer_and_modules(verbs, hook("question-answered"))
    assert answer == {}
    assert "commands._compiling" in ours(modules)
    assert not (verbs.state / "journal/log").exists(), "or it recorded what nobody wants to know"
    return verbs


def answer_and_modules(verbs: Verbs, asked: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Ask a gate in a process of its own; return its answer, and which modules it had imported at its end."""
    found = verbs.state.parent / "found"
    words = ["gate", "--host", "claude-code", "--state", str(verbs.state), *verbs.options]
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(found), *words],
        input=json.dumps(asked).encode(),
        env=verbs.variables(),
        capture_output=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout), set(json.loads(found.read_text())["modules"])


def among(modules: set[str], names: list[str]) -> set[str]:
    """Return those of the modules that are named, or lie in a package that is."""
    return {each for each in modules if any(each == name or each.startswith(f"{name}.") for name in names)}


def ours(modules: set[str]) -> set[str]:
    """Return our modules, by their names within the package."""
    return {each.removeprefix("reporting_governance.") for each in modules if each.startswith("reporting_governance.")}


def test_a_pass_imports_nothing_heavy_and_nothing_that_records(verbs: Verbs) -> None:
    answer, modules = answer_and_modules(verbs, hook("question-answered"))
    assert answer == {}
    assert among(modules, [*HEAVY, "click"]) == set()
    assert among(ours(modules), NOT_FOR_A_PASS) == set()
    assert "core.claim_reading" in ours(modules), "or nothing was judged"


def test_a_hold_does_record_and_imports_nothing_heavy(verbs: Verbs) -> None:
    answer, modules = answer_and_modules(verbs, hook("or-true", session_id="third"))
    assert answer["decision"] == "block"
    assert among(modules, [*HEAVY, "click"]) == set()
    assert ours(modules) >= RECORDING
    assert "commands._compiling" not in ours(modules)


def test_what_a_pass_must_not_import_is_there_to_be_imported(verbs: Verbs) -> None:
    package = Path(__file__).parents[2] / "lib/reporting_governance"
    paths = [package / each.replace(".", "/") for each in NOT_FOR_A_PASS]
    assert [str(path) for path in paths if not (path.is_dir() or path.with_suffix(".py").is_file())] == []
