"""The labelled messages, and the figures that docs/claims.md gives."""

import re
from collections import Counter

import pytest

from reporting_governance.core.claim_reading import read_report
from tests.claims.measuring import BEGIN, END, PAGE, QUESTIONS, cases, figures, parts


def test_the_corpus_is_as_large_and_as_varied_as_the_page_needs() -> None:
    every = cases()
    languages = Counter(case.language for case in every)
    assert len({case.id for case in every}) == len(every) >= 320
    assert len({case.text for case in every}) == len(every)
    assert languages["zh"] >= 100
    assert sum(not any(label for _, label in case.labels()) for case in every) >= 60


def test_the_page_gives_the_figures_that_are_measured() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0].strip() == figures()


def test_every_question_is_labelled_often_enough_to_be_measured() -> None:
    newest = parts()[0].by_question
    assert {question: newest[question].true >= 3 for question in QUESTIONS} == dict.fromkeys(QUESTIONS, True)
    assert newest["completion"].messages >= 80


@pytest.mark.parametrize("part", [0, 1])
def test_a_claim_of_completion_is_right_as_often_as_the_page_promises(part: int) -> None:
    promised = re.search(r"at least (\d+) times in 100", PAGE.read_text(encoding="utf-8"))
    assert promised is not None
    measured = parts()[part].by_question["completion"]
    assert measured.said >= 20
    assert 100 * measured.precision >= int(promised[1])


#: a question to the person is no claim
_CLAIMS = tuple(question for question in QUESTIONS if question != "asks_back")


def test_a_message_labelled_as_claiming_nothing_for_sure_is_never_read_as_a_claim_in_what_was_tuned() -> None:
    wrong = [
        case.id
        for case in cases()
        if case.theme in ("no_claim", "chinese_quoted_and_no_claim", "quoted_and_code")
        and not any(label is not False for _, label in case.labels())
        and any(getattr(read_report(case.text), question).value is not False for question in _CLAIMS)
    ]
    assert wrong == []


def test_kinds_are_as_labelled() -> None:
    labelled = [case for case in cases() if "kind" in case.expect]
    assert labelled
    assert [read_report(case.text).kind for case in labelled] == [case.expect["kind"] for case in labelled]
