"""What the lines of one commit do to the view files, so that a crash anywhere in it can be continued.

All puts of a batch come before all removes.  As long as one put is missing nothing has been removed, so every version
that the batch consumed can still be read and all bodies can be made again; once no put is missing, only removes are
left, which need no body.  A batch is a whole commit: the log is rolled forward before anything is added, so what stands
behind `applied` is one commit at most, and what its groups consume was made before it.  (A version made by an earlier
group of the same commit cannot be consumed: its name holds the seq of a line that is not written yet.  Should a log
hold such a pair anyway, the overlay below finds the body, and the version in between gets no file.)

A file in `past/` has a fixed name.  Putting it anew destroys the version it replaces, so those come last among the
puts: then too every body can be made as long as another put is missing.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewName
from reporting_governance.core.projection import Body, ConsumedViewGone, apply
from reporting_governance.storage.files.applied import Counts, place_of
from reporting_governance.storage.files.views import Views
from reporting_governance.storage.view_content import content_of

NO_TEXTS: Mapping[int, str] = {}
Records = Sequence[tuple[int, RecordLine]]  #: of one group, each with the seq of its line


class Unfinished(Exception):
    """What is on the disk is no state that a crash can leave; the views are to be made again from the log."""


@dataclass(slots=True)
class Batch:
    """The net changes of the groups of one commit, files as bytes."""

    puts: dict[ViewName, bytes] = field(default_factory=dict)
    removes: dict[ViewName, None] = field(default_factory=dict)  #: a set that keeps its order
    bodies: dict[ViewName, Body] = field(default_factory=dict)

    def add(
        self, records: Records, read: Callable[[ViewName], Body | None], texts: Mapping[int, str] = NO_TEXTS
    ) -> None:
        """Add one group's changes.  Raises ConsumedViewGone, and whatever a fold raises; then nothing is changed.

        `texts` as for `content_of`.
        """
        changes = apply(records, lambda name: self.bodies[name] if name in self.bodies else read(name))
        for put in changes.puts:
            self.puts[put.name] = content_of(str(put.name), put.body, texts)
            self.bodies[put.name] = put.body
        for name in changes.removes:
            if self.puts.pop(name, None) is None:
                self.removes[name] = None

    def in_order(self) -> list[tuple[ViewName, bytes]]:
        """Return the puts, those in `past/` last."""
        return sorted(self.puts.items(), key=lambda put: put[0].folder is Folder.PAST)


def carry_out(batch: Batch, views: Views, counts: Counts) -> Counts:
    """Make a batch's files and return the new counts.  Raises OSError; then the batch is continued by the next run."""
    if not batch.puts and not batch.removes:
        return counts
    changed = list(counts)
    for name, content in batch.in_order():
        if name.folder is not Folder.PAST or views.past_is_missing(name.id):
            changed[place_of(name.folder)] += 1
        views.put(name, content)
    for name in batch.removes:
        views.remove(name)
        changed[place_of(name.folder)] -= 1
    return tuple(changed)


def carry_on(groups: Iterable[Records], views: Views, counts: Counts) -> Counts:
    """Finish a batch of which a killed process has done nothing, something or all; return the new counts.

    Raises: Unfinished, OSError, DamagedView.
    """
    groups = [group for group in groups if group]
    made, removed = _net_names(groups)
    missing = {name for name in made if not views.exists(name)}
    batch = Batch()
    if missing:
        for group in groups:
            try:
                batch.add(group, views.read)
            except ConsumedViewGone as gone:
                if any(name in missing for name in _names_made(group)):
                    raise Unfinished(str(gone)) from None
    consumed = {name for group in groups for _, record in group for name in record.consumes}
    replaced = {name.id for name in consumed if name.folder is Folder.PAST}
    changed = list(counts)
    for name in made:
        if name.folder is not Folder.PAST or _is_new(name, missing, replaced, views):
            changed[place_of(name.folder)] += 1
    for name, content in batch.in_order():
        if name in missing:
            views.put(name, content)
    for name in removed:
        views.remove(name)
        changed[place_of(name.folder)] -= 1
    return tuple(changed)


def require_whole_past(views: Views, counts: Counts) -> None:
    """Compare the number of files in `past/` with what the log made it.  Raises: Unfinished, DamagedView, OSError.

    A file that was lost before the crash must not be counted out of existence.  What the crash itself makes uncertain
    ends here too: a file that was put over one which its group did not name, or a forgetting that was cut short.
    """
    kept, found = counts[place_of(Folder.PAST)], len(views.raw_names(Folder.PAST))
    if kept != found:
        raise Unfinished(f"past/ holds {found} files where there should be {kept}")


def _is_new(name: ViewName, missing: Container[ViewName], replaced: Container[str], views: Views) -> bool:
    """Tell whether a file in `past/` is one more; of one that was made before the crash its group alone can tell."""
    return views.past_is_missing(name.id) if name in missing else name.id not in replaced


def _net_names(groups: Sequence[Records]) -> tuple[dict[ViewName, None], dict[ViewName, None]]:
    """Return the versions that a batch leaves behind and those it removes, from the lines alone."""
    made: dict[ViewName, None] = {}
    removed: dict[ViewName, None] = {}
    for group in groups:
        here = _names_made(group)
        replaced = {name.id for name in here if name.folder is Folder.PAST}
        for name in {each: None for _, record in group for each in record.consumes}:
            if name in made:
                del made[name]
            elif not (name.folder is Folder.PAST and name.id in replaced):
                removed[name] = None
        made.update(dict.fromkeys(here))
    return made, removed


def _names_made(group: Records) -> list[ViewName]:
    """Return the versions a group makes: of each view the one of the last record that lists it."""
    latest: dict[tuple[Folder, str], ViewName] = {}
    for seq, record in group:
        for key in record.views:
            due = "" if key.folder is Folder.PAST else key.due
            latest[key.folder, key.id] = ViewName(key.folder, key.id, due, seq)
    return list(latest.values())
