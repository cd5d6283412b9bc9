"""What is said of tests and checks: that they pass, that they fail, how many, and which kind of check is spoken of."""

from __future__ import annotations

from enum import Enum, auto

from reporting_governance.core.late_pattern import late
from reporting_governance.core.reading_claims.folding import CHECK_CODE
from reporting_governance.core.reading_claims.numbers import share_before
from reporting_governance.core.reading_claims.sentences import Sentence
from reporting_governance.core.reading_claims.signs import Hit, Sign

#: a name that says of itself that it is a test: test_cookie, cart_test, TestCart::test_total, cart.spec.ts
_NAMED_TEST = late(r"(?<![a-z0-9])(?:tests?_[a-z0-9]|[a-z0-9]_tests?\b|[a-z0-9]::[a-z]|[a-z0-9]\.(?:spec|test)\b)")
_NONE_OF = ("zero", "zero test", "no test", "no build", "no lint", "零", "无", "没有测试", "没有用例")
#: right before a failure these say that it was so before something was done
_EARLIER = ("之前", "前", "之前就", "前就", "之前已经", "之前也", "前也", "之前就已经", "本来就")
#: with a pass these say that nothing is left out
_WHOLLY = late(r"\b(?:all|every|everything|both|whole|entire|full|now|complete)\b|全部|都|均|现在|所有|全绿|全过|完整")
#: with a pass these say that the others do not
_OTHERS = late(r"\b(?:remaining|rest|others?|else)\b|其余|其他|其它|剩余|剩下|另外|别的")


class Outcome(Enum):
    """What is said of checks."""

    PASS = auto()
    FAIL = auto()
    SOME_FAIL = auto()  #: a run is told in numbers, and some failed


#: kinds of checks by how their words begin; a word of none of them speaks of every check
_KINDS = (
    ("types", ("type", "mypy", "tsc", "类型")),
    ("lint", ("lint", "ruff", "eslint", "clippy", "pre-commit", "static", "静态")),
    ("build", ("build", "compil", "the build", "构建", "编译")),
    ("ci", ("ci", "pipeline", "workflow", "github", "流水线")),
    ("tests/unit", ("unit", "单")),
    ("tests/integration", ("integration", "集成")),
    ("tests/e2e", ("e2e", "end-to-end", "端到端")),
    ("tests/smoke", ("smoke", "冒烟")),
    ("tests", ("test", "spec", "suite", "regression", "case", "assert", "pytest", "jest", "cargo", "npm", "go test",
               "all tests", "all existing tests", "existing", "测", "用例", "回归", "全部测试", "所有测试")),
)  # fmt: skip
_CODE, _ANY = "code", ""
OTHERS = "others"  #: a pass of those checks that the report does not say to fail


def outcome_of(text: str, sentence: Sentence, number: int, hit: Hit) -> Outcome | None:
    """Return what a word for passing or failing says of checks; none where it says nothing of them."""
    if hit.sign in (Sign.PASS, Sign.GREEN):
        return _passing(text, sentence, number, hit)
    if hit.sign is Sign.ERRORS:
        counted = _count_before(text, sentence.start, hit)
        return Outcome.SOME_FAIL if counted and _names_a_check(text, sentence, number, hit) else None
    return _failing(text, sentence, number, hit)


def _passing(text: str, sentence: Sentence, number: int, hit: Hit) -> Outcome | None:
    if hit.sign is Sign.PASS and not _speaks_of_checks(text, sentence, number, hit):
        return None
    start = sentence.clauses[number].start
    if share_before(text, start, hit.start) is True:
        return Outcome.SOME_FAIL
    return Outcome.PASS


_NEAR = 60  #: letters before a pass in which its subject is looked for


def _failing(text: str, sentence: Sentence, number: int, hit: Hit) -> Outcome | None:
    if not _speaks_of_checks(text, sentence, number, hit) or _was_mended(text, sentence, number, hit):
        return None
    before = text[max(sentence.start, hit.start - 6) : hit.start].rstrip()
    if text.startswith(_BEFORE_THE_CHANGE, hit.end) or before.endswith(_EARLIER):
        return None  # the test that failed before the change
    counted = _count_before(text, sentence.start, hit)
    if counted == 0 or text[max(sentence.start, hit.start - 14) : hit.start].rstrip().endswith(_NONE_OF):
        return Outcome.PASS  # "0 failed", "zero test failures"
    if counted is None:
        return None if text.startswith("failure", hit.start) else Outcome.FAIL  # "the failure comes from"
    return Outcome.SOME_FAIL


#: what follows a failure that is told of the time before a change
_BEFORE_THE_CHANGE = (" before", " without the ", " without my ", " without this", " without it", "的时候")


def _was_mended(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    """Tell "I fixed the two failing tests" from what fails: a failure that something was done to."""
    named = text.startswith(NAMES_A_FAILURE, hit.start) or text.startswith("的", hit.end)
    return named and any(
        each.sign in (Sign.MENDED, Sign.CHANGED, Sign.LOOKED, Sign.INTENT) and each.start < hit.start
        for each in sentence.clauses[number].hits
    )


#: so a failure is named as a thing, "fix the failing tests", where a verb would say that it fails
NAMES_A_FAILURE = ("failing", "failure", "broken", "red")


def _speaks_of_checks(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    return _names_a_check(text, sentence, number, hit) or _count_before(text, sentence.start, hit) is not None


def _names_a_check(text: str, sentence: Sentence, number: int, hit: Hit) -> bool:
    if any(clause.has(Sign.CHECK) for clause in (*sentence.earlier(number), sentence.clauses[number])):
        return True
    return CHECK_CODE in text[sentence.start : hit.end] or bool(_NAMED_TEST.search(text, sentence.start, hit.end))


def _count_before(text: str, start: int, hit: Hit) -> int | None:
    """Return the number right before a hit: "3 failed", "3 个失败"."""
    words = text[max(start, hit.start - 14) : hit.start].rstrip(" 个项条例处").rsplit(None, 1)
    digits = words[-1].lstrip("(~,，") if words else ""
    for at, letter in enumerate(reversed(digits)):
        if not (letter.isascii() and letter.isdigit()):
            digits = digits[len(digits) - at :]
            break
    return int(digits) if digits else None


def is_of_all(text: str, sentence: Sentence, hit: Hit) -> bool:
    """Tell whether a pass is said of everything, or of now."""
    return bool(_WHOLLY.search(text, max(sentence.start, hit.start - _NEAR), hit.end))


def kind_of_check(text: str, sentence: Sentence, number: int, hit: Hit) -> str:
    """Return which kind of check a pass or a failure is said of; empty where it may be every kind."""
    clause = sentence.clauses[number]
    if hit.sign is not Sign.FAIL and _OTHERS.search(text, max(clause.start, hit.start - _NEAR), hit.start):
        return OTHERS
    words = [hit] if hit.sign is Sign.GREEN else [each for each in clause.hits if each.sign is Sign.CHECK]
    if not words and not _names_itself(text, clause.start, hit.end):
        words = [each for earlier in sentence.earlier(number) for each in earlier.hits if each.sign is Sign.CHECK][-1:]
    for word in words:
        for kind, beginnings in _KINDS:
            if text.startswith(beginnings, word.start):
                return kind
    if _names_itself(text, sentence.start, hit.end):
        return _CODE
    return _ANY


def _names_itself(text: str, start: int, end: int) -> bool:
    return CHECK_CODE in text[start:end] or bool(_NAMED_TEST.search(text, start, end))
