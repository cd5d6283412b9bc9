"""The two engines behind one face: each says whether a value is valid, and what is wrong in the same few words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NoReturn, Protocol, TypeAlias

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.shape.equality import first_repetition
from reporting_governance.contracts.shape.formats import FORMATS, checker_of
from reporting_governance.contracts.shape.normalise import (
    DIALECT,
    LISTS,
    MAPS,
    NEVER,
    SINGLE,
    Schema,
    SchemaError,
)

_MAX_EXPLAINED_AT_ONCE = 20_000  #: values in a document
Path: TypeAlias = tuple[str | int, ...]


class Engine(StrEnum):
    """Who judges."""

    AUTOMATIC = "automatic"  #: jsonschema-rs when it is installed, else jsonschema
    FAST = "jsonschema-rs"
    FALLBACK = "jsonschema"


@frozen
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


@frozen
class Prepared:
    """Normalised documents, and the way to any schema in them."""

    documents: Mapping[str, Schema]  #: by absolute URI
    follow: Callable[[str], Schema]  #: gives the schema at a place, an absolute URI


def judge_for(engine: Engine, uri: str, prepared: Prepared, name: str) -> Judge:
    """Return the judge of one schema of a closed set.

    Raises: SchemaError when the engine refuses the schema.
    """
    judge = _FastJudge if _is_fast(engine) else _FallbackJudge
    return judge(uri, prepared, name)


def refuse_malformed(engine: Engine, schema: Mapping[str, Any] | bool, name: str) -> None:
    """Hold a schema against the schema of schemas.

    Raises: SchemaError when it is none.
    """
    if isinstance(schema, bool):
        return
    problem = _fast_complaint(schema) if _is_fast(engine) else _fallback_complaint(schema)
    if problem:
        raise SchemaError(schema=name, problem=problem.partition("\n")[0])


def _fast_complaint(schema: Mapping[str, Any]) -> str:
    import jsonschema_rs

    try:
        jsonschema_rs.meta.validate({**schema, "$schema": DIALECT})
    except jsonschema_rs.ValidationError as fault:
        return str(fault)
    return ""


def _fallback_complaint(schema: Mapping[str, Any]) -> str:
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.exceptions import SchemaError as Refused

    try:
        # Without formats: by that of regex a pattern would have to be one of Python's.
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except Refused as fault:
        return fault.message
    return ""


def _is_fast(engine: Engine) -> bool:
    if engine is Engine.AUTOMATIC:
        try:
            import jsonschema_rs  # noqa: F401
        except ImportError:
            return False
    return engine is not Engine.FALLBACK


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise LookupError(f"schemas are never fetched: {uri}")


class _FastJudge:
    """jsonschema-rs."""

    def __init__(self, uri: str, prepared: Prepared, name: str) -> None:
        import jsonschema_rs

        self._prepared = prepared
        self._uri = uri
        self._name = name
        try:
            registry = jsonschema_rs.Registry(
                [(key, dict(schema)) for key, schema in prepared.documents.items()],
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
        except (ValueError, jsonschema_rs.ReferencingError) as fault:
            raise SchemaError(schema=name, problem=str(fault).partition("\n")[0]) from None

    def is_valid(self, value: object) -> bool:
        return self._validator.is_valid(value)

    def faults(self, value: object) -> Iterator[Fault]:
        if _is_awkward(value):
            return _FallbackJudge(self._uri, self._prepared, self._name).faults(value)
        return (self._fault(error, value) for error in self._validator.iter_errors(value))

    def _fault(self, error: Any, root: object) -> Fault:
        name = None
        told = error  #: what says where the keyword stands
        if error.kind.name == "propertyNames":
            told = error.kind.error
            name = told.instance
        if told.kind.name == "falseSchema":
            return Fault(keyword="not", path=_typed_path(root, error.instance_path), schema=NEVER, name=name)
        keyword = str(told.schema_path[-1])
        location, _, last = told.absolute_keyword_location.rpartition("/")
        if last != keyword:  # one of its parts
            location = location.rpartition("/")[0]
        branches = tuple(
            tuple(self._fault(each, root) for each in branch) for branch in getattr(told.kind, "context", ())
        )
        return Fault(
            keyword=keyword,
            path=_typed_path(root, error.instance_path),
            schema=self._prepared.follow(location),
            name=name,
            branches=branches if all(branches) else (),
        )


class _FallbackJudge:
    """jsonschema, the reference in Python."""

    def __init__(self, uri: str, prepared: Prepared, name: str) -> None:
        from jsonschema import Draft202012Validator, FormatChecker
        from jsonschema.validators import extend
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        self._name = name
        self._written: dict[int, Schema] = {}  #: for Python, by the id of the schema
        self._originals: dict[int, Schema] = {}  #: the other way
        resources = (
            (key, DRAFT202012.create_resource(self._for_python(schema))) for key, schema in prepared.documents.items()
        )
        formats = FormatChecker(formats=())
        for each in FORMATS:
            formats.checks(each)(checker_of(each))
        registry: Registry[Any] = Registry().with_resources(resources)
        # jsonschema's own functions are not typed
        validator: Any = extend(Draft202012Validator, {"uniqueItems": _unique_items})  # type: ignore[no-untyped-call]
        self._validator: Any = validator({"$ref": uri}, registry=registry, format_checker=formats)

    def is_valid(self, value: object) -> bool:
        return bool(self._validator.is_valid(value))

    def faults(self, value: object) -> Iterator[Fault]:
        return (self._fault(error, value) for error in self._validator.iter_errors(value))

    def _fault(self, error: Any, root: object) -> Fault:
        path = tuple(error.absolute_path)
        judged = _walk(root, path)
        is_name = isinstance(judged, dict) and isinstance(error.instance, str)
        is_false = error.validator is None  #: a reference to what may stay a bare `false`
        return Fault(
            keyword="not" if is_false else error.validator,
            path=path,
            schema=NEVER if is_false else self._originals[id(error.schema)],
            name=error.instance if is_name else None,
            branches=tuple(self._branches(error, root)),
        )

    def _for_python(self, schema: Any) -> Any:
        """Return a schema with its patterns as Python writes them."""
        if isinstance(schema, bool):
            return schema
        if id(schema) in self._written:
            return self._written[id(schema)]
        done = dict(schema)
        for keyword, value in schema.items():
            if keyword in SINGLE:
                done[keyword] = self._for_python(value)
            elif keyword in LISTS:
                done[keyword] = [self._for_python(each) for each in value]
            elif keyword in MAPS:
                rename = self._pattern if keyword == "patternProperties" else str
                done[keyword] = {rename(name): self._for_python(each) for name, each in value.items()}
            elif keyword == "pattern":
                done[keyword] = self._pattern(value)
        self._written[id(schema)] = done
        self._originals[id(done)] = schema
        return done

    def _pattern(self, pattern: str) -> str:
        from reporting_governance.contracts.shape.patterns import python_pattern

        try:
            return python_pattern(pattern)
        except ValueError as fault:
            problem = f"the pattern {pattern} cannot be checked without jsonschema-rs: {fault}"
            raise SchemaError(schema=self._name, problem=problem) from None

    def _branches(self, error: Any, root: object) -> Iterable[tuple[Fault, ...]]:
        grouped: dict[int, list[Fault]] = {}
        for each in error.context:
            grouped.setdefault(each.schema_path[0], []).append(self._fault(each, root))
        return (tuple(grouped[index]) for index in sorted(grouped))


def _walk(found: Any, path: Iterable[str | int]) -> Any:
    for token in path:
        found = found[int(token)] if isinstance(found, list) else found[str(token)]
    return found


def _typed_path(root: Any, path: Iterable[str | int]) -> Path:
    """Return a path of jsonschema-rs with its keys as strings: it gives the key "7" as a number."""
    done: list[str | int] = []
    for token in path:
        done.append(int(token) if isinstance(root, list) else str(token))
        root = root[done[-1]]
    return tuple(done)


def _is_awkward(value: object) -> bool:
    """Tell whether jsonschema-rs cannot be asked for the faults of a value.

    It builds all of them before it gives the first, so a hostile megabyte would cost a gigabyte.  In its paths it
    leaves out the empty key, and gives the keys 07 and +7 as 7.
    """
    waiting = [value]
    seen = 0
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if any(not key or (key[0] in "+0" and key != "0" and key.lstrip("+").isdecimal()) for key in here):
                return True
            waiting += here.values()
            seen += len(here)
        elif isinstance(here, list):
            waiting += here
            seen += len(here)
        if seen > _MAX_EXPLAINED_AT_ONCE:
            return True
    return False


def _unique_items(_validator: object, wanted: bool, items: object, _schema: object) -> Iterator[Any]:
    """Check uniqueItems in one pass; the check of jsonschema compares each item with each."""
    from jsonschema.exceptions import ValidationError

    if wanted and isinstance(items, list) and first_repetition(items) is not None:
        yield ValidationError("two items are equal")
