"""The outbox: every line whole and synced, every item found again, whatever was torn, cut or renamed in between."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Message, SendResult
from reporting_governance.adapters.senders.file import FileSender
from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.test_webhook import message

PARAMETERS = {"path": "outbox/notices.jsonl"}


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / "notices.jsonl"


@pytest.fixture
def sender(tmp_path: Path) -> FileSender:
    return FileSender(PARAMETERS, state_folder=str(tmp_path))


def item(number: int) -> Message:
    return message(spool_id=f"spl_{number}", idempotency_key=f"spl_{number}")


def send(sender: FileSender, *numbers: int) -> None:
    with sender.batch(wait_seconds=1) as batch:
        assert batch is not None
        answers = batch.send([item(number) for number in numbers], may_start=lambda _: True)
    assert all(each.result is SendResult.ANSWERED for each in answers)


def found(sender: FileSender, number: int, mark: Mapping[str, Any] | None) -> SendResult | None:
    answer = sender.look(item(number), mark)
    return answer.result if answer else None


def ids(outbox: Path) -> list[str]:
    """Return the items in the outbox, torn lines left out."""
    lines = []
    for line in outbox.read_bytes().splitlines():
        try:
            lines.append(json.loads(line)["spool_id"])
        except ValueError:
            continue
    return lines


def test_one_line_for_each_message(sender: FileSender, outbox: Path) -> None:
    answer = sender.send(message(subject="line\nbreak\u2028 \ud800"), may_start=lambda: True)
    assert (answer.result, answer.proof) == (SendResult.ANSWERED, Proof.STORED)
    send(sender, 2, 3)
    first, *_ = outbox.read_bytes().splitlines()
    assert json.loads(first)["subject"] == "line\nbreak\u2028 \ud800"
    assert ids(outbox) == ["spl_1", "spl_2", "spl_3"]
    assert outbox.stat().st_mode & 0o777 == 0o600


def test_the_evidence_is_where_the_line_stands(sender: FileSender, outbox: Path) -> None:
    send(sender, 1)
    answer = sender.send(item(2), may_start=lambda: True)
    assert answer.evidence["path"] == PARAMETERS["path"]
    with outbox.open("rb") as file:
        file.seek(int(answer.evidence["offset"]))
        assert json.loads(file.readline())["spool_id"] == "spl_2"


def test_the_fence_holds_each_message_back(sender: FileSender, outbox: Path) -> None:
    with sender.batch(wait_seconds=1) as batch:
        assert batch is not None
        answers = batch.send([item(1), item(2), item(3)], may_start=lambda each: each.spool_id == "spl_2")
    results = [each.result for each in answers]
    assert results == [SendResult.NOT_STARTED, SendResult.ANSWERED, SendResult.NOT_STARTED]
    assert ids(outbox) == ["spl_2"]


def test_looking_finds_what_is_there_and_nothing_else(sender: FileSender) -> None:
    mark = sender.mark()
    send(sender, 1, 2)
    assert found(sender, 1, mark) is SendResult.ANSWERED
    assert found(sender, 3, mark) is None
    assert found(sender, 1, sender.mark()) is None  # what was there before an attempt is not that attempt's


def test_every_torn_tail_is_healed(tmp_path: Path, outbox: Path) -> None:
    """Cut the file at every byte of its last line: the line counts when it is whole, and the next one is whole too."""
    sender = FileSender(PARAMETERS, state_folder=str(tmp_path))
    mark = sender.mark()
    send(sender, 1)
    start = outbox.stat().st_size
    send(sender, 2)
    whole = outbox.read_bytes()
    for cut in range(start, len(whole) + 1):
        outbox.write_bytes(whole[:cut])
        is_whole = cut >= len(whole) - 1  # only its line end is missing
        assert found(sender, 2, mark) is (SendResult.ANSWERED if is_whole else None), cut
        send(sender, 3)
        assert ids(outbox) == (["spl_1", "spl_2", "spl_3"] if is_whole else ["spl_1", "spl_3"]), cut


def test_a_rotated_outbox_is_followed(sender: FileSender, outbox: Path) -> None:
    mark = sender.mark()
    send(sender, 1)
    outbox.rename(outbox.with_name("notices.jsonl.1"))
    send(sender, 2)
    assert found(sender, 1, mark) is SendResult.ANSWERED
    assert found(sender, 2, mark) is SendResult.ANSWERED
    assert found(sender, 3, mark) is None


@pytest.mark.parametrize("loss", ["deleted", "emptied"])
def test_where_the_outbox_of_that_time_is_gone_nobody_can_tell(sender: FileSender, outbox: Path, loss: str) -> None:
    send(sender, 0)
    mark = sender.mark()
    send(sender, 1)
    if loss == "emptied":
        os.truncate(outbox, 0)
    else:
        kept = outbox.open("rb")  # so that the new file cannot get the old one's number
        outbox.unlink()
    send(sender, 2)
    assert found(sender, 1, mark) is SendResult.IN_DOUBT
    if loss == "deleted":
        kept.close()


def test_another_process_has_the_outbox(sender: FileSender, outbox: Path) -> None:
    sender.mark()
    with open(f"{outbox}.lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with sender.batch(wait_seconds=0.1) as batch:
            assert batch is None
    assert ids(outbox) == []


SHORT = """
import json, resource, signal, sys
from reporting_governance.adapters.senders.file import FileSender
from tests.adapters.senders.test_file import item
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sender = FileSender({"path": "outbox/notices.jsonl"}, state_folder=sys.argv[1])
limit = int(sys.argv[2])
results = []
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
with sender.batch(wait_seconds=1) as batch:
    answers = batch.send([item(1), item(2)], may_start=lambda each: True)
