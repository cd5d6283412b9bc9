"""What became of check-ins: the report of `report` and of the inbox."""

from dataclasses import asdict
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.times import format_time
from reporting_governance.core.evidence_builder import CountsForNothing
from reporting_governance.stages.check_in_answer import Owed


@frozen(kw_only=True)
class CheckInResult:
    """What became of one check-in."""

    task: str
    verb: str
    recorded: bool
    reason: str = ""  #: why it was not recorded, or what has to be known about it
    event_id: str | None = None
    flagged: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()  #: of the evidence, in the order it was offered
    counts_for_nothing: tuple[CountsForNothing, ...] = ()  #: which of it, and why
    status: str | None = None
    owed: Owed | None = None
    retry_safe: bool = True  #: false: the call had no id of its own, so that sending it again records it again
    refused: bool = False  #: it was wrong, or not this user's to send
    of_another: bool = False  #: it was refused because somebody else started the task


@frozen(kw_only=True)
class ReportReport:
    """What one run of report did, in the order of the check-ins."""

    results: tuple[CheckInResult, ...] = ()
    recorded: int = 0
    already: int = 0
    refused: int = 0

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "recorded": self.recorded,
            "already_recorded": self.already,
            "refused": self.refused,
            "results": [_dump_result(each) for each in self.results],
        }


def _dump_result(result: CheckInResult) -> dict[str, Any]:
    document: dict[str, Any] = {"task": result.task, "verb": result.verb, "recorded": result.recorded}
    for key in ("reason", "event_id", "status"):
        if getattr(result, key):
            document[key] = getattr(result, key)
    for key in ("flagged", "qualities"):
        if getattr(result, key):
            document[key] = list(getattr(result, key))
    if result.counts_for_nothing:
        document["counts_for_nothing"] = [asdict(each) for each in result.counts_for_nothing]
    if result.refused:
        document["refused"] = True
    if not result.retry_safe:
        document["retry_safe"] = False
    if result.owed is not None:
        document["owed"] = {
            "checkpoint_request": result.owed.request_id,
            "asked_at": result.owed.asked_at,
            "next_due_at": result.owed.next_due_at and format_time(result.owed.next_due_at),
            "counted": result.owed.counted,
            "reason": result.owed.reason,
        }
        if result.owed.asked_because:
            document["owed"]["asked_because"] = result.owed.asked_because
    return document
