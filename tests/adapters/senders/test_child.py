"""The process a send runs in: it ends by itself, and its end without an answer is judged by how far it had come."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.child import SenderInChild
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.peers import is_running, wait_until
from tests.adapters.senders.test_webhook import message


class Misbehaves:
    """A stranger's sender that does in its child what its parameters say."""

    name = "misbehaves"
    runs_in_child: ClassVar[bool] = True
    promises = SenderPromises(best_first_proof=Proof.STORED, idempotent_by_key=False, can_look=True, limit_seconds=1)

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._what = parameters["what"]
        self._folder = state_folder

    def mark(self) -> Mapping[str, Any] | None:
        return None

    def probe(self) -> Sequence[Finding]:
        return ()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        Path(self._folder, "pid").write_text(str(os.getpid()))
        early, _, deed = self._what.partition("-")
        if early == "early":
            _do(deed)
        may_start()
        _do(deed)
        return Answer(result=SendResult.ANSWERED, proof=Proof.STORED, evidence={"long": "x" * 10_000})

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        if mark is None:
            return None
        _do(mark["what"])
        return Answer(result=SendResult.ANSWERED, proof=Proof.STORED)


def _do(deed: str) -> None:
    if deed == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "raise":
        raise RuntimeError("a text with a secret in it")
    if deed == "wedge":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        while True:
            time.sleep(1)
    if deed == "babble":
        os.write(1, b"this is no JSON\n")


def sender(folder: Path, what: str) -> SenderInChild:
    return SenderInChild(Misbehaves({"what": what}, state_folder=str(folder)), {"what": what}, state_folder=str(folder))


@pytest.mark.parametrize("deed", ["kill", "raise", "wedge", "babble"])
def test_an_end_without_an_answer_is_in_doubt_once_it_was_allowed_to_start(tmp_path: Path, deed: str) -> None:
    began = time.monotonic()
    answer = sender(tmp_path, f"late-{deed}").send(message(), may_start=lambda: True)
    assert (answer.result, answer.proof) == (SendResult.IN_DOUBT, Proof.NONE)
    assert "secret" not in str(answer.evidence)
    assert time.monotonic() - began < 6
    assert not is_running(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("deed", ["kill", "raise", "wedge"])
def test_an_end_before_it_asked_is_surely_not_sent(tmp_path: Path, deed: str) -> None:
    answer = sender(tmp_path, f"early-{deed}").send(message(), may_start=lambda: True)
    assert answer.result is SendResult.NOT_SENT


def test_evidence_is_bounded(tmp_path: Path) -> None:
    answer = sender(tmp_path, "late-nothing").send(message(), may_start=lambda: True)
    assert answer.result is SendResult.ANSWERED
    assert len(answer.evidence["long"]) == 500


def test_a_look(tmp_path: Path) -> None:
    looks = sender(tmp_path, "")
    assert looks.look(message(), None) is None
    found = looks.look(message(), {"what": "nothing"})
    assert found is not None
    assert found.result is SendResult.ANSWERED
    lost = looks.look(message(), {"what": "kill"})
    assert lost is not None
    assert lost.result is SendResult.IN_DOUBT


PARENT = """
import sys
from reporting_governance.adapters.senders.registry import open_sender
from tests.adapters.senders.test_webhook import message
sender = open_sender("command", {"argv": sys.argv[2:], "timeout_seconds": 2}, state_folder=sys.argv[1])
sender.send(message(), may_start=lambda: True)
"""


WEDGED = """
import sys
from pathlib import Path
from tests.adapters.senders.test_child import sender
from tests.adapters.senders.test_webhook import message
sender(Path(sys.argv[1]), "late-wedge").send(message(), may_start=lambda: True)
"""


def test_a_sender_that_is_stuck_ends_at_its_limit_although_its_parent_is_dead(tmp_path: Path, checkout: str) -> None:
    """Nobody is left to end it, and it would not end by itself: the kernel's timer does."""
    parent = subprocess.Popen(
        [sys.executable, "-c", WEDGED, str(tmp_path)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": f"{checkout}/lib:{checkout}"},
    )
    note = tmp_path / "pid"
    assert wait_until(lambda: note.exists() and bool(note.read_text()), 20)
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not is_running(int(note.read_text())), 8)


def test_a_send_whose_parent_is_dead_ends_at_its_limit(tmp_path: Path, checkout: str) -> None:
    """The parent is killed in the middle of a send: the program, and what it forked, still end at the limit."""
    script = tmp_path / "stays.py"
    script.write_text(
        "import os, sys, time\n"
        "child = os.fork()\n"
        "open(f'{sys.argv[1]}/{\"child\" if child == 0 else \"program\"}.pid', 'w').write(str(os.getpid()))\n"
        "time.sleep(300)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), sys.executable, str(script), str(tmp_path)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": f"{checkout}/lib:{checkout}"},
    )
    notes = [tmp_path / "program.pid", tmp_path / "child.pid"]
    assert wait_until(lambda: all(each.exists() and each.read_text() for each in notes), 20)
    parent.kill()
    parent.wait()
    pids = [int(each.read_text()) for each in notes]
    assert all(is_running(pid) for pid in pids)
    assert wait_until(lambda: not any(is_running(pid) for pid in pids), 8)
