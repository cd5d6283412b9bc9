"""One entry of another program's file of task states, read tolerantly.

Keys are compared without case, `_` and `-`, and unknown keys are ignored.  A value that cannot be understood is left
out, with a finding, and what depends on it is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from reporting_governance.adapters.interface import ObservedTask
from reporting_governance.adapters.tasks.json_names import NAMES, NEEDED_BY, STATUS_WORDS
from reporting_governance.adapters.tasks.rules import BAD_ENTRY, ODD_VALUE
from reporting_governance.contracts.event_envelope import OperatorContext
from reporting_governance.contracts.finding import Finding, FindingRule
from reporting_governance.contracts.reading import Document
from reporting_governance.contracts.task_state import (
    FINISHED,
    CheckpointPromise,
    ChildTask,
    TaskMode,
    TaskState,
    TaskStatus,
)
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.conditions import Condition
from reporting_governance.errors import ContractError

T = TypeVar("T")

RUNTIME: Final = "json"
LONGEST_ID: Final = 200
_LONGEST_TEXT: Final = 500
_MOST_CHILDREN: Final = 1_000
_MILLISECONDS_FROM: Final = 100_000_000_000  #: a larger number counts milliseconds: as seconds it is the year 5138
_LATEST_SECOND: Final = 7_258_118_400  #: 2200-01-01


@dataclass(slots=True)
class Entry:
    """One entry while it is read."""

    document: Document
    file: str
    pointer: str
    key: str | None  #: the name it has in its file, when the file is a mapping
    runtime: str = RUNTIME  #: of a task that does not say its own
    findings: list[Finding] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    _found: dict[str, tuple[str, Any]] = field(default_factory=dict)  #: field -> its key in the file, value

    def load(self, value: Mapping[str, Any]) -> None:
        """Sort an object's values by the fields they stand for."""
        plain: dict[str, tuple[str, Any]] = {}
        for key, each in value.items():
            plain.setdefault(key.lower().replace("_", "").replace("-", ""), (key, each))
        for name, spellings in NAMES.items():
            for spelling in spellings:
                if spelling in plain and plain[spelling][1] is not None:
                    self._found[name] = plain[spelling]
                    break

    @property
    def task_id(self) -> str | None:
        """The id of the task, None when the entry has none that can be used."""
        value = self._found["task_id"][1] if "task_id" in self._found else self.key
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or not value.isprintable():
            return None
        return value

    def has(self, name: str) -> bool:
        """Tell whether the entry says something about a field."""
        return name in self._found

    def text(self, name: str, default: str = "", longest: int = _LONGEST_TEXT) -> str:
        """Return a field that is a text, as one line."""
        found = self.value(name, _line)
        return default if found is None else found[:longest]

    def time(self, name: str) -> datetime | None:
        """Return a field that is a time."""
        return self.value(name, _time)

    def value(self, name: str, read: Callable[[Any], T], rule: FindingRule = ODD_VALUE) -> T | None:
        """Return a field as `read` makes it; what it refuses with a ValueError is left out, and said."""
        if name not in self._found:
            return None
        key, value = self._found[name]
        try:
            return read(value)
        except (ValueError, ContractError) as fault:
            problem = fault.details["problem"] if isinstance(fault, ContractError) else str(fault)
            self.say(rule, f"{key}: {problem}", f"{self.pointer}/{_escaped(key)}")
            for condition in NEEDED_BY.get(name, ()):
                self.unknown[condition] = f"{key} cannot be understood"
            return None

    def say(self, rule: FindingRule, message: str, pointer: str | None = None) -> None:
        """Add a finding with its place."""
        place = self.pointer if pointer is None else pointer
        span = self.document.value_span(place) if pointer is not None else self.document.owner_span(place)
        self.findings.append(
            rule.finding(file=self.file, message=message, document=self.document.index, pointer=place, span=span)
        )


def observe(entry: Entry, task_id: str, instance: str) -> ObservedTask:
    """Return the task that an entry describes."""
    status = entry.value("status", _status, BAD_ENTRY)
    if status is None and entry.has("status"):
        return not_understood(entry, task_id, instance, "its status cannot be understood")
    finished_at = entry.time("finished_at")
    if status is None:
        status = TaskStatus.COMPLETED if finished_at is not None else TaskStatus.ACTIVE
    task = _task(entry, task_id, status, finished_at)
    return ObservedTask(task=task, instance=instance, unknown=dict(entry.unknown))


def not_understood(entry: Entry, task_id: str, instance: str, reason: str) -> ObservedTask:
    """Return a task about which nothing is known, so that its alarms stay as they are."""
    # The runtime is part of what the task is called, so it is read even here.
    runtime = entry.text("runtime", entry.runtime, LONGEST_ID)
    task = TaskState(task_id=task_id, agent_id="unknown", runtime=runtime, status=TaskStatus.ACTIVE)
    return ObservedTask(task=task, instance=instance, unknown=dict.fromkeys(map(str, Condition), reason))


