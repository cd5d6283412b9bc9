"""The faults of one document's shape, as findings with places."""

from __future__ import annotations

import re

from reporting_governance.contracts.finding import Finding, Span, shown
from reporting_governance.contracts.finding_rules import MORE_FINDINGS
from reporting_governance.contracts.reading.document import Document
from reporting_governance.contracts.reading.reporter import MAX_FINDINGS
from reporting_governance.contracts.reading.tape import join_pointer
from reporting_governance.contracts.shape.explain import Explainer
from reporting_governance.contracts.shape.problem import Mark, Problem
from reporting_governance.contracts.shape.schemas import Shape

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def check_shape(document: Document, shape: Shape, *, name: str) -> list[Finding]:
    """Return every fault of a document's shape, in the order of their places; none when it has the shape.

    Args:
        document: one of `ReadResult.checkable`; what could not be read in it is not reported a second time.
        name: how findings call the file.
    """
    if shape.is_valid(document.value):
        return []
    problems = Explainer(document, shape).problems()
    kept = [each for each in problems if not _is_spoiled(each, document)]
    findings = [_finding(each, document, name) for each in kept[:MAX_FINDINGS]]
    findings.sort(key=lambda each: (each.line or 0, each.column or 0, each.rule, each.pointer))
    if len(kept) > MAX_FINDINGS:
        message = f"{len(kept) - MAX_FINDINGS} more findings are not listed"
        findings.append(MORE_FINDINGS.finding(file=name, document=document.index, message=message))
    return findings


def _is_spoiled(problem: Problem, document: Document) -> bool:
    if not document.spoiled:
        return False
    return any(join_pointer(problem.path[:length]) in document.spoiled for length in range(len(problem.path) + 1))


def _finding(problem: Problem, document: Document, name: str) -> Finding:
    pointer = join_pointer(problem.path)
    return problem.rule.finding(
        file=name,
        message=_in_words(problem),
        document=document.index,
        pointer=pointer,
        span=_span(problem.mark, document, pointer),
        suggestion=problem.suggestion,
    )


def _in_words(problem: Problem) -> str:
    """Return the message with the key it is about before it: an annotation or a log line shows no text."""
    key = next((each for each in reversed(problem.path) if isinstance(each, str)), None)
    if key is None or problem.mark is Mark.KEY:
        return problem.message
    return f"{key if _PLAIN_KEY.fullmatch(key) else shown(key)}: {problem.message}"


def _span(mark: Mark, document: Document, pointer: str) -> Span | None:
    if mark is Mark.OWNER:
        return document.owner_span(pointer)
    if mark is Mark.KEY:
        return document.key_span(pointer) or document.value_span(pointer)
    return document.value_span(pointer)
