"""Every folder of tests/cases/verify-*: a document with planted faults, and all that must be said about it.

`given.json` and `given.yaml` hold the same data: they give the same findings, each at its own line and column.
"""

from pathlib import Path

import pytest

from reporting_governance.commands._rules import every_rule
from reporting_governance.contracts.reading import read_documents
from tests.verify.checking import Case, every_case, only, told, verify

EVERY_CASE = every_case()
EVERY_TEXT = [
    pytest.param(case, syntax, id=f"{case.verb}-{case.folder.name}-{syntax}")
    for case in EVERY_CASE
    for syntax in case.syntaxes
]
#: rules of shape and meaning that no document can break here, with the test that breaks them
ELSEWHERE = {
    "GOV110": "tests/cases/reading: the three kinds ask for nothing that only this rule can say",
    "GOV203": "`policy facts` alone raises it",
    "GOV213": "test_meaning.py: every surface that the schema knows has its module",
}


@pytest.mark.parametrize(("case", "syntax"), EVERY_TEXT)
def test_a_case_gives_its_findings(case: Case, syntax: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expect = case.expect
    given = case.lay_out(syntax, tmp_path)

    answer = verify(case.verb, "--format", "json", *expect.get("arguments", ()), given)

    assert answer.err == ""
    report = answer.report
    assert told(report["findings"], given, syntax) == only(syntax, expect["findings"])
    assert [each["file"] for each in report["not_read"]] == expect.get("not_read", [])
    assert answer.code == expect["exit"]
    for each in report["findings"]:
        assert each["help"], each
        if each.get("line"):
            assert (each["end_line"], each["end_column"]) >= (each["line"], each["column"])


@pytest.mark.parametrize("case", EVERY_CASE, ids=lambda case: f"{case.verb}-{case.folder.name}")
def test_both_syntaxes_of_a_case_say_the_same(case: Case) -> None:
    said = []
    for syntax in case.syntaxes:
        name = f"given.{syntax}"
        result = read_documents((case.folder / name).read_bytes(), name=name)
        said.append([each.value for each in result.checkable])
    assert said[1:] == said[:-1]


def test_there_are_cases_enough_and_most_are_in_both_syntaxes() -> None:
    in_both = [each for each in EVERY_CASE if len(each.syntaxes) == 2]
    assert len(in_both) >= 60


def test_the_cases_break_every_rule_of_shape_and_meaning() -> None:
    broken = {each["rule"] for case in EVERY_CASE for each in case.expect["findings"]}
    wanted = {each for each in every_rule() if "GOV1" <= each < "GOV4"}
    assert wanted - broken - set(ELSEWHERE) == set()
