"""Slack: what each of its answers proves, and what reaches a channel."""

import json

import pytest

from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.api_cells import ANSWERED, IN_DOUBT, REFUSED, SECRETS, TRANSPORT, TRY_LATER, Cell, sent
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
