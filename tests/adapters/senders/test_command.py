"""The command sender against real programs: what they prove, and that nothing of them outlives its limit."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.peers import Program, is_running, wait_until
from tests.adapters.senders.test_webhook import message

NONE, ACCEPTED, STORED = Proof.NONE, Proof.ACCEPTED, Proof.STORED


def run(program: Program, *, may_start: bool = True, body: str = "Nothing was heard.", **parameters: Any) -> Answer:
    sender = open_sender(
        "command", {"argv": program.argv, "timeout_seconds": 2, **parameters}, state_folder=str(program.script.parent)
    )
    return sender.send(message(body=body), may_start=lambda: may_start)


@pytest.mark.parametrize(
    ("behaviour", "result", "proof", "evidence"),
    [
        ("ok", SendResult.ANSWERED, ACCEPTED, {"exit": "0"}),
        ("id", SendResult.ANSWERED, STORED, {"exit": "0", "id": "m-77"}),
        ("lies", SendResult.ANSWERED, STORED, {"id": "m-77"}),
        ("no_id", SendResult.ANSWERED, ACCEPTED, {"exit": "0"}),
        ("nonsense", SendResult.ANSWERED, ACCEPTED, {"exit": "0"}),
        ("later", SendResult.TRY_LATER, NONE, {"exit": "75"}),
        ("fails", SendResult.REFUSED, NONE, {"exit": "3", "reason": "no such user"}),
        ("crashes", SendResult.IN_DOUBT, NONE, {"error": "ended by signal 11"}),
        ("hangs", SendResult.IN_DOUBT, NONE, {"error": "killed at its time limit"}),
        ("ignores_sigterm", SendResult.IN_DOUBT, NONE, {"error": "killed at its time limit"}),
        ("floods", SendResult.ANSWERED, ACCEPTED, {"exit": "0"}),
        ("floods_for_ever", SendResult.IN_DOUBT, NONE, {"error": "killed at its time limit"}),
    ],
)
def test_what_a_program_proves(
    tmp_path: Path, behaviour: str, result: SendResult, proof: Proof, evidence: dict[str, str]
) -> None:
    """openclaw 28603, 98020: `delivered: true` is a program's word and proves no more than the target declares."""
    program = Program(tmp_path, behaviour)
    began = time.monotonic()

    answer = run(program, best_proof="stored")

    assert (answer.result, answer.proof) == (result, proof)
    assert evidence.items() <= answer.evidence.items()
    assert time.monotonic() - began < 7
    assert [each["spool_id"] for each in program.bodies] == ["spl_1"]


def test_without_a_declaration_a_program_proves_that_it_took_the_message(tmp_path: Path) -> None:
    assert run(Program(tmp_path, "id")).proof is ACCEPTED


def test_a_program_asks_for_a_wait(tmp_path: Path) -> None:
    assert run(Program(tmp_path, "later")).retry_after_seconds == 120


def test_a_program_that_does_not_read_is_no_fault(tmp_path: Path) -> None:
    """More than a pipe holds: whoever writes without looking would wait for ever, or die of it."""
    assert run(Program(tmp_path, "deaf"), body="x" * 300_000).result is SendResult.ANSWERED


def test_a_long_message_arrives_whole(tmp_path: Path) -> None:
    program = Program(tmp_path, "ok")
    run(program, body="x" * 300_000)
    assert program.bodies[0]["body"] == "x" * 300_000


def test_what_a_program_leaves_behind_is_ended_with_it(tmp_path: Path) -> None:
    program = Program(tmp_path, "grandchild")
    answer = run(program)
    assert answer.result is SendResult.ANSWERED
    pid = int(Path(f"{program.notes}.pid").read_text())
    assert wait_until(lambda: not is_running(pid))


def test_a_program_whose_supervisor_died_is_ended_and_in_doubt(tmp_path: Path) -> None:
    program = Program(tmp_path, "kills_its_parent")
    assert run(program).result is SendResult.IN_DOUBT
    pid = int(Path(f"{program.notes}.pid").read_text())
    assert wait_until(lambda: not is_running(pid))


def test_the_fence_holds_before_the_program_starts(tmp_path: Path) -> None:
    program = Program(tmp_path, "ok")
    assert run(program, may_start=False).result is SendResult.NOT_STARTED
    assert program.bodies == []


def test_a_program_that_is_not_there_is_surely_not_sent(tmp_path: Path) -> None:
    sender = open_sender("command", {"argv": ["/no/such/program"]}, state_folder=str(tmp_path))
    assert sender.send(message(), may_start=lambda: True).result is SendResult.NOT_SENT
    assert [each.rule for each in sender.probe()] == ["GOV703"]
    assert open_sender("command", {"argv": [sys.executable]}, state_folder=str(tmp_path)).probe() == ()


def test_there_is_no_shell(tmp_path: Path) -> None:
    program = Program(tmp_path, "ok")
    sender = open_sender(
        "command", {"argv": [*program.argv, "; touch gone-wrong", "$(touch gone-wrong)"]}, state_folder=str(tmp_path)
    )
    assert sender.send(message(), may_start=lambda: True).result is SendResult.ANSWERED
    assert not (tmp_path / "gone-wrong").exists()


def test_secrets_are_given_in_the_environment_only(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("t0ken-of-this-test\n")
    script = tmp_path / "tells.py"
    script.write_text("import os, json; print(json.dumps({'id': os.environ['TOKEN'], 'reason': os.environ['TOKEN']}))")
    sender = open_sender(
        "command",
        {"argv": [sys.executable, str(script)], "env": {"TOKEN": f"${{file:{secret}}}"}, "best_proof": "stored"},
        state_folder=str(tmp_path),
    )
    answer = sender.send(message(), may_start=lambda: True)
    assert answer.evidence["id"] == answer.evidence["reason"] == "***"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"argv": []},
        {"argv": ["send", "${env:TOKEN}"]},
        {"argv": ["send"], "best_proof": "person"},
        {"argv": ["send"], "timeout_seconds": 601},
        {"argv": "send --now"},
    ],
)
def test_wrong_parameters(parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        open_sender("command", parameters, state_folder="/nonexistent")
