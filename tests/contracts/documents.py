"""Makes documents from schemas: whatever a schema allows, so that nothing is tested that only we would think of."""

import string
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from tests.contracts.schemas_read import SCHEMAS

_PLAIN = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
_NAME = st.text(string.ascii_lowercase, min_size=1, max_size=6)
_ZONES = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
_MOMENTS = st.integers(0, 7_000_000_000_000).map(lambda each: datetime.fromtimestamp(each / 1000, UTC))
_OUR_TIMES = _MOMENTS.map(lambda each: each.replace(tzinfo=UTC).isoformat(timespec="milliseconds")[:23] + "Z")
_TIMES = st.builds(lambda each, zone: each.replace(tzinfo=zone).isoformat(), _MOMENTS, _ZONES) | _OUR_TIMES
_KINDS = {"string", "integer", "boolean", "object", "array", "null"}


def documents(kind: str, pointer: str = "") -> st.SearchStrategy[Any]:
    """Return documents of a kind.  What its conditional rules forbid is still among them, so filter by a validator."""
    schema = SCHEMAS[kind]
    for part in pointer.split("/")[1:]:
        schema = schema[part]
    return _from(kind, schema, 0)


def _from(kind: str, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return st.deferred(lambda: _referred(kind, schema["$ref"], depth))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    named = schema.get("type", sorted(_KINDS))
    kinds = [named] if isinstance(named, str) else list(named)
    branch = schema.get("then") if schema.get("if") == {"type": "object"} else None
    if branch is not None:  # a reference, or null
        return st.none() | _from(kind, branch, depth)
    if "type" not in schema and not schema.get("properties"):
        return _PLAIN
    return st.one_of([_MAKERS[each](kind, schema, depth) for each in kinds])


def _referred(kind: str, reference: str, depth: int) -> st.SearchStrategy[Any]:
    name, _, pointer = reference.partition("#")
    kind = name.removesuffix(".schema.json") if name else kind
    target: Any = SCHEMAS[kind]
    for part in pointer.split("/")[1:]:
        target = target[part]
    return _from(kind, target, depth + 1)


def _text(_kind: str, schema: Mapping[str, Any], _depth: int) -> st.SearchStrategy[Any]:
    if "format" in schema:
        return _OUR_TIMES if "pattern" in schema else _TIMES
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"))
    if schema.get("if") == {"not": {"enum": ["immediate", None]}}:
        return st.just("immediate") | _TIMES
    return st.text(min_size=schema.get("minLength", 0), max_size=min(24, schema.get("maxLength", 24)))


def _integer(_kind: str, schema: Mapping[str, Any], _depth: int) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", -1000), schema.get("maximum", 2**53 - 1))


def _object(kind: str, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    required = set(schema.get("required", ()))
    members = {name: _from(kind, each, depth) for name, each in schema.get("properties", {}).items()}
    fixed = st.fixed_dictionaries(
        {name: each for name, each in members.items() if name in required},
        optional={name: each for name, each in members.items() if name not in required} if depth < 6 else {},
    )
    extra = schema.get("additionalProperties", True)
    if extra is False:
        return fixed
    values = _PLAIN if extra is True else _from(kind, extra, depth + 1)
    more = st.dictionaries(_NAME, values, min_size=schema.get("minProperties", 0), max_size=2)
    return st.builds(lambda ours, others: {**others, **ours}, fixed, more)


def _array(kind: str, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if "prefixItems" in schema:
        return st.tuples(*(_from(kind, each, depth) for each in schema["prefixItems"])).map(list)
    unique: Callable[[Any], Any] | None = repr if schema.get("uniqueItems") else None
    least = schema.get("minItems", 0)
    most = max(least, 2 if depth < 4 else 0)
    return st.lists(_from(kind, schema.get("items", {}), depth + 1), min_size=least, max_size=most, unique_by=unique)


_MAKERS: Mapping[str, Callable[[str, Mapping[str, Any], int], st.SearchStrategy[Any]]] = {
    "string": _text,
    "integer": _integer,
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
    "object": _object,
    "array": _array,
}
