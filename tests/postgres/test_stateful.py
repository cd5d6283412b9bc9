"""Three hosts with what each last saw; one more dies, the network fails, the server is killed, in any order."""

import shutil
import tempfile
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from reporting_governance.errors import ExitCode, StorageError
from reporting_governance.storage.interface import Added
from reporting_governance.storage.limits import Limits
from reporting_governance.storage.postgres import connection as patience
from tests.postgres.back_end import in_databases, open_store
from tests.postgres.home import server
from tests.postgres.proxy import Fault, Plan, Proxy
from tests.storage.building import SPOOL, later
from tests.storage.killing import Report, run_killed
from tests.storage.oracle import check
from tests.storage.writers import ITEMS, WRITERS, Writers

FAULTS = st.sampled_from([Fault.CUT, Fault.TORN, Fault.LOST_ANSWER, Fault.STALL])


class ThreeHosts(Writers):
    """On one database, each with a folder of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="stateful-")
        self.root = f"{self.folder}/state"
        self.until_the_end = ExitStack()
        self.databases = self.until_the_end.enter_context(in_databases())
        self.databases.prepare(self.root)
        self.opened: list[Any] = []

    def teardown(self) -> None:
        for store in self.opened:
            store.close()
        self.until_the_end.close()
        shutil.rmtree(self.folder)

    @initialize()
    def start(self) -> None:
        self.open_all()

    def open(self) -> Any:
        number = len(self.opened)
        store = open_store(
            self.databases.url(self.root),
            f"{self.folder}/host-{number}",
            host=f"host-{number}",
            limits=Limits(segment_bytes=3000, past_seconds=50),
            now=lambda: later(self.seconds),
        )
        self.opened.append(store)
        return store

    @rule(item=ITEMS, event=st.integers(1, 60))
    def die(self, item: int, event: int) -> None:
        """A fourth host dies at some step of its commit."""
        self.seconds += 5
        group = self.group_for(0, item, 0)

        def scenario(root: str, report: Report) -> None:
            answers = self.open().commit([group], now=later(self.seconds))
            report([list(answer.seqs) for answer in answers if isinstance(answer, Added)])

        for report in run_killed(self.root, scenario, event).reports:
            self.acknowledged.extend(seq for seqs in report for seq in seqs)

    @rule(item=ITEMS, fault=FAULTS, at=st.integers(1, 40), outage=st.booleans())
    def lose_the_network(self, item: int, fault: Fault, at: int, outage: bool) -> None:
        """The network of a fourth host fails in the middle of its commit; it may learn how it ended, or not."""
        self.seconds += 5
        group = self.group_for(0, item, 0)
        with Proxy(server().socket_path) as network:
            self.databases.through = network
            store = self.open()
            self.databases.through = None
            network.arm(Plan(fault=fault, at=at, seconds=0.02, outage=outage))
            try:
                self.note(store.commit([group], now=later(self.seconds)))
            except StorageError as error:
                if error.exit_code is not ExitCode.TRY_LATER:
                    raise
            store.close()

    @precondition(lambda self: self.acknowledged)
    @rule(writer=WRITERS)
    def rebuild(self, writer: int) -> None:
        store = self.stores[writer]
        store.ready()  # after a crash of the server the first who asks finds out
        store.rebuild()

    @rule(writer=WRITERS)
    def crash(self, writer: int) -> None:
        """The server ends as in a crash; whoever was connected finds out when he asks."""
        server().kill()
        server().start()
        self.stores[writer].ready()

    @invariant()
    def one_truth(self) -> None:
        documents = check(self.root)
        seqs = [document["seq"] for document in documents]
        assert set(self.acknowledged) <= set(seqs)
        assert len(self.acknowledged) == len(set(self.acknowledged))
        consumed = [name for document in documents for name in document.get("record", {}).get("consumes", ())]
        assert len(consumed) == len(set(consumed)), "a version was consumed twice"
        assert not [each for each in documents if each["type"] == "log.loss"], "nothing that anybody saw is lost"
        if documents:
            listed = self.stores[0].listing(SPOOL)
            assert listed.head_seq == len(documents)


@pytest.mark.postgres
@pytest.mark.parametrize("examples", [8, pytest.param(60, marks=pytest.mark.long)])
def test_three_hosts(monkeypatch: pytest.MonkeyPatch, examples: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    monkeypatch.setattr(patience, "_AGAIN_SECONDS", (0.0, 0.01, 0.02))
    how = settings(
        max_examples=examples, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(ThreeHosts, settings=how)  # type: ignore[no-untyped-call]
