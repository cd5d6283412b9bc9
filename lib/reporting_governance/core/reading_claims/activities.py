"""Verbs that are no list's matter: "I'm unpacking", "I've proofread", "I'll take the other one next", "翻了提交历史".

A form says what a list of words cannot, only weaker: such a verb tells of work, never that a task is done.
"""

from __future__ import annotations

from collections.abc import Iterator

from reporting_governance.core.late_pattern import late
from reporting_governance.core.reading_claims.signs import Hit, Sign

#: every pattern is a fixed sequence of bounded pieces that cannot stand for each other
_GOES_ON = late(r"\b(?:now|currently|still|i'm|i am|we're|we are) (?:now |still |just )?([a-z]{2,20}ing)\b")
_BEGINS = late(r"([a-z]{2,20}ing) ")
_I_DID = late(
    r"\b(?:i've|i have|we've|we have|i|we|has been|have been) "
    r"(?:now |also |just |already )?([a-z]{2,20}ed)\b"
)
_NOT_YET = late(r"\b((?:haven't|hasn't|have not|has not) [a-z][^,.;:!?\n]{1,40}? yet)\b")
_I_WILL = late(r"\b((?:i'll|i will) [a-z][^,.;:!?\n]{1,60}? (?:next|tomorrow|afterwards))\b")
_CHINESE_DID = late("(?:^|(?<=[,;:。、 \n])|(?<=我))([\u4e00-\u9fff]{1,2}了)(?=[^ ,.;:!?。\n])")
#: these forms say that nothing goes on, that something holds, or what was meant to be
_NO_ACTIVITY = frozenset(
    """
    going hoping planning assuming wondering waiting passing working failing missing pending being thinking guessing
    outstanding something nothing anything everything expecting asking pausing sitting sleeping wanting needing during
    looking according depending reminding regarding morning evening
    """.split()
)
_NO_DEED = frozenset(
    """
    need wanted needed hoped planned failed stopped expected supposed blocked asked used liked offered agreed believed
    intended indeed tried assumed guessed wondered preferred stuck misunderstood named called seemed required asked
    paused waited finished completed delegated queued speed feed embed exceed proceed
    """.split()
)
_NO_CHINESE_DEED = frozenset(
    "为了 除了 忘了 有了 到了 错了 来了 对了 行了 满了 多了 少了 算了 够了 好了 完了 卡住了 收到了"
    " 没了 就了 说了 明白了".split()
)


def activities(text: str, start: int, end: int) -> Iterator[Hit]:
    """Yield what the form of the verbs between two places of a folded text says."""
    for each in _GOES_ON.finditer(text, start, end):
        if each[1] not in _NO_ACTIVITY:
            yield Hit(Sign.ONGOING, each.start(1), each.end(1))
    begins = _BEGINS.match(text, start, end)
    if begins and begins[1] not in _NO_ACTIVITY and text.find(" now", begins.end(), end) >= 0:
        yield Hit(Sign.ONGOING, begins.start(1), begins.end(1))
    for each in _I_DID.finditer(text, start, end):
        if each[1] not in _NO_DEED:
            yield Hit(Sign.LOOKED, each.start(1), each.end(1))
    for each in _NOT_YET.finditer(text, start, end):
        yield Hit(Sign.OPEN, each.start(1), each.end(1))
    for each in _I_WILL.finditer(text, start, end):
        yield Hit(Sign.PLAN, each.start(1), each.end(1))
    if text.find("了", start, end) >= 0:
        for each in _CHINESE_DID.finditer(text, start, end):
            if each[1] not in _NO_CHINESE_DEED:
                yield Hit(Sign.LOOKED, each.start(1), each.end(1))
