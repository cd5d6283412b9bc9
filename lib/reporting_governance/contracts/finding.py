"""What a check has to say about one place in one file.  Shape: schemas/reporting-governance/finding.schema.json.

Lines and columns count from 1, columns in Unicode code points; the end is the place after the last character.
A finding about something that has no text (a database, a folder) leaves all four out.
"""

from __future__ import annotations

from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import OrderedEnum, Record


class Severity(OrderedEnum):
    """How much a finding weighs; ordered, so that a gate can ask for "warning and above"."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@frozen(kw_only=True)
class Span:
    """A stretch of text; `end_line` and `end_column` name the place after its last character."""

    line: int
    column: int
    end_line: int
    end_column: int


@frozen(kw_only=True)
class Related(Record):
    """A second place that explains a finding, such as the first of two equal keys."""

    schema: ClassVar[str] = "finding"

    file: str
    message: str
    document: int = 1
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    @classmethod
    def at(cls, span: Span | None, *, file: str, message: str, document: int = 1, pointer: str = "") -> Related:
        """Return a second place; without a span it names the file and the pointer only."""
        return cls(
            file=file,
            message=message,
            document=document,
            pointer=pointer,
            line=span.line if span else None,
            column=span.column if span else None,
            end_line=span.end_line if span else None,
            end_column=span.end_column if span else None,
        )


@frozen(kw_only=True)
class Finding(Record):
    """One fault (or remark), with the place a person has to look at and what to do about it."""

    schema: ClassVar[str] = "finding"

    rule: str  #: stable id, such as GOV101; the catalogue is in finding_rules.py
    severity: Severity
    file: str
    message: str
    document: int = 1  #: which document of the file, from 1
    pointer: str = ""  #: JSON Pointer (RFC 6901) of the value, or of the object that lacks a key
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    suggestion: str | None = None
    related: tuple[Related, ...] = ()
    help: str = ""

    def __post_init__(self) -> None:
        for name in ("document", "line", "column", "end_line", "end_column"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} counts from 1, got {value}")


@frozen(kw_only=True)
class FindingRule:
    """One line of the catalogue: what every finding with this id has in common."""

    id: str
    severity: Severity
    sentence: str  #: what is wrong, for a list of rules
    help: str  #: why it matters and what to do

    def finding(
        self,
        *,
        file: str,
        message: str,
        document: int = 1,
        pointer: str = "",
        span: Span | None = None,
        suggestion: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> Finding:
        """Return a finding of this rule; without a `span` it names the file only."""
        return Finding(
            rule=self.id,
            severity=self.severity,
            file=file,
            message=message,
            document=document,
            pointer=pointer,
            line=span.line if span else None,
            column=span.column if span else None,
            end_line=span.end_line if span else None,
            end_column=span.end_column if span else None,
            suggestion=suggestion,
            related=related,
            help=self.help,
        )


def has_errors(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    """Tell whether any finding is an error."""
    return any(each.severity is Severity.ERROR for each in findings)


def shown(value: str, *, longest: int = 60) -> str:
    """Return a string in double quotes, safe to print: cut when long, with what cannot be seen escaped."""
    cut = value if len(value) <= longest else value[: longest - 1] + "…"
    plain = "".join(each if each.isprintable() else _escaped(each) for each in cut)
    return '"' + plain.replace('"', '\\"') + '"'


def _escaped(letter: str) -> str:
    code = ord(letter)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
