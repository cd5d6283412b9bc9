"""What users suffered from senders that were interrupted, or believed too much: real processes, peers on loopback."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.verbs import ROOT, Verbs
from tests.adapters.senders import peers
from tests.adapters.senders.peers import Receiver, wait_until

SLOW_SECONDS = 1.5


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(peer: Any) -> None:
        time.sleep(SLOW_SECONDS)
        peers.BEHAVIOURS["id"](peer)

    monkeypatch.setitem(peers.BEHAVIOURS, "slow id", answer)


def webhook(receiver: Receiver, **parameters: Any) -> dict[str, Any]:
    known = {"url": receiver.url, "timeout_seconds": 6, "ack_json_pointer": "/message/id"}
    return {"sender": "webhook", "parameters": {**known, **parameters}}


def verbs(folder: Path, targets: dict[str, Any], **notification: Any) -> Verbs:
    """Return verbs on a profile with one receiver that has these targets."""
    document = yaml.safe_load((ROOT / "profiles/minimal-solo-mode.yaml").read_text())
    document["notification"] |= {"receivers": {"operator": {"targets": targets}}, **notification}
    path = folder / "profile.yaml"
    path.write_text(json.dumps(document))
    return Verbs(folder / "state", options=("--profile", str(path)))


def outcomes(made: Verbs) -> dict[str, list[tuple[str, str]]]:
    """Return (outcome, proof) of every receipt, by target."""
    items = {each["spool_id"]: each["target"] for each in made.records("spool-item")}
    attempts = {each["attempt_id"]: items[each["spool_id"]] for each in made.records("attempt")}
    found: dict[str, list[tuple[str, str]]] = {}
    for each in made.records("receipt"):
        found.setdefault(attempts[each["attempt_id"]], []).append((each["outcome"], each["proof"]))
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_send_that_is_under_way_is_finished_or_in_doubt_and_never_lost(tmp_path: Path, number: int) -> None:
    """prometheus/alertmanager#2146, #2417: a reload or a stop cancelled what was being sent, and it was dropped."""
    with Receiver("slow id") as receiver:
        made = verbs(tmp_path, {"main": webhook(receiver)}, in_doubt="resend_marked")
        made.overdue("one")
        made.overdue("two")
        process = made.start("run")
        assert wait_until(lambda: len(receiver.requests) >= 1)
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode in (-number, 128 + number, 0, 3)
        told = {each["attempt_id"] for each in made.records("attempt")}
        assert {each["attempt_id"] for each in receiver.bodies} <= told, "nothing was sent without an attempt on record"
        for minutes in range(1, 5):
            later(made, tmp_path, minutes)
        by_item: dict[str, list[Any]] = {}
        for body in receiver.bodies:
            by_item.setdefault(body["spool_id"], []).append(body)
    assert len(by_item) == 2
    assert {each[-1] for each in outcomes(made).values()} == {("acked", "stored")}
    for bodies in by_item.values():
        assert all(each["possible_repeat_of"] for each in bodies[1:]), "what comes again says so"


def test_an_edited_profile_ends_no_send(tmp_path: Path) -> None:
    """prometheus/alertmanager#2146: the configuration was edited while a message was on its way."""
    with Receiver("slow id") as receiver:
        made = verbs(tmp_path, {"main": webhook(receiver)})
        made.overdue()
        process = made.start("run")
        assert wait_until(lambda: len(receiver.requests) >= 1)
        verbs(tmp_path, {"main": webhook(receiver), "other": webhook(receiver)}, repeat_seconds=7200)
        made.ok("run")
        process.communicate(timeout=30)
        assert process.returncode == 0
        assert outcomes(made)["operator/main"] == [("acked", "stored")]
        assert [each["possible_repeat_of"] for each in receiver.bodies] == [None]


def test_200_and_not_ok_is_no_success(tmp_path: Path) -> None:
    """prometheus/alertmanager PR#3121: an HTTP status of 200 whose body says `ok: false` counted as sent."""
    with Receiver("ok_false") as receiver:
        made = verbs(tmp_path, {"main": webhook(receiver)})
        made.overdue()
        assert made.call("run").code == 3
    assert outcomes(made) == {"operator/main": [("blocked", "none")]}
    assert "channel_not_found" in made.ok("status").out


def test_the_server_has_it_and_that_is_all_that_is_claimed(tmp_path: Path) -> None:
    """binwiederhier/ntfy#757, #1293, #1834, #1925: the server took it, and the phone got it late or never."""
    for wanted, outcome in (("stored", "acked"), ("delivered", "pending_external_send")):
        folder = tmp_path / wanted
        folder.mkdir()
        with Receiver("ntfy_stored") as receiver:
            base = receiver.url.removesuffix("/hook")
            parameters = {"base_url": base, "topic": "notices", "timeout_seconds": 6}
            made = verbs(folder, {"phone": {"sender": "ntfy", "parameters": parameters}}, ack_requires=wanted)
            made.overdue()
            made.call("run")
        assert outcomes(made) == {"operator/phone": [(outcome, "stored")]}
        (item,) = made.records("spool-item")
        story = made.ok("explain", item["spool_id"]).out
        assert "delivered" not in story.replace("asks for delivered", "").replace("needs delivered", ""), story


