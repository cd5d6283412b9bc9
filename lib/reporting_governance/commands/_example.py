"""`run --example`: one overdue task, in a scratch state folder, all the way to an acked receipt."""

import os
from dataclasses import replace
from datetime import datetime, timedelta

from reporting_governance.commands._defaults import DEFAULT_PROFILE
from reporting_governance.commands._run_reply import dump
from reporting_governance.commands._tables import table
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.commands.run import run_once
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import ExitCode, UsageError
from reporting_governance.stages.report import run_report
from reporting_governance.stages.status import run_status
from reporting_governance.storage.files.layout import EXAMPLE
from reporting_governance.storage.interface import Line, Store, expand

_TASK = "example-nightly-build"
_LATE = timedelta(minutes=25)  #: less than the profile's silence_seconds, so that one condition fires and not two
_EVERY_SECONDS = 600


class NoDryExample(UsageError):
    """The example is there to show real records."""

    message = "--example shows the chain at work on a scratch state folder; it does not go with --dry-run"


@frozen
class _Receipt:
    """The newest receipt of the example's notice, and where it stands."""

    notice_id: str
    outcome: str
    proof: str
    line: int
    evidence: str


def run_example(context: CommandContext, max_seconds: float) -> Reply:
    """Seed the task once, run the chain, and show what became of it.  A second run adds nothing new."""
    if context.dry_run:
        raise NoDryExample
    folder = os.path.join(context.state, EXAMPLE)
    scratch = replace(context, state=folder, profile_reference=DEFAULT_PROFILE, database=None)
    scratch.store.ready()
    profile = scratch.settings.profile
    check_ins = _check_ins(scratch.clock.now())
    run_report(scratch.store, check_ins[:1], uid=os.geteuid(), profile=profile, clock=scratch.clock)
    run_report(scratch.store, check_ins[1:], uid=os.geteuid(), profile=profile, clock=scratch.clock)
    before = scratch.store.ready().seq
    report = run_once(scratch, max_seconds)
    added = scratch.store.ready().seq - before
    receipt = _newest_receipt(scratch.store)
    rows = [
        _row(each.task_id, each.condition, each.due_at, receipt)
        for each in run_status(scratch.store, clock=scratch.clock).episodes
    ]
    day = f"{scratch.clock.now():%Y-%m-%d}"
    places = {
        "message": os.path.join(scratch.state, "outbox", "notices.jsonl"),
        "receipt": os.path.join(scratch.state, "operator-notify-bridge-receipts", f"{day}.jsonl"),
        "journal": os.path.join(scratch.state, "journal", "log"),
    }
    shown = None if receipt is None else {"outcome": receipt.outcome, "proof": receipt.proof, "line": receipt.line}
    example = {"added": added, "state": scratch.state, "places": places, "receipt": shown}
    document = dump(report, scratch) | {"example": example}
    acked = receipt is not None and receipt.outcome == "acked"
    text = "\n".join(
        [
            table(("task", "condition", "due at", "notice", "outcome", "proof", "evidence"), rows),
            "",
            f"Message:  {places['message']}",
            f"Receipt:  {places['receipt']}" + (f" (line {receipt.line} of the journal)" if receipt else ""),
            f"Journal:  {places['journal']}",
        ]
    )
    return Reply(document, text, ExitCode.DONE if acked else ExitCode.PARTIAL)


def _check_ins(now: datetime) -> list[CheckIn]:
    started = CheckIn.parse(
        {
            "verb": "start",
            "task": _TASK,
            "agent": "example-agent",
            "id": "example-start",
            "title": "Nightly build that promised a check-in every ten minutes",
            "at": (now - _LATE).isoformat(),
            "checkpoint": {"every_seconds": _EVERY_SECONDS},
        },
        source="example",
    )
    alive = CheckIn.parse({"verb": "heartbeat", "task": _TASK}, source="example")
    return [started, alive]


def _row(task: str, condition: str, due_at: str, receipt: _Receipt | None) -> tuple[object, ...]:
    if receipt is None:
        return (task, condition, due_at, "not told yet", "", "", "")
    return (task, condition, due_at, receipt.notice_id, receipt.outcome, receipt.proof, receipt.evidence)


def _newest_receipt(store: Store) -> _Receipt | None:
    notice = ""
    found: _Receipt | None = None
    for line in store.replay():
        kind = line.document.get("record", {}).get("kind")
        if kind == "notice":
            notice = line.document["record"]["id"]
        elif kind == "receipt":
            found = _as_receipt(store, line, notice)
    return found


def _as_receipt(store: Store, line: Line, notice: str) -> _Receipt:
    body = expand(store, line.document["record"]["body"])
    evidence = ", ".join(f"{key} {value}" for key, value in sorted(body["evidence"].items()))
    return _Receipt(notice, body["outcome"], body["proof"], line.seq, evidence)
