"""One spelling for what is to be compared, and the way back to the text as it was written.

Compatibility forms (full-width letters and signs), case, apostrophes and blanks are folded; what cannot be seen and
the marks of emphasis are dropped; code and quoted words become one sign each, so that they are no words any more.
"""

from __future__ import annotations

import unicodedata
from array import array
from functools import lru_cache

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.reading_claims.masking import Mask, masks_of

#: what stands for a piece of code, for code that runs checks, and for quoted words
CODE, CHECK_CODE, QUOTED = "\ue000", "\ue001", "\ue002"
_OWN = frozenset((CODE, CHECK_CODE, QUOTED))

_SPELLINGS = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201b": "'",
    "\u02bc": "'",
    "\u2032": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u00ad": "",
    "\ufffc": " ",
    "\r": " ",
    "\t": " ",
    "\v": " ",
    "\f": " ",
    "*": "",
}


@frozen
class Folded:
    """A folded text; `origin[i]` is where its letter i stood, and one more entry is the end."""

    text: str
    origin: array[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original text of a place in this one; both are half open."""
        return self.origin[start], self.origin[end - 1] + 1 if end > start else self.origin[start]


@lru_cache(maxsize=4096)
def _folded_letter(letter: str) -> str:
    if letter in _OWN:
        return " "  # our own signs cannot be written by an agent
    known = _SPELLINGS.get(letter)
    if known is not None:
        return known
    if unicodedata.category(letter) == "Cf" or "\ufe00" <= letter <= "\ufe0f":
        return ""
    return "".join(_SPELLINGS.get(each, each) for each in unicodedata.normalize("NFKC", letter).casefold())


def _goes_on(text: str, line_break: int, end: int) -> bool:
    """Tell whether the line behind a break goes on with the sentence: it does in small letters."""
    behind = text[line_break + 1 : min(end, line_break + 40)].lstrip()[:1]
    return "a" <= behind <= "z"


def fold(text: str, start: int, end: int) -> Folded:
    """Fold a part of a text; blanks in a row become one, and a line break stays where a sentence may end."""
    letters: list[str] = []
    origin = array("l")
    place = start
    for mask in (*masks_of(text, start, end), Mask(end, end, False, False)):
        for at in range(place, mask.start):
            written = " " if text[at] == "\n" and _goes_on(text, at, end) else text[at]
            for letter in _folded_letter(written):
                if letter == " " and letters and letters[-1] in " \n":
                    continue
                letters.append(letter)
                origin.append(at)
        if mask.end > mask.start:
            letters.append(QUOTED if mask.quoted else CHECK_CODE if mask.runs_checks else CODE)
            origin.append(mask.start)
        place = mask.end
    origin.append(end)
    return Folded("".join(letters), origin)


def fold_plain(text: str) -> str:
    """Fold a whole text and set nothing aside."""
    return "".join(map(_folded_letter, text))
