"""PagerDuty: what each of its answers proves, which alerts open and close, and what became of incidents."""

import json
from typing import Any

import pytest

from reporting_governance.adapters.interface import Answer, PollingSender, SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.contracts.receipt import Proof
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
from tests.adapters.senders.peers import Receiver, wait_until
from tests.adapters.senders.test_webhook import message

CELLS = {
    **TRANSPORT,
    "accepted": Cell("pagerduty_accepted", ANSWERED, Proof.ACCEPTED, None, {"status": "202", "dedup_key": "thr_1"}),
    "400 invalid event": Cell(
        "pagerduty_invalid", REFUSED, evidence={"error": "Event object is invalid; 'routing_key' is incorrect"}
    ),
    "429 throttled": Cell("pagerduty_429", TRY_LATER, evidence={"error": "Requests are throttled"}),
    "500 in its own form": Cell("pagerduty_500", TRY_LATER, evidence={"error": "Internal Server Error"}),
    "200 ok:false": Cell("ok_false", IN_DOUBT, evidence={"error": "the answer does not say success"}),
}
GROUP: dict[str, Any] = {
    "subject": "2 notices: task-1 is silent",
    "thread_keys": ("thr_1", "thr_2"),
    "notice_ids": ("ntc_1", "ntc_2"),
    "facts": {
        "ntc_1": {"task_id": "task-1", "condition": "silence_timeout"},
        "ntc_2": {"task_id": "task-2", "condition": "owner_dead"},
    },
}


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def events(**changes: Any) -> list[dict[str, Any]]:
    _, receiver = sent("pagerduty", message(**changes), answers=["pagerduty_accepted"])
    assert {line for line, _, _ in receiver.requests} == {"POST /hook/v2/enqueue HTTP/1.1"}
    return [json.loads(body) for _, _, body in receiver.requests]


def test_what_is_sent() -> None:
    assert events() == [
        {
            "routing_key": SECRETS["A_TOKEN"],
            "event_action": "trigger",
            "dedup_key": "thr_1",
            "client": "reporting-governance",
            "payload": {
                "summary": "task-1 is silent",
                "source": "reporting-governance",
                "severity": "error",
                "component": "task-1",
                "custom_details": {"text": "Nothing was heard.", "notice_id": "ntc_1"},
            },
        }
    ]


@pytest.mark.parametrize(
    ("phase", "action"),
    [
        ("firing", "trigger"),
        ("repeat", "trigger"),
        ("escalation", "trigger"),
        ("fallback", "trigger"),
        ("", "trigger"),  # nobody knows: an alert too many is seen, one closed by mistake is not
        ("resolved", "resolve"),
    ],
)
def test_phases(phase: str, action: str) -> None:
    (event,) = events(phase=phase)
    assert (event["event_action"], event["dedup_key"]) == (action, "thr_1")
    assert ("payload" in event) is (action == "trigger")


@pytest.mark.parametrize(
    ("urgency", "severity"), [("low", "info"), ("medium", "warning"), ("high", "error"), ("critical", "critical")]
)
def test_urgency_becomes_severity(urgency: str, severity: str) -> None:
    assert events(urgency=urgency)[0]["payload"]["severity"] == severity


def test_each_thread_of_a_group_has_an_alert_of_its_own_so_that_its_end_closes_it() -> None:
    opened = events(**GROUP)
    assert [(each["dedup_key"], each["payload"]["summary"]) for each in opened] == [
        ("thr_1", "task-1: silence_timeout"),
        ("thr_2", "task-2: owner_dead"),
    ]
    closed = events(**GROUP, phase="resolved")
    assert [(each["event_action"], each["dedup_key"]) for each in closed] == [
        ("resolve", "thr_1"),
        ("resolve", "thr_2"),
    ]


@pytest.mark.parametrize("second", ["pagerduty_429", "pagerduty_invalid", "close", "hang"])
def test_a_group_of_which_a_part_was_accepted_is_in_doubt(second: str) -> None:
    """Not deferred: that would say that surely nothing was sent.  All are sent again, with the same keys."""
    answer, receiver = sent("pagerduty", message(**GROUP), answers=["pagerduty_accepted", second])
    assert answer.result is SendResult.IN_DOUBT
    assert answer.evidence["error"].startswith("1 of 2 events were accepted, then: ")
    assert len(receiver.requests) == 2


