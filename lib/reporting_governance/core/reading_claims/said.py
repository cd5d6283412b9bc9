"""How a claim is said: so, with reserve, denied, or not at all, by what stands around its words."""

from __future__ import annotations

from enum import Enum, auto

from reporting_governance.core.reading_claims.sentences import Clause, Sentence
from reporting_governance.core.reading_claims.signs import Hit, Sign
from reporting_governance.core.reading_claims.voice import Voice


class Said(Enum):
    """How something is said."""

    SO = auto()  #: asserted in the agent's own voice
    PERHAPS = auto()  #: hedged, or not clear whose words they are
    NOT_SO = auto()  #: denied
    NOT_SAID = auto()  #: planned, asked, conditional, or somebody else's words


Answer = tuple[Said, str]

SO: Answer = (Said.SO, "it is said")
MOST_OF_IT: Answer = (Said.PERHAPS, "it is said of most of it")

VERBS = frozenset((Sign.MENDED, Sign.CHANGED, Sign.LOOKED, Sign.HANDED, Sign.DISPATCHED))
_WANTED = (Sign.INTENT, Sign.PLAN, Sign.AGAIN)
_STATES = frozenset((Sign.DONE, Sign.WHOLE, Sign.WORKS, Sign.PASS, Sign.GREEN))
#: verbs that are spelled alike in orders and in the past: "Read the files." may be either
_LIKE_ORDERS = frozenset(("read", "set up", "split"))
#: behind "was merged" these tell of another time or of somebody else
_ELSEWHERE = (
    "by ",
    "in v",
    "in 2",
    "in 1",
    "in 0",
    "in release",
    "yesterday",
    "last ",
    "upstream",
    "earlier",
    "before ",
)


def how_said(text: str, sentence: Sentence, number: int, hit: Hit, voice: Voice) -> Answer:
    """Return how the claim of a hit in a clause of a sentence is said, and why we think so."""
    clause = sentence.clauses[number]
    told = voice is Voice.SELF and (hit.sign in VERBS or hit.sign is Sign.DONE)
    if _is_asked(text, sentence, number):
        return Said.NOT_SAID, "it is asked"
    if is_reported(text, sentence, number, hit) or _is_elsewhere(text, clause, hit, voice):
        return Said.NOT_SAID, "it is told of somebody else"
    if _is_conditional(text, sentence, number, hit, told=told):
        return Said.NOT_SAID, "it holds only under a condition"
    if _is_denied(text, sentence, number, hit):
        return Said.NOT_SO, "it is denied"
    if not told and before(clause, hit, *_WANTED):
        return Said.NOT_SAID, "it is wanted or planned"
    if before(clause, hit, Sign.ALMOST) and hit.sign is not Sign.ONGOING:
        return Said.NOT_SO, "it is said to be near"
    if before(clause, hit, Sign.DEGREE):
        return MOST_OF_IT
    if before(clause, hit, Sign.HEDGE) or _is_hedged_beside(sentence, number):
        return Said.PERHAPS, "it is said with reserve"
    if hit.sign is Sign.MENDED and voice is Voice.STATE and _was(text, clause, hit):
        return Said.PERHAPS, "it may be told of another time"
    if voice is Voice.BARE and text[hit.start : hit.end] in _LIKE_ORDERS:
        return Said.PERHAPS, "it may be an order"
    return SO


def how_stated(text: str, sentence: Sentence, number: int, hit: Hit) -> Answer:
    """Return how a plan, something open or the state is said: these may well be denials and plans themselves."""
    if sentence.asks and hit.sign is not Sign.NEED:
        return Said.NOT_SAID, "it is asked"
    if is_reported(text, sentence, number, hit):
        return Said.NOT_SAID, "it is told of somebody else"
    if hit.sign is Sign.OPEN and _is_under_condition(text, sentence, number, hit):
        return Said.NOT_SAID, "it is a condition"
    if hit.sign is Sign.OPEN and before(sentence.clauses[number], hit, Sign.MENDED, Sign.CHANGED, Sign.DONE):
        return Said.NOT_SAID, "what was left is what was done"
    if hit.sign is Sign.OPEN and "都" in text[hit.end : sentence.clauses[number].end]:
        return Said.NOT_SAID, "what was left is what was done"
    if hit.sign is Sign.OPEN and before(sentence.clauses[number], hit, Sign.NEGATION):
        return Said.NOT_SO, "it is denied"
    return SO


def before(clause: Clause, hit: Hit, *signs: Sign) -> bool:
    """Tell whether one of the signs stands before a hit in its clause."""
    return any(each.sign in signs and each.start < hit.start for each in clause.hits)


