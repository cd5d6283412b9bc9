"""Size, number of findings, encodings, and how the syntax is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.finding import has_errors
from reporting_governance.contracts.reading import MAX_BYTES, Syntax, read_documents
from reporting_governance.contracts.reading.reporter import MAX_FINDINGS


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    assert MAX_BYTES == 10 * 1024 * 1024
    data = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    assert read_documents(data, name="a.json").findings == ()
    (finding,) = read_documents(data + b" ", name="a.json").findings
    assert (finding.rule, finding.file, finding.line, finding.column) == ("GOV002", "a.json", 1, 1)


def test_the_limit_is_the_callers_to_choose() -> None:
    result = read_documents(b"[1]", name="a.json", max_bytes=2)
    assert [each.rule for each in result.findings] == ["GOV002"]
    assert (result.documents, result.checkable) == ((), ())


@pytest.mark.parametrize("syntax", Syntax)
def test_a_hostile_file_gives_a_list_that_ends(syntax: Syntax) -> None:
    data = ("{" + ", ".join(['"a": 1'] * 20_000) + "}").encode()
    findings = read_documents(data, name="a", syntax=syntax).findings
    assert len(findings) == MAX_FINDINGS + 1
    assert (findings[-1].rule, findings[-1].severity) == ("GOV014", "note")
    assert "19499 more" in findings[-1].message


@given(st.binary(max_size=200), st.sampled_from(Syntax))
def test_no_bytes_whatever_are_an_error_of_the_program(data: bytes, syntax: Syntax) -> None:
    result = read_documents(data, name="x", syntax=syntax)
    assert bool(result.documents) != has_errors(list(result.findings))
    for finding in result.findings:
        assert finding.line is not None
        assert finding.column is not None


@given(st.text("{}[]:,-?&*!|>'\"%@`#\n\t \\ab1.~<u0d8", max_size=60))
def test_no_yaml_whatever_is_an_error_of_the_program(text: str) -> None:
    result = read_documents(text.encode(), name="x.yaml")
    assert bool(result.documents) != has_errors(list(result.findings))
    lines = text.split("\n")
    for finding in result.findings:
        assert finding.line is not None
        assert finding.column is not None
        assert finding.line <= len(lines)
        assert finding.column <= len(lines[finding.line - 1]) + 1


@pytest.mark.parametrize(
    ("name", "reads_yaml"),
    [("a.json", False), ("a.yaml", True), ("a.YML", True), ("a.yml", True), ("-", False), ("a.txt", False)],
)
def test_the_name_tells_the_syntax(name: str, reads_yaml: bool) -> None:
    assert bool(read_documents(b"a: 1", name=name).documents) is reads_yaml


def test_a_byte_order_mark_alone_is_no_reason_to_refuse() -> None:
    result = read_documents(b"\xef\xbb\xbf[1]", name="a.json")
    assert [(each.rule, each.severity) for each in result.findings] == [("GOV003", "warning")]
    assert [each.value for each in result.documents] == [[1]]
