"""The two ways to a target: many messages at once, and one by one with several sends in flight."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from reporting_governance.adapters.interface import Answer, Batch, BatchSender, Message, SendResult
from reporting_governance.core.delivery import StepKind
from reporting_governance.errors import GovernanceError
from reporting_governance.stages.bridge_gate import Turn, Verdict
from reporting_governance.stages.bridge_later import poll, take_back
from reporting_governance.stages.bridge_run import BridgeRun
from reporting_governance.stages.sending import Prepared, Work, guarded_send, may_start

if TYPE_CHECKING:
    from concurrent.futures import Future

BATCH_WAIT_SECONDS = 5.0  #: how long a batch waits for another process that has the same target
_AT_ONCE = (StepKind.SEND, StepKind.LOOK)
POLL_SECONDS = 0.5  #: how often a wait for running sends looks whether the run shall end


def in_batches(run: BridgeRun, works: Sequence[Work]) -> list[Work]:
    """Look and send with senders that take many messages at once; return the work for the others."""
    others: list[Work] = []
    by_target: dict[str, list[Work]] = {}
    for work in works:
        if work.step.kind not in (StepKind.SEND, StepKind.LOOK, StepKind.POLL, StepKind.TAKE_BACK):
            continue
        if work.step.kind in _AT_ONCE and work.sender is not None and work.sender.promises.in_batches:
            by_target.setdefault(work.target, []).append(work)
        else:
            others.append(work)
    for target, batch in by_target.items():
        sender = cast("BatchSender", batch[0].sender)
        if target in run.cold or not run.may_begin(sender):
            continue
        sends = [each for each in batch if each.step.kind is StepKind.SEND]
        with ExitStack() as stack:
            try:
                opened = stack.enter_context(sender.batch(wait_seconds=BATCH_WAIT_SECONDS))
            except OSError as fault:  # no reason to keep any other target waiting
                _send_batch(run, _Unopened(fault.strerror or "cannot be opened"), sends)
                continue
            if opened is None:
                run.cold.add(target)
            else:
                _look_in_batch(run, opened, [each for each in batch if each.step.kind is StepKind.LOOK])
                _send_batch(run, opened, sends)
    return others


class _Unopened:
    """Stands for a target that cannot be opened: surely nothing is sent, and its records say why."""

    def __init__(self, why: str) -> None:
        self._answer = Answer(result=SendResult.NOT_SENT, evidence={"error": why})

    def mark(self) -> Mapping[str, Any] | None:
        return None

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        return Answer(result=SendResult.IN_DOUBT, evidence=self._answer.evidence)

    def send(self, messages: Sequence[Message], *, may_start: Callable[[Message], bool]) -> Sequence[Answer]:
        return [self._answer] * len(messages)


def _look_in_batch(run: BridgeRun, batch: Batch, works: Sequence[Work]) -> None:
    run.record([run.looked(work, batch.look) for work in works])


def _send_batch(run: BridgeRun, batch: Batch, works: Sequence[Work]) -> None:
    """Send what may go; what waits for the answer to a try of ours has its turn after it."""
    while works and run.goes_on():
        chosen, works, later = _turns(run, works, run.limit - run.sent, ())
        run.put_off(later)
        if not chosen:
            return
        prepared = _prepared(run, batch, chosen)
        if not prepared:
            return
        answers = _answers(run, batch, prepared)
        run.receive(list(zip(prepared, answers, strict=True)))


def _prepared(run: BridgeRun, batch: Batch, chosen: Sequence[Work]) -> list[Prepared]:
    mark = batch.mark()
    return run.prepare(chosen, lambda _: mark)


def _answers(run: BridgeRun, batch: Batch, prepared: Sequence[Prepared]) -> Sequence[Answer]:
    by_id = {each.message.spool_id: each for each in prepared}
    messages = [each.message for each in prepared]
    try:
        return batch.send(messages, may_start=lambda message: may_start(run.store, by_id[message.spool_id], run.clock))
    except Exception as fault:  # as in guarded_send; how far a batch came, only a look can say
        return [Answer(result=SendResult.IN_DOUBT, evidence={"error": type(fault).__name__})] * len(messages)


def _turns(
    run: BridgeRun, waiting: Sequence[Work], free: int, in_flight: Collection[str]
) -> tuple[list[Work], list[Work], list[tuple[Work, Verdict]]]:
    """Return up to `free` items that go now, those that still wait for their turn, and those put off with a reason."""
    chosen: list[Work] = []
    stay: list[Work] = []
    later: list[tuple[Work, Verdict]] = []
    for place, work in enumerate(waiting):
        if len(chosen) >= free:
            stay += waiting[place:]
            break
        if work.sender is None or not run.may_begin(work.sender):
            continue
        verdict = run.gate.ask(work, in_flight)
        if verdict.turn is Turn.GO:
            chosen.append(work)
        elif verdict.turn is Turn.STAY:
            stay.append(work)
        else:
            later.append((work, verdict))
    return chosen, stay, later


def one_by_one(run: BridgeRun, works: Sequence[Work]) -> None:
    """Take back, look and send with at most `parallel` sends in flight, each with an attempt of its own; then ask."""
    looks = [each for each in works if each.step.kind is StepKind.LOOK]
    run.record([run.looked(each, each.sender.look) for each in looks if each.sender and run.goes_on()])
    take_back(run, [each for each in works if each.step.kind is StepKind.TAKE_BACK])
    _send_all(run, [each for each in works if each.step.kind is StepKind.SEND])
    poll(run, [each for each in works if each.step.kind is StepKind.POLL])


def _send_all(run: BridgeRun, waiting: list[Work]) -> None:
    if not waiting:
        return
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    running: dict[Future[Answer], Prepared] = {}
    fault: GovernanceError | None = None
    with ThreadPoolExecutor(run.parallel) as pool:
        while fault is None or running:
            try:
                for prepared in [] if fault else _prepare_some(run, waiting, running.values()):
                    running[pool.submit(_send_one, run, prepared)] = prepared
                if not running:
                    break
                done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                run.receive([(running.pop(each), each.result()) for each in done])
            except GovernanceError as error:  # nothing new begins; what runs is still waited for and recorded
                fault = fault or error
    if fault is not None:
        raise fault


def _prepare_some(run: BridgeRun, waiting: list[Work], running: Collection[Prepared]) -> list[Prepared]:
    """Take items whose turn it is, as many as may be in flight beside those that are, and record their attempts."""
    free = min(run.parallel - len(running), run.limit - run.sent)
    if free <= 0:
        return []
    chosen, waiting[:], later = _turns(run, waiting, free, {each.attempt.attempt_id for each in running})
    run.put_off(later)
    if not chosen:
        return []
    return run.prepare(chosen, lambda work: work.sender.mark() if work.sender else None)


def _send_one(run: BridgeRun, prepared: Prepared) -> Answer:
    sender = prepared.work.sender
    assert sender is not None
    return guarded_send(sender, prepared.message, lambda: may_start(run.store, prepared, run.clock))
