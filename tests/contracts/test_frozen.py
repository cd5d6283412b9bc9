"""`frozen` makes what `dataclass(frozen=True, slots=True)` makes."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, astuple, dataclass, field, fields, is_dataclass, replace
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from reporting_governance.contracts.frozen import frozen


def _classes(by_place: Callable[[Any], Any], by_name: Callable[[Any], Any]) -> SimpleNamespace:
    """Return the same classes, made by one decorator or the other."""

    @by_place
    class Point:
        x: int
        y: int = 0

    @by_name
    class Base:
        """Have a field that may be left out before one that may not."""

        kind: ClassVar[str] = "base"
        label: str = ""
        size: int
        seen: list[int] = field(default_factory=list)
        note: str = field(default="", compare=False, repr=False)

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError("size")

    @by_place
    class Longer(Base):
        place: Point

    @by_place
    class Empty:
        pass

    @by_place
    class Own:
        x: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    return SimpleNamespace(Point=Point, Base=Base, Longer=Longer, Empty=Empty, Own=Own)


OURS = _classes(frozen, frozen(kw_only=True))
PYTHONS = _classes(dataclass(frozen=True, slots=True), dataclass(frozen=True, kw_only=True, slots=True))
BOTH = pytest.mark.parametrize("made", [OURS, PYTHONS], ids=["ours", "python's"])


@frozen
class Kept:
    """Stand where pickle can find it."""

    x: int
    more: dict[str, int]


@frozen(kw_only=True)
class Late:
    """Never made before its test."""

    x: int
    y: int = 2


@BOTH
def test_it_is_made_from_what_is_given_and_from_its_defaults(made: SimpleNamespace) -> None:
    assert astuple(made.Point(1)) == (1, 0)
    assert astuple(made.Point(1, y=2)) == (1, 2)
    assert asdict(made.Base(size=3)) == {"label": "", "size": 3, "seen": [], "note": ""}
    longer = made.Longer(made.Point(1), size=4, seen=[5])
    assert (longer.place, longer.size, longer.seen) == (made.Point(1), 4, [5])
    assert made.Base(size=1).seen is not made.Base(size=1).seen
    made.Empty()


@BOTH
def test_what_is_given_wrongly_is_refused(made: SimpleNamespace) -> None:
    for values, named in (((), {}), ((1, 2, 3), {}), ((1,), {"z": 1}), ((1,), {"x": 1})):
        with pytest.raises(TypeError):
            made.Point(*values, **named)
    with pytest.raises(TypeError):
        made.Base("label", size=1)
    with pytest.raises(ValueError, match="size"):
        made.Base(size=-1)
    with pytest.raises(ValueError, match="size"):
        replace(made.Base(size=1), size=-1)


@BOTH
def test_it_cannot_be_changed(made: SimpleNamespace) -> None:
    point = made.Point(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    with pytest.raises((FrozenInstanceError, TypeError)):
        point.other = 2
    assert point == made.Point(1)
    assert not hasattr(point, "__dict__")


@BOTH
def test_it_is_equal_to_what_is_equal_in_every_field(made: SimpleNamespace) -> None:
    point, base = made.Point, made.Base
    assert point(1, 2) == point(1, 2) != point(2, 1)
    assert len({point(1), point(1), point(2), made.Empty(), made.Empty()}) == 3
    assert point(1) != (1, 0)
    assert base(size=1, note="a") == base(size=1, note="b")
    assert base(size=1) != made.Longer(point(1), size=1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(base(size=1))
    own = made.Own(1)
    assert (own == made.Own(2), hash(own), repr(own)) == (True, 7, "own")


@BOTH
def test_it_is_shown_with_its_fields(made: SimpleNamespace) -> None:
    within = "_classes.<locals>."
    assert repr(made.Longer(made.Point(1), size=2)) == (
        f"{within}Longer(label='', size=2, seen=[], place={within}Point(x=1, y=0))"
    )
    assert repr(made.Empty()) == f"{within}Empty()"


@BOTH
def test_it_is_a_dataclass_to_all_that_asks(made: SimpleNamespace) -> None:
    assert is_dataclass(made.Longer)
    assert [each.name for each in fields(made.Longer)] == ["label", "size", "seen", "note", "place"]
    assert (made.Longer.__match_args__, made.Base.__match_args__) == (("place",), ())
    assert (made.Base.__slots__, made.Longer.__slots__) == (("label", "size", "seen", "note"), ("place",))
    assert made.Base.__doc__ == "Have a field that may be left out before one that may not."
    match made.Point(1, 2):
        case made.Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no pattern")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_is_equal(copied: Callable[[Any], Any]) -> None:
    kept = Kept(1, {"a": 1})
    again = copied(kept)
    assert again == kept
    assert again is not kept
    assert (again.more is kept.more) == (copied is copy.copy)


def test_the_first_instances_are_like_all_others() -> None:
    made = [Late(x=1) for _ in range(20)]
    assert all(each == replace(made[0], y=2) for each in made)
    assert Late.__init__.__qualname__ == "Late.__init__"  # which the first ones were not made with
    point = _classes(frozen, frozen(kw_only=True)).Point
    assert [astuple(point(1, y=number)) for number in range(20)] == [(1, number) for number in range(20)]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((1, 2, 3), {}),
        ((1,), {"z": 1}),
        ((1,), {"x": 1}),
        ((), {"z": 1}),
        ((), {"y": 1}),
        ((), {"y": 1, "z": 2}),
    ],
)
def test_a_wrong_first_instance_is_refused_as_any_other(values: tuple[int, ...], named: dict[str, int]) -> None:
    new = _classes(frozen, frozen(kw_only=True)).Point
    theirs = PYTHONS.Point
    with pytest.raises(TypeError) as ours_says:
        new(*values, **named)
    with pytest.raises(TypeError) as theirs_says:
        theirs(*values, **named)
    assert str(ours_says.value) == str(theirs_says.value)


def test_a_field_that_is_not_given_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="is given when the instance is made"):

        @frozen
        class Wrong:
            x: int = field(init=False)
