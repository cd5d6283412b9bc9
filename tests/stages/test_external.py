"""Somebody else sends: what is put down, taken, taken back, and what a receipt for it says."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.senders.external import ExternalSender
from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.deployment_profile import DeploymentProfile
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.stages.status import run_status
from tests.stages.bridge_world import HERE, World, profile

ROOT = Path(__file__).parents[2]
FOLDER = "handed-over/pager"


def settings_of(confirm_within: int | None = None, **notification: Any) -> DeploymentProfile:
    parameters = {"folder": FOLDER} | ({"confirm_within_seconds": confirm_within} if confirm_within else {})
    deputy = {"targets": {"main": {"sender": "file", "parameters": {"path": "deputy.jsonl"}}}}
    operator = {"targets": {"main": {"sender": "external", "parameters": parameters}}}
    return profile(receivers={"operator": operator, "deputy": deputy}, **notification)


def bridge(world: World, state: Path, confirm_within: int | None = None, **notification: Any) -> BridgeReport:
    settings = settings_of(confirm_within, **notification)
    senders = Senders(settings.notification.receivers, state_folder=str(state))
    return run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)


def lying(state: Path) -> list[Path]:
    """Return what somebody else may take."""
    return sorted((state / FOLDER).glob("*.json"))


def hand_in(world: World, document: dict[str, Any]) -> None:
    rules = rules_of(settings_of(fallback=["deputy"]).notification)
    assert run_late_receipt(world.store, document, settled_by="root", rules=rules, clock=world.clock) is not None


def test_a_file_is_put_down_whole_and_tells_nobody_yet(world: World, tmp_path: Path) -> None:
    notice = world.notice()
    item = world.item(notice, sender="external")
    bridge(world, tmp_path)
    (file,) = lying(tmp_path)
    (attempt,), (receipt,) = world.attempts(), world.receipts()
    document = json.loads(file.read_text())
    assert file.name == f"{attempt['attempt_id']}.json"
    assert (document["attempt_id"], document["spool_id"]) == (attempt["attempt_id"], item)
    assert document["deadline_at"] == "2026-03-06T04:05:06.000Z"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (receipt["outcome"], receipt["proof"]) == ("pending_external_send", "none")
    assert world.thread(notice.thread_key).body["told_at"] is None
    assert world.spool(item) is not None
    assert world.states() == ["pending_external_send"]


def test_it_lies_there_without_a_further_record(world: World, tmp_path: Path) -> None:
    world.item(sender="external")
    bridge(world, tmp_path)
    before = world.store.head()
    for _ in range(5):
        world.clock.pass_by(60)
        assert bridge(world, tmp_path).items == ()
    assert world.store.head() == before


def test_what_was_taken_is_accepted_and_told(world: World, tmp_path: Path) -> None:
    notice = world.notice()
    item = world.item(notice, sender="external")
    bridge(world, tmp_path)
    lying(tmp_path)[0].unlink()
    world.clock.pass_by(60)
    bridge(world, tmp_path)
    assert [each["proof"] for each in world.receipts()] == ["none", "accepted"]
    assert world.thread(notice.thread_key).body["told_at"] == "2026-03-01T04:06:06.000Z"
    assert world.spool(item) is not None


def test_a_receipt_closes_it(world: World, tmp_path: Path) -> None:
    item = world.item(sender="external")
    bridge(world, tmp_path)
    hand_in(world, {"attempt_id": world.attempts()[0]["attempt_id"], "proof": "stored", "id": "m-1"})
    assert world.spool(item) is None
    assert world.states() == ["acked"]


def test_a_refusal_blocks_it_with_its_words(world: World, tmp_path: Path) -> None:
    notice = world.notice()
    item = world.item(notice, sender="external")
    bridge(world, tmp_path)
    hand_in(world, {"attempt_id": world.attempts()[0]["attempt_id"], "refused": "no such pager", "id": "m-1"})
    assert world.spool(item) is None
    past = world.store.past(item)
    assert past is not None  # a person can send it again
    receipt = world.receipts()[-1]
    assert (receipt["outcome"], receipt["reason"], receipt["evidence"]["refused"]) == (
        "blocked",
        "refused",
        "no such pager",
    )
    assert world.states() == ["blocked"]
    assert world.thread(notice.thread_key).name.due <= "20260301T040506.000Z"  # the fallback speaks now


@pytest.mark.parametrize("over", ["resolve", "acknowledge"])
def test_what_nobody_wants_any_more_is_taken_back(world: World, tmp_path: Path, over: str) -> None:
    notice = world.notice()
    world.item(notice, sender="external")
    bridge(world, tmp_path)
    getattr(world, over)(notice.thread_key)
    world.clock.pass_by(60)
    bridge(world, tmp_path)
    assert lying(tmp_path) == []
    reason = {"resolve": "resolved_before_told", "acknowledge": "withdrawn"}[over]
    assert (world.receipts()[-1]["outcome"], world.receipts()[-1]["reason"]) == ("blocked", reason)
    assert world.thread(notice.thread_key).body["told_at"] is None


def test_what_was_taken_before_it_was_over_is_told(world: World, tmp_path: Path) -> None:
    """It is on its way, and so its receiver learns of its end."""
    notice = world.notice()
    world.item(notice, sender="external")
    bridge(world, tmp_path)
    lying(tmp_path)[0].unlink()
    world.resolve(notice.thread_key)
    world.clock.pass_by(60)
    bridge(world, tmp_path)
    assert world.thread(notice.thread_key).body["told_at"] is not None


@pytest.mark.parametrize("confirm_within", [None, 600])
def test_what_nobody_takes_is_taken_back_and_blocked(world: World, tmp_path: Path, confirm_within: int | None) -> None:
    notice = world.notice()
    world.item(notice, sender="external", lifetime_seconds=3600)
    bridge(world, tmp_path, confirm_within, fallback=["deputy"])
    world.clock.pass_by((confirm_within or 3600) - 1)
    bridge(world, tmp_path, confirm_within, fallback=["deputy"])
    assert len(lying(tmp_path)) == 1
    world.clock.pass_by(1)
    bridge(world, tmp_path, confirm_within, fallback=["deputy"])
    assert lying(tmp_path) == []
    assert world.receipts()[-1]["reason"] == "never_confirmed"
    assert world.states() == ["blocked"]


def test_what_was_taken_and_never_proven_is_blocked_at_its_end(world: World, tmp_path: Path) -> None:
    world.item(sender="external", lifetime_seconds=600)
    bridge(world, tmp_path)
    lying(tmp_path)[0].unlink()
    for _ in range(3):
        world.clock.pass_by(300)
        bridge(world, tmp_path)
    assert [each.get("reason") for each in world.receipts()] == [None, None, "never_confirmed"]


def test_a_folder_that_is_gone_tells_nothing(world: World, tmp_path: Path) -> None:
    world.item(sender="external")
    bridge(world, tmp_path)
    (tmp_path / "handed-over").rename(tmp_path / "elsewhere")
    world.clock.pass_by(60)
    bridge(world, tmp_path)
    assert [each["proof"] for each in world.receipts()] == ["none"]


@pytest.mark.parametrize("folder", ["../outside", "/tmp/outside", "a//b", "", "a/../../b"])
def test_only_a_folder_below_the_state_is_taken(folder: str) -> None:
    from reporting_governance.errors import ContractError

    with pytest.raises((ContractError, ValueError)):
        ExternalSender({"folder": folder}, state_folder="/nonexistent")


@pytest.mark.parametrize(
    ("program", "state", "proof"), [("print('m-9')", "acked", "stored"), ("", "pending", "accepted")]
)
def test_the_outer_runtime_of_the_examples(world: World, tmp_path: Path, program: str, state: str, proof: str) -> None:
    """The page says how to write one; this is the one that it shows."""
    world.item(sender="external")
    bridge(world, tmp_path)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    note = tmp_path / "told.txt"
    code = f"import sys; open({str(note)!r}, 'w').write(sys.stdin.read()); {program}"
    runtime = [sys.executable, str(ROOT / "examples" / "outer_runtime.py"), str(tmp_path / FOLDER), str(inbox)]
    # Its clock is the machine's; the message's is the test's.
    (file,) = lying(tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), "deadline_at": "9999-01-01T00:00:00.000Z"}))
    subprocess.run([*runtime, sys.executable, "-c", code], check=True, timeout=60)
    assert "is silent" in note.read_text()
    assert list((tmp_path / FOLDER).iterdir()) == []
    (receipt,) = inbox.iterdir()
    hand_in(world, json.loads(receipt.read_text()))
    assert world.receipts()[-1]["proof"] == proof
    assert world.states()[0].startswith(state)


def test_the_outer_runtime_says_what_failed(world: World, tmp_path: Path) -> None:
    world.item(sender="external")
    bridge(world, tmp_path)
    (file,) = lying(tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), "deadline_at": "9999-01-01T00:00:00.000Z"}))
    os.mkdir(tmp_path / "inbox")
    runtime = [
        sys.executable,
        str(ROOT / "examples" / "outer_runtime.py"),
        str(tmp_path / FOLDER),
        str(tmp_path / "inbox"),
    ]
    subprocess.run([*runtime, "false"], check=True, timeout=60)
    (receipt,) = (tmp_path / "inbox").iterdir()
    hand_in(world, json.loads(receipt.read_text()))
    assert world.states() == ["blocked"]


def test_what_waits_for_somebody_else_needs_no_person(world: World, tmp_path: Path) -> None:
    world.item(sender="external")
    bridge(world, tmp_path)
    report = run_status(world.store, clock=world.clock)
    assert (report.stuck, report.notices["pending_external_send"]) == ((), 1)
