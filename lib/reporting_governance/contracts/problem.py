"""One fault of a document's meaning before its place in the text is known: where in the data, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.errors import ContractError

if TYPE_CHECKING:
    from reporting_governance.contracts.finding import FindingRule


class Elsewhere(NamedTuple):
    """A second place that explains a problem, in this document or in one that it is held against."""

    kind: str  #: the schema of that document, such as `capability-descriptor`
    pointer: str
    message: str


class Problem(NamedTuple):
    """What is wrong with one value.  Every check of meaning gives these; `Document.nearest` finds their places."""

    pointer: str  #: JSON Pointer (RFC 6901) of the value; of one that is missing: where it would stand
    message: str
    suggestion: str | None = None  #: what was probably meant
    at_key: bool = False  #: the key is wrong, not the value
    rule: FindingRule | None = None  #: the rule that is broken; none: that of all wrong meaning (GOV201)
    elsewhere: tuple[Elsewhere, ...] = ()


class WrongMeaning(ValueError):
    """Raised by a record's `__post_init__`: its values have the right types and together cannot be meant.

    Pointers start at the record.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{each.pointer or '/'}: {each.message}" for each in self.problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise WrongMeaning when there is any problem."""
    found = tuple(problems)
    if found:
        raise WrongMeaning(found)


def contract_error(problems: tuple[Problem, ...], *, kind: str, source: str) -> ContractError:
    """Return the error of a document: its text names the first problem, its details hold all."""
    first = problems[0]
    text = f"{first.pointer or '/'}: {first.message}"
    return ContractError(source=source, kind=kind, problem=text, problems=problems)


def problems_of(fault: ContractError) -> tuple[Problem, ...]:
    """Return what an error says is wrong; of one that knows no place, its text about the whole document."""
    known: tuple[Problem, ...] | None = fault.details.get("problems")
    return known or (Problem("", str(fault)),)


def below(step: object, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems of a member of an object or list, as they are seen from outside it."""
    token = str(step).replace("~", "~0").replace("/", "~1")
    return tuple(each._replace(pointer=f"/{token}{each.pointer}") for each in problems)


def wrong_keys(document: Mapping[str, Any], known: Sequence[str], missing: Sequence[str]) -> list[Problem]:
    """Return what is wrong with the keys of an object; a misspelt key that is missing is one fault and not two.

    Args:
        known: the keys that it may have.
        missing: those among them that it must have and has not.
    """
    from reporting_governance.contracts.suggest import meant, nearest

    left = list(missing)
    problems: list[Problem] = []
    for key in sorted(map(str, set(document) - set(known))):
        close = nearest(key, left)
        message = f"unknown key {key}"
        if close is None:
            close = nearest(key, (each for each in known if each not in document))
        else:
            left.remove(close)
            message += f", and {close} is missing"
        problems += below(key, [Problem("", message, meant(close), at_key=True)])
    return [*(Problem("", f"{each} is missing") for each in left), *problems]
