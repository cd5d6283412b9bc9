"""The required tests of JSON-Schema-Test-Suite for draft 2020-12, through the way by which documents are judged.

Whatever a set of schemas accepts is judged as the suite says.  What it refuses is listed here, with the reason: a
schema of ours that used it would not start, so no verdict can be wrong by it.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from reporting_governance.contracts.shape import Engine, SchemaError, SchemaSet
from tests.verify.checking import ROOT

_ALL = 1_299
_REFUSED = {
    # Formats are asserted here, and one that has no check would let everything pass: 15 formats, 7 tests each.
    r"the format .* has no check": 105,
    # $anchor, $dynamicRef, $dynamicAnchor, $vocabulary, content*: none of our schemas needs them.
    r"this keyword is not supported": 67,
    # A part of a schema that is a schema of its own could take the place of a file.
    r"\$id inside a schema is not supported": 49,
    # Only the files of the set are known, each by its own $id and not by the address it was fetched from.
    r"no schema of this project has this \$id": 8,
    # Engines read these differently.
    r"the pattern .* uses|is not a 'regex'": 7,
    # The same words may mean something else in another dialect.
    r"its \$schema is .*, and only": 5,
    # One engine leaves the empty name out of its paths.
    r"an empty name is not supported": 2,
}
#: formats that are checked: the suite holds them for remarks, which 2020-12 leaves to each program
_ASSERTED = {"date", "date-time", "uri", "uuid"}


@cache
def _suite() -> Any:
    with gzip.open(ROOT / "tests/data/json-schema-test-suite/draft2020-12.json.gz") as file:
        return json.load(file)


def _groups() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, groups in _suite()["tests"].items():
        yield from ((name, group) for group in groups)


def _remotes() -> dict[str, Any]:
    """Return the schemas that tests refer to; those without a name of their own are named by their address."""
    return {uri: {"$id": uri, **each} for uri, each in _suite()["remotes"].items() if isinstance(each, dict)}


@pytest.mark.parametrize("engine", [Engine.FAST, Engine.FALLBACK])
def test_what_is_accepted_is_judged_as_the_suite_says(engine: Engine) -> None:
    remotes = _remotes()
    right, refused, asserted = 0, Counter[str](), set[str]()
    for name, group in _groups():
        try:
            shape = SchemaSet({"case.json": group["schema"], **remotes}, engine=engine).shape("case.json")
        except SchemaError as fault:
            reason = next(each for each in _REFUSED if re.search(each, str(fault)))
            refused[reason] += len(group["tests"])
            continue
        for test in group["tests"]:
            if shape.is_valid(test["data"]) == test["valid"]:
                right += 1
            else:
                assert name == "format.json", f"{name}: {group['description']}: {test['description']}"
                asserted.add(group["schema"]["format"])
    assert dict(refused) == _REFUSED
    assert asserted == _ASSERTED
    assert right == _ALL - sum(_REFUSED.values()) - len(_ASSERTED)


def test_the_engine_alone_passes_every_test() -> None:
    """Nothing that is refused is refused because the engine could not judge it."""

    def refuse(uri: str) -> object:
        raise LookupError(uri)

    registry = jsonschema_rs.Registry(
        list(_suite()["remotes"].items()), draft=jsonschema_rs.Draft202012, retriever=refuse
    )
    right = 0
    for name, group in _groups():
        validator = jsonschema_rs.validator_for(group["schema"], registry=registry, retriever=refuse)
        for test in group["tests"]:
            assert validator.is_valid(test["data"]) == test["valid"], f"{name}: {group['description']}"
            right += 1
    assert right == _ALL


@pytest.mark.parametrize("engine", [Engine.FAST, Engine.FALLBACK])
@pytest.mark.parametrize("dialect", ["http://json-schema.org/draft-07/schema#", "https://example.org/own", 7])
def test_a_schema_of_another_dialect_is_refused(engine: Engine, dialect: object) -> None:
    schemas = SchemaSet({"case.json": {"$schema": dialect, "type": "object"}}, engine=engine)
    with pytest.raises(SchemaError, match=r"its \$schema is"):
        schemas.shape("case.json")