def test_a_group_asks_once_whether_it_may_start() -> None:
    asked = []
    with Receiver("pagerduty_accepted") as receiver:
        answer = made("pagerduty", receiver.url).send(message(**GROUP), may_start=lambda: not asked.append(1))
    assert answer.result is SendResult.ANSWERED
    assert len(asked) == 1


def test_the_limit_is_one_for_the_whole_group() -> None:
    answer, receiver = sent("pagerduty", message(**GROUP), answers=["pagerduty_accepted", "drip"])
    assert answer.result is SendResult.IN_DOUBT
    assert len(receiver.requests) == 2


def test_a_long_text_is_cut_with_a_mark_and_keeps_its_end() -> None:
    (event,) = events(
        subject="\x00<b>" + "x" * 5000, body="y" * 100_000 + "\n\nNotice: ntc_1", facts={"task_id": "z" * 9000}
    )
    payload = event["payload"]
    assert len(payload["summary"]) <= 1024
    assert len(payload["component"]) <= 1024
    assert payload["summary"].startswith("\ufffd<b>x")
    assert len(payload["custom_details"]["text"]) <= 20_000
    assert payload["custom_details"]["text"].endswith("Notice: ntc_1")
    assert all("characters left out" in text for text in (payload["summary"], payload["custom_details"]["text"]))


def polled(*peers: str, **changes: Any) -> tuple[Answer | None, Receiver]:
    """Ask in a child, as the bridge does."""
    with Receiver(*peers) as receiver:
        parameters = {**PARAMETERS["pagerduty"], "api_url": receiver.url, "timeout_seconds": 1}
        sender: PollingSender = open_sender("pagerduty", parameters, state_folder="/nonexistent")  # type: ignore[assignment]
        return sender.poll(message(**changes), {}), receiver


@pytest.mark.parametrize(
    ("peer", "phase", "proof", "evidence"),
    [
        ("pagerduty_triggered", "firing", Proof.STORED, {"incident": "PT4KHLK"}),
        (
            "pagerduty_acknowledged",
            "firing",
            Proof.PERSON,
            {"acknowledged_by": "Earline Greenholt", "acknowledged_at": "2026-03-01T04:10:00Z"},
        ),
        ("pagerduty_acknowledged_by_a_program", "firing", Proof.STORED, {}),
        ("pagerduty_resolved_by_a_person", "firing", Proof.PERSON, {"resolved_by": "Earline Greenholt"}),
        ("pagerduty_resolved_by_us", "firing", Proof.STORED, {}),
        ("pagerduty_resolved_by_us", "resolved", Proof.STORED, {"dedup_key": "thr_1"}),
    ],
)
def test_what_became_of_an_incident(peer: str, phase: str, proof: Proof, evidence: dict[str, str]) -> None:
    answer, receiver = polled(peer, phase=phase)
    assert answer is not None
    assert (answer.result, answer.proof) == (SendResult.ANSWERED, proof)
    assert evidence.items() <= answer.evidence.items()
    line, headers, _ = receiver.requests[0]
    assert line.startswith("GET /hook/incidents?incident_key=thr_1&")
    assert headers["authorization"] == f"Token token={SECRETS['A_USER']}"
    assert headers["accept"] == "application/vnd.pagerduty+json;version=2"


@pytest.mark.parametrize(
    "peer", ["pagerduty_none", "pagerduty_401", "busy_429", "broken_500", "html", "close", "hang", "truncate", "ok"]
)
def test_a_poll_that_learns_nothing_says_nothing(peer: str) -> None:
    assert polled(peer)[0] is None


def test_an_end_is_not_proven_while_the_incident_is_open() -> None:
    assert polled("pagerduty_triggered", phase="resolved")[0] is None


def test_of_a_group_counts_what_is_true_of_all() -> None:
    answer, _ = polled("pagerduty_acknowledged", "pagerduty_triggered", **GROUP)
    assert answer is not None
    assert answer.proof is Proof.STORED
    assert polled("pagerduty_acknowledged", "pagerduty_none", **GROUP)[0] is None


def test_without_a_token_nobody_is_asked_and_the_probe_only_connects() -> None:
    with Receiver("pagerduty_none") as receiver:
        sender = made("pagerduty", receiver.url, api_token=None, api_url=receiver.url)
        assert sender.promises.polls_every_seconds is None
        assert sender.probe() == ()
        assert wait_until(lambda: receiver.connections == 1)
        assert receiver.requests == []
