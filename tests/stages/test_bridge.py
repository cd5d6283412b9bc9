"""The bridge: from due items to receipts, within its limits, however many of it run at once."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import Busy
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.storage.files.daily_copies import DailyCopies
from reporting_governance.storage.memory import MemoryStore
from tests.adapters.senders.peers import Receiver
from tests.stages.bridge_world import HERE, World, profile
from tests.stages.test_bridge_in_doubt import STORED, Channel

LATER = Answer(result=SendResult.TRY_LATER, retry_after_seconds=90)


def deliver(world: World, folder: Path, **options: Any) -> BridgeReport:
    """Run the bridge with the senders of the profile; `notification` changes the profile."""
    settings = profile(**options.pop("notification", {}))
    senders = Senders(settings.notification.receivers, state_folder=str(folder))
    options.setdefault("host", HERE)
    return run_bridge(world.store, senders, settings, clock=world.clock, **options)


def outbox(folder: Path) -> list[str]:
    lines = (folder / "outbox" / "notices.jsonl").read_text().splitlines()
    return [json.loads(each)["spool_id"] for each in lines]


def through(world: World, channel: Channel, **options: Any) -> BridgeReport:
    options.setdefault("host", HERE)
    return run_bridge(world.store, {"operator/main": channel}, profile(), clock=world.clock, **options)


def test_a_due_item_is_stored_in_the_outbox_and_acked(world: World, tmp_path: Path) -> None:
    notice = world.notice()
    item = world.item(notice)

    report = deliver(world, tmp_path)

    (line,) = (tmp_path / "outbox" / "notices.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert (told["spool_id"], told["phase"], told["urgency"]) == (item, "firing", "high")
    assert told["facts"]["task_id"] == "task-0"
    (attempt,), (receipt,) = world.attempts(), world.receipts()
    assert (receipt["outcome"], receipt["proof"]) == ("acked", "stored")
    assert receipt["attempt_id"] == attempt["attempt_id"]
    assert receipt["evidence"] == {"path": "outbox/notices.jsonl", "offset": "0"}
    assert world.spool(item) is None
    assert world.states() == ["acked"]
    assert report.dump()["acked"] == 1


def test_the_thread_is_due_for_its_repeat(world: World) -> None:
    """Alertmanager 917, 2320: a repeat is due at its own time after the telling, not at a tick of something else."""
    notice = world.notice()
    world.item(notice)
    through(world, Channel(lambda: STORED))
    thread = world.thread(notice.thread_key)
    assert thread.body["newest_outcome"]["outcome"] == "acked"
    assert thread.name.due == "20260301T080506.000Z"  # 4 hours after


def test_a_second_run_adds_nothing(world: World, tmp_path: Path) -> None:
    world.item()
    deliver(world, tmp_path)
    before = world.store.head()
    assert deliver(world, tmp_path).items == ()
    assert world.store.head() == before


def test_every_line_names_its_task_agent_and_notice(world: World, tmp_path: Path) -> None:
    notice = world.notice()
    world.item(notice)
    deliver(world, tmp_path)
    lines = [line.document["record"] for line in list(world.store.replay())[-2:]]
    for record in lines:
        assert record["kind"] in ("attempt", "receipt")
        assert record["about"] == [notice.facts["task_key"], "agent-1", notice.notice_id]


@pytest.mark.parametrize("bridges", [2, 4])
def test_bridges_that_overlap_end_like_one(world: World, tmp_path: Path, bridges: int) -> None:
    """Alertmanager 4108: a pair, and both sent.  Here every item is in the outbox once, whoever sent it."""
    items = [world.item(world.notice(number)) for number in range(250)]
    together = threading.Barrier(bridges)

    def run(number: int) -> None:
        together.wait()
        deliver(world.twin(), tmp_path, host=replace(HERE, pid=number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(bridges)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(outbox(tmp_path)) == sorted(items)
    assert set(world.states()) == {"acked"}
    assert len(world.attempts()) == len(world.receipts()) == 250


def test_bridges_that_overlap_on_a_webhook_send_each_item_once(world: World, tmp_path: Path) -> None:
    for number in range(12):
        world.item(world.notice(number), sender="webhook")
    with Receiver("id") as receiver:
        targets = webhook_to(receiver.url)
        threads = [
            threading.Thread(
                target=deliver,
                args=(world.twin(), tmp_path),
                kwargs={"host": replace(HERE, pid=number), "notification": targets},
            )
            for number in range(2)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(receiver.requests) == 12
        assert len({each["spool_id"] for each in receiver.bodies}) == 12
    assert world.states() == ["acked"] * 12


def webhook_to(url: str, **parameters: Any) -> dict[str, Any]:
    given = {"url": url, "timeout_seconds": 5, "ack_json_pointer": "/message/id", **parameters}
    return {"receivers": {"operator": {"targets": {"main": {"sender": "webhook", "parameters": given}}}}}


def test_sends_are_in_flight_together_and_never_more_than_asked(world: World) -> None:
    for number in range(9):
        world.item(world.notice(number))
    lock = threading.Lock()
    now, most = 0, 0

    def enter() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)

    def leave() -> Answer:
        nonlocal now
        with lock:
            now -= 1
        return STORED

    report = through(world, Channel(leave, after=enter), parallel=3)
    assert most == 3
    assert report.dump()["acked"] == 9


def test_the_limit_counts_sends(world: World) -> None:
    for number in range(5):
        world.item(world.notice(number))
    channel = Channel(lambda: STORED)
    report = through(world, channel, limit=2)
    assert (len(channel.got), report.sent, report.left) == (2, 2, 3)


def test_no_send_begins_that_could_end_too_late(world: World) -> None:
    """What is left stays due, without an attempt: it is not in doubt, it has not begun."""
    for number in range(5):
        world.item(world.notice(number))
    channel = Channel(lambda: STORED, after=lambda: world.clock.pass_by(5))
    report = through(world, channel, max_seconds=20, parallel=1)
    assert len(channel.got) == 3  # at 0, 5 and 10 seconds; each could take 10
    assert report.left == 2
    assert len(world.attempts()) == 3


def test_told_to_stop_it_ends_what_it_began_and_begins_nothing(world: World) -> None:
    """Alertmanager 2146: a reload cancelled the sends that were under way."""
    for number in range(5):
        world.item(world.notice(number))
    told = threading.Event()
    channel = Channel(lambda: STORED, after=told.set)
    report = through(world, channel, parallel=2, stop=told.is_set)
    assert len(channel.got) == 2
    assert world.states().count("acked") == 2
    assert len(world.attempts()) == 2
    assert report.left == 3


def test_a_target_that_is_down_does_not_hold_up_the_others(world: World, tmp_path: Path) -> None:
    """One item of each wave finds out; the rest of that target waits for the next run, without an attempt."""
    for number in range(30):
        world.item(world.notice(number))
    for number in range(30, 33):
        world.item(world.notice(number, receiver="deputy"), target="deputy/main")
    down, up = Channel(lambda: Answer(result=SendResult.NOT_SENT)), Channel(lambda: STORED)

    senders = {"operator/main": down, "deputy/main": up}
    report = run_bridge(world.store, senders, profile(), clock=world.clock, host=HERE, parallel=2)

    assert len(up.got) == 3
    assert len(down.got) == 2
    assert report.cold_targets == ("operator/main",)


def test_a_channel_that_comes_back_gets_everything(world: World, tmp_path: Path) -> None:
    """Uptime Kuma 6046, 1946: down for seconds, and the notice was never sent."""
    answers = [Answer(result=SendResult.NOT_SENT)]
    world.item()
    channel = Channel(lambda: answers.pop() if answers else STORED)
    through(world, channel)
    assert world.states() == ["dispatched"]
    world.clock.pass_by(60)
    through(world, channel)
    assert world.states() == ["acked"]


def test_a_receiver_that_is_busy_is_asked_again_when_it_said(world: World) -> None:
    """Alertmanager 2111: 429 was final.  Not before the time it named, and then at once."""
    answers = [LATER]
    world.item()
    channel = Channel(lambda: answers.pop() if answers else STORED)
    through(world, channel)
    world.clock.pass_by(89)
    through(world, channel)
    assert len(channel.got) == 1
    world.clock.pass_by(10)
    through(world, channel)
    assert len(channel.got) == 2
    assert world.states() == ["acked"]


def test_it_is_tried_until_the_end_of_its_life_and_then_blocked(world: World) -> None:
    notice = world.notice()
    item = world.item(notice, lifetime_seconds=86_400)
    channel = Channel(lambda: Answer(result=SendResult.NOT_SENT))
    for _ in range(60 * 24 + 1):
        through(world, channel)
        world.clock.pass_by(60)
    assert world.receipts()[-1]["reason"] == "lifetime"
    assert world.states() == ["blocked"]
    assert world.spool(item) is None
    assert world.store.past(item) is not None
    assert 25 <= len(channel.got) <= 40  # the wait grows with its age: not every minute for a day
    assert world.thread(notice.thread_key).body["told_at"] is None


def test_config_that_changes_sends_nothing_again(world: World, tmp_path: Path) -> None:
    """Alertmanager 3410: a config edit sent everything again."""
    world.item()
    deliver(world, tmp_path)
    other = {"operator": {"targets": {"main": {"sender": "file", "parameters": {"path": "outbox/other.jsonl"}}}}}
    deliver(world, tmp_path, notification={"receivers": other})
    assert not (tmp_path / "outbox" / "other.jsonl").exists()


def test_a_target_that_is_gone_is_blocked_and_kept(world: World) -> None:
    item = world.item()
    run_bridge(world.store, {}, profile(), clock=world.clock, host=HERE)
    assert world.receipts()[0]["reason"] == "receiver_gone"
    assert world.store.past(item) is not None


def test_a_sender_that_is_not_installed_loses_nothing(world: World, tmp_path: Path) -> None:
    world.item(sender="pigeon")
    pigeon = {"receivers": {"operator": {"targets": {"main": {"sender": "pigeon", "parameters": {}}}}}}
    deliver(world, tmp_path, notification=pigeon)
    (receipt,) = world.receipts()
    assert (receipt["outcome"], receipt["reason"]) == ("deferred", "not_sent")
    assert "no sender has this name" in receipt["evidence"]["error"]
    world.clock.pass_by(60)
    deliver(world, tmp_path)
    assert world.states() == ["acked"]


def test_resolved_before_anybody_was_told_is_withdrawn(world: World) -> None:
    channel = Channel(lambda: STORED)
    notice = world.notice()
    world.item(notice)
    world.resolve(notice.thread_key)
    through(world, channel)
    assert channel.got == []
    assert world.receipts()[0]["reason"] == "resolved_before_told"
    thread = world.thread(notice.thread_key)
    assert thread.body["told_at"] is None  # so nobody will be told that it is over
    assert thread.name.due == "20260301T040506.000Z"  # and enqueue closes it now


def test_resolved_while_it_was_sent_is_seen_at_once(world: World) -> None:
    """The receipt is refused because its thread changed; built anew, it puts the thread where enqueue looks now."""
    notice = world.notice()
    world.item(notice)
    through(world, Channel(lambda: STORED, after=lambda: world.resolve(notice.thread_key)))
    thread = world.thread(notice.thread_key)
    assert (thread.body["told_phase"], thread.name.due) == ("firing", "20260301T040506.000Z")
    assert world.states() == ["acked"]


def test_taken_over_by_a_person_while_it_was_sent_is_not_repeated(world: World) -> None:
    """oncall 4654: acked, and it went on paging."""
    notice = world.notice()
    world.item(notice)
    through(world, Channel(lambda: STORED, after=lambda: world.acknowledge(notice.thread_key)))
    assert world.thread(notice.thread_key).name.due.startswith("9999")


def test_two_targets_of_one_receiver_settle_one_thread_one_after_the_other(world: World, tmp_path: Path) -> None:
    notice = world.notice()
    both = {
        "receivers": {
            "operator": {
                "targets": {
                    name: {"sender": "file", "parameters": {"path": f"outbox/{name}.jsonl"}}
                    for name in ("main", "copy")
                }
            }
        }
    }
    world.item(notice)
    world.item(notice, target="operator/copy")
    deliver(world, tmp_path, notification=both)
    assert [each["outcome"] for each in world.receipts()] == ["acked", "acked"]
    assert world.store.listing(Folder.SPOOL).names == {}
    assert world.thread(notice.thread_key).body["newest_outcome"]["outcome"] == "acked"


def test_an_old_item_tells_a_thread_with_newer_news_nothing(world: World) -> None:
    """The old item's end must not look like the answer to the notice that is on its way."""
    answers = [Answer(result=SendResult.IN_DOUBT)]
    channel = Channel(lambda: answers.pop() if answers else STORED)
    notice = world.notice()
    world.item(notice)
    hold = profile(in_doubt="hold", fallback=["deputy"])
    run_bridge(world.store, {"operator/main": channel}, hold, clock=world.clock, host=HERE)
    world.notice(phase=Phase.REPEAT)
    world.clock.pass_by(432_000)
    run_bridge(world.store, {"operator/main": channel}, hold, clock=world.clock, host=HERE)
    assert world.receipts()[-1]["reason"] == "never_confirmed"
    assert world.thread(notice.thread_key).body["newest_outcome"] is None


