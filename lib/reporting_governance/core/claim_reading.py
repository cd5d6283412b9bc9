"""What an agent's report in free text claims: read by fixed rules, English and Chinese, the same text the same answer.

Code, quotations, tables and what programs printed are set aside; negations, plans, conditions, questions and other
people's words claim nothing; what is hedged or contradicts itself is not sure, and says why.  How well it does:
docs/claims.md.  The work is bounded: `blocks.READ_AT_EACH_END` characters at each end of the text are read.
"""

from __future__ import annotations

from typing import Literal

from reporting_governance.contracts.check_in import ClaimKind
from reporting_governance.core.reading_claims import weighing
from reporting_governance.core.reading_claims.asking import asks_back
from reporting_governance.core.reading_claims.blocks import is_read_whole
from reporting_governance.core.reading_claims.checks_named import checks_named
from reporting_governance.core.reading_claims.reads import Read, ReportReading
from reporting_governance.core.reading_claims.similarity import similarity_percent
from reporting_governance.core.reading_claims.walking import walk

__all__ = ["Read", "ReportReading", "read_report", "similarity_percent"]


def read_report(text: str) -> ReportReading:
    """Read a report.  Never raises; a lone surrogate, a control character or nothing at all is read as it stands."""
    walked = walk(text)
    found = weighing.Findings(walked, whole=is_read_whole(text))
    completion, progress = weighing.completion(found), weighing.progress(found)
    return ReportReading(
        kind=_kind(completion, progress, weighing.forwarded(found) is not None),
        completion=completion,
        progress=progress,
        checks_passed=weighing.checks_passed(found),
        failure_disclosed=weighing.failure_disclosed(found),
        asks_back=asks_back(walked.sentences),
        checks_named=checks_named(text, walked.findings),
        dispatched=weighing.dispatched(found),
        fields=weighing.fields(found, walked),
    )


def _kind(completion: Read, progress: Read, forwards: bool) -> ClaimKind | Literal["none"] | None:
    """Return the strongest kind that is claimed; none of them is sure while a stronger one is not."""
    if completion.value is True:
        return ClaimKind.COMPLETION
    if forwards:
        return ClaimKind.FORWARDING
    if completion.value is None:
        return None
    if progress.value is True:
        return ClaimKind.PROGRESS
    return None if progress.value is None else "none"
