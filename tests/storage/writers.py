"""What three writers do on one store, each with what it last saw.  The model: which version of each item is current."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.interface import Added, Answer, Group
from tests.storage.building import SPOOL, attempt, birth, item_id, later, reborn, settle

WRITERS = st.integers(0, 2)
ITEMS = st.integers(0, 5)


class Writers(RuleBasedStateMachine):
    """The model, by the answers alone; what the store is, and what befalls it, is for others to say."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0
        self.acknowledged: list[int] = []
        self.stores: list[Any] = []
        self.seen: list[tuple[int, dict[str, ViewName]]] = []

    def open(self) -> Any:
        raise NotImplementedError

    def open_all(self) -> None:
        self.stores = [self.open() for _ in range(3)]
        self.seen = [(0, {}) for _ in range(3)]

    @rule(writer=WRITERS)
    def look(self, writer: int) -> None:
        store = self.stores[writer]
        seq = store.ready().seq
        names = dict(store.listing(SPOOL).names)
        for identity in store.past_names(""):
            kept = store.past(identity)
            assert kept is not None
            names.setdefault(identity, kept.name)
        self.seen[writer] = (seq, names)

    @rule(writer=WRITERS, items=st.lists(ITEMS, min_size=1, max_size=4))
    def work(self, writer: int, items: list[int]) -> None:
        """Do something with each item, on what this writer last saw of it; two groups may want one version."""
        self.seconds += 5
        groups = [self.group_for(writer, item, place) for place, item in enumerate(items)]
        wanted = [self.wants(group) for group in groups]
        answers = self.stores[writer].commit(groups, now=later(self.seconds))
        self.note(answers)
        taken: set[str] = set()
        for want, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Added):
                assert want not in taken, "one version was given to two groups"
                taken.add(want)

    def group_for(self, writer: int, item: int, place: int) -> Group:
        seq, names = self.seen[writer]
        name = names.get(item_id(item))
        if name is None:
            return birth(item, absent_at=seq)
        if name.folder is Folder.PAST:
            return reborn(name) if place % 2 else settle(name, into_past=True)
        return (attempt(name), settle(name), settle(name, into_past=True))[(name.seq + place) % 3]

    @staticmethod
    def wants(group: Group) -> str:
        record = group.additions[0].record
        assert record is not None
        return str(record.consumes[0]) if record.consumes else f"absent {record.id}"

    def note(self, answers: list[Answer]) -> None:
        for answer in answers:
            if isinstance(answer, Added):
                self.acknowledged.extend(answer.seqs)
