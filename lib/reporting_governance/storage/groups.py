"""Which groups of a commit may be added: the same judgement on every back end."""

from collections.abc import Callable, Sequence

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.interface import Addition, Group, Refused

LARGEST_COMMIT = 200  #: lines; bounds how long one writer keeps the others waiting


@frozen
class Verdict:
    """What to add for one group; `refused` when nothing."""

    additions: tuple[Addition, ...]
    instead: bool = False
    refused: Refused | None = None


class Judge:
    """Judges the groups of one commit, one after the other.

    A group sees what earlier groups of the same commit do: of two that consume one version the second is refused,
    and so is the second birth of one id.  It can never consume what they make, because a version's name holds the
    seq of a line that is not written yet.
    """

    def __init__(self, exists: Callable[[ViewName], bool], named_since: Callable[[Folder, str, int], bool]) -> None:
        """Take two questions about the log's end: is a version there; does a line after a seq name a view."""
        self._exists = exists
        self._named_since = named_since
        self._gone: set[ViewName] = set()
        self._made: set[tuple[Folder, str]] = set()

    def judge(self, group: Group) -> Verdict:
        """Return the group's own additions when all it expects holds; else its `otherwise`; else a refusal."""
        missing = self._missing(group.additions, group)
        if missing is None:
            return self._accept(Verdict(group.additions))
        if group.otherwise and self._missing(group.otherwise, None) is None:
            return self._accept(Verdict(group.otherwise, instead=True))
        return Verdict((), refused=Refused(missing))

    def _missing(self, additions: tuple[Addition, ...], group: Group | None) -> str | None:
        for name in _consumed(additions):
            if name in self._gone or not self._exists(name):
                return str(name)
        if group is None:
            return None
        for name in group.expects:
            if name in self._gone or not self._exists(name):
                return str(name)
        for absence in group.absences:
            if (absence.folder, absence.id) in self._made or self._named_since(absence.folder, absence.id, absence.seq):
                return f"{absence.folder.value}/{absence.id}"
        return None

    def _accept(self, verdict: Verdict) -> Verdict:
        self._gone.update(_consumed(verdict.additions))
        for addition in verdict.additions:
            if addition.record is not None:
                self._made.update((key.folder, key.id) for key in addition.record.views)
        return verdict


def check_size(groups: Sequence[Group]) -> None:
    """Refuse a commit that is too large, or a group that says nothing.  Raises ValueError: the caller's bug."""
    lines = sum(max(len(group.additions), len(group.otherwise)) for group in groups)
    if lines > LARGEST_COMMIT:
        raise ValueError(f"a commit of {lines} lines; at most {LARGEST_COMMIT} are allowed")
    if not all(group.additions for group in groups):
        raise ValueError("a group without additions")


def _consumed(additions: tuple[Addition, ...]) -> set[ViewName]:
    return {name for each in additions if each.record is not None for name in each.record.consumes}
