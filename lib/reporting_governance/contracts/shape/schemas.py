"""Schemas of 2020-12 as one closed set: a reference leads to one of them, or the schema is refused.

Nothing is ever fetched; what 2020-12 itself consists of belongs to every set.  A schema is prepared when it is first
asked for, with all that it refers to.  Which words the project's own schemas may use is another matter: `house_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from reporting_governance.contracts.reading.tape import split_pointer
from reporting_governance.contracts.shape.engines import Engine, Fault, Judge, Prepared, judge_for, refuse_malformed
from reporting_governance.contracts.shape.normalise import (
    DIALECT,
    LISTS,
    MAPS,
    NEVER,
    SINGLE,
    Normaliser,
    Schema,
    SchemaError,
)

__all__ = ["SchemaError", "SchemaSet", "Shape"]

_BASE = "https://schemas.reporting-governance.invalid/"  #: of schemas without an $id; .invalid can never be fetched
_MAX_REFERENCES = 1_000  #: that stand for each other; more are taken for a circle


class Shape:
    """One schema, ready to judge.  Safe to keep: it never changes."""

    def __init__(self, uri: str, schemas: SchemaSet, judge: Judge) -> None:
        self.uri = uri
        self._schemas = schemas
        self._judge = judge

    @property
    def schema(self) -> Schema:
        """The normalised schema."""
        return self._schemas.follow(self.uri)

    def is_valid(self, value: object) -> bool:
        """Tell whether plain JSON data has this shape."""
        return self._judge.is_valid(value)

    def faults(self, value: object) -> Iterator[Fault]:
        """Give what is wrong with plain JSON data, as the engine sees it; `check_shape` makes findings of it."""
        return self._judge.faults(value)

    def resolved(self, schema: Schema) -> Schema:
        """Return the schema that a bare reference stands for, or the schema itself."""
        seen = 0
        while "$ref" in schema and len(schema) == 1 and seen < _MAX_REFERENCES:
            schema = self._schemas.follow(schema["$ref"])
            seen += 1
        return schema

    def referred(self, schema: Schema) -> list[Schema]:
        """Return the schemas that a schema's own references name; a dynamic one by the place it starts from."""
        return [self._schemas.follow(schema[each]) for each in ("$ref", "$dynamicRef") if each in schema]


