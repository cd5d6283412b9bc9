"""The required tests of JSON-Schema-Test-Suite for draft 2020-12, through the way by which documents are judged.

The suite's remote documents are members of the set; nothing is fetched.  Formats are remarks there, as 2020-12 has it.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.shape import Engine, SchemaError, SchemaSet, check_shape
from reporting_governance.contracts.shape.formats import FORMATS
from tests.verify.checking import ROOT

_ALL = 1_299
BOTH = pytest.mark.parametrize("engine", [Engine.FAST, Engine.FALLBACK])


@cache
def _suite() -> Any:
    with gzip.open(ROOT / "tests/data/json-schema-test-suite/draft2020-12.json.gz") as file:
        return json.load(file)


def _groups() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, groups in _suite()["tests"].items():
        yield from ((name, group) for group in groups)


def _set_of(schema: Any, engine: Engine, *, formats: bool = False) -> SchemaSet:
    return SchemaSet({"case.json": schema, **_suite()["remotes"]}, engine=engine, formats=formats)


@BOTH
def test_every_document_is_judged_as_the_suite_says(engine: Engine) -> None:
    judged = 0
    for name, group in _groups():
        shape = _set_of(group["schema"], engine).shape("case.json")
        for test in group["tests"]:
            told = f"{name}: {group['description']}: {test['description']}"
            assert shape.is_valid(test["data"]) is test["valid"], told
            (document,) = read_documents(json.dumps(test["data"]).encode(), name="a.json").documents
            findings = check_shape(document, shape, name="a.json")
            assert (findings == []) is test["valid"], told
            assert all(each.line is not None and each.column is not None for each in findings), told
            judged += 1
    assert judged == _ALL


@BOTH
@pytest.mark.parametrize("group", _suite()["tests"]["format.json"], ids=lambda group: str(group["schema"]["format"]))
def test_a_format_that_is_asserted_is_checked_or_refused(group: Mapping[str, Any], engine: Engine) -> None:
    name = group["schema"]["format"]
    schemas = _set_of(group["schema"], engine, formats=True)
    if name not in FORMATS:
        with pytest.raises(SchemaError, match=f"the format {name} has no check"):
            schemas.shape("case.json")
        return
    verdicts = [schemas.shape("case.json").is_valid(test["data"]) for test in group["tests"]]
    assert verdicts.count(False) == 1  # every other value there is no string
