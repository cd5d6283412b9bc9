"""What the fields and statuses of a task are called in other programs' files.

Ours first, then the names around the specification: `watchdog-state.json`, and the one-file-per-run state of a
sub-agent watchdog.
"""

from collections.abc import Mapping
from typing import Final

from reporting_governance.contracts.task_state import TaskStatus
from reporting_governance.core.conditions import Condition

#: Field of a task to the names it goes by, ours first.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "task_id": ("taskid", "id", "runid", "planid"),
    "agent_id": ("agentid", "agent", "owner", "assignee"),
    "runtime": ("runtime",),
    "title": ("title", "name", "label", "task", "currenttask", "description"),
    "status": ("status", "state"),
    "mode": ("mode",),
    "started_at": ("startedat", "started", "dispatchat", "dispatchedat", "spawnedat", "createdat"),
    "status_changed_at": ("statuschangedat", "statusupdatedat"),
    "finished_at": ("finishedat", "completedat", "endedat", "completionreceivedat"),
    "last_checkpoint_at": ("lastcheckpointat", "lastcheckpoint", "lastcheckinat", "lastreportat", "lastupdateat"),
    "next_checkpoint_at": ("nextcheckpointat", "nextcheckpoint", "checkpointdueat", "nextreportat", "nextupdateat"),
    "last_activity_at": ("lastactivityat", "lasteventat", "lastheartbeatat", "heartbeatat", "updatedat"),
    "last_evidence_at": ("lastevidenceat",),
    "deadline_at": ("deadlineat", "deadline", "expectedby", "dueat"),
    "checkpoint": ("checkpoint",),
    "every_seconds": ("everyseconds", "checkpointeveryseconds", "checkpointintervalseconds", "intervalseconds"),
    "every_minutes": ("everyminutes", "checkpointeveryminutes", "checkpointintervalminutes", "intervalminutes"),
    "grace_seconds": ("graceseconds",),
    "grace_minutes": ("graceminutes",),
    "report_anchor": ("reportanchor",),
    "parent_task_id": ("parenttaskid", "parentid", "parent"),
    "correlation_id": ("correlationid",),
    "children": ("children",),
    "labels": ("labels",),
    "expects_forwarding": ("expectsforwarding",),
    "forwarded": ("forwardedtomain", "forwarded"),
    "operator_context": ("operatorcontext",),
}
#: Other programs' words for our statuses.
STATUS_WORDS: Final[Mapping[str, TaskStatus]] = {
    **{each.value: each for each in TaskStatus},
    "in_progress": TaskStatus.ACTIVE,
    "running": TaskStatus.ACTIVE,
    "started": TaskStatus.ACTIVE,
    "queued": TaskStatus.EXPECTED,
    "scheduled": TaskStatus.EXPECTED,
    "pending": TaskStatus.EXPECTED,
    "done": TaskStatus.COMPLETED,
    "complete": TaskStatus.COMPLETED,
    "succeeded": TaskStatus.COMPLETED,
    "success": TaskStatus.COMPLETED,
    "error": TaskStatus.FAILED,
    "timed_out": TaskStatus.FAILED,
    "timeout": TaskStatus.FAILED,
    "canceled": TaskStatus.CANCELLED,
    "killed": TaskStatus.CANCELLED,
}
#: What cannot be judged when a field cannot be understood.
NEEDED_BY: Final[Mapping[str, tuple[Condition, ...]]] = {
    "started_at": (Condition.CHECKPOINT_OVERDUE, Condition.SILENCE_TIMEOUT),
    "last_checkpoint_at": (Condition.CHECKPOINT_OVERDUE, Condition.SILENCE_TIMEOUT),
    "last_activity_at": (Condition.SILENCE_TIMEOUT,),
    "next_checkpoint_at": (Condition.CHECKPOINT_OVERDUE,),
    "checkpoint": (Condition.CHECKPOINT_OVERDUE,),
    "every_seconds": (Condition.CHECKPOINT_OVERDUE,),
    "every_minutes": (Condition.CHECKPOINT_OVERDUE,),
    "deadline_at": (Condition.DEADLINE_MISSED,),
    "children": (Condition.RESULT_NOT_FORWARDED, Condition.SPAWN_FAILED),
    "finished_at": (Condition.RESULT_NOT_FORWARDED,),
    "forwarded": (Condition.RESULT_NOT_FORWARDED,),
}
