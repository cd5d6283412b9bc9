"""Every folder of tests/cases/bridge: a receiver or program that behaves as `given` says, and the golden receipts."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.core.delivery_state import delivery_state
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.storage.memory import MemoryStore
from tests.adapters.senders.api_cells import PARAMETERS, SECRETS
from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.openclaw_peer import FakeOpenclaw
from tests.adapters.senders.peers import Program, Receiver
from tests.stages.bridge_world import HERE, World, profile

CASES = sorted((Path(__file__).parent.parent / "cases" / "bridge").iterdir())
DIGESTS = ("body_sha256", "stdout_sha256", "argv_sha256")


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.name)
def test_case(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = json.loads((case / "given" / "case.json").read_text())
    expected = json.loads((case / "expect" / "outcome.json").read_text())
    if "vendor" in given:
        for name, value in SECRETS.items():
            monkeypatch.setenv(name, value)
        with Receiver(*given["vendor"]) as receiver:
            found = run(given, vendor_parameters(given["sender"], receiver.url), Vendor(receiver), tmp_path)
    elif "receiver" in given:
        with Receiver(*given["receiver"]) as receiver:
            found = run(given, {"url": receiver.url}, receiver, tmp_path)
    elif "mail_server" in given:
        with MailPeer(tuple(given["mail_server"])) as server:
            found = run(given, {"host": "127.0.0.1", "port": server.port, "tls": "none"}, server, tmp_path)
    elif "apprise" in given:
        pytest.importorskip("apprise", reason="the extra is not installed: pip install 'reporting-governance[apprise]'")
        with Receiver(*given["apprise"]) as receiver:
            monkeypatch.setenv("APPRISE_URL", f"json://127.0.0.1:{receiver.port}/hook?retry=2&redirect=yes")
            found = run(given, {"url": "${env:APPRISE_URL}"}, AppriseHook(receiver), tmp_path)
    elif "openclaw" in given:
        openclaw = FakeOpenclaw(tmp_path, *given["openclaw"])
        found = run(given, {"command": openclaw.command}, openclaw, tmp_path)
    else:
        program = Program(tmp_path, given["program"])
        found = run(given, {"argv": program.argv}, program, tmp_path)
    assert {key: found[key] for key in expected} == expected
    assert_honest(found["world"], found["arrived"])


class AppriseHook:
    """What Apprise posts to `json://`: subject and text, and no id."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    @property
    def bodies(self) -> list[dict[str, Any]]:
        titles = [each["title"] for each in self._receiver.bodies]
        return [
            {"id": str(place), "possible_repeat_of": True if "possible repeat of" in each else None}
            for place, each in enumerate(titles)
        ]


class Vendor:
    """A web API's peer: its messages are its calls that send, in whatever form the vendor takes them."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    @property
    def bodies(self) -> list[dict[str, Any]]:
        sent = [(line, unquote_plus(body.decode())) for line, _, body in self._receiver.requests if line[:4] != "GET "]
        return [
            {"id": _key(line, text), "possible_repeat_of": True if "possible repeat of" in text else None}
            for line, text in sent
        ]


def _key(line: str, text: str) -> str:
    """Return what a vendor tells a repetition by: a transaction in the path, or a key in the body."""
    found = re.search('"dedup_key":"([^"]+)"', text)
    return found.group(1) if found else line


def vendor_parameters(sender: str, url: str) -> dict[str, Any]:
    elsewhere = {"api_url": url} if sender == "pagerduty" else {}
    return {**PARAMETERS[sender], "base_url": url, "timeout_seconds": 1, **elsewhere}


def run(
    given: dict[str, Any],
    where: dict[str, Any],
    peer: Receiver | Program | MailPeer | Vendor | FakeOpenclaw | AppriseHook,
    folder: Path,
) -> dict[str, Any]:
    parameters = {**where, **given["parameters"]}
    target = {"sender": given["sender"], "parameters": parameters}
    deputy = {"targets": {"main": {"sender": "file", "parameters": {"path": "deputy.jsonl"}}}}
    settings = profile(receivers={"operator": {"targets": {"main": target}}, "deputy": deputy}, **given["notification"])
    world = World(MemoryStore())
    item = world.item(sender=given["sender"], expects=settings.notification.ack_requires)
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
