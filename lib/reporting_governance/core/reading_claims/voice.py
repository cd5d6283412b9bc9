"""Who did what an English verb says: "I fixed", "has been fixed", "Fixed the" are claims, "to be fixed" and "the
fixed version" are none.  Chinese verbs carry it in themselves; see the Chinese lexicon.
"""

from __future__ import annotations

from enum import Enum, auto

from reporting_governance.core.reading_claims.signs import Hit


class Voice(Enum):
    """How a verb is used."""

    SELF = auto()  #: the agent says that it did it
    STATE = auto()  #: something is or has been so
    BARE = auto()  #: the clause begins with it
    NOUN = auto()  #: a noun stands before it: "tests added"
    NONE = auto()  #: no statement: "to be fixed", "the fixed one"


_ADVERBS = frozenset(
    """
    now already just also then finally all both well and since again first only even too actually 100% ✅ 🎉 - have/has
    hereby indeed recently
    """.split()
)
_SELF = frozenset("i we i've we've have having i'm me".split())
_OTHERS = frozenset("you they who users people others he she".split())
#: such a form tells only who did it: behind a noun it is that noun's deed
_ONLY_ACTIVE = frozenset("wrote rewrote ran went made".split())
_STATE = frozenset("is are was were has had been it's that's everything's they're they now: there's".split())
_NO_STATEMENT = frozenset(
    """
    be get gets getting to the a an this these those my your our their his her its each every any some will can who
    that which whose of for in as with by from when if once until more most than how what or unless being must shall
    should would could might may no another other on at into about after before mark without via per not
    """.split()
)
#: behind these a "be" says how something seems, not what is wanted
_SEEMING = frozenset("should might may could seems seem appears appear likely probably".split())
#: a noun before a verb is what was done ("tests added") if nothing or one of these follows, else who did it
_AFTER_NOUN = frozenset("in on for by with successfully now at across via to and so as under within without".split())
#: how far back from a verb its subject is looked for, in characters
_NEAR = 80


def voice_of(text: str, clause_start: int, clause_end: int, hit: Hit) -> Voice:
    """Return how the verb of a hit is used in its clause."""
    if not text[hit.start].isascii():
        return Voice.STATE
    words = [word.strip('()[],:!"') for word in text[max(clause_start, hit.start - _NEAR) : hit.start].split()]
    while words and (not words[-1] or words[-1] in _ADVERBS or words[-1].endswith("ly")):
        words.pop()
    if words and words[-1] in ("not", "never") and len(words) > 1:
        words.pop()
    if not words:
        return Voice.BARE
    last = words[-1]
    if last == "be" and not _SEEMING.isdisjoint(words[-3:-1]):
        return Voice.STATE
    if last in ("have", "had") and words[-2:-1] and words[-2] in _OTHERS:
        return Voice.NONE
    if last in _SELF:
        return Voice.SELF
    if last in _STATE or last.endswith(("n't", "'s")):
        own = words[-2:-1] in (["i"], ["we"]) and last in ("haven't", "hadn't", "didn't", "had")
        return Voice.SELF if own else Voice.STATE
    if last in _NO_STATEMENT:
        return Voice.NONE
    if not last[-1].isascii():
        return Voice.BARE
    if text[hit.start : hit.end] in _ONLY_ACTIVE:
        return Voice.NONE
    behind = text[hit.end : min(clause_end, hit.end + 24)].split(" ")
    following = next((word.strip(".,:;!()") for word in behind if word.strip(".,:;!()")), "")
    return Voice.NOUN if not following or not following.isascii() or following in _AFTER_NOUN else Voice.NONE
