"""Slack: what each of its answers proves, and what reaches a channel."""

import json
from typing import Any

import pytest

from reporting_governance.adapters.interface import SendResult
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError
from tests.adapters.senders.api_cells import (
    ANSWERED,
    IN_DOUBT,
    REFUSED,
    SECRETS,
    TRANSPORT,
    TRY_LATER,
    Cell,
    made,
    sent,
)
from tests.adapters.senders.test_webhook import message

CELLS = {
    **TRANSPORT,
    "stored": Cell("slack_stored", ANSWERED, Proof.STORED, None, {"ts": "1772337906.000100", "channel": "C0123456789"}),
    "429 ratelimited": Cell("slack_ratelimited", TRY_LATER, wait=30, evidence={"error": "ratelimited"}),
    # Alertmanager PR 3121: 200 and not ok was taken for success
    "200 ok:false": Cell("slack_channel_not_found", REFUSED, evidence={"status": "200", "error": "channel_not_found"}),
    "ok:false with Retry-After": Cell("ok_false_later", TRY_LATER, wait=9),
    **{
        f"ok:false {error}": Cell(f"slack_{error}", TRY_LATER, evidence={"error": error})
        for error in (
            "rate_limited message_limit_exceeded request_timeout service_unavailable team_added_to_org "
            "org_login_required external_channel_migrating"
        ).split()
    },
    **{
        f"ok:false {error}": Cell(f"slack_{error}", IN_DOUBT, evidence={"error": error})
        for error in ("fatal_error", "internal_error")
    },
    "500 internal_error": Cell("slack_500_internal_error", IN_DOUBT, evidence={"error": "internal_error"}),
    **{
        f"ok:false {error}": Cell(f"slack_{error}", REFUSED, evidence={"error": error})
        for error in (
            "invalid_auth not_authed token_revoked account_inactive missing_scope is_archived not_in_channel "
            "msg_too_long no_text restricted_action ekm_access_denied a_name_of_next_year"
        ).split()
    },
}


@pytest.fixture(autouse=True)
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def posted(subject: str, body: str) -> dict[str, object]:
    _, receiver = sent("slack", message(subject=subject, body=body), answers=["slack_stored"])
    line, headers, sent_body = receiver.requests[0]
    assert line == "POST /hook/chat.postMessage HTTP/1.1"
    assert headers["authorization"] == f"Bearer {SECRETS['A_TOKEN']}"
    document: dict[str, object] = json.loads(sent_body)
    return document


