"""Kill the bridge at every step it takes in the state folder, and while its send is under way; run it again; look.

What must hold afterwards: every notice ends in one state; nothing is acked without its proof; nothing arrives twice but
where a receipt says in doubt; the files of the outbox are whole.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.core.delivery_state import delivery_state
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.storage.files.store import FilesStore
from tests.adapters.senders.peers import ReceiverApart
from tests.stages.bridge_world import HERE, HandClock, World, profile
from tests.storage.killing import Report, Scenario, killed_everywhere, run_killed

HOLD = {"in_doubt": "hold", "fallback": ["deputy"]}
RESEND = {"in_doubt": "resend_marked"}
NOTICES = 3


def at(root: str, seconds: float = 0) -> World:
    """Return the world of a state folder, so long after its start."""
    world = World(FilesStore(root, actor="test"), HandClock())
    world.clock.pass_by(seconds)
    return world


def prepare(root: Path) -> None:
    world = at(str(root))
    for number in range(NOTICES):
        world.item(world.notice(number))


def bridge(root: str, seconds: float, notification: dict[str, Any]) -> None:
    world, settings = at(root, seconds), profile(**notification)
    senders = Senders(settings.notification.receivers, state_folder=root)
    run_bridge(world.store, senders, settings, clock=world.clock, host=HERE, parallel=2)


def to(url: str, notification: dict[str, Any]) -> dict[str, Any]:
    main = {"sender": "webhook", "parameters": {"url": url, "timeout_seconds": 5, "ack_json_pointer": "/message/id"}}
    deputy = {"sender": "file", "parameters": {"path": "outbox/deputy.jsonl"}}
    receivers = {"operator": {"targets": {"main": main}}, "deputy": {"targets": {"main": deputy}}}
    return {"receivers": receivers, **notification}


def assert_true(root: str, arrived: Sequence[str]) -> World:
    """Hold what records say against what really arrived (the item's id, once for each arrival)."""
    world, times = at(root), Counter(arrived)
    receipts = world.receipts()
    for attempt in world.attempts():
        assert any(each.get("attempt_id") == attempt["attempt_id"] for each in receipts)
    for history in world.histories().values():
        for item in history.items:
            doubtful = sum(each.get("reason") == "in_doubt" for each in item.receipts)
            assert times[item.item["spool_id"]] <= 1 + doubtful
            if delivery_state(history) == "acked":
                assert times[item.item["spool_id"]] >= 1
                assert any(each["outcome"] == "acked" and each["proof"] == "stored" for each in item.receipts)
    return world


def test_to_the_outbox(tmp_path: Path) -> None:
    """The outbox can be asked: whatever the moment, everything is there once, acked, and nothing was ever in doubt."""
    prepare(tmp_path / "template")
    killed = 0

    def scenario(root: str, report: Report) -> None:
        bridge(root, 0, {})

    (tmp_path / "runs").mkdir()
    for number, root, outcome in killed_everywhere(str(tmp_path / "template"), str(tmp_path / "runs"), scenario):
        killed += outcome.killed
        bridge(root, 60, {})
        lines = Path(root, "outbox", "notices.jsonl").read_text().splitlines()
        arrived = [json.loads(each)["spool_id"] for each in lines]
        world = assert_true(root, arrived)
        assert len(arrived) == NOTICES, number
        assert world.states() == ["acked"] * NOTICES, number
        assert not any(each.get("reason") == "in_doubt" for each in world.receipts())
    assert killed > 30


def killed_at_every(stride: int, template: Path, scratch: Path, scenario: Scenario) -> Iterator[tuple[int, str]]:
    """Run the scenario on copies of a template, killed at every so many events, until it gets to its end."""
    for number in count(1, stride):
        root = str(scratch / str(number))
        shutil.copytree(template, root)
        outcome = run_killed(root, scenario, number)
        yield number, root
        if not outcome.killed:
            return


@pytest.mark.parametrize("in_doubt", ["hold", "resend_marked"])
@pytest.mark.parametrize("stride", [pytest.param(1, marks=pytest.mark.long), 13])
def test_to_a_webhook(tmp_path: Path, in_doubt: str, stride: int) -> None:
    prepare(tmp_path / "template")
    (tmp_path / "runs").mkdir()
    doubtful = 0
    with ReceiverApart(tmp_path, "id") as receiver:

        def notification(root: str) -> dict[str, Any]:
            # A path for each run: what a killed bridge's child still sends belongs to its own run.
            return to(f"{receiver.url}/{os.path.basename(root)}", HOLD if in_doubt == "hold" else RESEND)

        def scenario(root: str, report: Report) -> None:
            bridge(root, 0, notification(root))

        for number, root in killed_at_every(stride, tmp_path / "template", tmp_path / "runs", scenario):
            for seconds in (60, 200, 800):
                bridge(root, seconds, notification(root))
            arrived = [each["spool_id"] for each in receiver.bodies(f"/{number}")]
            world = assert_true(root, arrived)
            doubtful += sum(each.get("reason") == "in_doubt" for each in world.receipts())
            if in_doubt == "hold":
                assert max(Counter(arrived).values()) == 1, number
            else:
                assert set(world.states()) == {"acked"}, number
    assert doubtful or stride > 1  # at some of these steps nobody can know, and it is said


@pytest.mark.parametrize("in_doubt", ["hold", "resend_marked"])
def test_killed_while_the_receiver_has_the_message(tmp_path: Path, in_doubt: str) -> None:
    """openclaw 151790: it had arrived, and was shown as failed.  It is in doubt, and that is what is said."""
    root = tmp_path / "state"
    prepare(root)
    kill_file = tmp_path / "pid"

    def scenario(_: str, report: Report) -> None:
        kill_file.write_text(str(os.getpid()))
        bridge(str(root), 0, notification)

    with ReceiverApart(tmp_path, "id", kill_file=kill_file) as receiver:
        notification = to(receiver.url, HOLD if in_doubt == "hold" else RESEND)
        assert run_killed(str(root), scenario, None).killed
        kill_file.unlink()
        for seconds in (60, 200, 800):
            bridge(str(root), seconds, notification)
        arrived = [each["spool_id"] for each in receiver.bodies()]
        marked = [each["possible_repeat_of"] is not None for each in receiver.bodies()]
    world = assert_true(str(root), arrived)
    if in_doubt == "hold":
        assert max(Counter(arrived).values()) == 1
        assert "pending_external_send" in world.states()
        assert not any(marked)
    else:
        assert set(world.states()) == {"acked"}
        assert sum(marked) == sum(each.get("reason") == "in_doubt" for each in world.receipts())
