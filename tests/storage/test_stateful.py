"""Three writers with what each last saw, crashes, lost views, torn tails and reboots in any order: one truth."""

import os
import shutil
import tempfile
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.storage.files.limits import Limits
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added, Answer, Group
from tests.storage.building import SPOOL, attempt, birth, item_id, later, reborn, settle
from tests.storage.killing import run_killed
from tests.storage.oracle import check

WRITERS = st.integers(0, 2)
ITEMS = st.integers(0, 5)
BOOTS = ("00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b")


class ThreeWriters(RuleBasedStateMachine):
    """The model: which version of each item is current, by the answers alone."""

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.mkdtemp(prefix="stateful-")
        self.boot = 0
        self.seconds = 0
        self.acknowledged: list[int] = []

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @initialize()
    def start(self) -> None:
        self.open_all()

    def open_all(self) -> None:
        self.stores = [self.open() for _ in range(3)]
        self.seen: list[tuple[int, dict[str, ViewName]]] = [(0, {}) for _ in range(3)]

    def open(self) -> FilesStore:
        return FilesStore(
            f"{self.root}/state",
            actor="uid:0",
            limits=Limits(segment_bytes=3000, past_seconds=50),
            now=lambda: later(self.seconds),
            boot=BOOTS[self.boot % 2],
        )

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

    @rule(item=ITEMS, event=st.integers(1, 60))
    def die(self, item: int, event: int) -> None:
        """A fourth process dies at some step of its commit."""
        self.seconds += 5
        group = self.group_for(0, item, 0)
        store = self.open()

        def scenario(root: str, report: Any) -> None:
            report(
                [
                    list(answer.seqs)
                    for answer in store.commit([group], now=later(self.seconds))
                    if isinstance(answer, Added)
                ]
            )

        outcome = run_killed(f"{self.root}/state", scenario, event)
        for report in outcome.reports:
            self.acknowledged.extend(seq for seqs in report for seq in seqs)

    @rule(writer=WRITERS)
    def care(self, writer: int) -> None:
        self.stores[writer].maintain(later(self.seconds))

    @rule(writer=WRITERS)
    def rebuild(self, writer: int) -> None:
        self.stores[writer].rebuild()

    @rule()
    def reboot(self) -> None:
        """All processes are gone, and so is what was not synced of a view."""
        self.boot += 1
        folder = f"{self.root}/state/{SPOOL.value}"
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            with open(f"{folder}/{name}", "wb"):
                pass
        self.open_all()

    @rule(place=st.integers(0, 5))
    def lose_a_view(self, place: int) -> None:
        folder = f"{self.root}/state/{SPOOL.value}"
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        if place < len(names):
            os.unlink(f"{folder}/{names[place]}")

    @rule(garbage=st.binary(min_size=1, max_size=30))
    def tear(self, garbage: bytes) -> None:
        """A writer was stopped in the middle of a write."""
        folder = f"{self.root}/state/journal/log"
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        if names:
            with open(f"{folder}/{names[-1]}", "ab") as log:
                log.write(garbage)

    @invariant()
    def one_truth(self) -> None:
        if not os.path.isdir(f"{self.root}/state/journal/log"):
            assert self.acknowledged == []
            return
        store = self.open()
        store.ready()
        for folder in Folder:
            if folder is not Folder.PAST:
                store.listing(folder)
        store.past_names("")
        documents = check(f"{self.root}/state")
        seqs = [document["seq"] for document in documents]
        assert set(self.acknowledged) <= set(seqs)
        assert len(self.acknowledged) == len(set(self.acknowledged))
        consumed = [name for document in documents for name in document.get("record", {}).get("consumes", ())]
        assert len(consumed) == len(set(consumed)), "a version was consumed twice"

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


ThreeWriters.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestThreeWriters = ThreeWriters.TestCase