def test_who_failed_and_why_is_said_for_each(tmp_path: Path) -> None:
    """caronc/apprise#306, #538, #1611: one `False` for many targets, and nobody could say which had failed, or why."""
    with Receiver("id") as good, Receiver("ok_false") as refuses, Receiver("busy_429") as busy:
        targets = {"good": webhook(good), "refuses": webhook(refuses), "busy": webhook(busy)}
        targets["down"] = {"sender": "webhook", "parameters": {"url": "http://127.0.0.1:1/hook"}}
        made = verbs(tmp_path, targets)
        made.overdue()
        assert made.call("run").code == 3
        assert made.call("run").code in (0, 3)
        assert [len(each.requests) for each in (good, refuses, busy)] == [1, 1, 1], "who has it gets it once"
    assert {target.partition("/")[2]: each[0] for target, each in outcomes(made).items()} == {
        "good": ("acked", "stored"),
        "refuses": ("blocked", "none"),
        "busy": ("deferred", "none"),
        "down": ("deferred", "none"),
    }
    said = made.ok("status").out
    for target, why in (("refuses", "channel_not_found"), ("down", "Connection refused")):
        assert any(f"operator/{target}" in line and why in line for line in said.splitlines()), (target, said)


def test_a_timeout_that_had_arrived_is_not_shown_as_failed_and_not_repeated_unmarked(tmp_path: Path) -> None:
    """openclaw/openclaw#27921, #30246, #81087, PR#40646: timed out, sent again, and both arrived.  KCNyu/clawock#1405:
    a time limit that is over must mean "unknown"; openclaw/openclaw#110853, #73556, #79436, #128246.

    alexjustesen/speedtest-tracker PR#2680: a caller's time limit and a retry make two of every message.
    flanksource/mission-control#2683: and its row says pending for ever.
    """
    with Receiver("late", "id") as receiver:
        made = verbs(tmp_path, {"main": webhook(receiver, timeout_seconds=1)})
        made.overdue()
        assert made.call("run").code == 3
        assert outcomes(made) == {"operator/main": [("pending_external_send", "none")]}
        assert "in_doubt" in made.ok("status").out
        later(made, tmp_path, 1)
        first, second = receiver.bodies
    assert (first["possible_repeat_of"] is None, second["possible_repeat_of"] is not None) == (True, True)
    assert outcomes(made)["operator/main"][-1] == ("acked", "stored")


def test_told_at_every_repeat_by_whatever_channel(tmp_path: Path) -> None:
    """healthchecks/healthchecks#48, #691: told once and then silence; reminders were for one kind of channel only.

    keephq/keep#5251: and no more of them than were asked for.
    """
    with Receiver("id") as hook, Receiver("ntfy_stored") as phone:
        ntfy = {"base_url": phone.url.removesuffix("/hook"), "topic": "notices", "timeout_seconds": 6}
        targets = {
            "hook": webhook(hook),
            "phone": {"sender": "ntfy", "parameters": ntfy},
            "outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}},
        }
        made = verbs(tmp_path, targets, repeat_seconds=60)
        made.overdue()
        made.ok("run")
        made.ok("run")
        assert (len(hook.requests), len(phone.requests), len(made.outbox())) == (1, 1, 1)
        for minutes in range(1, 4):
            later(made, tmp_path, minutes)
        assert (len(hook.requests), len(phone.requests), len(made.outbox())) == (4, 4, 4)
    assert [line["phase"] for line in made.outbox()] == ["firing", "repeat", "repeat", "repeat"]


def later(made: Verbs, folder: Path, minutes: int) -> None:
    """Run with a clock that is so many times 61 seconds ahead."""
    shifted = folder / f"shifted-{minutes}"
    shifted.mkdir()
    (shifted / "sitecustomize.py").write_text(
        "import reporting_governance.commands._clock as c\nfrom datetime import timedelta\n"
        "real, monotonic = c.SystemClock.now, c.SystemClock.monotonic\n"
        f"c.SystemClock.now = lambda self: real(self) + timedelta(seconds={61 * minutes})\n"
        f"c.SystemClock.monotonic = lambda self: monotonic(self) + {61 * minutes}\n"
    )
    path = f"{made.variables()['PYTHONPATH']}:{shifted}"
    assert Verbs(made.state, {"PYTHONPATH": path}, made.options).call("run").code in (0, 3)


def test_a_restart_tells_nothing_twice_and_forgets_no_end(tmp_path: Path) -> None:
    """grafana/grafana#68162: after a restart what was open is forgotten, told anew, or its end is never told."""
    with Receiver("id") as receiver:
        made = verbs(tmp_path, {"main": webhook(receiver)})
        made.overdue()
        made.ok("run")
        for folder in ("long-task-watchdog", "tasks", "operator-notify-queue", "watch"):
            for path in (made.state / folder).glob("*.json"):
                path.unlink()  # as after a power cut: all but the journal is gone
        made.ok("run")
        assert [each["phase"] for each in receiver.bodies] == ["firing"]
        made.ok("report", "checkpoint", "nightly-build", "back")
        made.ok("run")
        assert [each["phase"] for each in receiver.bodies] == ["firing", "resolved"]


def test_a_journal_that_was_cut_is_said_in_it(tmp_path: Path) -> None:
    """systemd/systemd#28886: the end of a log was cut off, and verifying it found nothing wrong."""
    made = Verbs(tmp_path / "state")
    made.overdue()
    made.ok("run")
    log = max((made.state / "journal/log").glob("*.jsonl"))
    whole = log.read_bytes()
    lines = whole.splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-3]))
    made.ok("run")
    (loss,) = [line["meta"] for line in made.journal() if line["type"] == "log.loss"]
    assert (loss["applied_seq"], loss["found_seq"]) == (len(lines), len(lines) - 3)
    assert (loss["applied_bytes"], loss["found_bytes"]) == (len(whole), sum(map(len, lines[:-3])))
