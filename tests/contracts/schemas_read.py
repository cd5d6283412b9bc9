"""Every schema, read once, and the two validators that must agree about each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
from referencing import Registry, Resource

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text())
    for path in sorted((ROOT / "schemas/reporting-governance").glob("*.schema.json"))
}
_BY_ID = {schema["$id"]: schema for schema in SCHEMAS.values()}
_REGISTRY = Registry().with_resources((identity, Resource.from_contents(each)) for identity, each in _BY_ID.items())
_RUST_REGISTRY = jsonschema_rs.Registry(list(_BY_ID.items()))


class Judges:
    """Both validators of one kind."""

    def __init__(self, kind: str) -> None:
        schema = SCHEMAS[kind]
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        self._python = jsonschema.Draft202012Validator(schema, registry=_REGISTRY, format_checker=checker)
        self._rust = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, registry=_RUST_REGISTRY)

    def faults(self, document: Any) -> list[tuple[str, str]]:
        """Return (keyword, pointer) of every fault, after making sure that the other validator says the same."""
        found = [(each.validator, _pointer(each.absolute_path)) for each in self._leaves(document)]
        others = sorted({_pointer(each.instance_path) for each in self._rust.iter_errors(document)})
        assert sorted({pointer for _, pointer in found}) == others, (found, others)
        return found

    def accepts(self, document: Any) -> bool:
        accepted = bool(self._rust.is_valid(document))
        assert accepted == self._python.is_valid(document), document
        return accepted

    def _leaves(self, document: Any) -> Iterator[Any]:
        return self._python.iter_errors(document)


def _pointer(path: Any) -> str:
    return "".join(f"/{part}" for part in path)


def allows(kind: str, pointer: str, value: Any) -> bool:
    """Tell whether a value is what the schema at a place of a schema asks for, by both validators."""
    schema: Any = SCHEMAS[kind]
    for part in pointer.split("/")[1:]:
        schema = schema[part.replace("~1", "/").replace("~0", "~")]
    # Its references start where it stands, so it takes the place of the document around it.
    part_of = {**schema, "$id": f"{SCHEMAS[kind]['$id']}.part", "$defs": SCHEMAS[kind].get("$defs", {})}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    accepted = jsonschema.Draft202012Validator(part_of, registry=_REGISTRY, format_checker=checker).is_valid(value)
    rust = jsonschema_rs.Draft202012Validator(part_of, validate_formats=True, registry=_RUST_REGISTRY)
    assert accepted == rust.is_valid(value), (pointer, value)
    return accepted
