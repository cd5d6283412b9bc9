"""The openclaw sender against a program with the real one's command line and its captured output, in both shapes."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders import openclaw
from reporting_governance.adapters.senders.child import SenderInChild
from reporting_governance.adapters.senders.openclaw import LONGEST_TEXT, text_of
from reporting_governance.adapters.senders.openclaw_answers import judge
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.adapters.senders.texts import utf16_units
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.openclaw_peer import NEW, OLD, FakeOpenclaw, HurriedSender, captured
from tests.adapters.senders.peers import is_running, wait_until
from tests.adapters.senders.test_webhook import message

NONE, ACCEPTED, STORED = Proof.NONE, Proof.ACCEPTED, Proof.STORED
ANSWERED, NOT_SENT, REFUSED = SendResult.ANSWERED, SendResult.NOT_SENT, SendResult.REFUSED
TRY_LATER, IN_DOUBT = SendResult.TRY_LATER, SendResult.IN_DOUBT
WHERE = {"channel": "telegram", "to": "4242"}


def run(program: FakeOpenclaw, *, may_start: bool = True, body: str = "Nothing was heard.", **more: Any) -> Answer:
    folder = str(program.notes.parent)
    sender = open_sender("openclaw", {**WHERE, "command": program.command, **more}, state_folder=folder)
    return sender.send(message(body=body), may_start=lambda: may_start)


#: What each end proves, whichever version printed it.
ENDS = {
    "sent": (ANSWERED, STORED),
    "slow-40": (ANSWERED, STORED),
    "dashes": (ANSWERED, STORED),
    "in-parts": (ANSWERED, STORED),
    "unreachable": (NOT_SENT, NONE),
    "refused-connection": (IN_DOUBT, NONE),
    "unknown-name": (IN_DOUBT, NONE),
    "400": (REFUSED, NONE),
    "401": (REFUSED, NONE),
    "403": (REFUSED, NONE),
    "429": (TRY_LATER, NONE),
    "500": (TRY_LATER, NONE),
    "nameless": (IN_DOUBT, NONE),
    "page": (IN_DOUBT, NONE),
    "drops": (IN_DOUBT, NONE),
    "hangs": (IN_DOUBT, NONE),
    "bad-channel": (REFUSED, NONE),
    "not-installed-channel": (NOT_SENT, NONE),
    "empty": (REFUSED, NONE),
    "no-target": (REFUSED, NONE),
    "bad-target": (REFUSED, NONE),
    "bad-account": (REFUSED, NONE),
    "dry": (REFUSED, NONE),
    "no-token": (NOT_SENT, NONE),
    "no-channels": (NOT_SENT, NONE),
    "broken-config": (NOT_SENT, NONE),
}
#: Where a version has another reason for the same.
OTHERWISE = {OLD: {"bad-account": (NOT_SENT, NONE)}}  # it looks for that account's token first


@pytest.mark.parametrize(
    ("version", "end"), [(version, end) for version in (NEW, OLD) for end in sorted(captured(version))]
)
def test_what_the_real_programs_output_proves(tmp_path: Path, version: str, end: str) -> None:
    """No end that may have reached the recipient is called sure: the real peer's count says what had arrived."""
    program = FakeOpenclaw(tmp_path, end, version=version)
    answer = run(program)
    assert (answer.result, answer.proof) == {**ENDS, **OTHERWISE.get(version, {})}[end], answer.evidence
    arrived = captured(version)[end]["arrived"]
    if answer.result is NOT_SENT:
        assert arrived == 0
    if answer.result is ANSWERED:
        assert arrived >= 1
        assert answer.evidence["id"] == "101"
    assert answer.evidence["exit"] == str(captured(version)[end]["exit"])
    assert len(program.given) == 1


@pytest.mark.parametrize(
    ("end", "result", "proof", "evidence"),
    [
        ("text-only", ANSWERED, ACCEPTED, {"exit": "0"}),
        ("nothing", ANSWERED, ACCEPTED, {"exit": "0"}),
        ("id-unknown", ANSWERED, ACCEPTED, {"id": "unknown"}),
        ("id-suppressed", REFUSED, NONE, {"error": "nothing was sent: suppressed"}),
        ("error-exit-0", IN_DOUBT, NONE, {"error": "Error: Request entity too large"}),
        ("payload-not-ok", IN_DOUBT, NONE, {"error": "no such chat", "id": "7"}),
        ("suppressed", REFUSED, NONE, {"delivery_status": "suppressed"}),
        ("partial", IN_DOUBT, NONE, {"id": "100", "delivery_status": "partial_failed"}),
        ("refused-then-lost", IN_DOUBT, NONE, {"exit": "1"}),
        ("crashes", IN_DOUBT, NONE, {"error": "ended by signal 11"}),
        ("old-node", NOT_SENT, NONE, {"exit": "1"}),
        ("no-node", NOT_SENT, NONE, {"exit": "127"}),
        ("boxed", ANSWERED, STORED, {"id": "101", "chat": "4242"}),
    ],
)
def test_what_other_output_proves(
    tmp_path: Path, end: str, result: SendResult, proof: Proof, evidence: dict[str, str]
) -> None:
    answer = run(FakeOpenclaw(tmp_path, end))
    assert (answer.result, answer.proof) == (result, proof)
    assert evidence.items() <= answer.evidence.items()


