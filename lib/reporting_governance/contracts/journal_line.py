"""A line of the journal.  Shape: journal-line.schema.json; the rules stand in docs/journal.md."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from reporting_governance.contracts.frozen import frozen

LINE_VERSION = 1


class Folder(StrEnum):
    """The kinds of open work; on the files back end also the names of the folders."""

    TASKS = "tasks"
    WATCH = "watch"
    EPISODES = "long-task-watchdog"
    EVENTS = "long-task-watchdog-events"
    DECISIONS = "decisions"
    QUEUE = "operator-notify-queue"
    SPOOL = "operator-notify-dispatch-spool"
    REVIEWS = "reviews"
    SILENCES = "silences"
    JOBS = "jobs"
    PAST = "past"


class LineType(StrEnum):
    """What a line is.  The first ten are the specification's."""

    PLUGIN_DISCOVERED = "plugin.discovered"
    PLUGIN_ENABLE = "plugin.enable"
    PLUGIN_DISABLE = "plugin.disable"
    PLUGIN_COMPATIBILITY_FAILED = "plugin.compatibility_failed"
    POLICY_BLOCKED = "policy.blocked"
    JOB_ENQUEUED = "orchestration.job_enqueued"
    JOB_STARTED = "orchestration.job_started"
    JOB_COMPLETED = "orchestration.job_completed"
    JOB_FAILED = "orchestration.job_failed"
    JOB_SKIPPED_IDEMPOTENT = "orchestration.job_skipped_idempotent"
    RECORD_ADDED = "record.added"
    RECORD_ERASED = "record.erased"
    LOG_OPEN = "log.open"
    LOG_HEARTBEAT = "log.heartbeat"
    LOG_TORN = "log.torn"
    LOG_LOSS = "log.loss"
    LOG_SEGMENT_OPEN = "log.segment_open"
    LOG_SEGMENT_RETIRED = "log.segment_retired"
    LOG_SNAPSHOT = "log.snapshot"
    LOG_KEY = "log.key"
    LOG_CLOCK_STEP = "log.clock_step"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_VERIFIED = "audit.verified"
    ROLE_DENIED = "role.denied"
    CONFIG_CHANGED = "config.changed"


class ViewKey(NamedTuple):
    """Names one piece of open work and when it may be due; `due` as in `times.due_name`."""

    folder: Folder
    id: str
    due: str


class ViewName(NamedTuple):
    """One exact version of a view: `seq` is the journal line that last changed it.

    Its text is `folder/due-id-seq.json`; in `past/`, whose files have fixed names, `past/id@seq`.
    """

    folder: Folder
    id: str
    due: str
    seq: int

    def __str__(self) -> str:
        if self.folder is Folder.PAST:
            return f"past/{self.id}@{self.seq:012d}"
        return f"{self.folder}/{self.due}-{self.id}-{self.seq:012d}.json"

    @classmethod
    def parse(cls, text: str) -> "ViewName":
        """Return the name a text spells.  Raises ValueError for any other text."""
        folder, separator, rest = text.partition("/")
        if not separator:
            raise ValueError(f"not a view's name: {text!r}")
        if folder == Folder.PAST:
            identity, separator, seq = rest.rpartition("@")
            return cls(Folder.PAST, identity, "", int(seq))
        stem, dot, ending = rest.rpartition(".")
        due, first, rest = stem.partition("-")
        identity, second, seq = rest.rpartition("-")
        if not (first and second and dot) or ending != "json":
            raise ValueError(f"not a view's name: {text!r}")
        return cls(Folder(folder), identity, due, int(seq))


@frozen
class RecordLine:
    """A record as a line carries it.

    `views` are the views that this record makes or changes; a consumed name whose id no record of the group lists is
    closed.  `about` is what filters select by: task keys, agents, notice ids.
    """

    kind: str
    id: str
    body: Mapping[str, Any]
    parents: tuple[str, ...] = ()
    consumes: tuple[ViewName, ...] = ()
    views: tuple[ViewKey, ...] = ()
    about: tuple[str, ...] = ()
    version: int = 1
