"""Strict reading: bytes become documents, and everything that is wrong with them becomes findings with a place.

The same data gives the same findings in JSON and in YAML.  Importing this package costs little more than `json`:
the parts that only a faulty or a YAML text needs are imported when such a text comes.
"""

from __future__ import annotations

from reporting_governance.contracts.finding import has_errors
from reporting_governance.contracts.finding_rules import BYTE_ORDER_MARK, NOT_UTF8, TOO_LARGE
from reporting_governance.contracts.reading.document import Document, JsonObject, JsonValue, ReadResult, Syntax
from reporting_governance.contracts.reading.json_text import read_json
from reporting_governance.contracts.reading.reporter import Reporter, Unreadable

__all__ = [
    "MAX_ALIAS_NODES",
    "MAX_BYTES",
    "MAX_DEPTH",
    "Document",
    "JsonObject",
    "JsonValue",
    "ReadResult",
    "Syntax",
    "read_documents",
]

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64  #: levels of objects and lists; the root is level 1
MAX_ALIAS_NODES = 1_000

_MARK = b"\xef\xbb\xbf"


def read_documents(data: bytes, *, name: str, syntax: Syntax | None = None, max_bytes: int = MAX_BYTES) -> ReadResult:
    """Return the documents of a file and all that is wrong with its text.

    Args:
        data: the whole file, or its first `max_bytes` + 1 bytes: who opens it need not read more to have it refused.
        name: how findings call the file.
        syntax: JSON or YAML; None takes YAML for a name that ends in .yaml or .yml, and JSON for every other.
        max_bytes: the largest file that is read.

    A file that cannot be read, or only in part, is not an error of the call: its findings say so, and `documents`
    of the result is empty.  Of equal keys the last one counts, in `checkable` only.
    """
    reporter = Reporter("", name=name)
    try:
        text = _decode(data, reporter, max_bytes=max_bytes)
        checkable = tuple(_read(data, text, reporter, syntax or _syntax_of(name)))
    except Unreadable:
        checkable = ()
    findings = reporter.finished()
    return ReadResult(documents=() if has_errors(findings) else checkable, checkable=checkable, findings=findings)


def _read(data: bytes, text: str, reporter: Reporter, syntax: Syntax) -> list[Document]:
    if syntax is Syntax.JSON:
        return read_json(data, text, reporter, max_depth=MAX_DEPTH)
    from reporting_governance.contracts.reading.yaml_text import read_yaml

    return read_yaml(reporter, max_depth=MAX_DEPTH, max_alias_nodes=MAX_ALIAS_NODES)


def _decode(data: bytes, reporter: Reporter, *, max_bytes: int) -> str:
    if len(data) > max_bytes:
        reporter.add(TOO_LARGE, 0, 0, f"the file is larger than {max_bytes:,} bytes")
        raise Unreadable
    try:
        reporter.text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        reporter.text = data[: fault.start].decode("utf-8")
        _report_bad_bytes(data, fault.start, reporter)
        raise Unreadable from None
    if data.startswith(_MARK):
        reporter.text = reporter.text[1:]
        reporter.add(BYTE_ORDER_MARK, 0, 0, "a byte order mark stands before the text", suggestion="remove it")
    return reporter.text


def _report_bad_bytes(data: bytes, offset: int, reporter: Reporter) -> None:
    place = len(reporter.text)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "the file is UTF-16, not UTF-8"
    else:
        message = f"the byte 0x{data[offset]:02x} is not valid UTF-8 here"
    reporter.add(NOT_UTF8, place, place, message, suggestion="save the file as UTF-8")


def _syntax_of(name: str) -> Syntax:
    return Syntax.YAML if name.lower().endswith((".yaml", ".yml")) else Syntax.JSON
