"""Did you mean: helpful for a slip, silent for a different word, and never slow."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.suggest import did_you_mean, nearest, slips_between

DECISIONS = ("allow", "rewrite", "block", "require_review", "force_checkpoint", "escalate", "downgrade_status")
words = st.text("abcde_", max_size=7)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("blok", "block"),
        ("lbock", "block"),
        ("Block", "block"),
        ("requireReview", "require_review"),
        ("require-reveiw", "require_review"),
        ("downgrade status", "downgrade_status"),
        ("esclaate", "escalate"),
        ("deny", None),
        ("a", None),
        ("", None),
        ("block", None),
        ("x" * 10_000, None),
    ],
)
def test_the_word_that_was_meant(word: str, meant: str | None) -> None:
    assert nearest(word, DECISIONS) == meant


def test_of_equally_near_words_the_first_is_taken() -> None:
    assert nearest("cat", ("car", "can")) == "car"
    assert nearest("cat", ("can", "car")) == "can"


def test_the_question_names_the_word() -> None:
    assert did_you_mean("alow", DECISIONS) == 'did you mean "allow"?'
    assert did_you_mean("something else", DECISIONS) is None


def plain_slips(left: str, right: str) -> int:
    """Straight from the definition of the optimal string alignment distance, without tables or limits."""
    if not left or not right:
        return len(left) + len(right)
    best = min(
        plain_slips(left[:-1], right) + 1,
        plain_slips(left, right[:-1]) + 1,
        plain_slips(left[:-1], right[:-1]) + (left[-1] != right[-1]),
    )
    if left[-2:] == right[-2:][::-1] and len(left) > 1 and len(right) > 1:
        best = min(best, plain_slips(left[:-2], right[:-2]) + 1)
    return best


@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.integers(0, 3))
def test_slips_are_counted_as_defined(left: str, right: str, limit: int) -> None:
    assert slips_between(left, right, limit) == min(plain_slips(left, right), limit + 1)
    assert slips_between(left, right, limit) == slips_between(right, left, limit)


@given(words, st.lists(words, max_size=6))
def test_a_suggestion_is_one_of_the_candidates_and_another_word(word: str, candidates: list[str]) -> None:
    found = nearest(word, candidates)
    assert found is None or (found in candidates and found != word)


def test_hostile_words_cost_little() -> None:
    started = time.process_time()
    for _ in range(100):
        nearest("x" * 1_000_000, ("y" * 1_000_000, "x" * 999_999))
    assert time.process_time() - started < 1
