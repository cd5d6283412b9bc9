"""A message that nobody got is a failure, whatever kept it; one whose trouble was over first is none."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.commands import bridge as bridge_command
from reporting_governance.commands import dispatch as dispatch_command
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.core.threads import ThreadStep, next_thread_step, rules_of
from reporting_governance.errors import ExitCode
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.dispatch import DispatchReport, run_dispatch
from tests.stages.bridge_world import HERE, World, profile

DEPUTISED = profile(fallback=["deputy"])


def queued(world: World, seconds: float) -> Notice:
    """Queue a notice that is worth nothing after so many seconds."""
    before = world.notice()
    notice = replace(before, expires_at=world.clock.now() + timedelta(seconds=seconds))
    thread = world.store.listing(Folder.EPISODES).names[notice.thread_key]
    world.add(
        RecordLine(
            kind="notice",
            id=notice.notice_id,
            body=notice.dump(),
            consumes=(thread,),
            views=(
                ViewKey(Folder.QUEUE, notice.notice_id, due_name(world.clock.now())),
                ViewKey(Folder.EPISODES, notice.thread_key, FAR_FUTURE),
            ),
        )
    )
    return notice


def step_of(world: World, notice: Notice) -> ThreadStep:
    thread = world.thread(notice.thread_key).body
    return next_thread_step(thread, now=world.clock.now(), rules=rules_of(DEPUTISED.notification))


def test_a_notice_that_expired_in_the_queue_is_lost_and_told_to_who_stands_in(world: World) -> None:
    notice = queued(world, 60)
    world.clock.pass_by(61)
    report = run_dispatch(world.store, DEPUTISED, clock=world.clock)
    assert [each["reason"] for each in world.receipts()] == ["expired"]
    assert report == DispatchReport(blocked=1)
    assert dispatch_command.exit_code_of(report) is ExitCode.PARTIAL
    assert step_of(world, notice) is ThreadStep.FALL_BACK


def test_what_was_over_before_it_expired_is_no_loss(world: World) -> None:
    notice = queued(world, 60)
    world.resolve(notice.thread_key)
    world.clock.pass_by(61)
    report = run_dispatch(world.store, DEPUTISED, clock=world.clock)
    assert [each["reason"] for each in world.receipts()] == ["resolved_before_told"]
    assert report == DispatchReport(withdrawn=1)
    assert dispatch_command.exit_code_of(report) is ExitCode.DONE
    assert step_of(world, notice) is ThreadStep.CLOSE


def test_a_receiver_that_was_down_for_a_whole_lifetime_is_a_loss(world: World, tmp_path: Path) -> None:
    """Nobody listens on the port: the item is put off until its life ends."""
    down = {"sender": "webhook", "parameters": {"url": "http://127.0.0.1:9", "timeout_seconds": 1}}
    outbox = {"sender": "file", "parameters": {"path": "deputy.jsonl"}}
    receivers = {"operator": {"targets": {"main": down}}, "deputy": {"targets": {"main": outbox}}}
    settings = profile(receivers=receivers, fallback=["deputy"])
    senders = Senders(settings.notification.receivers, state_folder=str(tmp_path))
    notice = world.notice()
    world.item(notice, sender="webhook", lifetime_seconds=100)
    first = run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)
    assert bridge_command.exit_code_of(first) is ExitCode.DONE
    world.clock.pass_by(100)
    last = run_bridge(world.store, senders, settings, clock=world.clock, host=HERE)
    assert [each["reason"] for each in world.receipts()] == ["not_sent", "lifetime"]
    assert bridge_command.exit_code_of(last) is ExitCode.PARTIAL
    assert step_of(world, notice) is ThreadStep.FALL_BACK
