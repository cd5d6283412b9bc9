"""What edits mean for the value of a document, and what they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reporting_governance.contracts.config_edit import ConfigEdit, EditKind

_INCLUDE: Final = "$include"


class CannotEdit(ValueError):
    """The document is not what the edits take it for; the message says where."""


def edited(document: Any, edits: Sequence[ConfigEdit]) -> dict[str, Any]:
    """Return what a document says after edits, made in order; the document itself stays as it is.

    Raises: CannotEdit when a value on the way is no object, the value to be changed is no list or no single value, or
        an object on the way takes a part of what it holds from another file.
    """
    holder = dict(_object(document, ()))
    for edit in edits:
        holder = _done(holder, edit, ())
    return holder


def _done(holder: Mapping[str, Any], edit: ConfigEdit, way: tuple[str, ...]) -> dict[str, Any]:
    key, *rest = edit.path[len(way) :]
    if not rest:
        return _last(dict(holder), key, edit)
    inner = (*way, key)
    if edit.kind in (EditKind.DROP, EditKind.LEAVE) and key not in holder:
        return dict(holder)
    return {**holder, key: _done(_object(holder.get(key, {}), inner), edit, inner)}


def _last(holder: dict[str, Any], key: str, edit: ConfigEdit) -> dict[str, Any]:
    where = ".".join(edit.path)
    if edit.kind is EditKind.DROP:
        holder.pop(key, None)
    elif edit.kind is EditKind.SET:
        if isinstance(holder.get(key), dict | list):
            raise CannotEdit(f"{where} is no single value")
        holder[key] = edit.value
    elif edit.kind is EditKind.JOIN or key in holder:
        listed = holder.get(key, [])
        if not isinstance(listed, list):
            raise CannotEdit(f"{where} is no list")
        others = [each for each in listed if not _is(each, edit.value)]
        if edit.kind is EditKind.LEAVE:
            holder[key] = others
        elif len(others) == len(listed):
            holder[key] = [*listed, edit.value]
    return holder


def _is(each: Any, value: Any) -> bool:
    return type(each) is type(value) and bool(each == value)


def _object(value: Any, way: tuple[str, ...]) -> Mapping[str, Any]:
    name = ".".join(way) or "the document"
    if not isinstance(value, dict):
        raise CannotEdit(f"{name} is no object")
    if _INCLUDE in value:
        raise CannotEdit(f"{name} has {_INCLUDE}: what is to be changed may stand in another file; change it there")
    return value
