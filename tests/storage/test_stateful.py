"""Three writers with what each last saw, crashes, lost views, torn tails and reboots in any order: one truth."""

import os
import shutil
import tempfile
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added
from reporting_governance.storage.limits import Limits
from tests.storage.building import SPOOL, later
from tests.storage.killing import run_killed
from tests.storage.oracle import check
from tests.storage.writers import ITEMS, WRITERS, Writers

BOOTS = ("00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b")


class ThreeWriters(Writers):
    """On one state folder."""

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.mkdtemp(prefix="stateful-")
        self.boot = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @initialize()
    def start(self) -> None:
        self.open_all()

    def open(self) -> FilesStore:
        return FilesStore(
            f"{self.root}/state",
            actor="uid:0",
            limits=Limits(segment_bytes=3000, past_seconds=50),
            now=lambda: later(self.seconds),
            boot=BOOTS[self.boot % 2],
        )

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


ThreeWriters.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestThreeWriters = ThreeWriters.TestCase
