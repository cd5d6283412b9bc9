"""JUnit XML: a test case for each file, which fails with all errors in it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from reporting_governance.commands._formats.places import answered_for, in_words, is_inside
from reporting_governance.commands._verify import Verified
from reporting_governance.contracts.finding import Finding, Severity

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  #: XML 1.0, section 2.2


def write(done: Verified) -> str:
    """Return the document."""
    by_file: dict[str, list[Finding]] = {each: [] for each in done.checked}
    for each in done.findings:
        by_file.setdefault(each.file, []).append(each)
    waived: dict[str, list[str]] = {}
    for each, waiver in done.waived:
        waived.setdefault(each.file, []).append(f"{answered_for(waiver)}: {_line(each)}")
        by_file.setdefault(each.file, [])
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": done.kind,
            "tests": str(len(by_file) + len(done.skipped) + len(done.unread)),
            "failures": str(done.failed),
            "errors": str(len(done.unread)),
            "skipped": str(len(done.skipped)),
        },
    )
    for file, findings in by_file.items():
        case = _case(suite, done.kind, file)
        errors = [each for each in findings if each.severity is Severity.ERROR]
        if errors:
            failure = ElementTree.SubElement(
                case, "failure", {"type": errors[0].rule, "message": _xml(errors[0].message)}
            )
            failure.text = _lines(errors)
        remarks = [each for each in findings if each.severity is not Severity.ERROR]
        if remarks or file in waived:
            lines = [*map(_line, remarks), *waived.get(file, ())]
            ElementTree.SubElement(case, "system-out").text = "\n".join(map(_xml, lines))
    for file in done.skipped:
        ElementTree.SubElement(_case(suite, done.kind, file), "skipped", {"message": "it is of another kind"})
    for unread in done.unread:
        ElementTree.SubElement(
            _case(suite, done.kind, unread.file), "error", {"type": "not-read", "message": _xml(unread.reason)}
        )
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _case(suite: ElementTree.Element, kind: str, file: str) -> ElementTree.Element:
    about = {"classname": kind, "name": _xml(file)}
    if is_inside(file):
        about["file"] = _xml(file)
    return ElementTree.SubElement(suite, "testcase", about)


def _lines(findings: list[Finding]) -> str:
    return "\n".join(_xml(_line(each)) for each in findings)


def _line(each: Finding) -> str:
    advice = f" ({each.suggestion})" if each.suggestion else ""
    others = "".join(f"; {in_words(other)}: {other.message}" for other in each.related)
    return f"{in_words(each)}: {each.severity.value} {each.rule}: {each.message}{advice}{others}"


def _xml(text: str) -> str:
    """Return text without the characters that no XML document can hold."""
    return _NO_XML.sub("\ufffd", text)
