"""The project's schemas as one closed set: a reference leads to one of them, or the schema is refused.

Nothing is ever fetched.  A schema is prepared when it is first asked for, with all that it refers to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from reporting_governance.contracts.reading.tape import split_pointer
from reporting_governance.contracts.shape.engines import Engine, Fault, Judge, judge_for, refuse_malformed
from reporting_governance.contracts.shape.normalise import Normaliser, Schema, SchemaError

__all__ = ["SchemaError", "SchemaSet", "Shape"]

_BASE = "https://schemas.reporting-governance.invalid/"  #: of schemas without an $id; .invalid can never be fetched


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
        while "$ref" in schema and len(schema) == 1:
            schema = self._schemas.follow(schema["$ref"])
        return schema

    def follow(self, reference: str) -> Schema:
        """Return the schema that an absolute reference names."""
        return self._schemas.follow(reference)


class SchemaSet:
    """A closed set of schemas.

    Args:
        schemas: each schema by its name, such as `event-envelope.schema.json`.  A name stands for its file: another
            schema may refer to it by `$id`, or relative to its own.
        engine: which engine judges; by default jsonschema-rs when it is installed.
    """

    def __init__(self, schemas: Mapping[str, Mapping[str, Any] | bool], *, engine: Engine = Engine.AUTOMATIC) -> None:
        self._sources = schemas
        self._engine = engine
        self._prepared: dict[str, Schema] = {}  #: by absolute URI without fragment
        self._shapes: dict[str, Shape] = {}
        self._names: dict[str, str] = {}  #: URI to name

    def shape(self, name: str) -> Shape:
        """Return the shape with this name.

        Raises: SchemaError when the schema or one that it refers to is unknown, wrong or not supported.
        """
        known = self._shapes.get(name)
        if known is None:
            if name not in self._sources:
                raise SchemaError(schema=name, problem="there is no schema of this name")
            uri = self._uri_of(name)
            self._prepare(uri)
            known = self._shapes[name] = Shape(uri, self, judge_for(self._engine, uri, self._prepared, name))
        return known

    def check(self) -> None:
        """Prepare every schema; the start of a gate, and of the tests.

        Raises: SchemaError as `shape` does.
        """
        for name in self._sources:
            self.shape(name)

    def follow(self, reference: str) -> Schema:
        """Return the prepared schema that an absolute reference names.

        Raises: SchemaError when it leads nowhere.
        """
        uri, _, fragment = reference.partition("#")
        found: Any = self._prepared.get(uri)
        if found is None:
            raise SchemaError(schema=reference, problem="no schema of this project has this $id")
        if fragment and not fragment.startswith("/"):
            raise SchemaError(schema=reference, problem="only JSON pointers are supported after #")
        for token in _tokens(fragment):
            try:
                found = found[int(token)] if isinstance(found, list) else found[token]
            except (KeyError, IndexError, ValueError, TypeError):
                raise SchemaError(schema=reference, problem="the reference leads nowhere") from None
        if not isinstance(found, Mapping):
            raise SchemaError(schema=reference, problem="the reference leads to no schema")
        return found

    def _prepare(self, first: str) -> None:
        """Normalise a schema and all that it refers to, then see that every reference leads somewhere."""
        waiting, references = [first], set[str]()
        while waiting:
            uri = waiting.pop()
            if uri in self._prepared:
                continue
            name = self._name_of(uri)
            refuse_malformed(self._engine, self._sources[name], name)
            normaliser = Normaliser(name, absolute=partial(_join, uri))
            self._prepared[uri] = normaliser.run(self._sources[name])
            references |= normaliser.references
            waiting += (each.partition("#")[0] for each in normaliser.references)
        for reference in references:
            self.follow(reference)

    def _uri_of(self, name: str) -> str:
        source = self._sources[name]
        uri = None if isinstance(source, bool) else source.get("$id")
        uri = _BASE + name if uri is None else uri.removesuffix("#")
        if self._names.setdefault(uri, name) != name:
            raise SchemaError(schema=name, problem=f"{self._names[uri]} has the same $id")
        return uri

    def _name_of(self, uri: str) -> str:
        if uri not in self._names:
            for name in sorted(self._sources, key=lambda name: not uri.endswith(f"/{name}")):
                if self._uri_of(name) == uri:
                    break
        if uri not in self._names:
            raise SchemaError(schema=uri, problem="no schema of this project has this $id")
        return self._names[uri]


def _join(base: str, reference: str) -> str:
    if reference.startswith("#"):
        return base + reference
    if re.match("[a-z0-9]", reference) and ":" not in reference:  # a sibling: no need of urllib
        return f"{base.rpartition('/')[0]}/{reference.removesuffix('#')}"
    from urllib.parse import urljoin

    return urljoin(base, reference)


def _tokens(fragment: str) -> list[str]:
    if "%" in fragment:
        from urllib.parse import unquote

        fragment = unquote(fragment)
    return split_pointer(fragment)
