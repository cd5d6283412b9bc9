"""A late pattern is used as any other, and costs nothing before that."""

import re

import pytest

from reporting_governance.core.late_pattern import late


def test_it_finds_what_a_pattern_finds() -> None:
    numbers = late(r"(\d+) PASSED", re.IGNORECASE)
    for _ in range(2):
        found = numbers.match("12 passed")
        assert found is not None
        assert found[1] == "12"
        assert numbers.findall("1 passed, 2 Passed") == ["1", "2"]
    assert late(rb"\d").search(b"a1") is not None


def test_it_is_not_compiled_before_it_is_used() -> None:
    wrong = late("(")
    with pytest.raises(re.error):
        wrong.match("")
