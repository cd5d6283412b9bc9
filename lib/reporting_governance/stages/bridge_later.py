"""What the bridge does with messages that were handed over and are not proven yet: ask for them, or take them back."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

from reporting_governance.adapters.interface import Answer, PollingSender, SendResult, WaitingSender
from reporting_governance.contracts.receipt import Proof
from reporting_governance.core.awaiting import settle_later
from reporting_governance.core.settling import Settlement, settle_unsent
from reporting_governance.stages.bridge_run import BridgeRun
from reporting_governance.stages.message import message_of
from reporting_governance.stages.receipts import Result
from reporting_governance.stages.sending import Work


def poll(run: BridgeRun, works: Sequence[Work]) -> None:
    """Ask senders what became of messages, several at once; only what is new is recorded."""
    works = [each for each in works if each.sender is not None and run.may_begin(each.sender)]
    if not works:
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(run.parallel) as pool:
        answers = [pool.submit(_ask, run, work) for work in works]
        results = [_learned(run, work, answer.result()) for work, answer in zip(works, answers, strict=True)]
    run.record([each for each in results if each is not None])


def _ask(run: BridgeRun, work: Work) -> Answer | None:
    if not run.goes_on():
        return None
    sender = cast("PollingSender", work.sender)
    message = message_of(run.store, work, number=_number(work))
    try:
        return sender.poll(message, _evidence(work))
    except Exception:  # as in guarded_send: a question that fails has found out nothing
        return None


def _learned(run: BridgeRun, work: Work, answer: Answer | None) -> Result | None:
    run.store.heartbeat(work.name.id, run.clock.now())
    settlement = None if answer is None else _settlement(run, work, answer)
    if settlement is None:
        run.idle.add(work.name)
        return None
    return Result(work=work, name=work.name, settlement=settlement, own=False)


def _settlement(run: BridgeRun, work: Work, answer: Answer) -> Settlement | None:
    return settle_later(
        answer,
        work.body,
        str(work.step.attempt_id),
        now=run.clock.now(),
        ack_requires=Proof(work.body["item"]["expects_proof"]),
        powers=work.powers,
        settled_by=work.sender.name if work.sender else "",
    )


def take_back(run: BridgeRun, works: Sequence[Work]) -> None:
    """Take back what nobody has taken; what somebody has is on its way, and so somebody is told of its end."""
    results = []
    for work in works:
        sender = cast("WaitingSender", work.sender)
        evidence = _evidence(work)
        with suppress(OSError):  # nobody knows; the next run tries again
            if sender.take_back(message_of(run.store, work, number=_number(work)), evidence):
                settlement = settle_unsent(work.body, work.step, now=run.clock.now())
                results.append(Result(work=work, name=work.name, settlement=settlement, own=False))
                continue
            taken = Answer(result=SendResult.ANSWERED, proof=Proof.ACCEPTED, evidence=evidence)
            learned = _learned(run, work, taken)
            results += [] if learned is None else [learned]
    run.record(results)


def _number(work: Work) -> int:
    attempts = work.body["attempts"]
    return int(next(each["number"] for each in attempts if each["attempt_id"] == work.step.attempt_id))


def _evidence(work: Work) -> Mapping[str, str]:
    """Return what is known of the attempt: of two receipts that say different things the newer counts."""
    found: dict[str, str] = {}
    for each in work.body["receipts"]:
        if each.get("attempt_id") == work.step.attempt_id:
            found |= each["evidence"]
    return found
