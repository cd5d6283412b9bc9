"""The finding itself, and the catalogue of rules."""

import json
import re
from pathlib import Path

import pytest

from reporting_governance.contracts.finding import Finding, Severity, Span, has_errors, shown
from reporting_governance.contracts.finding_rules import BYTE_ORDER_MARK, DUPLICATE_KEY, RULES
from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.shape import SchemaSet

SCHEMA = "schemas/reporting-governance/finding.schema.json"


def test_every_rule_has_an_id_of_its_own_a_sentence_and_advice() -> None:
    import reporting_governance.contracts.finding_rules as catalogue

    rules = [value for name, value in vars(catalogue).items() if name.isupper() and name != "RULES"]
    assert len(RULES) == len(rules) > 20
    for number, rule in RULES.items():
        assert rule.id == number
        assert re.fullmatch("GOV[0-9]{3}", number)
        assert rule.sentence.endswith(".")
        assert rule.help.endswith(".")


def test_findings_of_real_files_have_the_shape_of_their_schema(checkout: str) -> None:
    shape = SchemaSet({"finding": json.loads((Path(checkout) / SCHEMA).read_text())}).shape("finding")
    findings = read_documents(b'\xef\xbb\xbf{"a": NaN, "a": 1}', name="a.json").findings
    assert len(findings) == 3
    for finding in findings:
        assert shape.is_valid(finding.dump())
        assert Finding.parse(finding.dump()) == finding


def test_what_is_not_known_is_left_out_of_the_document() -> None:
    document = DUPLICATE_KEY.finding(file="a.json", message="twice").dump()
    assert set(document) == {"rule", "severity", "file", "message", "help"}


def test_lines_count_from_one() -> None:
    with pytest.raises(ValueError, match="line counts from 1"):
        DUPLICATE_KEY.finding(file="a", message="b", span=Span(line=0, column=1, end_line=1, end_column=1))


def test_severities_are_ordered() -> None:
    assert Severity.NOTE < Severity.WARNING < Severity.ERROR
    warning = BYTE_ORDER_MARK.finding(file="a", message="b")
    error = DUPLICATE_KEY.finding(file="a", message="b")
    assert not has_errors([warning])
    assert has_errors([warning, error])


def test_what_is_shown_can_be_printed() -> None:
    assert shown('a"b') == '"a\\"b"'
    assert shown("é\n\x1b\u202e\U000e0001") == '"é\\u000a\\u001b\\u202e\\U000e0001"'
    assert shown("x" * 100) == '"' + "x" * 59 + '…"'
