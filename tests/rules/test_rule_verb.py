"""`reportgov rule`, as it is called."""

from pathlib import Path

import pytest

from reporting_governance.commands._rules import catalogue
from tests.acceptance.verbs import Verbs


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def test_without_an_id_all_rules_are_listed_a_line_each(verbs: Verbs) -> None:
    lines = verbs.ok("rule").out.splitlines()
    assert [line.split()[0] for line in lines] == list(catalogue())
    assert "GOV101  error    A required key is missing." in lines


def test_a_rule_says_what_why_and_how_with_two_examples(verbs: Verbs) -> None:
    text = verbs.ok("rule", "GOV217").out
    assert text.startswith("GOV217 (warning): A partial capability names no limits.\n\nPartial means: ")
    assert "\n\nBad, in a capability descriptor:\n\n    capabilities:\n" in text
    assert "\n\nGood, in a capability descriptor:\n\n" in text
    assert "\n\nTo mend it: Say in `limits` what it does not do" in text
    assert not verbs.state.exists(), "it only reads"


def test_several_rules_in_their_order_each_once_and_as_somebody_types_them(verbs: Verbs) -> None:
    document = verbs.ok("rule", "gov305", "101", "GOV305", "--format", "json").document()
    assert [each["rule"] for each in document["rules"]] == ["GOV305", "GOV101"]
    first, second = document["rules"]
    assert "final_delivery_proof" in first["bad"]["beside"]
    assert second["bad"]["document"].endswith(second["bad"]["text"])
    assert second["bad"]["document"].startswith("apiVersion: ")
    everything = verbs.ok("rule", "--format", "json").document()["rules"]
    assert [each["rule"] for each in everything] == list(catalogue())


@pytest.mark.parametrize(
    ("given", "said"), [("GOV1O1", "did you mean GOV101?"), ("GOV4712", "did you mean"), ("", 'no rule ""')]
)
def test_an_unknown_id_is_asked_back(verbs: Verbs, given: str, said: str) -> None:
    ended = verbs.call("rule", given)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "`reportgov rule` lists them all" in ended.err
