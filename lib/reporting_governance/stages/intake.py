"""From bytes to check-ins: strict reading, and a finding with its place for everything that is wrong."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.finding import Finding, FindingRule, Severity
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import problems_of
from reporting_governance.contracts.reading import Document, Syntax, read_documents
from reporting_governance.errors import ContractError

MAX_BYTES = 1024 * 1024  #: of one file in the inbox

WRONG_SHAPE = FindingRule(
    id="GOV801",
    severity=Severity.ERROR,
    sentence="What was handed in does not have the shape of a check-in, an act or a receipt.",
    help="The shapes are schemas/reporting-governance/check-in.schema.json, act.schema.json and receipt.schema.json.",
)
REFUSED = FindingRule(
    id="GOV802",
    severity=Severity.ERROR,
    sentence="What was handed in is understood, and is not recorded.",
    help="The message says why; correct it and hand it in again.",
)
UNSAFE_FILE = FindingRule(
    id="GOV803",
    severity=Severity.ERROR,
    sentence="A thing in the inbox is no plain file that may be read.",
    help="Write a regular file of your own, at most 1 MiB, readable by the state's owner, under one name only.",
)
FLOOD = FindingRule(
    id="GOV804",
    severity=Severity.WARNING,
    sentence="One user has put more files into the inbox than one run takes in.",
    help="The rest stays where it is, for the next runs.  Send many check-ins as JSON lines to `report` instead.",
)


@frozen
class Parsed:
    """One document that was handed in, or what is wrong with it."""

    value: Mapping[str, Any] | None
    document: Document | None
    findings: tuple[Finding, ...]


def parse_one(data: bytes, *, name: str) -> Parsed:
    """Return the one JSON object of a file."""
    result = read_documents(data, name=name, syntax=Syntax.JSON, max_bytes=MAX_BYTES)
    findings = tuple(result.findings)
    if not result.documents:
        return Parsed(None, None, findings)
    document = result.documents[0]
    if not isinstance(document.value, Mapping):
        fault = WRONG_SHAPE.finding(file=name, message="expected an object", span=document.value_span(""))
        return Parsed(None, None, (*findings, fault))
    value = {key: each for key, each in document.value.items() if key != "$schema"}
    return Parsed(value, document, findings)


def read_check_in(parsed: Parsed, *, name: str) -> tuple[CheckIn | None, tuple[Finding, ...]]:
    """Return the check-in that a document is, or the finding that says where it is wrong."""
    if parsed.value is None or parsed.document is None:
        return None, parsed.findings
    try:
        return CheckIn.parse(parsed.value, source=name), parsed.findings
    except ContractError as fault:
        return None, (*parsed.findings, shape_finding(parsed.document, fault, name=name))


def shape_finding(document: Document, fault: ContractError, *, name: str) -> Finding:
    """Return the first fault of shape with its place; of a key that is not there, the place of its object."""
    problem = problems_of(fault)[0]
    pointer, span = document.nearest(problem.pointer, at_key=problem.at_key)
    return WRONG_SHAPE.finding(
        file=name, message=problem.message, pointer=pointer, span=span, suggestion=problem.suggestion
    )
