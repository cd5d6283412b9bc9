"""A watched task that is looked at at another time, because the settings changed.  Shape: task-due.schema.json."""

from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class TaskDue(Record):
    """Gives a task's view another name and leaves its body as it is."""

    schema: ClassVar[str] = "task-due"
    task_key: str
    watch_settings: str  #: digest of the settings that date it
