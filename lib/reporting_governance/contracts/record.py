"""The base of every record: written once, `parse` and `dump` follow from a class's type hints.

The schema owns the shape, the type owns the meaning: a class adds in `__post_init__` what a schema cannot say.
A field without a default is required.  A field with a default is left out of the document while it has that value.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, field, fields
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, ClassVar, Self

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem, WrongMeaning, below, contract_error, wrong_keys
from reporting_governance.contracts.times import format_time, parse_time

Document = Mapping[str, Any]
Codec = tuple[Callable[[Any], Any] | None, Callable[[Any], Any]]  #: encode (None: as it is) and decode


LARGEST_INTEGER = 2**53 - 1  #: beyond it readers of JSON disagree
LONGEST_SECONDS = 100 * 31_557_600  #: of any field whose name ends in `_seconds`


class OrderedEnum(StrEnum):
    """A closed choice whose members are ordered as they are written down."""

    @property
    def rank(self) -> int:
        """Place in the order, from 0."""
        return list(type(self)).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < type(self)(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= type(self)(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > type(self)(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= type(self)(other).rank


def named(key: str, **options: Any) -> Any:
    """Return a field whose key in the document is not a Python name, such as `class`."""
    return field(metadata={"key": key}, **options)


def free_text(**options: Any) -> Any:
    """Return a field that people or agents wrote: stored apart when long, so that it can be erased."""
    return field(metadata={"free_text": True}, **options)


def _mismatch(message: str) -> WrongMeaning:
    return WrongMeaning([Problem("", message)])


def when_given(**options: Any) -> Any:
    """Return a field that `dump` leaves out at its default, in a record that writes its defaults too."""
    return field(metadata={"when_given": True}, **options)


@frozen
class _Slot:
    name: str
    key: str
    encode: Callable[[Any], Any] | None
    decode: Callable[[Any], Any]
    default: Any  #: MISSING when the field is required
    is_written: bool  #: at its default too, where the record writes defaults


class Record:
    """A frozen document of one kind.  `schema` names its kind and the stem of its JSON Schema."""

    __slots__ = ()
    schema: ClassVar[str] = ""
    writes_defaults: ClassVar[bool] = False  #: `dump` writes values that equal their default too

    @classmethod
    def parse(cls, document: object, *, source: str = "record") -> Self:
        """Return the record a document describes.

        Args:
            document: plain JSON data; keys that the kind does not know are refused.
            source: where it came from, for the error's text.

        Raises: ContractError naming the JSON pointer of the first fault; `problem.problems_of` gives all.  What
            several values say together is looked at only where each of them is right.
        """
        try:
            return cls._read(document)
        except WrongMeaning as fault:
            raise contract_error(fault.problems, kind=cls.schema, source=source) from None

    @classmethod
    def _read(cls, document: object) -> Self:
        if not isinstance(document, Mapping):
            raise _mismatch(f"expected an object, found {_type_name(document)}")
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        missing: list[str] = []
        slots = _slots_of(cls)
        for slot in slots:
            if slot.key in document:
                try:
                    values[slot.name] = slot.decode(document[slot.key])
                except WrongMeaning as fault:
                    problems += below(slot.key, fault.problems)
            elif slot.default is MISSING:
                missing.append(slot.key)
        if problems or missing or len(values) != len(document):
            problems += wrong_keys(document, [slot.key for slot in slots], missing)
        if problems:
            raise WrongMeaning(problems)
        try:
            return cls(**values)
        except WrongMeaning:
            raise
        except ValueError as fault:
            raise _mismatch(str(fault)) from None

    def dump(self) -> dict[str, Any]:
        """Return the record as plain JSON data."""
        document: dict[str, Any] = {}
        for slot in _slots_of(type(self)):
            value = getattr(self, slot.name)
            if slot.default is not MISSING and value == slot.default and not (self.writes_defaults and slot.is_written):
                continue
            document[slot.key] = value if slot.encode is None or value is None else slot.encode(value)
        return document

    @classmethod
    def keys(cls) -> tuple[tuple[str, bool], ...]:
        """Return each document key and whether it is required, in the order of the fields."""
        return tuple((slot.key, slot.default is MISSING) for slot in _slots_of(cls))


_SLOTS: dict[type, tuple[_Slot, ...]] = {}


def _slots_of(cls: type) -> tuple[_Slot, ...]:
    known = _SLOTS.get(cls)
    if known is None:
        hints = typing.get_type_hints(cls)
        known = tuple(_slot(each, hints[each.name]) for each in fields(cls))
        _SLOTS[cls] = known
    return known


def _slot(each: Any, hint: Any) -> _Slot:
    encode, decode = _codec(hint)
    if each.name.endswith("_seconds"):
        decode = _duration(decode)
    default = each.default if each.default_factory is MISSING else each.default_factory()
    is_written = not each.metadata.get("when_given", False)
    return _Slot(each.name, each.metadata.get("key", each.name), encode, decode, default, is_written)


def _codec(hint: Any) -> Codec:
    origin = typing.get_origin(hint)
    if hint is Any or hint is object:
        return None, _same
    if origin is typing.Union or origin is types.UnionType:
        return _optional_codec(hint)
    if origin is tuple:
        return _list_codec(typing.get_args(hint)[0])
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_codec(typing.get_args(hint)[1])
    if issubclass(hint, Record):
        return Record.dump, hint._read
    if issubclass(hint, Enum):
        return _enum_value, _enum_decoder(hint)
    if issubclass(hint, datetime):
        return format_time, _decode_time
    return None, _exactly(hint)


def _optional_codec(hint: Any) -> Codec:
    members = [each for each in typing.get_args(hint) if each is not type(None)]
    if len(members) != 1:
        raise TypeError(f"a record's field holds one type, or that or None: {hint}")
    encode, decode = _codec(members[0])
    return encode, lambda value: None if value is None else decode(value)


def _list_codec(item: Any) -> Codec:
    encode, decode = _codec(item)

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise _mismatch(f"expected a list, found {_type_name(value)}")
        try:
            return tuple([decode(each) for each in value])
        except WrongMeaning:
            raise WrongMeaning(_problems_in(enumerate(value), decode)) from None

    return (list if encode is None else lambda value: [encode(each) for each in value]), read


def _mapping_codec(item: Any) -> Codec:
    encode, decode = _codec(item)

    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _mismatch(f"expected an object, found {_type_name(value)}")
        try:
            return {key: decode(each) for key, each in value.items()}
        except WrongMeaning:
            raise WrongMeaning(_problems_in(value.items(), decode)) from None

    return (dict if encode is None else lambda value: {key: encode(each) for key, each in value.items()}), read


def _problems_in(members: Iterable[tuple[object, Any]], decode: Callable[[Any], Any]) -> list[Problem]:
    """Return what is wrong with every member of a list or an object of which one was refused."""
    problems: list[Problem] = []
    for step, value in members:
        try:
            decode(value)
        except WrongMeaning as fault:
            problems += below(step, fault.problems)
    return problems


def _enum_value(value: Any) -> Any:
    return value.value


def _enum_decoder(hint: Any) -> Callable[[Any], Any]:
    known = {member.value: member for member in hint}

    def read(value: object) -> Any:
        member = known.get(value) if isinstance(value, (str, int)) else None
        if member is None:
            from reporting_governance.contracts.suggest import did_you_mean

            message = f"{value!r} is none of {', '.join(map(str, known))}"
            raise WrongMeaning([Problem("", message, did_you_mean(str(value), map(str, known)))])
        return member

    return read


def _decode_time(value: object) -> datetime:
    if not isinstance(value, str):
        raise _mismatch(f"expected a time, found {_type_name(value)}")
    try:
        return parse_time(value)
    except ValueError as fault:
        raise _mismatch(str(fault)) from None


def _exactly(hint: type) -> Callable[[Any], Any]:
    def read(value: object) -> Any:
        if type(value) is not hint:  # bool is an int in Python; in JSON it is not
            raise _mismatch(f"expected {_TYPE_NAMES.get(hint, hint.__name__)}, found {_type_name(value)}")
        return value

    def read_integer(value: object) -> Any:
        if abs(read(value)) > LARGEST_INTEGER:  # the journal would keep it as a text, and no view could be read again
            raise _mismatch(f"an integer is at most {LARGEST_INTEGER}")
        return value

    return read_integer if hint is int else read


def _duration(decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a decoder that refuses what no calendar holds: added to a time, it would stop whoever adds."""

    def read(value: object) -> Any:
        seconds = decode(value)
        if seconds is not None and seconds > LONGEST_SECONDS:
            raise _mismatch(f"a duration is at most {LONGEST_SECONDS} seconds (a hundred years)")
        return seconds

    return read


def _same(value: object) -> object:
    return value


_TYPE_NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    bool: "true or false",
    float: "a number",
}


def _type_name(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return _TYPE_NAMES.get(type(value), type(value).__name__)
