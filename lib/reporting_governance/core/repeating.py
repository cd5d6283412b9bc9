"""Whether a report says anything that the one before did not."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.core.event_normalizer import check_in_type
from reporting_governance.core.task_fold import REPORTS


def similarity_to_last(check_in: CheckIn, task: Mapping[str, Any] | None) -> int | None:
    """Return how much a report repeats the last one of its task, in percent; None without words to compare.

    Args:
        task: the body of the task's view before this check-in, with its long texts in place.
    """
    earlier = [each for each in (task or {}).get("last_report", ()) if isinstance(each, str)]
    report = check_in.report or {}
    said = [check_in.message, *(report[name] for name in sorted(report))]
    now = [each for each in said if isinstance(each, str) and each]
    if not earlier or not now or check_in_type(check_in) not in REPORTS:
        return None
    from reporting_governance.core.reading_claims.similarity import similarity_percent

    return similarity_percent("\n".join(now), "\n".join(earlier))
