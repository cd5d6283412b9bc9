"""Hold every file in schemas/ to what we promise about it.

It is a schema of draft 2020-12 and keeps the rules for ours; both validators take it; every `$ref` stays inside our own
files, so that nothing is ever fetched; every `format` has a checker, since a format without one is silently not checked
at all.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, SchemaError
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

from reporting_governance.contracts.shape.house import house_rules

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def load(folder: str) -> dict[str, Any]:
    """Return path -> document of every .json file below a folder."""
    documents: dict[str, Any] = {}
    for where, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.endswith(".json"):
                path = os.path.join(where, name)
                with open(path, encoding="utf-8") as file:
                    documents[path] = json.load(file)
    return documents


def problems(documents: dict[str, Any]) -> Iterator[str]:
    """Yield `path: what` for every broken promise."""
    ids: dict[str, str] = {}
    for path, document in documents.items():
        name = document.get("$id", "")
        if document.get("$schema") != DIALECT:
            yield f"{path}: $schema must be {DIALECT}"
        if not name:
            yield f"{path}: $id is missing"
        elif name in ids:
            yield f"{path}: has the same $id as {ids[name]}"
        ids[name] = path
        try:
            Draft202012Validator.check_schema(document, format_checker=Draft202012Validator.FORMAT_CHECKER)
        except SchemaError as error:
            yield f"{path}: {error.json_path}: {error.message}"
        else:
            yield from (f"{path}: {problem}" for problem in house_rules(document))
    yield from _reference_problems(documents, {name: documents[path] for name, path in ids.items() if name})
    for path, document in documents.items():
        for where, wanted in _values(document, "format"):
            if wanted not in Draft202012Validator.FORMAT_CHECKER.checkers:
                yield f"{path}: {where}: no checker for the format {wanted!r}"


def _reference_problems(documents: dict[str, Any], by_id: dict[str, Any]) -> Iterator[str]:
    # A registry that cannot retrieve: what is not ours does not resolve.
    resources = [(name, Resource.from_contents(document)) for name, document in by_id.items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    all_resolve = True
    for path, document in documents.items():
        resolver = registry.resolver(document.get("$id", ""))
        for where, reference in _values(document, "$ref"):
            try:
                resolver.lookup(reference)
            except Unresolvable:
                all_resolve = False
                yield f"{path}: {where}: {reference!r} is not in schemas/"
    if not all_resolve:
        return
    native = jsonschema_rs.Registry([*by_id.items()])
    for path, document in documents.items():
        try:
            jsonschema_rs.Draft202012Validator(document, validate_formats=True, registry=native)
        except Exception as error:
            yield f"{path}: jsonschema-rs refuses it: {error}"


def _values(node: Any, keyword: str, where: str = "#") -> Iterator[tuple[str, str]]:
    """Yield (pointer, value) of every string under a keyword; what merely looks like one in an example is skipped."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == keyword and isinstance(value, str):
                yield f"{where}/{key}", value
            elif key not in ("const", "default", "enum", "examples"):
                yield from _values(value, keyword, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _values(value, keyword, f"{where}/{index}")


def main(folder: str) -> int:
    """Print every problem and a count; 1 when there is one, or no schema at all."""
    documents = load(folder)
    found = list(problems(documents))
    print(*found, f"{folder}: {len(documents)} schemas, {len(found)} problems", sep="\n")
    return 1 if found or not documents else 0


if __name__ == "__main__":
    sys.exit(main("schemas"))
