"""What an editor shows while somebody writes one of our documents: each field has an example that is right."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.schemas_read import SCHEMAS, allows
from tests.contracts.test_schemas import subschemas

#: the documents that people write, with the schemas that they are made of
WRITTEN = (
    "capability-descriptor",
    "check-in",
    "deployment-profile",
    "policy-pack",
    "probe-observations",
    "silence",
    "task-state",
    "task-state-file",
    "waivers",
)
_LONGEST = 300  #: characters; an example is read in a small box


def fields(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (JSON Pointer, schema) of every field that a document of this kind may have.

    What a condition says again about a field that is described elsewhere is left out.
    """
    for path, schema in subschemas(SCHEMAS[kind]):
        if "/if/" in f"{path}/":
            continue
        for keyword in ("properties", "patternProperties"):
            for name, each in schema.get(keyword, {}).items():
                if isinstance(each, dict) and not (_is_conditional(path) and "description" not in each):
                    yield f"{path}/{keyword}/{name.replace('~', '~0').replace('/', '~1')}", each


def _is_conditional(path: str) -> bool:
    return "/then" in path or "/else" in path


def is_plain(kind: str, schema: dict[str, Any]) -> bool:
    """Tell whether a field holds a text, a number, a truth value, or a list of such."""
    if "$ref" in schema:
        name, _, pointer = schema["$ref"].partition("#")
        target: Any = SCHEMAS[name.removesuffix(".schema.json") if name else kind]
        for part in pointer.split("/")[1:]:
            target = target[part]
        return is_plain(name.removesuffix(".schema.json") if name else kind, target)
    if "const" in schema or "enum" in schema:
        return True
    named = schema.get("type", ())
    types = {named} if isinstance(named, str) else set(named)
    if "array" in types:
        return is_plain(kind, schema.get("items", {}))
    return bool(types) and "object" not in types


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_plain_field_has_an_example_and_every_field_a_description(kind: str) -> None:
    every = list(fields(kind))
    plain = [path for path, schema in every if is_plain(kind, schema)]
    assert plain
    assert [path for path, schema in every if path in plain and not schema.get("examples")] == []
    assert [path for path, schema in every if not (schema.get("description") or "$ref" in schema)] == []


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_example_of_a_field_is_what_the_field_allows(kind: str) -> None:
    wrong = []
    for path, schema in fields(kind):
        for example in schema.get("examples", ()):
            assert len(str(example)) <= _LONGEST or not is_plain(kind, schema), path
            if not allows(kind, path, example):
                wrong.append((path, example))
    assert wrong == []
