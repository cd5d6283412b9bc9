"""One commit: what is done before the lock, under it and after it.

Before: everything is encoded and its blobs are synced.  Under the lock: judged against the log's true end, folded into
views, and only then written.  After: blobs of refused groups are dropped.
"""

from collections.abc import Mapping, Sequence

from reporting_governance.contracts.journal_line import ViewName
from reporting_governance.core.projection import Body
from reporting_governance.storage.files.applied import Applied
from reporting_governance.storage.files.batch import Batch
from reporting_governance.storage.files.blobs import Blobs
from reporting_governance.storage.files.identity import Moment
from reporting_governance.storage.files.views import DamagedView, Views
from reporting_governance.storage.files.writer import Prepareds, Writer
from reporting_governance.storage.groups import Judge
from reporting_governance.storage.interface import Added, Answer, Group


class Commit:
    """The steps of a commit, on one state's log and views."""

    def __init__(self, writer: Writer, views: Views, blobs: Blobs) -> None:
        self._writer = writer
        self._views = views
        self._blobs = blobs

    def add(
        self, groups: Sequence[Group], prepared: Mapping[int, Prepareds], moment: Moment
    ) -> tuple[Applied, list[Answer]]:
        """Judge and add the groups, under the lock; return the end of the log and the answers.

        Raises: OSError, StorageError; then nothing is acknowledged.
        """
        applied = self._writer.rotated(self._writer.caught_up(moment), moment)
        try:
            return self._judge_and_add(groups, prepared, applied, moment)
        except DamagedView:
            return self._judge_and_add(groups, prepared, self._writer.rebuilt(applied), moment)

    def _judge_and_add(
        self, groups: Sequence[Group], prepared: Mapping[int, Prepareds], applied: Applied, moment: Moment
    ) -> tuple[Applied, list[Answer]]:
        """Judge, make the bodies, and only then write: a record that cannot be folded must never reach the log."""
        bodies: dict[ViewName, Body | None] = {}

        def fetch(name: ViewName) -> Body | None:
            if name not in bodies:
                bodies[name] = self._views.read(name)
            return bodies[name]

        judge = Judge(lambda name: fetch(name) is not None, self._writer.recent.named_since(applied))
        verdicts = [judge.judge(group) for group in groups]
        accepted = [prepared[id(verdict.additions)] for verdict in verdicts if verdict.refused is None]
        lines = [*self._writer.notes_due(applied, moment), *accepted] if accepted else []
        batch = Batch()
        texts = {id(each.record.body): each.body_text for group in lines for each in group if each.record is not None}
        seq = applied.seq
        firsts: list[int] = []
        for group in lines:
            firsts.append(seq + 1)
            numbered = list(enumerate(group, start=seq + 1))
            batch.add([(at, each.record) for at, each in numbered if each.record is not None], fetch, texts)
            seq += len(group)
        if lines:
            applied = self._writer.added(applied, lines, batch, moment)
        seqs = iter(firsts[len(lines) - len(accepted) :])
        answers: list[Answer] = []
        for verdict in verdicts:
            if verdict.refused is not None:
                answers.append(verdict.refused)
            else:
                first = next(seqs)
                answers.append(Added(tuple(range(first, first + len(verdict.additions))), verdict.instead))
        return applied, answers

    def prepared(self, groups: Sequence[Group]) -> dict[int, Prepareds]:
        """Encode everything, and sync its blobs, before the lock: by identity of each group's tuple of additions."""
        prepared: dict[int, Prepareds] = {}
        for group in groups:
            for additions in (group.additions, group.otherwise):
                if additions and id(additions) not in prepared:
                    prepared[id(additions)] = [self._writer.prepared(each) for each in additions]
        if any(each.blobs for lines in prepared.values() for each in lines):
            self._blobs.settle()
        return prepared

    def drop_unused_blobs(
        self, groups: Sequence[Group], prepared: Mapping[int, Prepareds], answers: Sequence[Answer]
    ) -> None:
        """Delete the blobs that were stored for groups which were then refused.  Raises OSError."""
        used: set[int] = set()
        for group, answer in zip(groups, answers, strict=True):
            if isinstance(answer, Added):
                used.add(id(group.otherwise if answer.instead else group.additions))
        for key, lines in prepared.items():
            if key not in used:
                self._blobs.erase(digest for line in lines for digest in line.blobs)
