"""What one sentence says: each claim in it, and how it is said.

The signs of a phrase become a finding only with what stands around them: who speaks, a subject, a number.
"""

from __future__ import annotations

from enum import Enum, auto

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.reading_claims.checking import Outcome, is_of_all, kind_of_check, outcome_of
from reporting_governance.core.reading_claims.numbers import is_share
from reporting_governance.core.reading_claims.said import SO, VERBS, Said, how_said, how_stated
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
    check: str = ""  #: of a pass or a failure: the kind of check; empty where it may be every kind
    wholly: bool = False  #: of a pass: it is said of everything, or of now


_SAYING = {
    Sign.WHOLE: Saying.WHOLE,
    Sign.WORKS: Saying.THING,
    Sign.MENDED: Saying.THING,
    Sign.MENDED_IF_PAST: Saying.THING,
    Sign.CHANGED_IF_PAST: Saying.CHANGE,
    Sign.CHANGED: Saying.CHANGE,
    Sign.LOOKED: Saying.LOOK,
    Sign.ONGOING: Saying.ONGOING,
    Sign.DISPATCHED: Saying.DISPATCH,
    Sign.HANDED: Saying.DISPATCH,
    Sign.FORWARDED: Saying.FORWARD,
    Sign.OPEN: Saying.OPEN,
    Sign.PLAN: Saying.PLAN,
    Sign.AGAIN: Saying.AGAIN,
    Sign.NEED: Saying.NEED,
    Sign.STATE: Saying.STATE,
}
_OF_CHECKS = {
    Outcome.PASS: Saying.CHECKS,
    Outcome.FAIL: Saying.CHECKS_FAIL,
    Outcome.SOME_FAIL: Saying.SOME_FAIL,
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
    if hit.sign is Sign.OPEN and _is_failure(text, sentence, number, hit):
        return None
    if hit.sign in _PLAIN:
        said, reason = how_stated(text, sentence, number, hit)
        return Finding(_SAYING[hit.sign], said, hit.start, hit.end, reason)
    clause = sentence.clauses[number]
    voice = voice_of(text, clause.start, clause.end, hit)
    saying = _saying(text, sentence, number, hit, voice)
    if saying is None:
        return None
    said, reason = how_said(text, sentence, number, hit, voice)
    if said is Said.NOT_SO and saying is Saying.SOME_FAIL and hit.sign is not Sign.FAIL:
        said, reason = SO  # "41 of 43 pass, except"
    if hit.sign is Sign.FAIL and saying is Saying.CHECKS and said is Said.NOT_SO:
        said, reason = SO  # "no test fails" denies the failure
    if saying not in _OF_CHECKS.values():
        return Finding(saying, said, hit.start, hit.end, reason)
    kind = kind_of_check(text, sentence, number, hit)
    wholly = saying is Saying.CHECKS and is_of_all(text, sentence, hit)
    return Finding(saying, said, hit.start, hit.end, reason, kind, wholly)


def _is_failure(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    """Tell whether what is open is that a check fails: that is said by itself, and is no piece of work."""
    counts = text.startswith(("还有", "还剩", "仍有"), hit.start)  # "还有两个测试失败"
    return any(
        each.sign is Sign.FAIL
        and (each.start == hit.start or (counts and each.start >= hit.end))
        and outcome_of(text, sentence, number, each) is not None
        for each in sentence.clauses[number].hits
    )


def _saying(text: str, sentence: Sentence, number: int, hit: Hit, voice: Voice) -> Saying | None:
    """Return what a hit is about; none for a word that says nothing where it stands."""
    clause = sentence.clauses[number]
    if (hit.sign in VERBS or hit.sign is Sign.DONE) and (
        voice is Voice.NONE or _is_adjective(text, clause, hit, voice)
    ):
        return None
    if hit.sign in _IF_PAST and not _is_past(text, clause, hit):
        return None
    if _is_all_of_it(text, clause, hit):
        return Saying.WHOLE
    match hit.sign:
        case Sign.DONE | Sign.WHOLE | Sign.MENDED | Sign.MENDED_IF_PAST | Sign.WORKS if _is_of_a_part(
            text, sentence, number, hit
        ):
            return Saying.SHARE
        case Sign.DONE:
            return _done(text, clause, hit, voice)
        case Sign.PASS | Sign.GREEN | Sign.FAIL | Sign.ERRORS:
            outcome = outcome_of(text, sentence, number, hit)
            return None if outcome is None else _OF_CHECKS[outcome]
        case Sign.HANDED:
            return Saying.DISPATCH if clause.has(Sign.WORKER) else None
        case Sign.FORWARDED if not clause.has(Sign.RESULT):
            return Saying.DISPATCH if clause.has(Sign.WORKER) else None
        case Sign.CHANGED if is_share(text, clause.start, clause.end):
            return Saying.SHARE
        case Sign.CHANGED if _is_so_now(text, clause, hit, voice):
            return Saying.THING
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


def _is_all_of_it(text: str, clause: Clause, hit: Hit) -> bool:
    """Tell "都处理好了", with nothing else around it, from what is said of a thing."""
    if hit.sign not in (Sign.DONE, Sign.MENDED, Sign.CHANGED) or not text.startswith(("都", "全部", "均"), hit.start):
        return False
    around = text[clause.start : hit.start] + text[hit.end : clause.end]
    return not around.strip(_AROUND) and text[hit.start : hit.end].endswith(_ENDS)


_ENDS = ("好了", "完了", "完成", "完成了", "完毕")


def _is_so_now(text: str, clause: Clause, hit: Hit, voice: Voice) -> bool:
    """Tell "the docs are updated", which says how the things stand that were asked for, from "I updated the docs"."""
    behind = text[hit.end : clause.end].strip(_AROUND)
    if voice is not Voice.STATE or (behind and not behind.startswith("and ")):
        return False
    if not text[hit.start].isascii():
        subject = text[clause.start : hit.start].strip(_AROUND)
        return text.startswith(("已", "都已", "均已"), hit.start) and subject not in ("", "我", "我们")
    return not _SO_NOW.isdisjoint(text[max(clause.start, hit.start - 14) : hit.start].split()[-2:])


_SO_NOW = frozenset(("is", "are", "has", "have"))


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
