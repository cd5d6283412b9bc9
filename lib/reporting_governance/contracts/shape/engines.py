"""The two engines behind one face: each says whether a value is valid, and what is wrong in the same few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, Protocol, TypeAlias

from reporting_governance.contracts.shape.formats import FORMATS, checker_of
from reporting_governance.contracts.shape.normalise import Normaliser, Schema, SchemaError, python_pattern

Path: TypeAlias = tuple[str | int, ...]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Engine(StrEnum):
    """Who judges."""

    AUTOMATIC = "automatic"  #: jsonschema-rs when it is installed, else jsonschema
    FAST = "jsonschema-rs"
    FALLBACK = "jsonschema"


@dataclass(frozen=True, slots=True)
class Fault:
    """One keyword that a value does not satisfy."""

    keyword: str
    path: Path  #: to the value, by keys and indexes
    schema: Schema  #: the normalised schema that holds the keyword
    name: str | None = None  #: the key that is meant, when the keyword judges the keys of an object
    branches: tuple[tuple[Fault, ...], ...] = ()  #: for oneOf and anyOf: what is wrong with each alternative


class Judge(Protocol):
    """One schema, compiled by one engine."""

    def is_valid(self, value: object) -> bool:
        """Tell whether the value has the shape."""
        ...

    def faults(self, value: object) -> Iterator[Fault]:
        """Give every keyword that is not satisfied."""
        ...


def judge_for(engine: Engine, uri: str, schemas: Mapping[str, Schema], name: str) -> Judge:
    """Return the judge of one schema of a closed set.

    Raises: SchemaError when the engine refuses the schema.
    """
    if engine is Engine.FALLBACK:
        return _FallbackJudge(uri, schemas, name)
    try:
        import jsonschema_rs  # noqa: F401
    except ImportError:
        if engine is Engine.FAST:
            raise
        return _FallbackJudge(uri, schemas, name)
    return _FastJudge(uri, schemas, name)


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise LookupError(f"schemas are never fetched: {uri}")


class _FastJudge:
    """jsonschema-rs."""

    def __init__(self, uri: str, schemas: Mapping[str, Schema], name: str) -> None:
        import jsonschema_rs

        self._schemas = dict(schemas)
        self._uri = uri
        try:
            registry = jsonschema_rs.Registry(
                [(key, dict(schema)) for key, schema in schemas.items()],
                draft=jsonschema_rs.Draft202012,
                retriever=_refuse_to_fetch,
            )
            self._validator = jsonschema_rs.Draft202012Validator(
                {"$ref": uri},
                registry=registry,
                retriever=_refuse_to_fetch,
                validate_formats=True,
                ignore_unknown_formats=False,
                formats={each: checker_of(each) for each in FORMATS},
            )
            for schema in schemas.values():
                jsonschema_rs.meta.validate(dict(schema))
        except (ValueError, jsonschema_rs.ReferencingError) as fault:
            raise SchemaError(schema=name, problem=str(fault).partition("\n")[0]) from None

    def is_valid(self, value: object) -> bool:
        return self._validator.is_valid(value)

    def faults(self, value: object) -> Iterator[Fault]:
        return (self._fault(error) for error in self._validator.iter_errors(value))

    def _fault(self, error: Any) -> Fault:
        name = None
        if error.kind.name == "propertyNames":
            name = error.kind.error.instance
        location = error.absolute_keyword_location or self._uri
        *parents, keyword = error.schema_path
        branches = tuple(tuple(self._fault(each) for each in branch) for branch in getattr(error.kind, "context", ()))
        return Fault(
            keyword=str(keyword),
            path=tuple(error.instance_path),
            schema=_walk(self._schemas[location.partition("#")[0]], parents),
            name=name,
            branches=branches if all(branches) else (),
        )


class _FallbackJudge:
    """jsonschema, the reference in Python."""

    def __init__(self, uri: str, schemas: Mapping[str, Schema], name: str) -> None:
        from jsonschema import Draft202012Validator, FormatChecker
        from jsonschema.exceptions import SchemaError as Refused
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        self._originals: dict[str, str] = {}  #: patterns by the form they have for Python
        try:
            for schema in schemas.values():
                Draft202012Validator.check_schema(schema)
        except Refused as fault:
            raise SchemaError(schema=name, problem=fault.message) from None
        resources = (
            (key, DRAFT202012.create_resource(Normaliser(name, pattern=self._pattern).run(schema)))
            for key, schema in schemas.items()
        )
        formats = FormatChecker(formats=())
        for each in FORMATS:
            formats.checks(each)(checker_of(each))
        registry: Registry[Any] = Registry().with_resources(resources)
        self._validator = Draft202012Validator({"$ref": uri}, registry=registry, format_checker=formats)

    def is_valid(self, value: object) -> bool:
        return self._validator.is_valid(value)

    def faults(self, value: object) -> Iterator[Fault]:
        return (self._fault(error, value) for error in self._validator.iter_errors(value))

    def _fault(self, error: Any, root: object) -> Fault:
        path = tuple(error.absolute_path)
        judged = _walk(root, path)
        is_name = isinstance(judged, dict) and isinstance(error.instance, str)
        schema = error.schema
        if error.validator == "pattern":
            schema = {**schema, "pattern": self._originals[schema["pattern"]]}
        return Fault(
            keyword=str(error.validator),
            path=path,
            schema=schema,
            name=error.instance if is_name else None,
            branches=tuple(self._branches(error, root)),
        )

    def _pattern(self, pattern: str) -> str:
        translated = python_pattern(pattern)
        self._originals[translated] = pattern
        return translated

    def _branches(self, error: Any, root: object) -> Iterable[tuple[Fault, ...]]:
        grouped: dict[int, list[Fault]] = {}
        for each in error.context:
            grouped.setdefault(each.schema_path[0], []).append(self._fault(each, root))
        return (tuple(grouped[index]) for index in sorted(grouped))


def _walk(found: Any, path: Iterable[str | int]) -> Any:
    for token in path:
        found = found[int(token)] if isinstance(found, list) else found[token]
    return found
