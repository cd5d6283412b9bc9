"""What a check looks at and which part of its tests ran: one command line a line of tests/cases/deeds/kinds.jsonl."""

import json
from typing import Any

import pytest

from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.core.check_commands import check_of
from reporting_governance.core.checks import checks_in
from reporting_governance.core.claim_reading import read_report
from reporting_governance.core.command_words import commands_of
from tests.unit.policy_documents import ROOT

CASES = [json.loads(line) for line in (ROOT / "tests/cases/deeds/kinds.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[case["command"] for case in CASES])
def test_kind_and_part_of_a_check(case: dict[str, Any]) -> None:
    found = check_of(commands_of(case["command"])[-1].words)
    assert (None if found is None else [found.runner, found.kind, found.part]) == case["check"]


@pytest.mark.parametrize(
    ("command", "output", "kind"),
    [
        ("npm test", "> shop@1.0.0 test\n> eslint src", "static"),
        ("npm test", "> shop@1.0.0 test\n> vitest run", "test"),
        ("npm run check", "> shop@1.0.0 check\n> eslint src && vitest run", "any"),
        ("npm run build", "> shop@1.0.0 build\n> tsc && vite build", "static"),
        ("npm run build", "> shop@1.0.0 build\n> next build\n   Linting and checking validity of types ...", "static"),
        ("make check", "Success: no issues found in 9 source files", "static"),
        ("make check", "12 passed in 0.52s", "any"),
        ("make check", "", "any"),
    ],
)
def test_the_output_may_tell_more_than_the_name(command: str, output: str, kind: str) -> None:
    deed = Deed(kind=DeedKind.RUN, at=None, id="1", command=command, exit_status=0, output=output)
    assert [each.kind for each in checks_in(deed)] == [kind]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Done. All tests pass.", "all_tests tests"),
        ("Done. Tests pass.", "tests"),
        ("All 12 tests pass.", "tests"),
        ("All cart tests pass.", "tests"),
        ("All unit tests pass.", "tests"),
        ("All tests in tests/test_cart.py pass.", "tests"),
        ("All tests in the project pass.", "all_tests tests"),
        ("All existing tests still pass.", "all_tests tests"),
        ("The full test suite passes.", "all_tests tests"),
        ("I ran the whole suite: 214 passed.", "all_tests tests"),
        ("The tests all pass now.", "all_tests tests"),
        ("Done: 14 tests passed in 0.5s.", "tests"),
        ("Types and lint are clean.", "static"),
        ("Lint is clean and all tests pass.", "all_tests tests static"),
        ("pytest, mypy and ruff all pass.", "tests static"),
        ("The build passes and tests pass.", "tests build"),
        ("- All tests passing\n- Lint clean\n- Build succeeds", "all_tests tests static build"),
        ("Tests pass; lint reports 3 errors.", "tests"),
        ("Regression test included, CI green.", ""),
        ("All checks pass.", ""),
        ("All tests should pass.", ""),
        ("I still have to run all tests.", ""),
        ("已完成，所有测试通过。", "all_tests tests"),
        ("测试全部通过，任务完成。", "all_tests tests"),
        ("购物车测试全部通过。", "tests"),
        ("测试通过，类型检查也通过。", "tests static"),
    ],
)
def test_which_checks_a_report_says_to_pass_by_name(text: str, named: str) -> None:
    assert read_report(text).checks_named == tuple(named.split())