print(json.dumps([each.result.value for each in answers]))
"""


def test_a_disk_that_is_full(tmp_path: Path, outbox: Path, checkout: str) -> None:
    """A write that ends in the second line: the first is stored, the second surely is not."""
    sender = FileSender(PARAMETERS, state_folder=str(tmp_path))
    send(sender, 0)
    size = outbox.stat().st_size
    done = subprocess.run(
        [sys.executable, "-c", SHORT, str(tmp_path), str(2 * size + 40)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": f"{checkout}/lib:{checkout}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert json.loads(done.stdout) == ["answered", "not_sent"]
    send(sender, 2)
    assert ids(outbox) == ["spl_0", "spl_1", "spl_2"]


KILLED = """
import os, signal, sys
from reporting_governance.adapters.senders import file
from tests.adapters.senders.test_file import item
kill_at = int(sys.argv[2])
calls = 0
def counted(name):
    call = getattr(os, name)
    def run(*args, **more):
        global calls
        calls += 1
        if calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    setattr(file.os, name, run)
for name in ("open", "pread", "write", "fdatasync", "fsync", "close", "fstat", "makedirs"):
    counted(name)
sender = file.FileSender({"path": "outbox/notices.jsonl"}, state_folder=sys.argv[1])
with sender.batch(wait_seconds=1) as batch:
    batch.send([item(1), item(2)], may_start=lambda each: True)
print(calls)
"""


def test_killed_at_every_call(tmp_path: Path, checkout: str) -> None:
    """Whatever the moment: a look tells exactly what is there, and a second send makes it whole."""
    env = {**os.environ, "PYTHONPATH": f"{checkout}/lib:{checkout}"}
    for kill_at in range(1, 40):
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        sender = FileSender(PARAMETERS, state_folder=str(folder))
        mark = sender.mark()
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), str(kill_at)],
            cwd=checkout,
            env=env,
            capture_output=True,
            timeout=30,
            check=False,
        )
        outbox = folder / "outbox" / "notices.jsonl"
        for number in (1, 2):
            if found(sender, number, mark) is None:
                send(sender, number)
        assert sorted(ids(outbox)) == ["spl_1", "spl_2"]
        if done.returncode == 0:
            assert kill_at > 5
            return
        assert done.returncode == -signal.SIGKILL
    raise AssertionError("it was never left to end")


def test_probe(sender: FileSender, tmp_path: Path) -> None:
    assert sender.probe() == ()
    (tmp_path / "outbox" / "notices.jsonl.lock").unlink()
    (tmp_path / "outbox" / "notices.jsonl.lock").mkdir()
    assert [each.rule for each in sender.probe()] == ["GOV703"]
