"""What a word or a phrase is a sign of, and finding the signs of a text.

A text is walked once from left to right.  At each place the longest known phrase is taken and the walk goes on behind
it, so "not done yet" is one sign and the "done" in it is none.  Phrases are plain text, no patterns: the work is at
most the length of the text times the number of phrases that begin with the same two letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import Enum, auto

from reporting_governance.contracts.frozen import frozen


class Sign(Enum):
    """What a phrase says, as far as a phrase alone can say it."""

    WHOLE = auto()  #: the whole task is done, whatever stands around it
    DONE = auto()  #: a word for being done; what is done has to be found
    WORKS = auto()  #: what was wanted works, whatever stands around it
    MENDED = auto()  #: a verb for reaching what was wanted: fixed, implemented
    MENDED_IF_PAST = auto()  #: such a verb that does not say when; Chinese
    CHANGED_IF_PAST = auto()
    CHANGED = auto()  #: a verb for something done on the way: added, moved
    LOOKED = auto()  #: a verb for work that leaves things as they are: read, measured
    ONGOING = auto()  #: work is going on
    CHECK = auto()  #: a noun for tests and checks
    PASS = auto()  #: a verb for passing
    GREEN = auto()  #: checks pass, whatever stands around it
    FAIL = auto()  #: checks fail
    ERRORS = auto()  #: what a check counts when it fails
    DISPATCHED = auto()  #: something was handed on to somebody who works on it
    HANDED = auto()  #: a verb for handing on; only with a worker as its object
    WORKER = auto()  #: an agent, a queue, a job
    RESULT = auto()  #: what a child brings back
    FORWARDED = auto()  #: a result was passed on to the operator
    NEGATION = auto()
    INTENT = auto()  #: wanted, asked for, planned: not said to be so
    HEDGE = auto()  #: said, and not quite
    DEGREE = auto()  #: said of most of it
    ALMOST = auto()  #: said not to be so yet
    CONDITION = auto()  #: what is said with it holds only if
    WHEN = auto()  #: a condition for what holds, a time for what happened
    REPORTED = auto()  #: somebody else's words follow
    QUESTION = auto()
    PART = auto()  #: what is spoken of is a part
    OPEN = auto()  #: work is left
    PLAN = auto()  #: the agent says what it does next
    AGAIN = auto()  #: the agent says when it reports again
    NEED = auto()  #: the agent says whether a person has to do something
    STATE = auto()  #: where the work stands, without any claim
    NEUTRAL = auto()  #: holds letters of a sign and is none


@frozen
class Hit:
    """A phrase in a text: what it is a sign of, and where it stands."""

    sign: Sign
    start: int
    end: int


Lexicon = Mapping[Sign, Iterable[str]]


class Index:
    """The phrases of lexicons by how they begin.

    Most texts need few of them and a gate reads one text only, so those of a beginning are put in order when a text
    first has it.
    """

    def __init__(self, *lexicons: Lexicon) -> None:
        found: defaultdict[str, list[tuple[str, Sign]]] = defaultdict(list)
        for lexicon in lexicons:
            for sign, phrases in lexicon.items():
                for phrase in phrases:
                    found[phrase[:2] if phrase[0].isascii() else phrase[0]].append((phrase, sign))
        self._found = found
        self._ordered: dict[str, tuple[tuple[str, tuple[Sign, ...]], ...]] = {}

    def beginning_with(self, letters: str) -> tuple[tuple[str, tuple[Sign, ...]], ...]:
        """Return the phrases with this beginning and what each is a sign of, the longest first.

        Args:
            letters: two, or one that is not ASCII.
        """
        known = self._ordered.get(letters)
        if known is None and letters in self._found:
            signs: dict[str, tuple[Sign, ...]] = {}
            for phrase, sign in self._found[letters]:
                if sign not in (others := signs.get(phrase, ())):
                    signs[phrase] = (*others, sign)
            known = tuple((phrase, signs[phrase]) for phrase in sorted(signs, key=len, reverse=True))
            self._ordered[letters] = known
        return known or ()


def find_signs(text: str, index: Index, start: int, end: int) -> list[Hit]:
    """Return the signs between two places of a folded text, from left to right."""
    hits: list[Hit] = []
    place = start
    while place < end:
        letter = text[place]
        if letter.isascii():
            known = index.beginning_with(text[place : place + 2]) if _may_begin(text, place) else ()
        else:
            known = index.beginning_with(letter)
        for phrase, signs in known:
            last = place + len(phrase)
            if last <= end and text.startswith(phrase, place) and _may_end(text, last):
                hits.extend(Hit(sign, place, last) for sign in signs)
                place = last
                break
        else:
            place += 1
    return hits


#: inside names of files, options and branches a word is no word
_JOINERS = frozenset("_/-.#@\\=")


def _may_begin(text: str, place: int) -> bool:
    if place == 0 or not text[place].isalnum():
        return True
    before = text[place - 1]
    return not (before.isascii() and (before.isalnum() or before in _JOINERS or before == "'"))


def _may_end(text: str, place: int) -> bool:
    if place >= len(text) or not (text[place - 1].isascii() and text[place - 1].isalnum()):
        return True
    after = text[place]
    if not after.isascii():
        return True
    if after in _JOINERS:
        if after == "-" and text[place + 1 : place + 2].isdigit():
            return True  # worker-3
        return place + 1 >= len(text) or not (text[place + 1].isascii() and text[place + 1].isalnum())
    return not after.isalnum()
