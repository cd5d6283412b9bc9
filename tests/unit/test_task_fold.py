"""The fold of a task's events: what no stage test reaches."""

import re
from pathlib import Path

from reporting_governance.contracts.event_envelope import EventType
from reporting_governance.contracts.journal_line import RecordLine
from reporting_governance.contracts.task_state import FINISHED, TaskState, TaskStatus
from reporting_governance.core import task_fold


def test_its_words_are_those_of_the_types() -> None:
    """The fold names event types and statuses as text, so that no command imports the types for it."""
    text = Path(task_fold.__file__).read_text()
    words = set(re.findall(r'"((?:task|subagent)_[a-z_]+)"', text)) - {"task_id", "task_key"}
    assert words
    assert words <= {each.value for each in EventType}
    assert {each.value for each in FINISHED} == task_fold._FINISHED
    assert set(re.findall(r'status(?:=|": )"([a-z_]+)"', text)) <= set(TaskStatus)


def test_what_a_start_shares_with_the_task_are_keys_of_the_task() -> None:
    keys = set(dict(TaskState.keys()))
    assert set(task_fold.STARTING) <= keys
    assert set(task_fold._OBSERVED) <= keys


def test_a_record_that_only_renames_leaves_the_body_as_it_is() -> None:
    body = task_fold.fold_task(None, RecordLine(kind="task-due", id="x", body={}))
    assert task_fold.fold_task(body, RecordLine(kind="act", id="y", body={"what": "ack"})) == body
