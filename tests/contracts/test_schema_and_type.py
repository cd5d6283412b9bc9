"""The schema owns the shape, the type owns the meaning; where both say something they say the same."""

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from importlib import import_module
from typing import Any

import pytest

from reporting_governance.contracts.deployment_profile import DeploymentProfileArtifact, ProfileSpec
from reporting_governance.contracts.journal_line import Folder, LineType
from reporting_governance.contracts.record import Record
from reporting_governance.contracts.registry import FORMS, KINDS, record_type
from reporting_governance.core.policy_pack import PolicyPack
from tests.contracts.schemas_read import ROOT

CLOSED = [*((kind, "", record_type(kind)) for kind in KINDS if kind != "deployment-profile")]
CLOSED += [
    ("policy-pack", "", PolicyPack),
    ("deployment-profile", "/$defs/profile", record_type("deployment-profile")),
    ("deployment-profile", "/$defs/artifact", DeploymentProfileArtifact),
]
#: a field that the schema narrows further than its type: what else the type knows is refused in `__post_init__`
NARROWED = {"Notification.ack_requires": {"none", "accepted"}, "ExternalReceipt.proof": {"none"}}
#: fields with one possible value: the type fills them in, documents always have them
CONSTANT = {"kind", "apiVersion"}
#: what an artifact holds is written out whole, though a person may leave any of it out
WRITTEN_OUT = {ProfileSpec}


def follow(schemas: dict[str, Any], kind: str, schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the schema that is meant, and in which file it stands; what stands beside a reference is laid over."""
    while "$ref" in schema or _is_optional_reference(schema):
        reference = schema["$ref"] if "$ref" in schema else schema["then"]["$ref"]
        name, _, pointer = reference.partition("#")
        kind = name.removesuffix(".schema.json") if name else kind
        target: Any = schemas[kind]
        for part in pointer.split("/")[1:]:
            target = target[part]
        schema = target
    return kind, schema


def _is_optional_reference(schema: dict[str, Any]) -> bool:
    return schema.get("if") == {"type": "object"} and "$ref" in schema.get("then", {})


def differences(schemas: dict[str, Any], kind: str, schema: dict[str, Any], record: type[Record]) -> Iterator[str]:
    """Say every difference between a closed object's schema and the type that reads it."""
    kind, schema = follow(schemas, kind, schema)
    name = record.__name__
    keys = dict(record.keys())
    known = schema.get("properties", {})
    if set(keys) != set(known):
        yield f"{name}: fields {set(keys) ^ set(known)}"
    required = set(keys) if record in WRITTEN_OUT else {key for key, needed in keys.items() if needed}
    required |= CONSTANT & set(keys)
    if required != set(schema.get("required", ())):
        yield f"{name}: required {required ^ set(schema.get('required', ()))}"
    if schema.get("additionalProperties") is not False:
        yield f"{name}: open"
    hints = typing.get_type_hints(record)
    for each in fields(record):
        key = each.metadata.get("key", each.name)
        inner = known.get(key, {})
        if bool(each.metadata.get("free_text")) != bool(inner.get("x-free-text")):
            yield f"{name}.{key}: free text"
        if key not in CONSTANT and key != "$schema":
            yield from (
                f"{name}.{key}: {each}"
                for each in _field(schemas, kind, inner, hints[each.name], NARROWED.get(f"{name}.{key}"))
            )


def _field(
    schemas: dict[str, Any], kind: str, schema: dict[str, Any], hint: Any, narrowed: set[str] | None = None
) -> Iterator[str]:
    kind, schema = follow(schemas, kind, schema)
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    (wanted,) = [member for member in members if member is not type(None)]
    origin = typing.get_origin(wanted)
    if wanted is Any or "const" in schema:
        return
    kinds = schema.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    expected = _json_type(wanted, origin)
    if kinds - {"null"} != {expected}:
        yield f"type {kinds}, expected {expected}"
    elif origin is tuple:
        yield from _field(schemas, kind, schema.get("items", {}), typing.get_args(wanted)[0])
    elif origin is not None and issubclass(origin, Mapping):
        inner = typing.get_args(wanted)[1]
        values = list(schema.get("properties", {}).values())
        if isinstance(schema.get("additionalProperties"), dict):
            values.append(schema["additionalProperties"])
        for value in values if inner is not Any else ():
            yield from _field(schemas, kind, value, inner)
    elif issubclass(wanted, Record):
        yield from differences(schemas, kind, schema, wanted)
    elif issubclass(wanted, Enum):
        values = {member.value for member in wanted} - (narrowed or set())
        if values != set(schema.get("enum", ())) - {None}:
            yield f"choices {values ^ set(schema.get('enum', ()))}"
    elif issubclass(wanted, datetime) != (schema.get("format") == "date-time"):
        yield "a time"


def _json_type(wanted: Any, origin: Any) -> str:
    if origin is tuple:
        return "array"
    if origin is not None or issubclass(wanted, Record):
        return "object"
    if issubclass(wanted, bool):
        return "boolean"
    return "integer" if issubclass(wanted, int) else "string"


@pytest.mark.parametrize(("kind", "pointer", "record"), CLOSED, ids=lambda each: getattr(each, "__name__", str(each)))
def test_schema_and_type_say_the_same(kind: str, pointer: str, record: type[Record], schemas) -> None:
    schema = schemas[kind]
    for part in pointer.split("/")[1:]:
        schema = schema[part]
    assert list(differences(schemas, kind, schema, record)) == []


def test_a_line_knows_every_type_and_folder(schemas) -> None:
    properties = schemas["journal-line"]["properties"]
    assert properties["type"]["enum"] == [each.value for each in LineType]
    views = properties["record"]["properties"]["views"]["items"]
    assert views["prefixItems"][0]["enum"] == [each.value for each in Folder]


def test_every_record_has_a_schema() -> None:
    for path in sorted((ROOT / "lib/reporting_governance/contracts").glob("*.py")):
        module = import_module(f"reporting_governance.contracts.{path.stem}")
        for record in vars(module).values():
            if isinstance(record, type) and issubclass(record, Record) and record.schema:
                assert record.schema in (*KINDS, *FORMS), f"{path.stem}.{record.__name__}"
