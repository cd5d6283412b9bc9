"""Command lines, one a line of tests/cases/deeds/commands.jsonl: which checks they are, and what they change.

The fields of a case: the command, its exit status (null: the host does not say), its output, and what is expected: for
each check its runner, outcome and why it proves nothing; the files that change (null: none; empty: unnamed ones).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.contracts.evidence import CheckKind
from reporting_governance.core.check_output import _ROWS, _rows_for, read_summary
from reporting_governance.core.checks import checks_in, folders_of, joined
from reporting_governance.core.code_changes import changed_paths
from reporting_governance.core.command_words import commands_of
from reporting_governance.core.file_kinds import is_code
from reporting_governance.core.shell_words import tokens_of

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "deeds" / "commands.jsonl").read_text("utf-8").splitlines()
]
FOLDER = "/p"


def run(command: str, status: int | None = 0, output: str = "", **more: Any) -> Deed:
    failed = None if status is None else status != 0
    return Deed(
        kind=DeedKind.RUN, at=None, id="c", command=command, exit_status=status, failed=failed, output=output,
        folder=FOLDER, **more,
    )  # fmt: skip


@given(st.lists(st.sampled_from([row[0] for row in _ROWS[CheckKind.ANY]]), max_size=3), st.sampled_from(CheckKind))
def test_no_form_that_an_output_may_hold_is_passed_over(letters: list[str], kind: CheckKind) -> None:
    output = "\n".join(letters)
    assert _rows_for(output, kind) == [row for row in _ROWS[kind] if row[0] in output]


@pytest.mark.parametrize("case", CASES, ids=[case["command"][:60] for case in CASES])
def test_checks_of_a_command_line(case: dict[str, Any]) -> None:
    found = checks_in(run(case["command"], case["status"], case["output"]))
    assert [[each.runner, each.outcome, each.proves_nothing] for each in found] == case["checks"]


@pytest.mark.parametrize("case", CASES, ids=[case["command"][:60] for case in CASES])
def test_changes_of_a_command_line(case: dict[str, Any]) -> None:
    deed = run(case["command"])
    commands = commands_of(deed.command)
    folders = folders_of(deed, commands)
    found: list[str] | None = None
    for command, folder in zip(commands, folders, strict=True):
        paths = changed_paths(command, folder, deed.command)
        if paths is not None:
            found = [*(found or []), *(joined(folder, path) for path in paths)]
    assert found == case["changes"]


SHELL = st.text(alphabet=st.sampled_from(list("pytest npm|&;()<>'\"`$\\{}#\n \t=-/.EOF123!*")), max_size=120)


@given(command=st.one_of(SHELL, st.text(max_size=200)), status=st.sampled_from([None, 0, 1, 5, 127, 137]))
def test_every_command_line_can_be_read(command: str, status: int | None) -> None:
    deed = run(command, status, command)
    commands = commands_of(command)
    for each in checks_in(deed, commands):
        assert each.outcome in ("passed", "failed", "unknown")
    for each_command, folder in zip(commands, folders_of(deed, commands), strict=True):
        changed_paths(each_command, folder, command)


@given(output=st.text(max_size=300))
def test_every_output_can_be_read(output: str) -> None:
    for kind in CheckKind:
        found = read_summary(output, kind)
        assert found.ran is None or found.ran >= 0


@given(words=st.lists(st.text(alphabet="abc 'xyz$#&|;<>()\n\"", max_size=12), max_size=6))
def test_quoted_words_are_read_back(words: list[str]) -> None:
    import shlex

    line = " ".join(shlex.quote(word) for word in words)
    assert [token.text for token in tokens_of(line)] == words


@pytest.mark.parametrize(
    "text", ["the tests passed, 5 of them", "5 passed", "all tests passed in 3 s of work", "Tests are OK", "ok, done"]
)
def test_running_text_is_no_summary(text: str) -> None:
    assert read_summary(text, CheckKind.ANY).passed is None


@pytest.mark.parametrize("unit", ["$(", "'\"", "a|", "<<E\n", "((", "`'"])
def test_reading_a_long_line_takes_one_pass(unit: str) -> None:
    short, long = lines_run(commands_of, unit * 200), lines_run(commands_of, unit * 1600)
    assert long < 10 * short


def lines_run(function: Callable[[str], object], text: str) -> int:
    """Return how many lines of Python a call runs: what it costs, on whatever machine."""
    count = 0

    def look(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        function(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("src/a.py", True), ("README.md", False), ("docs/guide.rst", False), ("docs/conf.py", True), ("LICENSE", False),
        ("CHANGELOG", False), ("requirements.txt", True), ("requirements-dev.txt", True), ("CMakeLists.txt", True),
        ("notes.txt", False), ("Makefile", True), ("Dockerfile", True), (".github/workflows/ci.yml", True),
        ("docs/diagram.svg", False), ("docs/Makefile", False), ("package.json", True), ("", True),
        ("changelog.py", True), ("src/readme.ts", True), (".gitignore", False), ("config.yaml", False),
        ("src/locales/de.json", False), ("deploy/values.yaml", False), (".env.production", False), ("app.conf", False),
        ("pyproject.toml", True), ("tsconfig.build.json", True), ("docker-compose.prod.yml", True),
        (".gitlab-ci.yml", True), ("go.mod", True), ("tests/fixtures/cart.json", True), ("pom.xml", True),
    ],
)  # fmt: skip
def test_which_files_are_code(path: str, code: bool) -> None:
    assert is_code(path) is code
