"""What one sentence says: each claim in it, and how it is said.

The signs of a phrase become a finding only with what stands around them: who speaks, a subject, a number.
"""

from __future__ import annotations

from enum import Enum, auto

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.reading_claims.folding import CHECK_CODE
from reporting_governance.core.reading_claims.numbers import is_share, share_before
from reporting_governance.core.reading_claims.said import VERBS, Said, how_said, how_stated
from reporting_governance.core.reading_claims.sentences import Clause, Sentence
from reporting_governance.core.reading_claims.signs import Hit, Sign
from reporting_governance.core.reading_claims.voice import Voice, voice_of


class Saying(Enum):
    """What a finding is about."""

    WHOLE = auto()  #: the task is done
    THING = auto()  #: something that is worth a task is done
    SHARE = auto()  #: a part of the task is done
    CHANGE = auto()  #: something was changed
    LOOK = auto()  #: something was looked at
    ONGOING = auto()  #: work is going on
    CHECKS = auto()  #: checks pass
    CHECKS_FAIL = auto()
    SOME_FAIL = auto()  #: a run is told in numbers, and some failed
    DISPATCH = auto()  #: something was handed on
    FORWARD = auto()  #: a result was passed on to the operator
    OPEN = auto()  #: work is left
    PLAN = auto()  #: what the agent does next
    AGAIN = auto()  #: when the agent reports again
    NEED = auto()  #: whether a person has to do something
    STATE = auto()  #: where the work stands


@frozen
class Finding:
    """One thing that a text says, and where: places are those of the text that was looked at."""

    saying: Saying
    said: Said
    start: int
    end: int
    reason: str


_SAYING = {
    Sign.WHOLE: Saying.WHOLE,
    Sign.WORKS: Saying.THING,
    Sign.MENDED: Saying.THING,
    Sign.MENDED_IF_PAST: Saying.THING,
    Sign.CHANGED_IF_PAST: Saying.CHANGE,
    Sign.CHANGED: Saying.CHANGE,
    Sign.LOOKED: Saying.LOOK,
    Sign.ONGOING: Saying.ONGOING,
    Sign.PASS: Saying.CHECKS,
    Sign.GREEN: Saying.CHECKS,
    Sign.FAIL: Saying.CHECKS_FAIL,
    Sign.DISPATCHED: Saying.DISPATCH,
    Sign.HANDED: Saying.DISPATCH,
    Sign.FORWARDED: Saying.FORWARD,
    Sign.OPEN: Saying.OPEN,
    Sign.PLAN: Saying.PLAN,
    Sign.AGAIN: Saying.AGAIN,
    Sign.NEED: Saying.NEED,
    Sign.STATE: Saying.STATE,
}
#: these state themselves; a plan or a negation is part of what they say
_PLAIN = frozenset((Sign.OPEN, Sign.PLAN, Sign.AGAIN, Sign.NEED, Sign.STATE))
#: subjects and objects that are the task itself
_NAMED = frozenset("it this that everything all task work job we i request".split())
_AFTER_DONE = frozenset(
    ("successfully", "here", "now", "today", "as requested", "as asked", "for you", "and dusted", "as you asked")
)
_AROUND = " \n.,:;!?()[]~-。✅✔☑🎉👍🚀✨🙌💯"


def findings_of(text: str, sentence: Sentence) -> list[Finding]:
    """Return what a sentence says, from left to right."""
    found = []
    for number, clause in enumerate(sentence.clauses):
        for hit in clause.hits:
            finding = _finding(text, sentence, number, hit)
            if finding is not None:
                found.append(finding)
    return found


def _finding(text: str, sentence: Sentence, number: int, hit: Hit) -> Finding | None:
    if hit.sign in _PLAIN:
        said, reason = how_stated(text, sentence, number, hit)
        return Finding(_SAYING[hit.sign], said, hit.start, hit.end, reason)
    clause = sentence.clauses[number]
    voice = voice_of(text, clause.start, clause.end, hit)
    saying = _saying(text, sentence, number, hit, voice)
    if saying is None:
        return None
    said, reason = how_said(text, sentence, number, hit, voice)
    return Finding(saying, said, hit.start, hit.end, reason)


def _saying(text: str, sentence: Sentence, number: int, hit: Hit, voice: Voice) -> Saying | None:
    """Return what a hit is about; none for a word that says nothing where it stands."""
    clause = sentence.clauses[number]
    if (hit.sign in VERBS or hit.sign is Sign.DONE) and (
        voice is Voice.NONE or _is_adjective(text, clause, hit, voice)
    ):
        return None
    if hit.sign in _IF_PAST and not _is_past(text, clause, hit):
        return None
    match hit.sign:
        case Sign.DONE | Sign.WHOLE | Sign.MENDED | Sign.MENDED_IF_PAST | Sign.WORKS if _is_of_a_part(
            text, sentence, number, hit
        ):
            return Saying.SHARE
        case Sign.DONE:
            return _done(text, clause, hit, voice)
        case Sign.PASS:
            passes = _speaks_of_checks(text, sentence, number, hit)
            return Saying.CHECKS if passes and share_before(text, clause.start, hit.start) is not True else None
        case Sign.FAIL:
            return _failing(text, sentence, number, hit)
        case Sign.HANDED:
            return Saying.DISPATCH if clause.has(Sign.WORKER) else None
        case Sign.FORWARDED if not clause.has(Sign.RESULT):
            return Saying.DISPATCH if clause.has(Sign.WORKER) else None
        case Sign.ONGOING if is_share(text, clause.start, clause.end) is False:
            return None
    return _SAYING.get(hit.sign)


