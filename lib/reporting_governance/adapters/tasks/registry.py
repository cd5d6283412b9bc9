"""Which task sources there are, and how one is opened.

A task source is a class with `name`, `parameters_schema`, `read` (see `TaskSource`), and a constructor that takes its
parameters as the profile writes them.  It may have `is_present()`, for profiles that want it only where there is
something to read.  docs/sources.md says how to add one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reporting_governance.errors import ContractError, GovernanceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reporting_governance.adapters.interface import SourceReading, TaskSource
    from reporting_governance.contracts.finding import Finding

ENTRY_POINTS = "reporting_governance.task_sources"  #: the group in which other packages name theirs

SOURCES: Mapping[str, str] = {
    "claude-code": "reporting_governance.adapters.tasks.claude_code.source:ClaudeCodeSource",
    "command": "reporting_governance.adapters.tasks.command:CommandSource",
    "json": "reporting_governance.adapters.tasks.json_file:JsonSource",
    "openclaw": "reporting_governance.adapters.tasks.openclaw.source:OpenClawSource",
}

#: Sources that can tell without being imported whether there is anything to read; every tick asks.
QUICK_LOOKS: Mapping[str, str] = {
    "claude-code": "reporting_governance.adapters.tasks.claude_code.places:is_present",
    "openclaw": "reporting_governance.adapters.tasks.openclaw.places:is_present",
}


class UnknownSource(GovernanceError):
    """No task source has this name."""

    message = "{name}: no task source has this name; built in: {known}"
    hint = "Correct the name in the profile, or install the package that brings the source."


def source_class(name: str) -> Any:
    """Return the class of a task source.  Raises: UnknownSource."""
    place = SOURCES.get(name)
    return _of_strangers(name) if place is None else _named(place)


def is_present(name: str, parameters: Mapping[str, Any], *, state_folder: str) -> bool:
    """Tell whether a source has anything to read; of one that cannot tell, or not be opened, that it has."""
    place = QUICK_LOOKS.get(name)
    if place is not None:
        return bool(_named(place)(parameters, state_folder=state_folder))
    source = open_source(name, parameters, state_folder=state_folder)
    look = getattr(source, "is_present", None)
    return True if look is None else bool(look())


def open_source(name: str, parameters: Mapping[str, Any], *, state_folder: str) -> TaskSource:
    """Return a task source; one that cannot be opened is there all the same, and unreadable.

    Only so are its open episodes kept: a source that is missing from the list would count as no longer configured.
    """
    from reporting_governance.adapters.tasks.rules import UNKNOWN_SOURCE, WRONG_PARAMETERS

    try:
        source: TaskSource = source_class(name)(parameters, state_folder=state_folder)
    except UnknownSource as fault:
        return BrokenSource(name, UNKNOWN_SOURCE.finding(file="profile", message=str(fault)))
    except ContractError as fault:
        return BrokenSource(name, WRONG_PARAMETERS.finding(file="profile", message=f"{name}: {fault}"))
    return source


class BrokenSource:
    """Stands for a source that cannot be opened: nothing of it can be read, and somebody is told."""

    def __init__(self, name: str, finding: Finding) -> None:
        self.name = name
        self._finding = finding

    def read(self, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]) -> SourceReading:
        """Return why it cannot be opened."""
        from reporting_governance.adapters.interface import SourceReading

        return SourceReading(
            source=self.name,
            instance="",
            tasks=(),
            complete=False,
            findings=(self._finding,),
            unreadable=self._finding.message,
        )


def _of_strangers(name: str) -> Any:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=name):
        return point.load()
    raise UnknownSource(name=name, known=", ".join(sorted(SOURCES)))


def _named(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
