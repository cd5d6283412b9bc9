"""Entries of task states while a source that is made of them is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reporting_governance.adapters.tasks.rules import BAD_ENTRY, SECOND_ENTRY

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import ObservedTask
    from reporting_governance.adapters.tasks.json_entry import Entry
    from reporting_governance.contracts.finding import Finding

MOST_ENTRIES: Final = 100_000
MOST_FINDINGS: Final = 100


@dataclass(slots=True)
class EntryWork:
    """What was read so far."""

    instance: str
    tasks: dict[str, ObservedTask] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    whole: bool = True  #: every entry's id is known
    bad_files: int = 0
    entries: int = 0

    def limited_findings(self) -> list[Finding]:
        """Return the findings, and how many more there are beyond what anybody reads."""
        from reporting_governance.contracts.finding_rules import MORE_FINDINGS

        more = len(self.findings) - MOST_FINDINGS
        if more <= 0:
            return self.findings
        note = MORE_FINDINGS.finding(file=self.findings[0].file, message=f"{more} more findings are not listed")
        return [*self.findings[:MOST_FINDINGS], note]


def take_entry(work: EntryWork, entry: Entry, value: Mapping[str, Any], faults: Mapping[str, str]) -> None:
    """Add the task that an entry describes.

    Args:
        faults: what is wrong with the text, by the pointer of its place.
    """
    from reporting_governance.adapters.tasks.json_entry import not_understood, observe

    entry.load(value)
    task_id = entry.task_id
    if task_id is None:
        entry.say(BAD_ENTRY, "it has no id that can be used")
        work.whole = False
    elif task_id in work.tasks:
        entry.say(SECOND_ENTRY, f"task {task_id} was described before")
    elif (fault := _fault_in(entry.pointer, faults)) is not None:
        work.tasks[task_id] = not_understood(entry, task_id, work.instance, fault)
    else:
        work.tasks[task_id] = observe(entry, task_id, work.instance)
    work.findings.extend(entry.findings)


def _fault_in(pointer: str, faults: Mapping[str, str]) -> str | None:
    """Return what is wrong with the text of an entry."""
    for place, message in faults.items():
        if place == pointer or place.startswith(f"{pointer}/"):
            return message
    return None
