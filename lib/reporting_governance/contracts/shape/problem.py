"""One fault of shape before its place in the text is known."""

from __future__ import annotations

from enum import Enum, auto

from reporting_governance.contracts.finding import FindingRule
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.shape.engines import Path


class Mark(Enum):
    """Which part of the text stands for a fault."""

    VALUE = auto()  #: the value is wrong
    KEY = auto()  #: the key is wrong
    OWNER = auto()  #: a key is missing: the object that lacks it


@frozen
class Problem:
    """What is wrong, where in the data, and what to do about it."""

    rule: FindingRule
    path: Path
    message: str
    suggestion: str | None = None
    mark: Mark = Mark.VALUE
