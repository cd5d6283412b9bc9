"""A cell, played: a state folder, one item, the real bridge with its real senders, and a peer with a fault."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages.bridge import BridgeReport
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.storage.files.store import FilesStore
from tests.adapters.senders.peers import wait_until
from tests.fault_matrix.local import Outbox, OuterRuntime, ProgramPeer
from tests.fault_matrix.mail import SmtpPeer
from tests.fault_matrix.peer import Peer
from tests.fault_matrix.reading import Reading, read
from tests.fault_matrix.running import Meanwhile, bridge
from tests.fault_matrix.tables import TRACES
from tests.fault_matrix.web import WebPeer
from tests.fault_matrix.words import Standing, Story, story
from tests.stages.bridge_world import START, HandClock, World

ROOT = Path(__file__).parents[2]
MAIN, SECOND = "operator/main", "operator/second"
LIFETIME = 7_200  #: seconds
MOST_RUNS = 25
Maker = Callable[[str, str, Path, Path], Peer]
PEERS: Mapping[str, Maker] = {
    "file": Outbox,
    "command": ProgramPeer,
    "openclaw": ProgramPeer,
    "external": OuterRuntime,
    "smtp": SmtpPeer,
}


@dataclass(kw_only=True)
class Result:
    """What became of a cell in one mode."""

    sender: str
    fault: str
    in_doubt: str
    wrong: list[str] = field(default_factory=list)  #: what is not as it must be, in words
    unmarked_doubles: int = 0
    sends: int = 0  #: attempts in all
    evidence: Mapping[str, str] = field(default_factory=dict)  #: of the first receipt


class Cell:
    """One cell in one mode."""

    def __init__(self, sender: str, fault: str, in_doubt: str, folder: Path) -> None:
        self.result = Result(sender=sender, fault=fault, in_doubt=in_doubt)
        self.expected: Story = story(sender, fault, in_doubt)
        self._sender = sender
        self._fault = fault
        self._in_doubt = in_doubt
        self._folder = folder
        self._seconds = 0.0
        folder.mkdir(parents=True)
        self._root = str(folder / "state")
        self._world = World(FilesStore(self._root, actor="test"))
        notice = self._world.notice()
        self._items = {MAIN: self._world.item(notice, target=MAIN, sender=sender, lifetime_seconds=LIFETIME)}
        make = PEERS.get(sender, WebPeer)
        self._peers: dict[str, Peer] = {MAIN: make(sender, fault, folder, folder / "state")}
        if fault == "one of two":
            self._items[SECOND] = self._world.item(notice, target=SECOND, sender=sender, lifetime_seconds=LIFETIME)
            beside = folder / "second"
            beside.mkdir()
            self._peers[SECOND] = make(sender, "no fault", beside, folder / "state")

    def play(self) -> Result:
        """Play the whole story."""
        try:
            self._first_run()
            self._compare("right after", self._reading(), self.expected.after)
            for peer in self._peers.values():
                peer.heal()
            self._not_before_its_time()
            self._to_the_end()
            reading = self._reading()
            self._compare("in the end", reading, self.expected.end)
            if self.expected.beside is not None:
                self._compare("beside it", reading, self.expected.beside, SECOND)
            self.result.unmarked_doubles = reading.unmarked_doubles()
            self.result.sends = reading.sends
            self._trace(reading)
            self.result.wrong += reading.wrong
        finally:
            for peer in self._peers.values():
                peer.close()
        return self.result

    def _trace(self, reading: Reading) -> None:
        """Look for the fault itself in what was recorded: another one may end in the same state."""
        evidence = self.result.evidence = reading.first_evidence(MAIN)
        trace = TRACES.get(self._fault)
        if trace and not re.search(trace, " ".join(f"{key} {text}" for key, text in evidence.items())):
            self.result.wrong.append(f"no trace of this fault in {dict(evidence)}")

    def _first_run(self) -> None:
        """Let the fault happen; in the end of it every attempt is over."""
        if self._fault.startswith("kill -9"):
            self._killed_run()
            self._seconds += 400
            self._bridge()
        elif self._fault.startswith("second bridge"):
            self._two_bridges(before=self._fault.endswith("first"), late=self._fault.endswith("slept"))
        elif self._fault == "two bridges at once":
            self._two_processes()
        elif (self._sender, self._fault) == ("file", "truncated"):
            self._apart("full")
        else:
            self._bridge()
        if self.expected.after.reason == "never_confirmed":  # told too late: nobody waits for it any more
            self._hand_in()
            self._bridge_at(3)
            self._bridge_at(LIFETIME)

    def _killed_run(self) -> None:
        moment = self._fault.removeprefix("kill -9 ")
        by_itself = moment != "during" or self._sender in ("file", "external")
        died = self._apart(("half" if moment == "during" else moment) if by_itself else "")
        if not died:
            self.result.wrong.append("the bridge was not killed")
        now = self._reading().standing(MAIN)
        if now.state != "dispatched":
            self.result.wrong.append(f"killed, and already {now}")

    def _two_processes(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._apart, ("", "")))
        if self._reading().sends != 1:
            self.result.wrong.append(f"{self._reading().sends} attempts of two bridges at once")

    def _apart(self, die: str) -> bool:
        """Run the bridge in a process of its own; tell whether it was killed."""
        given = {
            "root": self._root,
            "pid_file": str(self._folder / "bridge.pid"),
            "notification": self._notification(),
            "seconds": self._seconds,
            "die": die,
        }
        settings = self._folder / f"run-{threading.get_ident()}.json"
        settings.write_text(json.dumps(given))
        path = os.pathsep.join([str(ROOT / "lib"), str(ROOT), *filter(None, sys.path)])
        done = subprocess.run(
            [sys.executable, "-m", "tests.fault_matrix.bridge_process", str(settings)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
            capture_output=True,
            timeout=120,
        )
        if done.returncode not in (0, -9):
            raise RuntimeError(done.stderr.decode()[-2000:])
        return done.returncode == -9

    def _two_bridges(self, *, before: bool, late: bool) -> None:
        reports: list[BridgeReport] = []
        began = self._seconds
        self._seconds += 400 if late else 0

        def other() -> None:
            reports.append(bridge(self._store(), self._root, self._notification(), self._seconds))

        overtaken: Any = Meanwhile(self._store(), other, before=before)
        reports.append(bridge(overtaken, self._root, self._notification(), began))
        if sum(each.sent for each in reports) != 1:
            self.result.wrong.append(f"sent by {[each.sent for each in reports]} of two bridges")

    def _store(self) -> FilesStore:
        return FilesStore(self._root, actor="test")

    def _notification(self) -> dict[str, Any]:
        targets = {
            name.partition("/")[2]: {"sender": self._sender, "parameters": dict(peer.parameters())}
            for name, peer in self._peers.items()
        }
        deputy = {"targets": {"main": {"sender": "file", "parameters": {"path": "deputy.jsonl"}}}}
        receivers = {"operator": {"targets": targets}, "deputy": deputy}
        return {"receivers": receivers, "in_doubt": self._in_doubt, "fallback": ["deputy"]}

    def _bridge(self) -> BridgeReport:
        return bridge(self._store(), self._root, self._notification(), self._seconds)

    def _bridge_at(self, seconds: float) -> None:
        self._seconds = max(self._seconds, seconds)
        self._bridge()

    def _hand_in(self) -> None:
        clock = HandClock()
        clock.pass_by(self._seconds)
        for name, peer in self._peers.items():
            attempts = self._reading().attempts(name)
            documents = [*peer.outside(attempts), *self._overdue(peer)]
            for document in documents:
                run_late_receipt(self._store(), document, settled_by="outside", rules=ThreadRules(3600), clock=clock)

    def _overdue(self, peer: Peer) -> Sequence[Mapping[str, Any]]:
        return peer.late() if isinstance(peer, OuterRuntime) and self._seconds >= LIFETIME else ()

    def _not_before_its_time(self) -> None:
        """Look again too early: nothing may leave before the wait is over."""
        if not self.expected.wait:
            return
        before = self._reading().sends
        self._seconds += self.expected.wait - 1
        self._bridge()
        if self._reading().sends != before:
            self.result.wrong.append(f"sent again before {self.expected.wait} s were over")

    def _to_the_end(self) -> None:
        """Run the bridge whenever something is due, until nothing is open any more."""
        for _ in range(MOST_RUNS):
            self._hand_in()
            store = self._store()
            store.ready()
            due = [each.due for each in store.listing(Folder.SPOOL).names.values()]
            if not due:
                return
            # Whoever may be asked every second is asked less and less often, so that a life has an end here.
            self._seconds = max(self._seconds * 1.5, _seconds_of(min(due)) + 1)
            self._bridge()
        self.result.wrong.append(f"still open after {MOST_RUNS} runs")

    def _reading(self) -> Reading:
        return read(self._root, {name: (self._items[name], peer.got()) for name, peer in self._peers.items()})

    def _compare(self, when: str, reading: Reading, expected: Standing, target: str = MAIN) -> None:
        found = reading.standing(target)
        if found.got < expected.got:  # a process that lives on may still be handing it over
            wait_until(lambda: self._reading().standing(target).got >= expected.got, 3)
            found = self._reading().standing(target)
        if found != expected:
            self.result.wrong.append(f"{when}: must be {_shown(expected)}, is {_shown(found)}")


def _seconds_of(due: str) -> float:
    from datetime import UTC, datetime

    moment = datetime.strptime(due, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    return (moment - START).total_seconds()


def _shown(standing: Standing) -> str:
    return " ".join(str(getattr(standing, name)) or "-" for name in standing.__slots__)


def play(sender: str, fault: str, in_doubt: str, folder: Path) -> Result:
    """Play one cell in one mode; a fault of the test itself is a wrong cell too."""
    try:
        return Cell(sender, fault, in_doubt, folder).play()
    except Exception as error:
        return Result(sender=sender, fault=fault, in_doubt=in_doubt, wrong=[f"{type(error).__name__}: {error}"])
