"""What task sources are called where we speak of reading them."""

from collections.abc import Sequence

from reporting_governance.adapters.interface import TaskSource

#: A label of a task `self:source/...`: the installation that cannot be read, where it is known without reading.
INSTANCE_LABEL = "instance"


def labelled_sources(sources: Sequence[TaskSource]) -> list[tuple[str, TaskSource]]:
    """Return each source with a name of its own: a second one of the same kind gets a number."""
    seen: dict[str, int] = {}
    labelled = []
    for source in sources:
        seen[source.name] = number = seen.get(source.name, 0) + 1
        labelled.append((source.name if number == 1 else f"{source.name}-{number}", source))
    return labelled
