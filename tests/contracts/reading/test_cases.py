"""Every folder of tests/cases/reading: a file, what is found in it, and where.

`given.json` and `given.yaml` hold the same data: they must give the same findings, each at its own places.
With a `schema.json` the shape is checked too, by both engines.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.reading import ReadResult, Syntax, read_documents
from reporting_governance.contracts.shape import Engine, SchemaSet, check_shape

CASES = Path(__file__).resolve().parents[2] / "cases" / "reading"
ENGINES = (Engine.FAST, Engine.FALLBACK)


def every_case() -> list[Any]:
    return [
        pytest.param(folder, syntax, id=f"{folder.name}-{syntax}")
        for folder in sorted(CASES.iterdir())
        for syntax in Syntax
        if (folder / f"given.{syntax}").exists()
    ]


def expected(folder: Path) -> Any:
    return json.loads((folder / "expect.json").read_text())


def read(folder: Path, syntax: Syntax) -> ReadResult:
    name = f"given.{syntax}"
    return read_documents((folder / name).read_bytes(), name=name)


def everything_found(folder: Path, syntax: Syntax, engine: Engine) -> list[Finding]:
    result = read(folder, syntax)
    findings = list(result.findings)
    if (folder / "schema.json").exists():
        schemas = SchemaSet({"schema.json": json.loads((folder / "schema.json").read_text())}, engine=engine)
        for document in result.checkable:
            findings += check_shape(document, schemas.shape("schema.json"), name=f"given.{syntax}")
    return findings


def without_places(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """What must not depend on the syntax."""
    plain = []
    for finding in findings:
        document = finding.dump()
        for key in ("file", "line", "column", "end_line", "end_column", "help"):
            document.pop(key, None)
        document["related"] = [each.message for each in finding.related]
        plain.append(document)
    return plain


def places(findings: Sequence[Finding]) -> list[list[Any]]:
    """Line, column, end line and end column of each finding, then the same of what it is related to."""
    return [
        [each.line, each.column, each.end_line, each.end_column]
        + [[other.line, other.column, other.end_line, other.end_column] for other in each.related]
        for each in findings
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("folder", "syntax"), every_case())
def test_a_case_gives_its_findings(folder: Path, syntax: Syntax, engine: Engine) -> None:
    findings = everything_found(folder, syntax, engine)
    wanted = expected(folder)
    assert without_places(findings) == wanted["findings"]
    assert places(findings) == wanted["places"][syntax]


@pytest.mark.parametrize(("folder", "syntax"), every_case())
def test_a_case_gives_its_documents(folder: Path, syntax: Syntax) -> None:
    result = read(folder, syntax)
    wanted = expected(folder)
    assert json.dumps([each.value for each in result.checkable]) == json.dumps(wanted["checkable"])
    assert [each.index for each in result.checkable] == list(range(1, len(result.checkable) + 1))
    faulty = any(each.severity == "error" for each in result.findings)
    assert list(result.documents) == ([] if faulty else list(result.checkable))


def test_the_cases_use_every_rule() -> None:
    from reporting_governance.contracts.finding_rules import RULES

    used = {each["rule"] for folder in CASES.iterdir() for each in expected(folder)["findings"]}
    # a file over the limit and a list of findings over the limit are too large for a folder: test_limits.py
    assert used == {each for each in RULES if each < "GOV2"} - {"GOV002", "GOV014"}
