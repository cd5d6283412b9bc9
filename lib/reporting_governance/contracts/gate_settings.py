"""The section `gate` of a profile: how the inline gate answers.  Shape: deployment-profile.schema.json."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


class OnError(StrEnum):
    """What the gate answers when it cannot decide."""

    ALLOW_AND_NOTIFY = "allow_and_notify"
    BLOCK = "block"


class Posture(StrEnum):
    """Whether the gate advises or enforces."""

    ADVISE = "advise"
    ENFORCE = "enforce"


@frozen(kw_only=True)
class Gate(Record):
    """How the inline gate answers."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    deadline_ms: int = 5000
    on_error: OnError = OnError.ALLOW_AND_NOTIFY
    max_blocks: int = 3  #: for the same reason; then it lets go and tells the operator
    posture: Posture = Posture.ADVISE
