"""The project's own schemas and documents: both engines accept the schemas and judge every document alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.shape import Engine, SchemaSet, check_shape
from reporting_governance.contracts.shape.house import house_rules

ROOT = Path(__file__).parents[3]
SCHEMAS = {path.name: json.loads(path.read_text()) for path in (ROOT / "schemas").glob("*/*.schema.json")}
SETS = {engine: SchemaSet(SCHEMAS, engine=engine) for engine in (Engine.FAST, Engine.FALLBACK)}
CASES = sorted((ROOT / "tests/cases/contracts").glob("*/*/*.json"))
WRITTEN_BY_PEOPLE = sorted(
    path
    for folder in ("capabilities", "profiles", "examples")
    for path in (ROOT / folder).rglob("*.[jy]*")
    if path.is_file()
)


@pytest.mark.parametrize("engine", SETS)
def test_every_schema_of_the_project_is_accepted(engine: Engine) -> None:
    assert len(SCHEMAS) > 20
    SETS[engine].check()


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_of_the_project_keeps_the_rules_for_ours(name: str) -> None:
    assert house_rules(SCHEMAS[name]) == []


def documents_of(path: Path) -> list[Any]:
    """Return the document of a case, and that document as a list and without its first key: more that is wrong."""
    case = json.loads(path.read_text())
    document = case["document"] if path.parent.name == "invalid" else case
    variants = [document, [document]]
    if isinstance(document, dict) and document:
        first, *others = document
        variants += [{key: document[key] for key in others}, {**document, f"{first}x": 1}, {**document, first: 1.5}]
    return variants


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_both_engines_judge_every_case_alike(path: Path) -> None:
    name = f"{path.parents[1].name}.schema.json"
    if name not in SCHEMAS:
        pytest.skip("this case has no schema of its own")
    for value in documents_of(path):
        (document,) = read_documents(json.dumps(value).encode(), name="a.json").documents
        fast, fallback = (each.shape(name) for each in SETS.values())
        assert fast.is_valid(value) is fallback.is_valid(value)
        findings = check_shape(document, fast, name="a.json")
        assert findings == check_shape(document, fallback, name="a.json")
        assert fast.is_valid(value) is (findings == [])


@pytest.mark.parametrize("path", WRITTEN_BY_PEOPLE, ids=lambda path: path.name)
def test_what_the_project_ships_can_be_read_strictly(path: Path) -> None:
    if path.suffix in (".json", ".yaml", ".yml"):
        assert read_documents(path.read_bytes(), name=path.name).findings == ()
