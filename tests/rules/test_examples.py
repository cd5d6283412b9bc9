"""Every bad example breaks its rule and no other, and every good one breaks none."""

from pathlib import Path

import pytest

from reporting_governance.commands._rule_texts import rule_texts
from tests.rules.trying import rules_of

TRIED = [rule for rule, text in rule_texts().items() if text.bad.is_tried]


@pytest.mark.parametrize("rule", TRIED)
def test_the_bad_example_breaks_this_rule_only(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rules_of(rule_texts()[rule].bad, tmp_path, monkeypatch) == [rule]


@pytest.mark.parametrize("rule", TRIED)
def test_the_good_example_breaks_none(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rules_of(rule_texts()[rule].good, tmp_path, monkeypatch) == []


def test_only_what_no_document_can_show_is_told_in_words() -> None:
    told = [rule for rule, text in rule_texts().items() if not text.bad.is_tried]
    assert [rule for rule in told if rule < "GOV4"] == ["GOV002", "GOV014", "GOV110", "GOV213"]
    assert all(rule_texts()[rule].good.is_tried for rule in TRIED)
