"""What users of other programs suffered when a channel was down or busy.  Each test names the report it stands for."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.host import Host
from reporting_governance.storage.files.store import FilesStore
from tests.adapters.senders.peers import Receiver
from tests.stages.bridge_world import HERE, HandClock, World, profile


def world_in(folder: Path) -> World:
    return World(FilesStore(str(folder / "state"), actor="test"), HandClock())


def bridge(world: World, url: str, folder: Path, host: Host = HERE, **notification: Any) -> BridgeReport:
    parameters = {"url": url, "timeout_seconds": 2, "ack_json_pointer": "/message/id"}
    main = {"sender": "webhook", "parameters": parameters}
    settings = profile(receivers={"operator": {"targets": {"main": main}}}, **notification)
    senders = Senders(settings.notification.receivers, state_folder=str(folder))
    return run_bridge(world.store, senders, settings, clock=world.clock, host=host)


def nobody() -> str:
    """Return the URL of a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/hook"


def until_sent(world: World, tick: Callable[[], BridgeReport]) -> int:
    """Let minutes pass until nothing is on its way; return how many."""
    for minute in range(200):
        if not world.store.listing(Folder.SPOOL).names:
            return minute
        world.clock.pass_by(60)
        tick()
    raise AssertionError("something is still on its way")


def test_a_channel_that_is_down_for_seconds_loses_nothing(tmp_path: Path) -> None:
    """louislam/uptime-kuma#6046, #1946, #7436, #4858: down for seconds, and the notice was never sent.

    Here a dozen of them, once each.
    """
    world = world_in(tmp_path)
    for number in range(12):
        world.item(world.notice(number), sender="webhook")
    bridge(world, nobody(), tmp_path)
    assert world.states() == ["dispatched"] * 12
    with Receiver("id") as receiver:
        assert until_sent(world, lambda: bridge(world, receiver.url, tmp_path)) <= 3
        arrived = [each["spool_id"] for each in receiver.bodies]
    assert len(arrived) == len(set(arrived)) == 12
    assert world.states() == ["acked"] * 12


def test_a_channel_that_is_back_is_not_run_over(tmp_path: Path) -> None:
    """louislam/uptime-kuma#6046 the other way round: while it is down one message tries, and not all behind it."""
    world = world_in(tmp_path)
    for number in range(30):
        world.item(world.notice(number), sender="webhook")
    with Receiver("broken_500") as receiver:
        for _ in range(6):
            bridge(world, receiver.url, tmp_path)
            world.clock.pass_by(60)
        tries = receiver.connections
    assert tries <= 8 + 5  # what was in flight at first, and one for each later run
    assert len(world.attempts()) == tries


def test_429_is_not_final_and_its_wait_is_kept_by_everybody(tmp_path: Path) -> None:
    """prometheus/alertmanager#2111: 429 was final, and Retry-After ignored."""
    world = world_in(tmp_path)
    world.item(world.notice(0), sender="webhook")
    with Receiver("busy_429", "id") as receiver:
        bridge(world, receiver.url, tmp_path)
        for number in range(1, 5):
            world.item(world.notice(number), sender="webhook")
        for _ in range(3):
            world.clock.pass_by(39)
            bridge(world, receiver.url, tmp_path)
        assert len(receiver.bodies) == 1  # it asked for 120 seconds, and all of its items wait so long
        until_sent(world, lambda: bridge(world, receiver.url, tmp_path))
        assert len(receiver.bodies) == 6
    assert world.states() == ["acked"] * 5


def test_a_pair_sends_each_once_when_the_errors_end(tmp_path: Path) -> None:
    """prometheus/alertmanager#4108: each of a pair sends during the retries, once the receiver's errors end."""
    world = world_in(tmp_path)
    for number in range(6):
        world.item(world.notice(number), sender="webhook")
    pair = [(world.twin(), Host(name="alpha", boot_id="boot-1", pid=pid)) for pid in (1, 2)]
    with Receiver(*["broken_500"] * 9, "id") as receiver:

        def both() -> BridgeReport:
            threads = [
                threading.Thread(target=bridge, args=(each, receiver.url, tmp_path, host)) for each, host in pair
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return BridgeReport()

        until_sent(world, both)
        taken = [each["spool_id"] for each in receiver.bodies[9:]]
    assert len(taken) == len(set(taken)) == 6
    assert world.states() == ["acked"] * 6
    assert not any(each.get("reason") == "in_doubt" for each in world.receipts())
