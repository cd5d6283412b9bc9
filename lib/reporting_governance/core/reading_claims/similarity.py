"""How much a report repeats the one before: the share of short runs of words that both have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reporting_governance.core.reading_claims.blocks import READ_AT_EACH_END
from reporting_governance.core.reading_claims.folding import fold_plain

_RUN = 3  #: words in a run: long enough that order counts, short enough that one changed word costs little
_NUMBER = "0"


def similarity_percent(text: str, earlier: str) -> int:
    """Return how alike two reports are, 0 to 100.

    Blanks, case, punctuation and numbers make no difference: "40% done" a second time with another number is the same
    report.  100 means that nothing else differs.  Two reports without a word are alike, one without is not like any.
    Only the beginning and the end of long texts are compared.
    """
    one, other = _words(text), _words(earlier)
    if one == other:
        return 100
    if not one or not other:
        return 0
    runs, others = Counter(_runs(one)), Counter(_runs(other))
    shared = sum((runs & others).values())
    # 100 is kept for what is the same: a run too few must not be rounded away
    return min(99, 200 * shared // (runs.total() + others.total()))


def _words(text: str) -> list[str]:
    if len(text) > 2 * READ_AT_EACH_END:
        text = f"{text[:READ_AT_EACH_END]} {text[-READ_AT_EACH_END:]}"
    return list(_split(fold_plain(text)))


def _split(text: str) -> Iterator[str]:
    """Yield words; every letter of a script without blanks is one, and every number is the same."""
    word = ""
    for letter in text:
        if letter.isascii() and letter.isalpha():
            word += letter
            continue
        if word:
            yield word
            word = ""
        if letter.isalpha():
            yield letter
        elif letter.isdigit():
            word = _NUMBER
    if word:
        yield word


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    if len(words) < _RUN:
        yield from ((word,) for word in words)
        return
    for place in range(len(words) - _RUN + 1):
        yield tuple(words[place : place + _RUN])
