"""Which checks a report says to pass by name: tests, all tests, static checks, the build.

Only what stands near a pass that is asserted counts, from the sentence's beginning or from what was said of other
checks before it.  "All tests" means every test there is: "all cart tests", "all 12 tests" and "all tests in a.py" say
less.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from reporting_governance.core.fact_catalogue import CHECKS_ASSERTED
from reporting_governance.core.reading_claims.checking import OTHERS
from reporting_governance.core.reading_claims.findings import Finding, Saying
from reporting_governance.core.reading_claims.said import Said

_form = cache(re.compile)
_NEAR = 160  #: letters before a pass in which its subject is looked for
_BEHIND = 60
_ENDS = r"[.!?](?=\s|$)|[\n;。！？；]"
_BREAKS = r"[.!?](?=\s|$)|[\n;,。！？；，]|\b(?:but|while|although|except)\b|但"
_TESTS = (
    r"\btests?\b|\bsuite\b|\bspecs?\b|\bassertions\b|pytest|\bjest\b|vitest|mocha|rspec|phpunit|unittest"
    r"|\bctest\b|nextest|junit|playwright|cypress|测试|用例|单测"
)
_STATIC = (
    r"\blint\w*|\btype[ -]?check\w*|\btypes\b|\bmypy\b|pyright|\bruff\b|eslint|\btsc\b|clippy|flake8|pylint|golangci"
    r"|prettier|static analysis|类型检查|静态检查"
)
#: what a service runs may be anything
_BY_A_SERVICE = r"(?:\bci\b|pipeline|workflow|github actions|流水线)[^,，、]*$"
_COUNTED = r"\b\d{1,6} (?:passed|passing)\b"
_BUILD = r"\bbuilds?\b|\bcompil\w+|编译|构建"
_ALL = (
    (
        r"\b(?:all|every|entire|full|whole|complete)(?: of)?(?: (?:the|your|our|my|existing|automated|current|test"
        r"|other|project|project's|repo|repository))* (?:tests?|test suite|suite|specs|test cases)\b"
    ),
    (
        r"(?:^|[,:(] ?|\band |\bnow )(?:the |our |your )?(?:test )?suite(?: now| still)? (?:is |now |still |all )*"
        r"(?:pass|green|clean|succe)\w*"
    ),
    r"(?:^|[,:(] ?|\band )(?:the |our |your )?tests (?:are |now |still |have )*all\b",
    r"\b100 ?% of (?:the )?tests\b",
    r"(?:所有|全部|全量|整个|完整)的?(?:现有|已有)?的?(?:测试|用例)",
    r"(?:^|[，,、：:]|现在|目前)\s?测试(?:用例)?(?:已|已经|也|现在)*(?:全部|全都|全|都|均)",
)
#: behind "all tests" these say which of them
_OF_SOME = (
    r"\s+(?:in|for|of|under|covering|related to|around|touching|from|inside|that|which)\s+"
    r"(?!(?:the |this |your )?(?:project|repo|repository|codebase|code base|package|workspace|suite)\b)"
)


def checks_named(text: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return which checks are said to pass; places in the findings are those of the text."""
    named: set[str] = set()
    before = 0
    for finding in sorted(findings, key=lambda each: each.start):
        if finding.saying not in (Saying.CHECKS, Saying.CHECKS_FAIL, Saying.SOME_FAIL):
            continue
        if finding.saying is Saying.CHECKS and finding.said is Said.SO and finding.check != OTHERS:
            named |= _named_near(text, finding, before)
        before = finding.end
    return tuple(each for each in CHECKS_ASSERTED if each in named)


def _named_near(text: str, finding: Finding, before: int) -> set[str]:
    start = max(before, finding.start - _NEAR)
    ends = [each.end() for each in _form(_ENDS).finditer(text, start, finding.start)]
    start = ends[-1] if ends else start
    behind = _form(_BREAKS).search(text, finding.end, finding.end + _BEHIND)
    end = behind.start() if behind else min(len(text), finding.end + _BEHIND)
    words = " ".join(text[start:end].replace("*", "").replace("`", "").casefold().split())
    if _form(_BY_A_SERVICE).search(words):
        return set()
    found = {
        name for name, form in (("tests", _TESTS), ("static", _STATIC), ("build", _BUILD)) if _form(form).search(words)
    }
    if not found and _form(_COUNTED).search(words):
        found.add("tests")
    if "tests" in found and any(_says_all(words, form) for form in _ALL):
        found.add("all_tests")
    return found


def _says_all(words: str, form: str) -> bool:
    return any(not _form(_OF_SOME).match(words, found.end()) for found in _form(form).finditer(words))
