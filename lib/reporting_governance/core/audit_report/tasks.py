"""The tasks of a report: which are shown, and what is kept of each."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from reporting_governance.core.audit_report.parts import Mark, Shape, TaskAccount

MOST_TASKS = 120  #: shown in detail; those with trouble stay longest
_MOST_COUNTED = 20_000  #: tasks that are told apart by name; beyond, the page says "more than"


class Tasks:
    """Keeps a bounded number of tasks: the first, and of those that come later the ones with trouble.

    A task goes, to make room, only while nothing but reports and evidence is known of it.
    """

    def __init__(self, most: int = MOST_TASKS) -> None:
        self._most = most
        self._shown: OrderedDict[str, TaskAccount] = OrderedDict()
        self._quiet: OrderedDict[str, None] = OrderedDict()
        self._seen: set[str] = set()
        self._late: set[str] = set()

    @property
    def total(self) -> int:
        """How many tasks were seen; `is_counted` tells whether that is all."""
        return len(self._seen)

    @property
    def is_counted(self) -> bool:
        """Whether `total` is exact."""
        return len(self._seen) < _MOST_COUNTED

    def shown(self) -> list[TaskAccount]:
        """Return those that are kept, in the order in which they were first seen."""
        return list(self._shown.values())

    def began_before(self, key: str) -> bool:
        """Tell whether lines of a task came before it was kept."""
        return key in self._late

    def of(self, keys: Iterable[str], task_id: str = "", agent_id: str = "", *, trouble: bool) -> list[TaskAccount]:
        """Return the accounts of tasks that a line is about, those that are kept.

        Args:
            keys: what a record is about; keys of tasks are picked out.
            trouble: the line says that something was wrong, so that the task is worth showing.
        """
        found = []
        for key in keys:
            if not key.startswith("tsk_"):
                continue
            account = self._shown.get(key) or self._admit(key, task_id, agent_id, trouble)
            if account is None:
                continue
            if trouble and account.quiet:
                account.quiet = False
                self._quiet.pop(key, None)
            if not account.task_id and task_id:
                account.task_id, account.agent_id = task_id, agent_id
            found.append(account)
        return found

    def _admit(self, key: str, task_id: str, agent_id: str, trouble: bool) -> TaskAccount | None:
        is_new = key not in self._seen
        if is_new and self.is_counted:
            self._seen.add(key)
        if len(self._shown) >= self._most:
            if not trouble or not self._quiet:
                return None
            gone, _ = self._quiet.popitem(last=True)
            del self._shown[gone]
        if not is_new:
            self._late.add(key)
        account = self._shown[key] = TaskAccount(key, task_id, agent_id)
        self._quiet[key] = None
        return account


def mark(tasks: Iterable[TaskAccount], one: Mark) -> None:
    """Put a mark on the timelines of tasks."""
    for each in tasks:
        each.lanes[one.lane].add(one)


#: how good evidence is, as a shape: a full square proves something
EVIDENCE_SHAPES = {
    "none": Shape.RING,
    "weak": Shape.RING,
    "moderate": Shape.SQUARE,
    "strong": Shape.SQUARE,
    "decisive": Shape.SQUARE,
}
