"""Reading free text: total, the same every time, bounded; and what must not be taken for a claim."""

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.core.claim_reading import Read, ReportReading, read_report, similarity_percent
from reporting_governance.core.fact_catalogue import REPORT_FIELDS
from reporting_governance.core.reading_claims import blocks
from reporting_governance.core.reading_claims.lexicon_chinese import CHINESE
from reporting_governance.core.reading_claims.lexicon_english import ENGLISH_CLAIMS
from reporting_governance.core.reading_claims.lexicon_english_context import ENGLISH_CONTEXT

_PHRASES = sorted(
    {phrase for lexicon in (ENGLISH_CLAIMS, ENGLISH_CONTEXT, CHINESE) for group in lexicon.values() for phrase in group}
)
_GLUE = [
    *(" ", "\n", "\n\n", ". ", ", ", "。", "，", "：", ": ", "? ", "？", "`", "``", "```", "~~~", '"', "“", "”", "「"),
    *("- ", "> ", "# ", "**", "| ", "3 of 5 ", "70%", "    ", "\t", "- [ ] ", "✅ ", "\r\n", "\x00", "\u200b"),
    *("I've ", "the ", "is ", "不", "ﬁ", "Ａ", "ß", "İ"),
]
texts = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=300),
    st.lists(st.one_of(st.sampled_from(_PHRASES), st.sampled_from(_GLUE)), max_size=40).map("".join),
)


def _reads(reading: ReportReading) -> list[Read]:
    return [
        reading.completion,
        reading.progress,
        reading.checks_passed,
        reading.dispatched,
        *(reading.fields[name] for name in REPORT_FIELDS),
    ]


@settings(max_examples=250)
@given(texts)
def test_every_text_is_read_the_same_twice_with_reasons_and_spans_inside_it(text: str) -> None:
    reading = read_report(text)
    assert read_report(text) == reading
    assert set(reading.fields) == set(REPORT_FIELDS)
    for read in _reads(reading):
        assert read.reason
        assert read.value in (True, False, None)
        if read.value is True:
            assert read.span is not None
        if read.span is not None:
            start, end = read.span
            assert 0 <= start < end <= len(text)


def _longest_run(text: str, mark: str) -> int:
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == mark else 0
        longest = max(longest, run)
    return longest


@settings(max_examples=150)
@given(texts, st.sampled_from(["`", "~"]), st.booleans())
def test_a_message_that_is_all_code_claims_nothing(text: str, mark: str, closed: bool) -> None:
    fence = mark * max(3, _longest_run(text, mark) + 1)
    reading = read_report(f"{fence}text\n{text}\n{fence if closed else ''}")
    assert reading.kind == "none"
    assert all(read.value is False for read in _reads(reading))


@settings(max_examples=100)
@given(texts)
def test_a_message_that_is_all_quoted_claims_nothing(text: str) -> None:
    lines = text.replace("\r", "\n").split("\n")
    reading = read_report("\n".join(f"> {line}" for line in lines))
    assert all(read.value is False for read in _reads(reading))


@given(texts, texts)
def test_similarity_is_a_percentage_and_the_same_both_ways(one: str, other: str) -> None:
    percent = similarity_percent(one, other)
    assert 0 <= percent <= 100
    assert percent == similarity_percent(other, one)
    assert similarity_percent(one, one) == 100


def test_similarity_folds_what_makes_no_difference_and_keeps_order() -> None:
    report = "Still working on the import, 40% done, next: the tests."
    assert similarity_percent(report, "still  WORKING on the import, 45% done\nnext: the tests") == 100
    assert 40 < similarity_percent(report, report.replace("import", "export")) < 100
    assert similarity_percent(report, " ".join(reversed(report.split()))) < 20
    assert similarity_percent(report, "The printer is out of paper.") == 0
    assert similarity_percent("", "") == 100
    assert similarity_percent("", report) == 0
    assert 50 < similarity_percent("还在处理导入，完成了 40%。", "还在处理导出，完成了 50%。") < 100


ADVERSARIAL = [
    "`",
    "``` ",
    "` `` ",
    '"',
    "'a ",
    "“",
    "[x](",
    "(",
    "*",
    "- ",
    "> ",
    "=",
    "| ",
    "a",
    "a:",
    "i'll a ",
    "i've been ",
    "not ",
    "done ",
    "done, ",
    "if done ",
    "tests pass, ",
    "99999 ",
    "3 of ",
    "3/",
    "完成",
    "没有",
    "已",
    "等",
    "\n",
    "\n`",
    "1. ",
    "a::",
    "\u0301",
    "\u200b",
    " ",
    "ing ",
    "now ing",
]


def _lines_run(text: str) -> int:
    """Return how many lines of Python the reader runs; what one line does is bounded by its windows."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read_report(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_twice_the_text_is_at_most_twice_the_work(piece: str) -> None:
    read_report("warm")
    small, large = (_lines_run((piece * size)[:size]) for size in (500, 1_000))
    assert large <= 2.2 * small + 500


@pytest.mark.parametrize("piece", ["done. ", "`", "a", "not ", "完成了，", '"', "- done\n", "done\n"])
def test_what_lies_in_the_middle_of_a_long_text_costs_next_to_nothing(
    piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "READ_AT_EACH_END", 1024)  # tracing is slow
    size = 8 * 1024
    small, large = (_lines_run((piece * each)[:each]) for each in (size, 2 * size))
    assert large <= 1.05 * small + 500


def test_a_long_text_of_which_the_middle_was_not_read_is_not_said_to_claim_nothing() -> None:
    filler = "The sky is blue and the grass is green.\n" * 3000
    reading = read_report(filler)
    assert reading.completion.value is None
    assert "not read" in reading.completion.reason
    assert read_report(f"{filler}\nAll done.").completion.value is True
    assert read_report(f"All done.\n{filler}").completion.value is True


def test_a_fence_that_was_opened_in_the_middle_still_holds_at_the_end() -> None:
    filler = "The sky is blue and the grass is green.\n" * 3000
    fenced = f"{filler}```\n{filler}All done.\n```\n"
    assert read_report(fenced).completion.value is None
    assert read_report(f"{fenced}\nAll done.\n").completion.value is True


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ｔａｓｋ　ｃｏｍｐｌｅｔｅ！", "Ｔａｓｋ　ｃｏｍｐｌｅｔｅ"),
        ("So: TASK\u00a0Complete.", "TASK\u00a0Complete"),
        ("It\u2019s a **task \u200bcomplete** from me", "task \u200bcomplete"),
        ("ﬁne. 任务已完成。", "任务已完成"),
    ],
)
def test_spans_are_places_of_the_text_as_it_was_written(text: str, words: str) -> None:
    read = read_report(text).completion
    assert read.value is True
    assert read.span is not None
    assert text[slice(*read.span)] == words