@pytest.mark.parametrize("end", ["delivered", "best-effort"])
def test_a_claim_without_an_id_is_accepted_and_no_more(tmp_path: Path, end: str) -> None:
    """openclaw 28603, 27069, 64006, 91300: `delivered: true`, exit 0, and nothing was sent."""
    answer = run(FakeOpenclaw(tmp_path, end))
    assert (answer.result, answer.proof) == (ANSWERED, ACCEPTED)
    assert "id" not in answer.evidence


def test_an_id_that_openclaw_made_itself_proves_no_storage(tmp_path: Path) -> None:
    """openclaw 98020: a messageId and exit 0 four times, and four times nothing arrived."""
    answer = run(FakeOpenclaw(tmp_path, "own-id"))
    assert (answer.result, answer.proof) == (ANSWERED, ACCEPTED)
    assert answer.evidence["id"] == "openclaw-weixin:1782734412227-29a1ec72"


def test_an_operator_may_trust_a_channels_ids_less(tmp_path: Path) -> None:
    """openclaw 98020, for a channel whose made-up ids look like others'."""
    assert run(FakeOpenclaw(tmp_path, "sent"), best_proof="accepted").proof is ACCEPTED


@pytest.mark.parametrize(
    ("version", "end"), [(NEW, "hangs"), (NEW, "gateway-timeout"), (OLD, "gateway-closed"), (OLD, "drops")]
)
def test_a_failure_that_may_have_arrived_is_in_doubt(tmp_path: Path, version: str, end: str) -> None:
    """openclaw 151790, 104632, 28964: reported as failed, and it had arrived."""
    answer = run(FakeOpenclaw(tmp_path, end, version=version))
    assert (answer.result, answer.proof) == (IN_DOUBT, NONE)
    assert answer.evidence["error"]