def test_grouped_notices_are_one_message_and_settle_each_thread(world: World, tmp_path: Path) -> None:
    notices = [world.notice(number) for number in range(3)]
    world.item(*notices)
    deliver(world, tmp_path)
    (line,) = (tmp_path / "outbox" / "notices.jsonl").read_text().splitlines()
    assert set(json.loads(line)["facts"]) == {each.notice_id for each in notices}
    assert world.states() == ["acked"] * 3
    for notice in notices:
        assert world.thread(notice.thread_key).body["newest_outcome"]["outcome"] == "acked"


def test_stored_is_not_delivered(world: World, tmp_path: Path) -> None:
    """ntfy 1293: the server has it, the phone was late or silent.  Asked for more, stored stays pending."""
    item = world.item(expects=Proof.DELIVERED)
    deliver(world, tmp_path)
    (receipt,) = world.receipts()
    assert (receipt["outcome"], receipt["proof"]) == ("pending_external_send", "stored")
    assert world.states() == ["pending_external_send"]
    assert world.spool(item) is None


def test_secrets_stand_nowhere_under_the_state(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in attempts, receipts, copies, errors: with answers that echo it, and a receiver that is not there."""
    from tests.adapters.senders import peers

    secret = "sUp3r-s3cret-t0ken"
    monkeypatch.setenv("HOOK_TOKEN", secret)
    echo = peers.reply(200, json.dumps({"ok": False, "error": f"bad {secret}", "message": {"id": secret}}).encode())
    monkeypatch.setitem(peers.BEHAVIOURS, "echo", echo)  # type: ignore[misc]
    copies = DailyCopies(str(tmp_path))
    with Receiver("echo") as receiver:
        for number, url in enumerate(
            [
                f"{receiver.url}/${{env:HOOK_TOKEN}}",
                "http://127.0.0.1:1/${env:HOOK_TOKEN}",
                "https://${env:HOOK_TOKEN}/",
            ]
        ):
            world.item(world.notice(number), sender="webhook")
            deliver(
                world,
                tmp_path,
                copies=copies,
                notification=webhook_to(
                    url, headers={"Authorization": "Bearer ${env:HOOK_TOKEN}"}, secret="${env:HOOK_TOKEN}"
                ),
            )
        assert receiver.requests[0][0].endswith(f"/{secret} HTTP/1.1")  # it was really used
    assert len(world.receipts()) == 3
    everything = json.dumps(world.records())
    for path in tmp_path.rglob("*"):
        everything += path.read_bytes().decode("latin-1") if path.is_file() else ""
    assert secret not in everything
    assert "operator-notify" in " ".join(str(path) for path in tmp_path.rglob("*"))


def test_readable_copies(world: World, tmp_path: Path) -> None:
    world.item()
    deliver(world, tmp_path, copies=DailyCopies(str(tmp_path)))
    attempts = (tmp_path / "operator-notify-sender-attempts" / "2026-03-01.jsonl").read_text().splitlines()
    receipts = (tmp_path / "operator-notify-bridge-receipts" / "2026-03-01.jsonl").read_text().splitlines()
    assert [json.loads(each) for each in attempts] == world.attempts()
    assert [json.loads(each) for each in receipts] == world.receipts()


def test_copies_that_cannot_be_written_stop_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / "operator-notify-sender-attempts").write_text("in the way")
    world.item()
    deliver(world, tmp_path, copies=DailyCopies(str(tmp_path)))
    assert world.states() == ["acked"]


def test_long_text_that_lies_apart_is_sent_and_erased_text_is_not(world: World, tmp_path: Path) -> None:
    kept, gone = world.store.put_blob(b"a long story"), world.store.put_blob(b"to be forgotten")
    items = [blob_item(world, number, reference) for number, reference in enumerate((kept, gone))]
    world.store.erase_blob(gone["$blob"], reason="asked for", now=world.clock.now())
    deliver(world, tmp_path)
    (line,) = (tmp_path / "outbox" / "notices.jsonl").read_text().splitlines()
    assert json.loads(line)["body"] == "a long story"
    assert [(each["outcome"], each.get("reason")) for each in world.receipts()] == [
        ("blocked", "erased"),
        ("acked", None),
    ]
    assert world.store.past(items[1]) is not None


def blob_item(world: World, number: int, reference: Any) -> str:
    """Put an item into the spool whose text lies apart, as the journal keeps long text."""
    from reporting_governance.contracts.journal_line import RecordLine, ViewKey

    item = world.item(world.notice(number))
    view = world.spool(item)
    assert view is not None
    body = {**view.body["item"], "rendered": {"subject": "s", "body": reference}}
    world.add(
        RecordLine(
            kind="spool-item",
            id=f"{item}-apart",
            body=body,
            consumes=(view.name,),
            views=(ViewKey(Folder.SPOOL, item, view.name.due),),
        )
    )
    return item


class Conflict:
    """A store in which another process changes the thread again and again, just before each commit."""

    def __init__(self, store: MemoryStore, change: Callable[[], None]) -> None:
        self._store, self._change = store, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Any, *, now: Any) -> Any:
        if groups[0].additions[0].record.kind == "receipt":
            self._change()
        return self._store.commit(groups, now=now)


def test_what_was_learned_is_recorded_however_often_the_thread_changes() -> None:
    store = MemoryStore()
    world = World(store)
    notice = world.notice()
    world.item(notice)
    left = 12

    def change() -> None:
        nonlocal left
        if left:
            left -= 1
            world.acknowledge(notice.thread_key)

    through(World(Conflict(store, change), world.clock), Channel(lambda: STORED))
    assert left == 0
    assert world.states() == ["acked"]
    assert world.thread(notice.thread_key).body["newest_outcome"]["outcome"] == "acked"


class Held:
    """A store whose lock another process holds for a while, from the first receipt on."""

    def __init__(self, store: MemoryStore, times: int) -> None:
        self._store, self._times = store, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Any, *, now: Any) -> Any:
        if self._times and groups[0].additions[0].record.kind == "receipt":
            self._times -= 1
            raise Busy(path="lock", seconds=10)
        return self._store.commit(groups, now=now)


def test_what_was_learned_outlives_a_lock_that_is_held() -> None:
    world = World(MemoryStore())
    world.item()
    through(World(Held(world.store, 4), world.clock), Channel(lambda: STORED))
    assert world.states() == ["acked"]


def test_a_lock_that_is_held_for_ever_ends_the_run_and_leaves_the_truth() -> None:
    world = World(MemoryStore())
    for number in range(3):
        world.item(world.notice(number))
    with pytest.raises(Busy):
        through(World(Held(world.store, 5), world.clock), Channel(lambda: STORED), parallel=1)
    world.clock.pass_by(60)
    through(world, Channel(lambda: STORED))
    assert sorted(each.get("reason") or "" for each in world.receipts()) == ["", "", "in_doubt"]
