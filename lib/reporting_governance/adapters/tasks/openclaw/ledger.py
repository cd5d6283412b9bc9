"""The table of tasks: what is unfinished, what has ended and is not settled, and what was asked for by id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reporting_governance.adapters.tasks.openclaw.database import Reader, picked, plain, text, unpicked
from reporting_governance.adapters.tasks.openclaw.rows import (
    DETAIL_PATHS,
    ENDED,
    LONGEST_ID,
    LONGEST_TEXT,
    Remark,
    TaskRow,
    line,
    milliseconds,
    parse_tasks,
)
from reporting_governance.adapters.tasks.rules import CUT_SHORT
from reporting_governance.errors import GovernanceError

MOST_UNFINISHED: Final = 20_000
MOST_ENDED: Final = 20_000

_TABLE: Final = "task_runs"
#: Without these a table of tasks cannot be read at all.
_NEEDED: Final = frozenset(("task_id", "runtime", "status"))
_COLUMNS: Final = {
    **text(LONGEST_ID + 1, "task_id"),  # one more, so that an id that is too long is seen to be
    **text(LONGEST_TEXT, "runtime", "task_kind", "source_id", "requester_session_key", "child_session_key"),
    **text(LONGEST_TEXT, "agent_id", "run_id", "execution_owner_host"),
    **plain("execution_owner_pid", "execution_owner_start_identity"),
    **text(LONGEST_TEXT, "label", "task", "status", "delivery_status", "notify_policy", "error", "terminal_outcome"),
    **plain("created_at", "started_at", "ended_at", "last_event_at"),
    **picked("detail_json", DETAIL_PATHS),
}
#: Later additions: what they say is found out otherwise, or is not said.
_OPTIONAL: Final = frozenset(
    ("execution_owner_host", "execution_owner_pid", "execution_owner_start_identity", "detail_json")
)
_DELIVERED: Final = (
    "CASE WHEN json_valid(detail_json) THEN json_extract(detail_json, '$.deliveryStatus') END "
    "IN ('delivered', 'not-requested')"
)
_HANDED_OVER: Final = (
    "delivery_status = 'dismissed' "
    "OR delivery_status IN ('not_applicable', 'delivered') AND terminal_outcome IS NOT 'blocked'"
)
_MOST_TROUBLED: Final = 400  #: values in one IN list; with more, every run is looked at


class UnknownLayout(GovernanceError):
    """The database does not hold what is looked for in it."""

    message = "{path}: its tables are none that this reader knows (missing: {missing})"
    hint = "Name OpenClaw's own program in the profile, so that it is asked instead; see docs/sources.md."


def read_tasks(
    reader: Reader, ended_after: datetime, known: frozenset[str], *, troubled: frozenset[str], remarks: list[Remark]
) -> tuple[list[TaskRow], bool]:
    """Return the tasks that are unfinished, ended after a moment and are not settled, or are `known`.

    Args:
        troubled: jobs with a message in the delivery queue that is not through: their runs are never taken as settled.
        remarks: receives what was wrong with single rows.

    Returns: the tasks, and whether every unfinished one is among them.
    Raises: UnknownLayout when there is no usable table of tasks.
    """
    columns = reader.columns(_TABLE)
    if not columns >= _NEEDED:
        raise UnknownLayout(path=reader.path, missing=", ".join(sorted(_NEEDED - columns)) if columns else _TABLE)
    ledger = _Ledger(reader, remarks)
    ledger.add_unfinished()
    if "ended_at" in columns:
        ledger.add_ended(milliseconds(ended_after), sorted(troubled))
    ledger.add_known(known)
    tasks, all_good = parse_tasks(ledger.unpacked(), remarks)
    return tasks, ledger.whole and all_good


@dataclass(slots=True)
class _Ledger:
    reader: Reader
    remarks: list[Remark]
    rows: dict[object, dict[str, Any]]
    whole: bool

    def __init__(self, reader: Reader, remarks: list[Remark]) -> None:
        self.reader, self.remarks, self.rows, self.whole = reader, remarks, {}, True

    def add_unfinished(self) -> None:
        """Add what has a status that ends nothing, also one that is not known."""
        for status in self.reader.distinct(_TABLE, "status"):
            if status in ENDED:
                continue
            if self._add("WHERE status = ? LIMIT ?", status, MOST_UNFINISHED + 1) > MOST_UNFINISHED:
                self.whole = False
                message = f"more than {MOST_UNFINISHED:,} tasks are {line(status)}; the others were not read"
                self.remarks.append(Remark(CUT_SHORT, message))

    def add_ended(self, since: int, troubled: list[str]) -> None:
        """Add what ended since a moment, but for what is settled by its own row."""
        for runtime in self.reader.distinct(_TABLE, "runtime"):
            settled, values = self._settled(runtime, troubled)
            rest = f"WHERE runtime = ? AND ended_at >= ? {settled} ORDER BY ended_at DESC LIMIT ?"
            if self._add(rest, runtime, since, *values, MOST_ENDED + 1) > MOST_ENDED:
                message = f"more than {MOST_ENDED:,} {line(runtime)} tasks have ended; the older ones were not read"
                self.remarks.append(Remark(CUT_SHORT, message))

    def add_known(self, known: frozenset[str]) -> None:
        """Add what was asked for by id."""
        missing = known - {str(each) for each in self.rows}
        for row in self.reader.select_in(_TABLE, _COLUMNS, "task_id", missing, optional=_OPTIONAL):
            self.rows[row["task_id"]] = row

    def unpacked(self) -> Iterator[dict[str, Any]]:
        """Yield every row, its detail as values by name."""
        for row in self.rows.values():
            yield {**row, "detail_json": unpicked(row.get("detail_json"), DETAIL_PATHS)}

    def _add(self, rest: str, *values: object) -> int:
        found = list(self.reader.select(_TABLE, _COLUMNS, rest, values, optional=_OPTIONAL))
        self.rows.update((row["task_id"], row) for row in found)
        return len(found)

    def _settled(self, runtime: str, troubled: list[str]) -> tuple[str, list[str]]:
        """Return what leaves out rows about which nothing can be wrong any more: of a week's runs, nearly all.

        A sub-agent's row is never enough: whether its result was forwarded stands in its run.
        """
        columns = self.reader.columns(_TABLE)
        if runtime == "cron" and columns >= {"detail_json", "source_id"} and len(troubled) <= _MOST_TROUBLED:
            marks = ", ".join("?" * len(troubled))
            return f"AND NOT coalesce({_DELIVERED} AND source_id NOT IN ({marks}), 0)", troubled
        if runtime not in ("cron", "subagent") and columns >= {"delivery_status", "terminal_outcome"}:
            return f"AND NOT coalesce({_HANDED_OVER}, 0)", []
        return "", []