def test_what_is_posted() -> None:
    assert posted("task-1 is silent", "Nothing was heard.\n\nNotice: ntc_1") == {
        "channel": "C0123456789",
        "text": "task-1 is silent\n\nNothing was heard.\n\nNotice: ntc_1",
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_nobody_is_mentioned_and_no_link_is_made() -> None:
    text = posted("<!channel> a & b", "<@U123> <https://evil.example|our wiki> <!here> \u202e\x1b[31m")["text"]
    subject, _, body = str(text).partition("\n\n")
    assert subject == "&lt;!channel&gt; a &amp; b"
    assert body == "&lt;@U123&gt; &lt;https://evil.example|our wiki&gt; &lt;!here&gt; \ufffd\ufffd[31m"


@pytest.mark.parametrize("letter", ["x", "<", "\U0001f600"])
def test_a_long_text_is_cut_with_a_mark_and_keeps_its_end(letter: str) -> None:
    text = str(posted("task-1 is silent", letter * 50_000 + "\n\nNotice: ntc_1")["text"])
    assert len(text) <= 4000
    assert text.startswith("task-1 is silent\n\n")
    assert text.endswith("Notice: ntc_1")
    assert "characters left out" in text
    assert text.replace("&lt;", "").replace(" [… ", "").count("&") == 0  # no entity is cut in two


FIRST = {"ts": "1772337906.000100", "channel": "C0123456789"}


def replied(
    *answers: str, phase: str = "resolved", earlier: dict[str, Any] | None = None, **parameters: Any
) -> tuple[Any, list[dict[str, Any]]]:
    """Send one message of an episode that was told before; return the answer and what was posted."""
    told = {"thr_1": [FIRST]} if earlier is None else earlier
    what = message(phase=phase, earlier=told, thread_keys=tuple(told) or ("thr_1",))
    answer, receiver = sent("slack", what, answers=answers or ["slack_reply_stored"], **parameters)
    return answer, [json.loads(body) for _, _, body in receiver.requests]


def test_what_is_told_later_replies_to_what_was_told_first() -> None:
    answer, (document,) = replied()
    assert document["thread_ts"] == "1772337906.000100"
    assert document["reply_broadcast"] is False
    assert (answer.result, answer.proof) == (ANSWERED, Proof.STORED)
    assert answer.evidence["ts"] == "1772341506.000200"
    assert answer.evidence["thread_ts"] == "1772337906.000100"


@pytest.mark.parametrize(
    ("phase", "broadcast", "shown"),
    [
        ("repeat", None, True),
        ("escalation", None, True),
        ("resolved", None, False),
        ("resolved", ["resolved"], True),
        ("repeat", ["resolved"], False),
    ],
)
def test_which_replies_are_shown_in_the_channel(phase: str, broadcast: list[str] | None, shown: bool) -> None:
    parameters: dict[str, Any] = {} if broadcast is None else {"broadcast": broadcast}
    _, (document,) = replied(phase=phase, **parameters)
    assert document["reply_broadcast"] is shown


def test_of_a_reply_the_first_message_of_its_thread_counts() -> None:
    reply = {**FIRST, "ts": "1772341506.000200", "thread_ts": FIRST["ts"]}
    _, (document,) = replied(earlier={"thr_1": [{"attempt": "over without an answer"}, reply]})
    assert document["thread_ts"] == FIRST["ts"]


@pytest.mark.parametrize(
    "earlier",
    [
        {},
        {"thr_1": [{"error": "no answer within the limit"}]},
        {"thr_1": [{**FIRST, "channel": "C9999999999"}]},  # the profile names another channel by now
        {"thr_1": [FIRST], "thr_2": [{**FIRST, "ts": "1772337999.000100"}]},  # two began apart
        {"thr_1": [FIRST], "thr_2": []},
    ],
)
def test_without_one_message_that_began_it_all_it_stands_alone(earlier: dict[str, Any]) -> None:
    _, (document,) = replied("slack_stored", earlier=earlier)
    assert "thread_ts" not in document
    assert "reply_broadcast" not in document


def test_a_group_that_began_together_goes_on_together() -> None:
    _, (document,) = replied(earlier={"thr_1": [FIRST], "thr_2": [FIRST]})
    assert document["thread_ts"] == FIRST["ts"]


def test_replies_are_not_everybodys_wish() -> None:
    _, (document,) = replied("slack_stored", in_thread=False)
    assert "thread_ts" not in document
    assert not made("slack", "https://api.example", in_thread=False).promises.joins_threads
    with pytest.raises(ContractError):
        made("slack", "https://api.example", broadcast=["firing"])


@pytest.mark.parametrize("error", ["thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"])
def test_a_thread_that_is_gone_loses_no_message(error: str) -> None:
    answer, (reply, alone) = replied(f"slack_{error}", "slack_stored")
    assert reply["thread_ts"] == FIRST["ts"]
    assert "thread_ts" not in alone
    assert alone["text"] == reply["text"]
    assert (answer.result, answer.proof) == (ANSWERED, Proof.STORED)
    assert answer.evidence["thread"] == error


@pytest.mark.parametrize(
    ("then", "result"),
    [("hang", IN_DOUBT), ("slack_ratelimited", TRY_LATER), ("slack_is_archived", REFUSED), ("close", IN_DOUBT)],
)
def test_what_becomes_of_the_message_beside_the_thread_decides(then: str, result: SendResult) -> None:
    answer, posted_twice = replied("slack_thread_not_found", then)
    assert answer.result is result
    assert len(posted_twice) == 2


@pytest.mark.parametrize("peer", ["hang", "close", "slack_internal_error", "slack_is_archived", "slack_ratelimited"])
def test_no_other_answer_to_a_reply_is_followed_by_another_post(peer: str) -> None:
    _, posted_once = replied(peer)
    assert len(posted_once) == 1