class SchemaSet:
    """A closed set of schemas.

    Args:
        schemas: each schema by its name, such as `event-envelope.schema.json`, or by the address where it lies.
            Another schema may refer to it by `$id`, by its address, or relative to its own.
        engine: which engine judges; by default jsonschema-rs when it is installed.
        formats: whether a string has to have the format that a schema asks for.  2020-12 takes formats for remarks,
            unless the dialect of a schema says otherwise.  A format that is asserted and has no check is refused.
    """

    def __init__(
        self,
        schemas: Mapping[str, Mapping[str, Any] | bool],
        *,
        engine: Engine = Engine.AUTOMATIC,
        formats: bool = True,
    ) -> None:
        self._sources = schemas
        self._engine = engine
        self._formats = formats
        self._documents: dict[str, Schema] = {}  #: those prepared so far, by absolute URI
        self._schemas: dict[str, Schema] = {}  #: every schema in them with a name of its own, by that
        self._shapes: dict[str, Shape] = {}
        self._names: dict[str, str] = {}  #: URI to name

    def shape(self, name: str) -> Shape:
        """Return the shape with this name.

        Raises: SchemaError when the schema or one that it refers to is unknown or wrong, or cannot be checked.
        """
        known = self._shapes.get(name)
        if known is None:
            if name not in self._sources:
                raise SchemaError(schema=name, problem="there is no schema of this name")
            uri = self._uri_of(name)
            self._prepare(uri)
            prepared = Prepared(documents=dict(self._documents), follow=self.follow)
            known = self._shapes[name] = Shape(uri, self, judge_for(self._engine, uri, prepared, name))
        return known

    def check(self) -> None:
        """Prepare every schema; the start of a gate, and of the tests.

        Raises: SchemaError as `shape` does.
        """
        for name in self._sources:
            self.shape(name)

    def follow(self, reference: str) -> Schema:
        """Return the prepared schema that an absolute reference names.

        Raises: SchemaError when it leads to none.
        """
        uri, _, fragment = reference.partition("#")
        is_pointer = fragment.startswith("/")
        found = self._schemas.get(uri if is_pointer or not fragment else reference)
        if found is None:
            raise SchemaError(schema=reference, problem="no schema of the set is called so")
        if not is_pointer:
            return found
        try:
            return _inside(found, _tokens(fragment))
        except (LookupError, TypeError, ValueError):
            raise SchemaError(schema=reference, problem="the reference leads to no schema") from None

    def _prepare(self, first: str) -> None:
        """Normalise a schema and all that it refers to, then see that every reference leads somewhere."""
        waiting, references = [first], set[str]()
        while waiting:
            uri = waiting.pop()
            if uri not in self._schemas:
                found = self._normalise(uri)
                references |= found
                waiting += (each.partition("#")[0] for each in found)
        for reference in references:
            self.follow(reference)

    def _normalise(self, uri: str) -> set[str]:
        """Normalise the document that a URI names, or that holds the schema of that `$id`; return its references."""
        name = self._name_of(uri)
        if name is None:
            return self._normalise_other(uri)
        source = self._sources[name]
        refuse_malformed(self._engine, source, name)
        # A name that is no address is of use only where there is no $id.
        return self._take(name, source, name if ":" in name else self._uri_of(name), formats=self._formats)

    def _normalise_other(self, uri: str) -> set[str]:
        """Normalise a schema of the standard, or documents until one holds the schema of this `$id` inside."""
        from reporting_governance.contracts.shape.dialects import standard_schema

        source = standard_schema(uri)
        if source is not None:
            # Its formats are remarks: whoever refers to it did not choose them.
            return self._take(uri, source, uri, formats=False)
        references = set[str]()
        for name in self._sources:
            other = self._uri_of(name)
            if other not in self._schemas:
                references |= self._normalise(other)
            if uri in self._schemas:
                return references
        raise SchemaError(schema=uri, problem="no schema of the set has this $id")

    def _take(self, name: str, source: Mapping[str, Any] | bool, uri: str, *, formats: bool) -> set[str]:
        normaliser = Normaliser(name, join=_join, ignored=partial(self._ignored, formats=formats))
        document = normaliser.run(source, uri, _unasserted(formats=formats))
        for each, schema in {uri: document, **normaliser.named}.items():
            if self._schemas.setdefault(each, schema) is not schema:
                raise SchemaError(schema=name, problem=f"another schema of the set is called {each} too")
        self._documents[uri] = document
        return normaliser.references

    def _ignored(self, dialect: object, name: str, *, formats: bool) -> frozenset[str]:
        """Return the keywords that a schema with this `$schema` does not assert."""
        uri = str(dialect).removesuffix("#")
        if uri == DIALECT:
            return _unasserted(formats=formats)
        from reporting_governance.contracts.shape.dialects import ignored_under

        known = self._name_of(uri)
        metaschema = None if known is None else self._sources[known]
        if not isinstance(metaschema, Mapping):
            raise SchemaError(schema=name, problem=f"its $schema is {dialect}, and only {DIALECT} is known")
        return ignored_under(metaschema, name, _unasserted(formats=formats))

    def _uri_of(self, name: str) -> str:
        """Return the `$id` of a source, or where it lies."""
        source, uri = self._sources[name], name if ":" in name else _BASE + name
        if isinstance(source, Mapping) and isinstance(source.get("$id"), str):
            uri = _join(uri, source["$id"])
        if self._names.setdefault(uri, name) != name:
            raise SchemaError(schema=name, problem=f"{self._names[uri]} has the same $id")
        return uri

    def _name_of(self, uri: str) -> str | None:
        """Return the name of the source that a URI names as a whole."""
        if uri in self._sources:
            return uri
        if uri not in self._names:
            for name in sorted(self._sources, key=lambda name: not uri.endswith(f"/{name}")):
                if self._uri_of(name) == uri:
                    break
        return self._names.get(uri)


def _unasserted(*, formats: bool) -> frozenset[str]:
    return frozenset() if formats else frozenset(("format",))


def _join(base: str, reference: str) -> str:
    if reference.startswith("#"):
        return base + reference.removesuffix("#")
    file, _, fragment = reference.partition("#")
    is_plain = file.replace("-", "").replace("_", "").replace(".", "").isalnum()
    if is_plain and base.startswith("http") and base.count("/") > 2 and "?" not in base:  # no need of urllib
        return f"{base.rpartition('/')[0]}/{reference if fragment else file}"
    from urllib.parse import urljoin

    return urljoin(base, reference).removesuffix("#")


def _inside(schema: Schema, tokens: list[str]) -> Schema:
    """Return the schema in a schema to which the tokens of a JSON pointer lead.

    Raises: LookupError, TypeError or ValueError when no schema stands there.
    """
    waiting = iter(tokens)
    for keyword in waiting:
        found = schema[keyword]
        if keyword in LISTS:
            found = found[int(next(waiting, ""))]
        elif keyword in MAPS:
            found = found[next(waiting, "")]
        elif keyword not in SINGLE:
            raise LookupError(keyword)
        schema = NEVER if found is False else found
    return schema


def _tokens(fragment: str) -> list[str]:
    if "%" in fragment:
        from urllib.parse import unquote

        fragment = unquote(fragment)
    return split_pointer(fragment)
