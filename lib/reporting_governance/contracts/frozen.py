"""`frozen`: what `dataclass(frozen=True, slots=True)` makes, at a tenth of what that costs when a module is imported.

A dataclass writes and compiles six functions a class.  A gate, for whose answer an agent waits, has more than a hundred
classes, and that was a third of its time.  Here one function is compiled, when several instances have been made; the
others are the same few lines for every class.  `fields`, `replace`, `asdict`, patterns, copies and type checkers see a
dataclass as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")
Methods = dict[str, Callable[..., Any]]


@overload
def frozen(cls: type[T], /) -> type[T]: ...


@overload
def frozen(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[Any] | None = None, /, *, kw_only: bool = False) -> Any:
    """Make a class a frozen dataclass with slots; a method that it defines itself stays.

    Args:
        kw_only: whether its fields are given by name only.

    Raises: TypeError for a field that `__init__` does not take: nothing could ever fill it.
    """
    return (lambda plain: _frozen(plain, kw_only)) if cls is None else _frozen(cls, kw_only)


def _frozen(plain: type[Any], kw_only: bool) -> type[Any]:
    plain.__doc__ = plain.__doc__ or plain.__name__  # a dataclass without one gets its signature, which is slow to find
    cls: type[Any] = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(plain)
    if not all(each.init for each in fields(cls)):
        raise TypeError(f"{cls.__qualname__}: a frozen field is given when the instance is made")
    refusing = {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
    for name, method in (_making(cls) | _comparing(cls) | _copying(cls) | _showing(cls) | refusing).items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    return cls


def _refuse_to_set(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _comparing(cls: type[Any]) -> Methods:
    names = [each.name for each in fields(cls) if each.compare]
    values: Callable[[object], object] = attrgetter(*names) if names else lambda _: ()

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def digest(self: object) -> int:
        return hash(values(self))

    return {"__eq__": equal, "__hash__": digest}


def _copying(cls: type[Any]) -> Methods:
    names = [each.name for each in fields(cls)]

    def state(self: object) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: object, values: list[Any]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": state, "__setstate__": restore}


def _showing(cls: type[Any]) -> Methods:
    names = [each.name for each in fields(cls) if each.repr]

    def show(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return {"__repr__": show}


_FEW = 8  #: instances that are made before the function is compiled that makes them quickly


def _making(cls: type[Any]) -> Methods:
    """Return the way to make the first instances: of most classes a short call makes one or two."""
    made = 0
    put: Callable[[Any, tuple[Any, ...], dict[str, Any]], bool] | None = None

    def first(self: Any, *values: Any, **named: Any) -> None:
        nonlocal made, put
        made += 1
        put = put or _putting(cls)
        if made <= _FEW and put(self, values, named):
            if hasattr(cls, "__post_init__"):
                self.__post_init__()
            return
        cls.__init__ = compiled = _compiled_init(cls)
        compiled(self, *values, **named)

    return {"__init__": first}


def _putting(cls: type[Any]) -> Callable[[Any, tuple[Any, ...], dict[str, Any]], bool]:
    """Return what fills the slots of an instance, and returns false where it was not given what fills them all."""
    names = [each.name for each in fields(cls)]
    by_place = [each.name for each in fields(cls) if not each.kw_only]
    defaults = {each.name: each.default for each in fields(cls) if each.default is not MISSING}
    factories = {each.name: each.default_factory for each in fields(cls) if each.default_factory is not MISSING}
    setters = [getattr(cls, name).__set__ for name in names]

    def put(self: Any, values: tuple[Any, ...], named: dict[str, Any]) -> bool:
        given = {**dict(zip(by_place, values, strict=False)), **named}
        if len(given) != len(values) + len(named):
            return False  # one too many, or given twice
        whole = {**defaults, **given}
        whole |= {name: make() for name, make in factories.items() if name not in given}
        if whole.keys() != set(names):
            return False
        for name, setter in zip(names, setters, strict=True):
            setter(self, whole[name])
        return True

    return put


def _compiled_init(cls: type[Any]) -> Callable[..., Any]:
    scope: dict[str, Any] = {"__unset": MISSING}
    by_place = [_parameter(each, scope) for each in fields(cls) if not each.kw_only]
    by_name = [_parameter(each, scope) for each in fields(cls) if each.kw_only]
    parameters = ", ".join(["self", *by_place, *(["*", *by_name] if by_name else [])])
    lines = [_assignment(each, cls, scope) for each in fields(cls)]
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    body = "\n    ".join(lines or ["pass"])
    exec(f"def __init__({parameters}):\n    {body}", scope)  # noqa: S102  (names of fields, from our own source)
    made: Callable[..., Any] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _parameter(each: Field[Any], scope: dict[str, Any]) -> str:
    if each.default_factory is not MISSING:
        return f"{each.name}=__unset"
    if each.default is MISSING:
        return each.name
    scope[f"__default_{each.name}"] = each.default
    return f"{each.name}=__default_{each.name}"


def _assignment(each: Field[Any], cls: type[Any], scope: dict[str, Any]) -> str:
    """Return the line that fills a slot, past the `__setattr__` that refuses."""
    scope[f"__set_{each.name}"] = getattr(cls, each.name).__set__
    if each.default_factory is MISSING:
        return f"__set_{each.name}(self, {each.name})"
    scope[f"__make_{each.name}"] = each.default_factory
    return f"__set_{each.name}(self, __make_{each.name}() if {each.name} is __unset else {each.name})"
