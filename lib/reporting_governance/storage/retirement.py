"""What retiring says and which signed heads it thins out: the same on every back end."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.retention import RetirementPlan
from reporting_governance.contracts.times import parse_time
from reporting_governance.storage.interface import Addition, Group

NOTHING_RETIRED = RetirementPlan((), "", (), (), 0, "")


def told_again(digest: str) -> Group:
    """Return that a blob was erased, said anew before the line that told it goes: else it would look like damage."""
    again = Addition(type=LineType.RECORD_ERASED, reason="told again", meta={"blob": digest})
    return Group(additions=(again,))


def said_retired(
    log_id: bytes, plan: RetirementPlan, standing: Mapping[str, Any], *, reason: str, approver: str
) -> Group:
    """Return the line that says that the stretches of a plan are retired.

    Args:
        standing: what their lines said and still holds.
    """
    first, last = plan.stretches[0].from_seq, plan.stretches[-1].to_seq
    meta = {
        "log_id": log_id.hex(),
        "from": first,
        "to": last,
        "lines": last - first + 1,
        "root": plan.root,
        "reason": reason,
        "approver": approver,
        **standing,
    }
    return Group(additions=(Addition(type=LineType.LOG_SEGMENT_RETIRED, meta=meta),))


def thinned(ends: Iterable[tuple[int, str]], before: datetime) -> list[int]:
    """Return the sizes whose signed head a later one of the same day stands in for, on days before a time.

    Args:
        ends: sizes, smallest first, each with the time of the last line it covers (RFC 3339).
    """
    newest_of: dict[str, int] = {}
    going: list[int] = []
    for size, at in ends:
        if parse_time(at) >= before:
            break
        if at[:10] in newest_of:
            going.append(newest_of[at[:10]])
        newest_of[at[:10]] = size
    return going