def is_reported(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    """Tell whether somebody else's words began before the hit."""
    return any(
        each.sign is Sign.REPORTED and each.start < hit.start and not _is_own_word(text, sentence.start, each)
        for clause in (*sentence.earlier(number), sentence.clauses[number])
        for each in clause.hits
    )


def _is_own_word(text: str, start: int, hit: Hit) -> bool:
    """Tell whether the agent itself is who said it."""
    words = text[max(start, hit.start - 12) : hit.start].split()
    return (
        text.startswith(("confirm", "ask"), hit.start)
        and bool(words)
        and words[-1] in ("i", "i've", "we", "we've", "我")
    )


_ASKING = tuple(
    "shall should do does did would could can what which anything want is are may any how who where when why will ok"
    " right help 可以 要 需要 还 有 你 能 接下来 是否 帮 麻烦".split()
)


def _is_asked(text: str, sentence: Sentence, number: int) -> bool:
    if sentence.clauses[number].has(Sign.QUESTION):
        return True
    if not sentence.asks:
        return False
    last = sentence.clauses[-1]
    return number == len(sentence.clauses) - 1 or not text[last.start : last.end].lstrip().startswith(_ASKING)


def _is_elsewhere(text: str, clause: Clause, hit: Hit, voice: Voice) -> bool:
    if voice is not Voice.STATE or not (hit.sign in VERBS or hit.sign in _STATES):
        return False
    return _was(text, clause, hit) and text[hit.end : hit.end + 16].lstrip().startswith(_ELSEWHERE)


def _was(text: str, clause: Clause, hit: Hit) -> bool:
    """Tell whether more is said of something that was so: "was fixed in 9c0ffee", but not "were fixed"."""
    words = text[max(clause.start, hit.start - 24) : hit.start].split()
    return any(each in ("was", "were") for each in words) and bool(text[hit.end : clause.end].strip(" .!"))


def _is_conditional(text: str, sentence: Sentence, number: int, hit: Hit, *, told: bool) -> bool:
    clause = sentence.clauses[number]
    if _is_under_condition(text, sentence, number, hit) or text.startswith(_ONLY_THEN, hit.end):
        return True
    if not told and (_times(text, clause, hit) or any(_begins(each, Sign.WHEN) for each in sentence.earlier(number))):
        return True
    holds = hit.sign in _STATES and not told
    return holds and any(each.start >= hit.end and each.sign in (Sign.CONDITION, Sign.WHEN) for each in clause.hits)


#: Chinese puts the condition first and says behind it that the rest comes then
_ONLY_THEN = (
    "会",
    "就",
    "再",
    "后",
    "前",
    "之前",
    "以前",
    "之后",
    "以后",
    "时",
    "才",
    "的话",
    "我会",
    "我再",
    "我就",
    ",再",
    ",就",
    ",才",
)


def _is_under_condition(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    clause = sentence.clauses[number]
    conditions = [each for each in clause.hits if each.start < hit.start]
    for earlier in sentence.earlier(number):
        conditions += (each for each in earlier.hits if each.start - earlier.start < _AT_THE_BEGINNING)
    return any(each.sign is Sign.CONDITION and not _has_come(text, each) for each in conditions)


def _has_come(text: str, hit: Hit) -> bool:
    """Tell "改好之后" (it was done, and then) from "完成测试之后" (it holds only then)."""
    return text.startswith(("之后", "以后"), hit.start) and text[hit.start - 1 : hit.start] in _ENDED


_ENDED = ("好", "完", "了", "过", "成")  #: a Chinese verb with one of these behind it has come to its end


def _times(text: str, clause: Clause, hit: Hit) -> bool:
    """Tell whether a word like "after" makes a condition of what follows; "after fixing it" tells what was done."""
    for each in clause.hits:
        if each.sign is Sign.WHEN and each.start < hit.start:
            word = text[each.end : each.end + 24].strip().split(" ", 1)[0]
            if not word.endswith("ing") and word not in ("i", "we", "that", "this"):
                return True
    return False


def _is_denied(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    clause = sentence.clauses[number]
    if text.startswith((" nothing", " no "), hit.end) and text[hit.start : hit.end] != "found":
        return True
    if hit.sign in _STATES and number + 1 < len(sentence.clauses) and _excepts(sentence.clauses[number + 1], hit):
        return hit.sign in (Sign.PASS, Sign.GREEN)
    denials = [each.end for each in clause.hits if each.sign is Sign.NEGATION and _reaches(text, each, hit)]
    if not denials:
        return False
    between = text[max(denials) : hit.start]
    return between.count(" ") <= _FAR_WORDS if text[hit.start].isascii() else len(between) <= _FAR_LETTERS


def _reaches(text: str, denial: Hit, hit: Hit) -> bool:
    """Tell whether a negation rules a hit; "without" takes only what it names: "fails without it and passes"."""
    if denial.start >= hit.start:
        return False
    return not (text.startswith("without", denial.start) and " and " in text[denial.end : hit.start])


#: a negation further away than this speaks of something else
_FAR_WORDS, _FAR_LETTERS = 6, 10


def _excepts(clause: Clause, hit: Hit) -> bool:
    return bool(clause.hits) and clause.hits[0].sign is Sign.PART and clause.hits[0].start - hit.end < 4


def _is_hedged_beside(sentence: Sentence, number: int) -> bool:
    """Tell whether a clause before hedges all that follows, or the one behind hedges this one and says no more."""
    for each in sentence.earlier(number):
        if each.hits and all(hit.sign is Sign.HEDGE for hit in each.hits):
            return True
    if number + 1 == len(sentence.clauses):
        return False
    behind = sentence.clauses[number + 1]
    return bool(behind.hits) and behind.hits[0].sign is Sign.HEDGE and behind.end - behind.start < _SHORT


_SHORT = 28  #: letters of a clause that says no more than "I think" or "as far as I can tell"


def _begins(clause: Clause, sign: Sign) -> bool:
    """Tell whether a clause begins with a sign, so that it rules the clauses behind it too."""
    return any(hit.sign is sign and hit.start - clause.start < _AT_THE_BEGINNING for hit in clause.hits)


_AT_THE_BEGINNING = 12
