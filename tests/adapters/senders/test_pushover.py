"""Pushover: what each of its answers proves, what is pushed, and what its receipts say later."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from reporting_governance.adapters.interface import Answer, PollingSender, SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.api_cells import (
    ANSWERED,
    IN_DOUBT,
    PARAMETERS,
    REFUSED,
    SECRETS,
    TRANSPORT,
    TRY_LATER,
    Cell,
    made,
    sent,
)
from tests.adapters.senders.mail_peers import kill_sending_child
from tests.adapters.senders.peers import Receiver, Request
from tests.adapters.senders.test_webhook import message

RECEIPT = "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"
CELLS = {
    **TRANSPORT,
    "queued": Cell("pushover_queued", ANSWERED, Proof.ACCEPTED, None, {"request": "647d2300-702c-4b38"}),
    "queued with a receipt": Cell("pushover_emergency", ANSWERED, Proof.ACCEPTED, None, {"receipt": RECEIPT}),
    "400 user key is invalid": Cell("pushover_invalid_user", REFUSED, evidence={"error": "user key is invalid"}),
    "429 over the quota": Cell("pushover_quota", TRY_LATER, wait=3600),
    "200 ok:false": Cell("ok_false", IN_DOUBT, evidence={"error": "the answer names no request"}),
    "200 status:0": Cell("pushover_zero_200", REFUSED, evidence={"error": "message cannot be blank"}),
}


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def pushed(parameters: dict[str, Any] | None = None, **changes: Any) -> dict[str, str]:
    _, receiver = sent("pushover", message(**changes), answers=["pushover_queued"], **(parameters or {}))
    line, headers, body = receiver.requests[0]
    assert line == "POST /hook/1/messages.json HTTP/1.1"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(body.decode(), strict_parsing=True))


def test_what_is_pushed() -> None:
    assert pushed() == {
        "token": SECRETS["A_TOKEN"],
        "user": SECRETS["A_USER"],
        "title": "task-1 is silent",
        "message": "Nothing was heard.",
        "priority": "1",
    }


@pytest.mark.parametrize(
    ("urgency", "phase", "emergency_from", "priority"),
    [
        ("low", "firing", "critical", "-1"),
        ("medium", "firing", "critical", "0"),
        ("high", "firing", "critical", "1"),
        ("high", "firing", "high", "2"),
        ("critical", "firing", "critical", "2"),
        ("critical", "escalation", "high", "2"),
        ("critical", "firing", None, "1"),
        ("critical", "resolved", "critical", "1"),  # what is over is not rung until somebody answers
    ],
)
def test_urgency_becomes_priority(urgency: str, phase: str, emergency_from: str | None, priority: str) -> None:
    form = pushed({"emergency_from": emergency_from, "device": "phone"}, urgency=urgency, phase=phase)
    assert form["priority"] == priority
    assert form["device"] == "phone"
    assert (form.get("retry"), form.get("expire")) == (("60", "3600") if priority == "2" else (None, None))


def test_no_markup_and_no_other_field() -> None:
    form = pushed(subject="a&priority=2\nb", body="<b>x</b>&url=https://evil.example\x07")
    assert form["title"] == "a&priority=2 b"
    assert form["message"] == "<b>x</b>&url=https://evil.example\ufffd"
    assert set(form) == {"token", "user", "title", "message", "priority"}


@pytest.mark.parametrize("letter", ["x", "&", "\U0001f600"])
def test_a_long_text_is_cut_with_a_mark_and_keeps_its_end(letter: str) -> None:
    form = pushed(subject=letter * 1000, body=letter * 50_000 + "\n\nNotice: ntc_1")
    assert len(form["message"]) <= 1024
    assert len(form["title"]) <= 250
    assert form["message"].endswith("Notice: ntc_1")
    assert "characters left out" in form["message"]
    assert "characters left out" in form["title"]


def polled(peer: str, evidence: dict[str, str] | None = None) -> tuple[Answer | None, Receiver]:
    """Ask in a child, as the bridge does."""
    with Receiver(peer) as receiver:
        parameters = {**PARAMETERS["pushover"], "base_url": receiver.url, "timeout_seconds": 1}
        sender: PollingSender = open_sender("pushover", parameters, state_folder="/nonexistent")  # type: ignore[assignment]
        return sender.poll(message(), {"receipt": RECEIPT} if evidence is None else evidence), receiver


def test_an_acknowledgement_is_a_persons() -> None:
    answer, receiver = polled("pushover_acknowledged")
    assert answer is not None
    assert (answer.result, answer.proof) == (SendResult.ANSWERED, Proof.PERSON)
    assert answer.evidence["receipt"] == RECEIPT
    assert answer.evidence["acknowledged_at"] == "1772338000"
    assert answer.evidence["acknowledged_by_device"] == "phone"
    assert "uQiRzpo4DXghDmr9QzzfQu27cmVRsG" not in str(answer.evidence)  # a key is an address
    line, _, body = receiver.requests[0]
    assert line.startswith(f"GET /hook/1/receipts/{RECEIPT}.json?token=")
    assert body == b""


def test_an_acknowledgement_counts_though_it_expired_since() -> None:
    answer, _ = polled("pushover_acknowledged_late")
    assert answer is not None
    assert answer.proof is Proof.PERSON


def test_what_expired_unacknowledged_will_never_be_confirmed() -> None:
    answer, _ = polled("pushover_expired")
    assert answer is not None
    assert answer.result is SendResult.REFUSED
    assert answer.evidence["error"] == "expired, and nobody had acknowledged it"


@pytest.mark.parametrize(
    "peer",
    [
        "pushover_waiting",
        "pushover_no_receipt",
        "busy_429",
        "broken_500",
        "html",
        "close",
        "hang",
        "truncate",
        "ok",
        "moved_302",
    ],
)
def test_a_poll_that_learns_nothing_says_nothing(peer: str) -> None:
    assert polled(peer)[0] is None


@pytest.mark.parametrize("evidence", [{}, {"receipt": ""}, {"receipt": "../../messages"}, {"receipt": "a?b"}])
def test_without_a_receipt_nobody_is_asked(evidence: dict[str, str]) -> None:
    answer, receiver = polled("pushover_acknowledged", evidence)
    assert answer is None
    assert receiver.connections == 0


def test_who_is_never_rung_is_never_polled() -> None:
    assert made("pushover", "https://api.example", emergency_from=None).promises.polls_every_seconds is None


@pytest.mark.parametrize(
    "parameters", [{"retry_seconds": 29}, {"expire_seconds": 10_801}, {"retry_seconds": 120, "expire_seconds": 60}]
)
def test_wrong_parameters(parameters: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        made("pushover", "https://api.example", **parameters)


def ended(*answers: str, earlier: Any = None, phase: str = "resolved") -> tuple[Answer, Receiver]:
    """Send the end of an episode of which a message still rings."""
    told = {"thr_1": [{"receipt": RECEIPT}]} if earlier is None else earlier
    what = message(phase=phase, earlier=told, thread_keys=tuple(told))
    with Receiver(*answers) as receiver:
        sender = made("pushover", receiver.url, timeout_seconds=2)
        return sender.send(what, may_start=lambda: True), receiver


def lines(receiver: Receiver) -> list[str]:
    return [line.removesuffix(" HTTP/1.1").removeprefix("POST /hook/1/") for line, _, _ in receiver.requests]


def test_what_still_rings_is_cancelled_with_the_end() -> None:
    answer, receiver = ended("pushover_queued", "pushover_cancelled")
    assert lines(receiver) == ["messages.json", f"receipts/{RECEIPT}/cancel.json"]
    assert dict(parse_qsl(receiver.requests[1][2].decode())) == {"token": SECRETS["A_TOKEN"]}
    assert (answer.result, answer.proof) == (ANSWERED, Proof.ACCEPTED)
    assert answer.evidence["cancelled"] == "1 of 1"


@pytest.mark.parametrize(
    "peer", ["pushover_zero_200", "pushover_no_receipt", "broken_500", "html", "hang", "reset", "drip"]
)
def test_a_cancel_that_fails_harms_no_truth(peer: str) -> None:
    answer, receiver = ended("pushover_queued", peer)
    assert (answer.result, answer.proof) == (ANSWERED, Proof.ACCEPTED)
    assert answer.evidence["request"] == "647d2300-702c-4b38"
    assert answer.evidence["cancelled"] == "0 of 1"
    assert len(receiver.requests) == 2


def test_kill_9_while_it_cancels_harms_no_truth() -> None:
    def kill(request: Request) -> None:
        if "cancel" in request[0]:
            kill_sending_child()

    with Receiver("pushover_queued", "hang", noted=kill) as peer:
        parameters = {**PARAMETERS["pushover"], "base_url": peer.url, "timeout_seconds": 5}
        sender = open_sender("pushover", parameters, state_folder="/nonexistent")
        what = message(phase="resolved", earlier={"thr_1": [{"receipt": RECEIPT}]})
        answer = sender.send(what, may_start=lambda: True)
        assert (answer.result, answer.proof) == (ANSWERED, Proof.ACCEPTED)
        assert answer.evidence["request"] == "647d2300-702c-4b38"


@pytest.mark.parametrize("first", ["pushover_zero_200", "pushover_quota", "hang", "close"])
def test_nothing_is_cancelled_by_an_end_that_was_not_told(first: str) -> None:
    answer, receiver = ended(first, "pushover_cancelled")
    assert answer.result is not ANSWERED
    assert len(receiver.requests) == 1


OTHER = "oTherReceiptOfThisTest00000001"


@pytest.mark.parametrize(
    ("phase", "earlier", "cancelled"),
    [
        ("repeat", {"thr_1": [{"receipt": RECEIPT}]}, []),
        ("resolved", {"thr_1": [{"request": "5d"}]}, []),
        ("resolved", {"thr_1": [{"receipt": "../../messages"}]}, []),
        # a person has acknowledged it there
        ("resolved", {"thr_1": [{"receipt": RECEIPT}, {"receipt": RECEIPT, "acknowledged_at": "1772338000"}]}, []),
        ("resolved", {"thr_1": [{"receipt": RECEIPT}, {"receipt": OTHER}]}, [OTHER, RECEIPT]),
        # what rings for several episodes rings on until all of them are over
        ("resolved", {"thr_1": [{"receipt": RECEIPT, "episodes": "2"}]}, []),
        (
            "resolved",
            {"thr_1": [{"receipt": RECEIPT, "episodes": "2"}], "thr_2": [{"receipt": RECEIPT, "episodes": "2"}]},
            [RECEIPT],
        ),
    ],
)
def test_what_is_cancelled(phase: str, earlier: Any, cancelled: list[str]) -> None:
    _, receiver = ended("pushover_queued", "pushover_cancelled", phase=phase, earlier=earlier)
    assert lines(receiver)[1:] == [f"receipts/{each}/cancel.json" for each in cancelled]


def test_the_evidence_says_for_how_many_episodes_it_rings() -> None:
    what = message(thread_keys=("thr_1", "thr_2"), notice_ids=("ntc_1", "ntc_2"))
    answer, _ = sent("pushover", what, answers=["pushover_emergency"])
    assert answer.evidence["episodes"] == "2"
