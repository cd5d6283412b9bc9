"""A profile never gives a secret away, and plain addresses may stand in it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.addresses import is_reference, looks_random, parameter_problems
from reporting_governance.contracts.deployment_profile import address_problems
from reporting_governance.contracts.notification_settings import Target

ALLOWED = [
    "${env:CHAT_URL}",
    "${file:/etc/reportgov/chat}",
    "https://chat.example.org/hooks/${env:CHAT_KEY}",
    "https://chat.example.org/in",
    "http://127.0.0.1:8080/notify",
    "https://status.example.org/api/v2/long-task-notifications",
    "https://example.org/reports/2026-03-01/morning",
    "https://chat.example.org/operatorNotifications",
    "outbox/notices.jsonl",
    "/var/lib/3f8a9c1e77b2d4e5/outbox.jsonl",
    "ops@example.org",
    "#alerts",
    "",
]
REFUSED = {
    "https://ops:hunter2@chat.example.org/in": "user or password",
    "https://token@chat.example.org/in": "user or password",
    "https://chat.example.org/in?key=1": "query",
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX": "key",
    "https://discord.com/api/webhooks/123456789012345678/abcDEF": "key",
    "https://api.telegram.org/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/sendMessage": "key",
    "https://hc-ping.com/550e8400-e29b-41d4-a716-446655440000": "key",
    "https://chat.example.org/#3f8a9c1e77b2d4e5f6a7": "key",
    "tgram://3f8a9c1e77b2d4e5f6a7/12345/": "key",
    "HTTPS://chat.example.org/hooks/3f8a9c1e77b2d4e5f6a7": "key",
    "${ENV:CHAT_URL}": "reference",
    "${env:}": "reference",
    "${env:CHAT-URL}": "reference",
    "${file:}": "reference",
    "https://chat.example.org/${env:KEY}?key=${oops}": "reference",
}


@pytest.mark.parametrize("address", ALLOWED)
def test_an_address_without_a_secret_may_stand_there(address: str) -> None:
    assert address_problems(address) is None


@pytest.mark.parametrize(("address", "word"), REFUSED.items())
def test_an_address_with_a_secret_is_refused_and_not_repeated(address: str, word: str) -> None:
    problem = address_problems(address)
    assert problem is not None
    assert word in problem
    for part in ("hunter2", "3f8a", "XXXX", "ABC-DEF", "550e"):
        assert part not in problem


@given(st.text(string.hexdigits.lower()[:16], min_size=16, max_size=64))
def test_hexadecimal_keys_look_random(key: str) -> None:
    digits = sum(each.isdigit() for each in key)
    if 0 < digits < len(key) or len(key) > 24:
        assert looks_random(key)


@given(
    st.lists(
        st.sampled_from(["long", "task", "Notice", "report", "daily", "OPS", "v2", "2026"]), min_size=4, max_size=8
    )
)
def test_words_do_not_look_random(words: list[str]) -> None:
    assert not looks_random("-".join(words))


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    problem = address_problems(text)
    assert problem is None or "${env:NAME}" in problem


def test_a_reference_is_the_whole_text() -> None:
    assert is_reference("${env:A}")
    assert not is_reference(" ${env:A}")
    assert not is_reference("${env:A}${env:B}")
    assert not is_reference("${env:A}\n")


def test_secrets_are_looked_for_in_all_parameters() -> None:
    parameters = {
        "url": "${env:URL}",
        "headers": {"Authorization": "Bearer abc", "X-Kind": "notice"},
        "argv": ["/usr/local/bin/page", "https://pager.example.org/?key=1"],
        "bot_token": "${env:TOKEN}",
        "api_keys": ["one", "${file:/etc/two}"],
        "a/b~c": {"password": "x"},
        "timeout_seconds": 5,
        "token_header": "X-Token",
    }
    found = dict(parameter_problems(parameters))
    assert set(found) == {"/headers/Authorization", "/argv/1", "/api_keys/0", "/a~1b~0c/password"}
    assert "Bearer" not in str(found)


def test_a_target_with_a_secret_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="parameters/url: a literal URL must not hold a query"):
        Target(sender="webhook", parameters={"url": "https://chat.example.org/in?key=1"})
