"""From tries to sights: a power is what its tries show, and an unreadable answer shows nothing."""

from reporting_governance.adapters.probes.interface import Place
from reporting_governance.adapters.probes.trying import Trial, Try, sight
from reporting_governance.contracts.capability import SupportLevel

World = dict[str, bool]
WORKS: Try[World] = Try("it works", lambda world: world["works"])
BEYOND: Try[World] = Try("it always works", lambda world: world["always"])
REFUSED: Try[World] = Try("it is said not to", lambda world: world["said"])
PLACE = Place(file="f", pointer="/p", message="there")
WHOLE = Trial(works=[WORKS], beyond=[BEYOND], refused=[REFUSED], places=lambda _: (PLACE,))


def seen(trial: Trial[World] = WHOLE, **world: bool) -> tuple[SupportLevel | None, bool, tuple[Place, ...]]:
    found = sight("storage.events", trial, world)
    assert found.sentence.endswith(".")
    return found.found, found.honest, found.places


def test_all_tries_hold() -> None:
    assert seen(works=True, always=True) == (SupportLevel.FULL, True, ())


def test_a_further_try_does_not_hold_and_the_place_says_why() -> None:
    assert seen(works=True, always=False) == (SupportLevel.PARTIAL, True, (PLACE,))


def test_a_basic_try_does_not_hold() -> None:
    assert seen(works=False, said=True) == (SupportLevel.NONE, True, ())


def test_a_refusal_that_is_not_said_is_dishonest() -> None:
    assert seen(works=False, said=False) == (SupportLevel.NONE, False, ())


def test_one_basic_try_of_two_is_none_to_count_on() -> None:
    both = Trial(works=[WORKS, BEYOND])
    assert seen(both, works=True, always=False) == (SupportLevel.NONE, True, ())


def test_an_answer_that_cannot_be_read_shows_nothing() -> None:
    assert seen(works=True) == (None, True, ())
    assert seen() == (None, True, ())
    assert seen(works=False) == (None, True, ())


def test_one_clear_failure_decides_whatever_the_others_would_show() -> None:
    unreadable = Trial(works=[WORKS, BEYOND])
    assert seen(unreadable, works=False) == (SupportLevel.NONE, True, ())