_IF_PAST = frozenset((Sign.MENDED_IF_PAST, Sign.CHANGED_IF_PAST))
_BACK = 12  #: letters before a Chinese verb in which "already" is looked for


def _is_past(text: str, clause: Clause, hit: Hit) -> bool:
    return "已" in text[max(clause.start, hit.start - _BACK) : hit.start]


def _is_adjective(text: str, clause: Clause, hit: Hit, voice: Voice) -> bool:
    """Tell "completed tasks are grey" and "已完成的任务" from what was done."""
    behind = text[hit.end : clause.end]
    if hit.sign is Sign.DONE and behind.startswith(_BADLY):
        return True
    if not text[hit.start].isascii():
        return behind.startswith("的") and len(behind.rstrip(" .。!")) > 1
    words = behind.split()
    if voice is not Voice.BARE or not words or words[0] in _OBJECTS or words[0][0].isdigit():
        return False
    return not _HOLDS.isdisjoint(words[1:5])


_BADLY = (" wrong", " incorrectly", " badly", " poorly", " differently")
_OBJECTS = frozenset("the a an all my your our this that these both it every two three".split())
_HOLDS = frozenset("is are was were can must should will may".split())


def _done(text: str, clause: Clause, hit: Hit, voice: Voice) -> Saying:
    """Tell the task from a thing: "Done!" and "it is done" mean the task, "the parser is done" a thing."""
    subject = text[clause.start : hit.start].strip(_AROUND)
    behind = text[hit.end : clause.end].strip(_AROUND)
    if text[hit.start : hit.end] == "好了" and subject:
        return Saying.CHANGE
    if not text[hit.start].isascii():
        whole = len(subject) <= 1 and len(behind) <= 1
    elif voice is Voice.BARE:
        whole = not behind or behind in _AFTER_DONE
    elif voice is Voice.SELF:
        whole = not behind or behind in _NAMED
    else:
        whole = subject.split(" ", 1)[0] in _NAMED
    return Saying.WHOLE if whole else Saying.THING


def _is_of_a_part(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    clause = sentence.clauses[number]
    share = is_share(text, clause.start, clause.end)
    if share is not None:
        return share
    if clause.has(Sign.PART, Sign.ALMOST):
        return True
    if text.startswith(" with ", hit.end) and not text.startswith(" with everything", hit.end):
        return hit.sign is not Sign.MENDED
    if number + 1 < len(sentence.clauses):
        following = sentence.clauses[number + 1].hits
        if following and following[0].sign is Sign.PART and following[0].start - hit.end < _NEXT:
            return True
    # "Phase 1 (the schema) is done": the subject stands before the bracket
    if any(
        each.hits and each.hits[0].sign is Sign.PART and _takes_out(text, each) for each in sentence.earlier(number)
    ):
        return True
    begins = not text[clause.start : hit.start].strip(" ,:()").replace("is", "").strip()
    return begins and any(each.has(Sign.PART) for each in sentence.earlier(number))


def _takes_out(text: str, clause: Clause) -> bool:
    return text[clause.start : clause.end].lstrip(" ,:").startswith(("除", "except", "apart from", "aside from"))


_NEXT = 4  #: letters between a claim and the "except" that takes part of it back


def _failing(text: str, sentence: Sentence, number: int, hit: Hit) -> Saying | None:
    if not _speaks_of_checks(text, sentence, number, hit):
        return None
    if text.startswith((" before", " without"), hit.end) or text[
        max(sentence.start, hit.start - 4) : hit.start
    ].endswith(("之前", "前")):
        return None  # the test that failed before the change
    counted = _count_before(text, sentence.start, hit)
    if counted == 0 or text[max(sentence.start, hit.start - 14) : hit.start].rstrip().endswith(_NONE_OF):
        return Saying.CHECKS  # "0 failed", "zero test failures"
    return Saying.CHECKS_FAIL if counted is None else Saying.SOME_FAIL


_NONE_OF = ("zero", "zero test", "no test", "no build", "no lint", "零", "无")


def _speaks_of_checks(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    if any(clause.has(Sign.CHECK) for clause in (*sentence.earlier(number), sentence.clauses[number])):
        return True
    return CHECK_CODE in text[sentence.start : hit.end] or _count_before(text, sentence.start, hit) is not None


def _count_before(text: str, start: int, hit: Hit) -> int | None:
    """Return the number right before a hit: "3 failed", "3 个失败"."""
    words = text[max(start, hit.start - 14) : hit.start].rstrip(" 个项条例").rsplit(None, 1)
    digits = words[-1].lstrip("(~,，") if words else ""
    for at, letter in enumerate(reversed(digits)):
        if not (letter.isascii() and letter.isdigit()):
            digits = digits[len(digits) - at :]
            break
    return int(digits) if digits else None
