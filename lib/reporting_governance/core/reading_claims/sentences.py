"""Sentences and clauses of a folded block, with the signs in each.

A sentence ends at its mark, or at a line break that folding has kept.  A clause ends at
a comma, a colon, a bracket, a dash, or a word that opposes what stands before it to what follows.
"""

from __future__ import annotations

from collections.abc import Iterator

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.reading_claims.activities import activities
from reporting_governance.core.reading_claims.signs import Hit, Index, Sign, find_signs

#: a longer one is read in pieces: every sign is held against all others of its sentence
LONGEST_SENTENCE = 320
_REACH = 6  #: clauses back to which a condition or somebody else's words rule
_MOST_HITS = 16  #: a clause with more signs than this is no prose; it is read in pieces
_ENDS = frozenset("\n!?;\u3002\uff61\u2026")
_CLAUSE_MARKS = frozenset(",:()[]\u2014\u2013\u3001\u3010\u3011")
#: phrases that may be the beginning of a longer form
_SHORT_SIGNS = frozenset((Sign.INTENT, Sign.NEGATION))
_ABBREVIATIONS = frozenset(("e.g", "i.e", "etc", "vs", "cf", "approx", "no", "fig", "resp"))
_OPPOSING = (
    " but ",
    " however ",
    " although ",
    " though ",
    " except ",
    " while ",
    " because ",
    " since ",
    " so ",
    " which ",
    " and i ",
    " and i'",
    " and now ",
    " and the ",
    " - ",
    "\u4f46",
    "\u4e0d\u8fc7",
    "\u56e0\u4e3a",
    "\u6240\u4ee5",
    "\u867d\u7136",
)
_LONGEST_OPPOSING = max(map(len, _OPPOSING))


@frozen
class Clause:
    """A part of a sentence; places are those of the folded block."""

    start: int
    end: int
    hits: tuple[Hit, ...]

    def has(self, *signs: Sign) -> bool:
        """Tell whether any of the signs is here."""
        return any(hit.sign in signs for hit in self.hits)


@frozen
class Sentence:
    """A sentence of a folded block and how it ends."""

    start: int
    end: int
    asks: bool
    clauses: tuple[Clause, ...]

    def earlier(self, number: int) -> tuple[Clause, ...]:
        """Return the clauses before one that may still rule it."""
        return self.clauses[max(0, number - _REACH) : number]


def read_sentences(text: str, index: Index) -> Iterator[Sentence]:
    """Yield the sentences of a folded block, from left to right."""
    start = 0
    for place, letter in enumerate(text):
        too_long = place - start >= LONGEST_SENTENCE and letter in " ,:"
        ends = _is_full_stop(text, place, start) if letter == "." else letter in _ENDS
        if ends or too_long or place - start >= LONGEST_SENTENCE + 40:
            yield from _sentence(text, start, place + 1, index)
            start = place + 1
    yield from _sentence(text, start, len(text), index)


def _is_full_stop(text: str, place: int, start: int) -> bool:
    after = text[place + 1 : place + 2]
    if after and not after.isspace() and after not in "\"')\ue000\ue001\ue002" and after.isascii():
        return False
    word = text[max(start, place - 8) : place].rpartition(" ")[2]
    return word not in _ABBREVIATIONS and not (
        word.isdigit() and not text[start : max(start, place - len(word))].strip()
    )


def _sentence(text: str, start: int, end: int, index: Index) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    if start == end:
        return
    hits = find_signs(text, index, start, end)
    hits = _with_activities(text, start, end, hits)
    clauses = tuple(_clauses(text, start, end, hits))
    yield Sentence(start, end, text[end - 1] == "?", clauses)


def _with_activities(text: str, start: int, end: int, hits: list[Hit]) -> list[Hit]:
    """Add what the form of a verb says where no phrase is known."""
    taken = {place for hit in hits if hit.sign not in _SHORT_SIGNS for place in range(hit.start, hit.end)}
    found = [each for each in activities(text, start, end) if each.start not in taken]
    return sorted(hits + found, key=lambda hit: hit.start) if found else hits


def _clauses(text: str, start: int, end: int, hits: list[Hit]) -> Iterator[Clause]:
    covered = {place for hit in hits for place in range(hit.start, hit.end)}
    used = 0
    at = start
    for place in range(start, end + 1):
        full = used + _MOST_HITS < len(hits) and hits[used + _MOST_HITS].start == place
        if place < end and not full and (place in covered or not _ends_clause(text, place)):
            continue
        first = used
        while used < len(hits) and hits[used].end <= place:
            used += 1
        if text[at:place].strip(" \n,:()[]"):
            yield Clause(at, place, tuple(hits[first:used]))
        at = place if full else place + 1


def _ends_clause(text: str, place: int) -> bool:
    letter = text[place]
    if letter in _CLAUSE_MARKS:
        return not (letter in ",:" and text[place - 1 : place].isdigit() and text[place + 1 : place + 2].isdigit())
    if letter == " " or not letter.isascii():
        return text.startswith(_OPPOSING, place, place + _LONGEST_OPPOSING)
    return False
