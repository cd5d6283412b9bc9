"""Reading a task source, whatever it does: an error of its own is one more way of not being readable."""

from datetime import datetime

from reporting_governance.adapters.interface import SourceReading, TaskSource
from reporting_governance.errors import GovernanceError


def read_source(
    source: TaskSource, *, now: datetime, baseline_at: datetime | None, known: frozenset[str]
) -> SourceReading:
    """Return what a source shows, or why it cannot be read; see `TaskSource.read`."""
    try:
        return source.read(now=now, baseline_at=baseline_at, known=known)
    except (GovernanceError, OSError) as error:
        why = str(error)
    except Exception as error:  # a reader may come from a stranger; what it does must not stop the watch of all others
        why = f"its reader failed: {type(error).__name__}"
    return SourceReading(source=source.name, instance="", tasks=(), complete=False, unreadable=why)
