"""What a host hands over on standard input: read within bounds, and a finding with its place for what is wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Never

from reporting_governance.errors import ContractError, ExitCode, GovernanceError

if TYPE_CHECKING:
    from reporting_governance.adapters.hosts.interface import HookRefused
    from reporting_governance.contracts.finding import Finding, FindingRule

NAME = "<stdin>"
MOST_BYTES = 16 * 1024 * 1024
_CHUNK = 1024 * 1024


class WrongInput(GovernanceError):
    """What was handed over cannot be judged; the finding has its place."""

    exit_code = ExitCode.USAGE
    message = "{problem}"

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(problem=finding.message)


def read_input(descriptor: int = 0) -> bytes:
    """Return what stands on standard input, at most a little more than `MOST_BYTES`."""
    parts: list[bytes] = []
    size = 0
    while size <= MOST_BYTES and (part := os.read(descriptor, _CHUNK)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def document_of(data: bytes) -> Mapping[str, Any]:
    """Return the one JSON object that was handed over.  Raises: WrongInput."""
    try:
        if len(data) > MOST_BYTES:
            raise ValueError
        document = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
        if b"\\u" in data:
            document = _whole(document)
        if not isinstance(document, dict):
            raise ValueError
    except (ValueError, RecursionError):
        _refuse(data)
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError
    return document


def _whole(document: Any) -> Any:
    """Replace halves of characters: JavaScript can hold one, and our journal, which is UTF-8, cannot."""
    text = json.dumps(document, ensure_ascii=False)
    if text.isascii():
        return document
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _no_constant(name: str) -> Never:
    raise ValueError(name)


def _refuse(data: bytes) -> Never:
    """Read it once more, slowly, for the place of the fault."""
    from reporting_governance.contracts.reading import Syntax, read_documents

    result = read_documents(data, name=NAME, syntax=Syntax.JSON, max_bytes=MOST_BYTES)
    if result.findings:
        from reporting_governance.contracts.finding import Severity

        errors = (each for each in result.findings if each.severity is Severity.ERROR)
        raise WrongInput(next(errors, result.findings[0]))
    document = result.documents[0] if result.documents else None
    span = None if document is None else document.value_span("")
    raise WrongInput(rule().finding(file=NAME, message="expected one JSON object", span=span))


def finding_of(data: bytes, fault: HookRefused | ContractError) -> Finding:
    """Return a host's refusal of a document with its place in the text."""
    from reporting_governance.contracts.problem import problems_of
    from reporting_governance.contracts.reading import Syntax, read_documents

    if isinstance(fault, ContractError):
        problems = problems_of(fault)
        problem = next((each for each in problems if each.suggestion), problems[0])  # a slip before what it leaves out
        pointer, at_key, message, suggestion = problem.pointer, problem.at_key, problem.message, problem.suggestion
        if pointer and not at_key:
            message = f"{pointer.lstrip('/')}: {message}"
    else:
        pointer, at_key, message, suggestion = fault.pointer, fault.at_key, str(fault), fault.advice() or None
    result = read_documents(data, name=NAME, syntax=Syntax.JSON, max_bytes=MOST_BYTES)
    span = None
    if result.checkable:
        pointer, span = result.checkable[0].nearest(pointer, at_key=at_key)
    return rule().finding(file=NAME, message=message, pointer=pointer, span=span, suggestion=suggestion)


def rule() -> FindingRule:
    """Return the rule that what a host hands over breaks when it cannot be judged."""
    from reporting_governance.contracts.finding import FindingRule as Rule
    from reporting_governance.contracts.finding import Severity

    return Rule(
        id="GOV811",
        severity=Severity.ERROR,
        sentence="What a host handed to the gate cannot be judged.",
        help="docs/gate.md says what each host hands over.",
    )


def tell(finding: Finding) -> None:
    """Write a finding as one line on stderr."""
    place = finding.file if finding.line is None else f"{finding.file}:{finding.line}:{finding.column}"
    suggestion = f"  {finding.suggestion or finding.help}" if finding.suggestion or finding.help else ""
    say(f"{place}: {finding.severity.value} {finding.rule}: {finding.message}{suggestion}")


def say(text: str) -> None:
    """Write one line to stderr; characters that could break the line or drive a terminal are escaped."""
    if sys.stderr is None:
        return
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:2000])
    try:
        sys.stderr.write(f"reportgov: gate: {safe}\n")
        sys.stderr.flush()
    except OSError:
        pass  # nobody can be told; the answer still goes out
