"""Reads YAML strictly, as JSON data: the YAML 1.2 core schema, no merge keys, no tags of one's own.

Surrogate escapes (`"\\ud83d\\ude00"`) are refused, also in pairs: in YAML an escape names a whole character.
"""

from __future__ import annotations

import re
from typing import Any

from reporting_governance.contracts.finding_rules import NO_DOCUMENT, SYNTAX
from reporting_governance.contracts.reading.document import Document
from reporting_governance.contracts.reading.reporter import Reporter, Unreadable
from reporting_governance.contracts.reading.yaml_scanner import YamlScanner

_UNWELCOME = r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_SURROGATE = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F][0-9a-fA-F]{2}")

_MAX_HALVES = 20  #: read around in one text, which is read again for each


class _HalfAPair(Exception):
    """The parser stopped at a surrogate escape; reading goes on as if a replacement character stood there."""

    def __init__(self, offset: int, written: str) -> None:
        super().__init__(written)
        self.offset = offset
        self.written = written


def read_yaml(reporter: Reporter, *, max_depth: int, max_alias_nodes: int) -> list[Document]:
    """Return the documents of a YAML text up to the first that cannot be read; what is wrong goes to `reporter`."""
    halves: dict[int, str] = {}
    found_before = len(reporter.findings)
    while True:
        del reporter.findings[found_before:]
        reporter.document = 1
        scanner = YamlScanner(reporter, halves=halves, max_depth=max_depth, max_alias_nodes=max_alias_nodes)
        try:
            _refuse_unwelcome(reporter)
            _feed(scanner, reporter)
        except _HalfAPair as fault:
            halves[fault.offset] = fault.written
            continue
        except Unreadable:
            return scanner.documents
        if not scanner.documents:
            message = "the file holds only comments" if reporter.text.strip() else "the file is empty"
            reporter.add(NO_DOCUMENT, 0, 0, message)
        return scanner.documents


def _refuse_unwelcome(reporter: Reporter) -> None:
    """Stop at a character that YAML forbids, or that YAML 1.1 and 1.2 disagree about (NEL, LS, PS: a line break?)."""
    found = re.search(_UNWELCOME, reporter.text)
    if found is not None:
        code = ord(found.group())
        message = f"the character U+{code:04X} may not stand here as it is"
        suggestion = f"write it in double quotes as \\u{code:04x}"
        reporter.add(SYNTAX, found.start(), found.end(), message, suggestion=suggestion)
        raise Unreadable


def _feed(scanner: YamlScanner, reporter: Reporter) -> None:
    import yaml

    loader_class: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a PyYAML built without libyaml lacks the first
    events = yaml.events
    loader = loader_class(scanner.halves.text)
    try:
        while True:
            event = loader.get_event()
            kind = type(event)
            if kind is events.ScalarEvent:
                scanner.scalar(event)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                scanner.begin_collection(event, is_list=kind is events.SequenceStartEvent)
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                scanner.end_collection(event)
            elif kind is events.AliasEvent:
                scanner.alias(event)
            elif kind is events.DocumentStartEvent:
                scanner.begin_document()
            elif kind is events.DocumentEndEvent:
                scanner.end_document()
            elif kind is events.StreamEndEvent:
                return
    except yaml.MarkedYAMLError as fault:
        _report_syntax(scanner, reporter, fault)
        raise Unreadable from None
    finally:
        loader.dispose()


def _report_syntax(scanner: YamlScanner, reporter: Reporter, fault: Any) -> None:
    text = scanner.halves.text
    mark = fault.problem_mark or fault.context_mark
    offset = min(mark.index, len(text)) if mark is not None else len(text)
    problem = fault.problem or fault.context or "it cannot be parsed"
    half = _SURROGATE.match(text, max(offset - 2, 0))
    if half is not None and len(scanner.halves) < _MAX_HALVES:
        raise _HalfAPair(half.start(), half.group())
    letter = text[offset : offset + 1]
    message = f"this is not valid YAML: {problem}"
    if fault.context and fault.context_mark is not None and fault.context_mark.index < offset:
        message += f", {fault.context} that begins at line {fault.context_mark.line + 1}"
    suggestion = _advice(letter, problem)
    scanner.halves.report_others()
    reporter.add(SYNTAX, offset, min(offset + 1, len(text)), message, path=scanner.path(), suggestion=suggestion)


def _advice(letter: str, problem: str) -> str | None:
    if letter == "\t":
        return "indent with spaces"
    if problem.startswith("mapping values are not allowed"):
        return 'indent the keys of an object alike, and quote a value that holds ": "'
    return "quote the value" if letter in ("@", "`", "%") else None