def test_a_wait_that_telegram_asks_for_is_kept(tmp_path: Path) -> None:
    assert run(FakeOpenclaw(tmp_path, "429")).retry_after_seconds == 2


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo in this process what `HurriedSender` sets."""
    monkeypatch.setattr(openclaw, "SHORTEST_LIMIT", openclaw.SHORTEST_LIMIT)


def in_a_hurry(program: FakeOpenclaw) -> Answer:
    parameters = {**WHERE, "command": program.command, "timeout_seconds": 2}
    folder = str(program.notes.parent)
    sender = SenderInChild(HurriedSender(parameters, state_folder=folder), parameters, state_folder=folder)
    return sender.send(message(), may_start=lambda: True)


@pytest.mark.usefixtures("hurried")
def test_it_is_killed_with_its_whole_group_at_its_limit(tmp_path: Path) -> None:
    """openclaw 16460, 75895: it never ends, and ignores SIGTERM."""
    program = FakeOpenclaw(tmp_path, "stays")
    began = time.monotonic()
    answer = in_a_hurry(program)
    assert time.monotonic() - began < 8
    assert (answer.result, answer.evidence["error"]) == (IN_DOUBT, "killed at its time limit")
    assert len(program.pids) == 2
    assert wait_until(lambda: not any(is_running(each) for each in program.pids))


@pytest.mark.usefixtures("hurried")
def test_what_it_answered_before_it_stayed_counts(tmp_path: Path) -> None:
    """openclaw 16460: it has sent, says so, and never ends."""
    program = FakeOpenclaw(tmp_path, "answers-and-stays")
    answer = in_a_hurry(program)
    assert (answer.result, answer.proof, answer.evidence["id"]) == (ANSWERED, STORED, "101")
    assert wait_until(lambda: not any(is_running(each) for each in program.pids))


def test_it_is_given_time_enough() -> None:
    """A send that went well was seen to take 79 seconds; a limit below 100 makes doubt out of health."""
    promises = open_sender("openclaw", WHERE, state_folder="/").promises
    assert promises.limit_seconds >= 100
    assert promises.best_first_proof is STORED
    assert not promises.idempotent_by_key
    with pytest.raises(ContractError):
        open_sender("openclaw", {**WHERE, "timeout_seconds": 99}, state_folder="/")


def test_the_command_line(tmp_path: Path) -> None:
    """There is no shell, and no text is an option."""
    program = FakeOpenclaw(tmp_path, "sent")
    body = "--json; touch gone-wrong $(touch gone-wrong)\n-x"
    run(program, body=body, to="-100424242", account="work", thread="7", state=str(tmp_path / "oc"))
    (given,) = program.given
    assert given["target"] == "-100424242"
    assert (given["channel"], given["account"], given["thread_id"]) == ("telegram", "work", "7")
    assert given["message"].endswith(body)
    assert given["environment"]["OPENCLAW_STATE_DIR"] == str(tmp_path / "oc")
    assert not (tmp_path / "gone-wrong").exists()


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("MEDIA:/etc/passwd", "MEDIA:"),
        ("x\nMEDIA: ./keys.txt", "MEDIA:"),
        ("[[reply_to: 7]]", "[["),
        ("[[[audio_as_voice]]", "[["),
        ("[your bank](https://evil.example)", "]("),
        ("C:\\new", "\\n"),
        ("@everyone", "@e"),
        ("<tool_call>{}</tool_call>", "<tool"),
    ],
)
def test_nothing_an_agent_says_is_an_order_to_openclaw(said: str, order: str) -> None:
    """2026.3.23 reads `MEDIA:` in the text of a send, and attaches that file of this machine."""
    assert order not in text_of(message(body=said))


def test_a_long_text_is_cut_so_that_it_goes_as_one(tmp_path: Path) -> None:
    """openclaw 79293: of a message in parts, some did not arrive, and it counted as sent."""
    program = FakeOpenclaw(tmp_path, "sent")
    run(program, body="@[[" * 50_000)
    text = program.given[0]["message"]
    assert utf16_units(text) <= LONGEST_TEXT
    assert "characters left out" in text


def test_the_fence_holds_before_the_program_starts(tmp_path: Path) -> None:
    program = FakeOpenclaw(tmp_path, "sent")
    assert run(program, may_start=False).result is SendResult.NOT_STARTED
    assert not program.given


def test_a_program_that_is_not_there_is_surely_not_sent(tmp_path: Path) -> None:
    sender = open_sender("openclaw", {**WHERE, "command": ["/no/such/program"]}, state_folder=str(tmp_path))
    assert sender.send(message(), may_start=lambda: True).result is NOT_SENT
    assert [each.rule for each in sender.probe()] == ["GOV703"]


def test_probe_asks_for_the_version_and_sends_nothing(tmp_path: Path) -> None:
    program = FakeOpenclaw(tmp_path, "sent")
    assert open_sender("openclaw", {**WHERE, "command": program.command}, state_folder=str(tmp_path)).probe() == ()
    assert not program.given
    refuses = [sys.executable, "-c", "import sys; sys.exit('Node 20 is too old')"]
    (finding,) = open_sender("openclaw", {**WHERE, "command": refuses}, state_folder=str(tmp_path)).probe()
    assert finding.rule == "GOV703"
    assert "ends with 1: Node 20 is too old" in finding.message


def test_secrets_are_given_in_the_environment_and_not_said(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("t0ken-of-this-gateway\n")
    program = FakeOpenclaw(tmp_path, "sent")
    run(program, env={"OPENCLAW_GATEWAY_TOKEN": f"${{file:{secret}}}"})
    assert program.given[0]["environment"]["OPENCLAW_GATEWAY_TOKEN"] == "t0ken-of-this-gateway"
    tells = [sys.executable, "-c", "import os; raise SystemExit(os.environ['OPENCLAW_GATEWAY_TOKEN'])"]
    wanted = {**WHERE, "command": tells, "env": {"OPENCLAW_GATEWAY_TOKEN": f"${{file:{secret}}}"}}
    sender = open_sender("openclaw", wanted, state_folder=str(tmp_path))
    assert sender.send(message(), may_start=lambda: True).evidence["error"] == "***"
    assert "t0ken" not in sender.probe()[0].message
    gone = open_sender("openclaw", {**wanted, "env": {"A": "${file:/no/such}"}}, state_folder=str(tmp_path))
    assert gone.send(message(), may_start=lambda: True).result is NOT_SENT


def test_a_bots_token_in_an_error_is_not_said(tmp_path: Path) -> None:
    answer = run(FakeOpenclaw(tmp_path, "names-a-token"))
    assert answer.result is IN_DOUBT
    assert "planted" not in str(answer.evidence)


@pytest.mark.parametrize("output", [b"{" * 100_000 + b"}", b"{\n" * 20_000 + b"}", b"\xff\xfe}", b"[]}", b"{}\n}"])
def test_nonsense_proves_no_more_than_an_exit(output: bytes) -> None:
    began = time.monotonic()
    assert judge(0, output, b"", best=STORED, now=0.0).proof <= ACCEPTED
    assert judge(1, output, b"", best=STORED, now=0.0).result is IN_DOUBT
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"channel": "telegram"},
        {**WHERE, "command": []},
        {**WHERE, "command": ["openclaw", "${env:TOKEN}"]},
        {**WHERE, "best_proof": "delivered"},
        {**WHERE, "timeout_seconds": 601},
        {**WHERE, "to": " "},
    ],
)
def test_wrong_parameters(parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        open_sender("openclaw", parameters, state_folder="/nonexistent")