def _task(entry: Entry, task_id: str, status: TaskStatus, finished_at: datetime | None) -> TaskState:
    started_at, last_checkpoint_at = entry.time("started_at"), entry.time("last_checkpoint_at")
    children = entry.value("children", _children) or ()
    own = _own_result(entry, task_id, status, finished_at)
    return TaskState(
        task_id=task_id,
        agent_id=entry.text("agent_id", "unknown", LONGEST_ID),
        runtime=entry.text("runtime", entry.runtime, LONGEST_ID),
        status=status,
        title=entry.text("title"),
        mode=entry.value("mode", TaskMode) or TaskMode.INTERACTIVE,
        started_at=started_at,
        status_changed_at=entry.time("status_changed_at"),
        finished_at=finished_at if status in FINISHED else None,
        last_checkpoint_at=last_checkpoint_at,
        last_activity_at=entry.time("last_activity_at"),
        last_evidence_at=entry.time("last_evidence_at"),
        checkpoint=_promise(entry, last_checkpoint_at or started_at),
        deadline_at=entry.time("deadline_at"),
        report_anchor=entry.text("report_anchor") or None,
        parent_task_id=entry.text("parent_task_id", longest=LONGEST_ID) or None,
        correlation_id=entry.text("correlation_id", longest=LONGEST_ID) or None,
        children=(*children, *own),
        labels=entry.value("labels", _labels),
        expects_forwarding=bool(own) or entry.value("expects_forwarding", _flag) is True,
        operator_context=entry.value("operator_context", OperatorContext.parse),
    )


def _promise(entry: Entry, anchor: datetime | None) -> CheckpointPromise | None:
    """Return when the task owes a check-in: as a promise, as an interval, or as the time of the next one."""
    promise = entry.value("checkpoint", _own_promise)
    if promise is not None:
        return promise
    every = entry.value("every_seconds", _count) or 60 * (entry.value("every_minutes", _count) or 0)
    following = entry.time("next_checkpoint_at")
    if not every and following is not None and anchor is not None:
        every = max(1, int((following - anchor).total_seconds()))
    if not every:
        return None
    grace = entry.value("grace_seconds", _count)
    minutes = entry.value("grace_minutes", _count)
    return CheckpointPromise(every_seconds=every, grace_seconds=60 * minutes if grace is None and minutes else grace)


def _own_promise(value: Any) -> CheckpointPromise:
    promise = CheckpointPromise.parse(value)
    if promise.schedule is not None:
        from reporting_governance.core.calendars import problem_with

        wrong = problem_with(promise.schedule, promise.time_zone)
        if wrong is not None:
            raise ValueError(wrong)
    return promise


def _own_result(entry: Entry, task_id: str, status: TaskStatus, finished_at: datetime | None) -> tuple[ChildTask, ...]:
    """A state of one sub-agent says whether its own result was forwarded: the entry stands for both."""
    forwarded = entry.value("forwarded", _flag)
    if forwarded is None:
        return ()
    ended = finished_at or (entry.time("status_changed_at") if status in FINISHED else None)
    at = (ended or entry.time("started_at")) if forwarded else None
    return (ChildTask(task_id=task_id, status=status, finished_at=ended, forwarded_at=at),)


def _status(value: object) -> TaskStatus:
    word = value.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(value, str) else ""
    if word.startswith("suspect"):
        return TaskStatus.ACTIVE  # another watchdog's suspicion about a task that runs
    if word not in STATUS_WORDS:
        raise ValueError(f"{_shown(value)} is no status; it may be {', '.join(TaskStatus)}")
    return STATUS_WORDS[word]


def _time(value: object) -> datetime:
    if isinstance(value, str):
        return parse_time(value.strip().replace(" ", "T", 1))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{_shown(value)} is no time")
    seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
    if not 0 < seconds <= _LATEST_SECOND:
        raise ValueError(f"{_shown(value)} is no time")
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _children(value: object) -> tuple[ChildTask, ...]:
    if not isinstance(value, list) or len(value) > _MOST_CHILDREN:
        raise ValueError(f"expected a list of at most {_MOST_CHILDREN} children")
    return tuple(ChildTask.parse(each, source="children") for each in value)


def _labels(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("expected an object")
    return {_line(key)[:100]: _line(each)[:_LONGEST_TEXT] for key, each in list(value.items())[:50] if each is not None}


def _line(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{_shown(value)} is no text")
    text = " ".join(str(value)[: 4 * _LONGEST_TEXT].split())
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 10**9:
        raise ValueError(f"{_shown(value)} is no positive number")
    return max(1, int(value))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
