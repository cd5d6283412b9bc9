"""Whether a document has its shape: we say what others say who read the same schemas."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.verify.checking import schemas
from tests.verify.fixtures import KINDS, SCHEMAS, Fixture, fixtures


@cache
def _theirs(kind: str) -> Any:
    """Return jsonschema as it comes, with its own checks of formats."""
    documents = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        (each["$id"], DRAFT202012.create_resource(each)) for each in documents.values()
    )
    schema = documents[f"{kind}.schema.json"]
    return Draft202012Validator(schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_jsonschema_itself_checks_the_formats_that_we_use() -> None:
    """Where the package behind a format is missing, it passes everything."""
    checker = Draft202012Validator.FORMAT_CHECKER
    assert all(not checker.conforms("no", each) for each in ("date", "date-time", "uri", "uuid"))


@pytest.mark.parametrize("fixture", fixtures(), ids=lambda each: each.name)
def test_jsonschema_gives_the_same_verdict(fixture: Fixture) -> None:
    ours = schemas().shape(f"{fixture.kind}.schema.json").is_valid(fixture.value)
    assert ours == _theirs(fixture.kind).is_valid(fixture.value)


def test_there_are_fixtures_of_both_kinds() -> None:
    valid = [schemas().shape(f"{each.kind}.schema.json").is_valid(each.value) for each in fixtures()]
    assert valid.count(True) > 100
    assert valid.count(False) > 100


@pytest.mark.long
@pytest.mark.outside
@pytest.mark.parametrize("kind", sorted(KINDS.values()))
def test_check_jsonschema_gives_the_same_verdict(kind: str, tmp_path: Path) -> None:
    beside_us = os.path.dirname(sys.executable)
    program = shutil.which("check-jsonschema", path=os.pathsep.join([beside_us, os.environ["PATH"]]))
    assert program is not None, "nox -s verify installs it"
    shape = schemas().shape(f"{kind}.schema.json")
    files: dict[str, bool] = {}
    for number, each in enumerate(each for each in fixtures() if each.kind == kind):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(each.value))
        files[str(path)] = shape.is_valid(each.value)
    given = ["--schemafile", SCHEMAS / f"{kind}.schema.json", "--base-uri", SCHEMAS.as_uri() + "/", "-o", "json"]

    done = subprocess.run([program, *given, *files], capture_output=True, text=True, timeout=300, check=False)

    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["parse_errors"] == []
    wrong = {each["filename"] for each in report["errors"]}
    assert {path: path not in wrong for path in files} == files
    assert wrong
