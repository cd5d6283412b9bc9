"""Every folder of tests/cases/bridge: a receiver or program that behaves as `given` says, and the golden receipts."""

import json
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.core.delivery_state import delivery_state
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.storage.memory import MemoryStore
from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.peers import Program, Receiver
from tests.stages.bridge_world import HERE, World, profile

CASES = sorted((Path(__file__).parent.parent / "cases" / "bridge").iterdir())
DIGESTS = ("body_sha256", "stdout_sha256", "argv_sha256")


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
def test_case(case: Path, tmp_path: Path) -> None:
    given = json.loads((case / "given" / "case.json").read_text())
    expected = json.loads((case / "expect" / "outcome.json").read_text())
    if "receiver" in given:
        with Receiver(*given["receiver"]) as receiver:
            found = run(given, {"url": receiver.url}, receiver, tmp_path)
    elif "mail_server" in given:
        with MailPeer(tuple(given["mail_server"])) as server:
            found = run(given, {"host": "127.0.0.1", "port": server.port, "tls": "none"}, server, tmp_path)
    else:
        program = Program(tmp_path, given["program"])
        found = run(given, {"argv": program.argv}, program, tmp_path)
    assert {key: found[key] for key in expected} == expected
    assert_honest(found["world"], found["arrived"])


def run(
    given: dict[str, Any], where: dict[str, Any], peer: Receiver | Program | MailPeer, folder: Path
) -> dict[str, Any]:
    parameters = {**where, **given["parameters"]}
    target = {"sender": given["sender"], "parameters": parameters}
    deputy = {"targets": {"main": {"sender": "file", "parameters": {"path": "deputy.jsonl"}}}}
    settings = profile(receivers={"operator": {"targets": {"main": target}}, "deputy": deputy}, **given["notification"])
    world = World(MemoryStore())
    item = world.item(sender=given["sender"])
    passed = 0
    for at_seconds in given["runs_at_seconds"]:
        world.clock.pass_by(at_seconds - passed)
        passed = at_seconds
        senders = Senders(settings.notification.receivers, state_folder=str(folder))
        run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)
    numbers = {each["attempt_id"]: each["number"] for each in world.attempts()}
    (history,) = world.histories().values()
    return {
        "world": world,
        "arrived": len(peer.bodies),
        "marked": [each["possible_repeat_of"] is not None for each in peer.bodies],
        "same_key": len({each["id"] for each in peer.bodies}) == 1,
        "state": delivery_state(history).value,
        "open": world.spool(item) is not None,
        "receipts": [
            {
                "outcome": each["outcome"],
                "proof": each["proof"],
                "reason": each.get("reason"),
                "attempt": numbers[each["attempt_id"]],
                "evidence": {key: value for key, value in each["evidence"].items() if key not in DIGESTS},
            }
            for each in world.receipts()
        ],
    }


def assert_honest(world: World, arrived: int) -> None:
    """What must hold in every case, whatever its golden file says.

    A receiver that refuses, or asks for later, has not taken the message: of the others at most one may have arrived,
    unless a receipt says in doubt.  Acked is never below stored.
    """
    receipts = world.receipts()
    surely_not = sum(each["outcome"] == "deferred" for each in receipts)
    doubtful = sum(each.get("reason") == "in_doubt" for each in receipts)
    assert arrived - surely_not - doubtful <= 1
    assert all(each["proof"] in ("stored", "delivered", "person") for each in receipts if each["outcome"] == "acked")
