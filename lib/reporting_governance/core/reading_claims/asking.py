"""Whether a report ends in a question to the person who reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reporting_governance.core.reading_claims.reads import Read

#: a question with one of these asks whether anything is left to wish for, and for no answer that the work waits for
_POLITE = (
    "anything else",
    "something else",
    "any questions",
    "any other",
    "what else",
    "别的",
    "其他",
    "其它",
    "还有什么",
    "还需要什么",
    "还有问题",
)
#: a Chinese sentence that ends so asks, also where no mark says so
_ASKING_ENDS = ("吗", "呢")
_AROUND = " \n.。!~)"


@dataclass(frozen=True, slots=True)
class Uttered:
    """One sentence of the agent's own words, as far as it matters here."""

    span: tuple[int, int]  #: in the original text
    is_item: bool
    asks: bool
    goes_on: bool  #: it only says what follows from an answer: "If not, I'll leave it."


def asks_a_person(text: str, *, marked: bool) -> bool:
    """Tell whether a folded sentence is a question for which an answer is wanted."""
    if not marked and not text.rstrip(_AROUND).endswith(_ASKING_ENDS):
        return False
    return not any(each in text for each in _POLITE)


def asks_back(uttered: Sequence[Uttered]) -> Read:
    """
    Tell whether the last thing that is said is a question.

    A list below a question is what there is to choose from, and what only says what follows from the answer is part
    of the question; anything else behind it has answered it.
    """
    at = len(uttered) - 1
    while at >= 0 and not uttered[at].asks and (uttered[at].is_item or uttered[at].goes_on):
        at -= 1
    if at >= 0 and uttered[at].asks:
        return Read(True, "it ends in a question", uttered[at].span)
    return Read(False, "it does not end in a question", None)
