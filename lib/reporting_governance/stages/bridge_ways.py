"""The two ways to a target: many messages at once, and one by one with several sends in flight."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from reporting_governance.adapters.interface import Answer, Batch, BatchSender, SendResult
from reporting_governance.core.delivery import StepKind
from reporting_governance.errors import GovernanceError
from reporting_governance.stages.bridge_run import BridgeRun
from reporting_governance.stages.sending import Prepared, Work, guarded_send, may_start

if TYPE_CHECKING:
    from concurrent.futures import Future

BATCH_WAIT_SECONDS = 5.0  #: how long a batch waits for another process that has the same target
POLL_SECONDS = 0.5  #: how often a wait for running sends looks whether the run shall end


def in_batches(run: BridgeRun, works: Sequence[Work]) -> list[Work]:
    """Look and send with senders that take many messages at once; return the work for the others."""
    others: list[Work] = []
    by_target: dict[str, list[Work]] = {}
    for work in works:
        if work.step.kind not in (StepKind.SEND, StepKind.LOOK):
            continue
        if work.sender is not None and work.sender.promises.in_batches:
            by_target.setdefault(work.target, []).append(work)
        else:
            others.append(work)
    for target, batch in by_target.items():
        sender = cast("BatchSender", batch[0].sender)
        if target in run.cold or not run.may_begin(sender):
            continue
        with sender.batch(wait_seconds=BATCH_WAIT_SECONDS) as opened:
            if opened is None:
                run.cold.add(target)
            else:
                _look_in_batch(run, opened, [each for each in batch if each.step.kind is StepKind.LOOK])
                _send_batch(run, opened, [each for each in batch if each.step.kind is StepKind.SEND])
    return others


def _look_in_batch(run: BridgeRun, batch: Batch, works: Sequence[Work]) -> None:
    run.record([run.looked(work, batch.look) for work in works])


def _send_batch(run: BridgeRun, batch: Batch, works: Sequence[Work]) -> None:
    works = works[: run.limit - run.sent]
    if not works:
        return
    mark = batch.mark()
    prepared = run.prepare(works, lambda _: mark)
    by_id = {each.message.spool_id: each for each in prepared}
    messages = [each.message for each in prepared]
    if not messages:
        return
    try:
        answers = batch.send(
            messages, may_start=lambda message: may_start(run.store, by_id[message.spool_id], run.clock)
        )
    except Exception as fault:  # as in guarded_send; how far a batch came, only a look can say
        answers = [Answer(result=SendResult.IN_DOUBT, evidence={"error": type(fault).__name__})] * len(messages)
    run.receive(list(zip(prepared, answers, strict=True)))


def one_by_one(run: BridgeRun, works: Sequence[Work]) -> None:
    """Look and send with at most `parallel` sends in flight, each with an attempt of its own."""
    looks = [each for each in works if each.step.kind is StepKind.LOOK]
    run.record([run.looked(each, each.sender.look) for each in looks if each.sender and run.goes_on()])
    waiting = [each for each in works if each.step.kind is StepKind.SEND]
    if not waiting:
        return
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    running: dict[Future[Answer], Prepared] = {}
    fault: GovernanceError | None = None
    with ThreadPoolExecutor(run.parallel) as pool:
        while fault is None or running:
            try:
                for prepared in [] if fault else _prepare_some(run, waiting, run.parallel - len(running)):
                    running[pool.submit(_send_one, run, prepared)] = prepared
                if not running:
                    break
                done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                run.receive([(running.pop(each), each.result()) for each in done])
            except GovernanceError as error:  # nothing new begins; what runs is still waited for and recorded
                fault = fault or error
    if fault is not None:
        raise fault


def _prepare_some(run: BridgeRun, waiting: list[Work], free: int) -> list[Prepared]:
    """Take up to `free` items whose target is not known to be down, and record their attempts."""
    chosen: list[Work] = []
    free = min(free, run.limit - run.sent)
    while waiting and len(chosen) < free:
        work = waiting.pop(0)
        if work.target not in run.cold and work.sender is not None and run.may_begin(work.sender):
            chosen.append(work)
    if not chosen:
        return []
    return run.prepare(chosen, lambda work: work.sender.mark() if work.sender else None)


def _send_one(run: BridgeRun, prepared: Prepared) -> Answer:
    sender = prepared.work.sender
    assert sender is not None
    return guarded_send(sender, prepared.message, lambda: may_start(run.store, prepared, run.clock))
