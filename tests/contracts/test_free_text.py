"""The list of people's own words is the one the schemas give."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from reporting_governance.contracts.free_text import FREE_TEXT
from reporting_governance.contracts.registry import FORMS, KINDS
from tests.contracts.schemas_read import SCHEMAS

#: the payload of an event is described in the catalog, not in the envelope
DESCRIBED_IN = {"event-envelope": "event-catalog"}
#: forms in which other kinds come together; no document of these is stored as such
NOT_STORED = {"event-catalog", "task-state-file", "journal-line", "adapter-capabilities"}


def marked(kind: str, schema: Any, path: tuple[str, ...] = (), above: tuple[int, ...] = ()) -> Iterator[str]:
    """Give the dotted path of every place that a schema marks as free text."""
    if not isinstance(schema, dict) or id(schema) in above:
        return
    above = (*above, id(schema))
    if schema.get("x-free-text"):
        yield ".".join(path)
    if "$ref" in schema:
        name, _, pointer = schema["$ref"].partition("#")
        other = name.removesuffix(".schema.json") if name else kind
        target: Any = SCHEMAS[other]
        for part in pointer.split("/")[1:]:
            target = target[part]
        yield from marked(other, target, path, above)
    for key in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(key, ()):
            yield from marked(kind, each, path, above)
    for key in ("if", "then", "else"):
        yield from marked(kind, schema.get(key), path, above)
    for name, each in schema.get("properties", {}).items():
        yield from marked(kind, each, (*path, name), above)
    for key in ("items", "additionalProperties"):
        yield from marked(kind, schema.get(key), (*path, "*"), above)
    for each in schema.get("patternProperties", {}).values():
        yield from marked(kind, each, (*path, "*"), above)


def without_what_a_star_covers(paths: set[str]) -> set[str]:
    """Leave out `report.next_step` where `report.*` is there."""
    return {path for path in paths if path.endswith("*") or f"{path.rpartition('.')[0]}.*" not in paths}


@pytest.mark.parametrize("kind", sorted({*KINDS, *FORMS} - NOT_STORED))
def test_the_list_is_what_the_schemas_mark(kind: str) -> None:
    described = DESCRIBED_IN.get(kind, kind)
    paths = without_what_a_star_covers(set(marked(described, SCHEMAS[described])))
    assert paths == set(FREE_TEXT.get(kind, ()))


def test_every_listed_kind_exists() -> None:
    assert set(FREE_TEXT) <= set(KINDS)


def test_the_list_costs_nothing_to_import() -> None:
    assert not _imported("import reporting_governance.contracts.free_text") & {
        "dataclasses",
        "enum",
        "json",
        "re",
        "typing",
    }
    assert "dataclasses" in _imported("import reporting_governance.contracts.act")


def _imported(statement: str) -> set[str]:
    told = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())
