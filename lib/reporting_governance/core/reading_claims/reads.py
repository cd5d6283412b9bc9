"""What reading a report gives: one value for each question, or none with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from reporting_governance.contracts.check_in import ClaimKind
from reporting_governance.contracts.frozen import frozen


@frozen
class Read:
    """The answer to one question about a text.

    `value` is None when a careful reader could take the text either way; `span` is the part of the original text that
    decided, half open, and None where nothing in the text did.
    """

    value: bool | None
    reason: str
    span: tuple[int, int] | None


@frozen
class ReportReading:
    """What a report in free text claims and says."""

    kind: ClaimKind | Literal["none"] | None  #: None: not sure
    completion: Read  #: it says that the task is complete
    progress: Read  #: it says that work was done or goes on
    checks_passed: Read  #: it says that tests or checks pass
    failure_disclosed: Read  #: it says plainly that a check fails or failed, and not that this was mended
    asks_back: Read  #: it ends in a question that the person has to answer
    checks_named: tuple[str, ...]  #: which checks it says to pass by name: `CHECKS_ASSERTED` of `fact_catalogue`
    dispatched: Read  #: it says that something was already handed on to somebody who works on it
    fields: Mapping[str, Read]  #: REPORT_FIELDS of `fact_catalogue`: whether the report says each
