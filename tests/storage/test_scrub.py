"""Secrets: what is taken out, what is left alone, and that the quick look never misses what the long one would find."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.core.scrub import REMOVED, any_names_a_secret, may_hold_token, names_a_secret, scrub

TEXTS = [
    "Authorization: Bearer abcdef0123456789",
    "bearer  AbCdEf0123456789==",
    "Basic dXNlcjpwYXNzd29yZA==",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "sk-proj-abcdefghijklmnop1234",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghijkl_xyz",
    "glpat-abcdefghij0123456789",
    "xoxb-123456789012-abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
    "npm_abcdefghijklmnopqrstuvwxyz0123456789",
    "pypi-AgEIcHlwaS5vcmcabcdefghijklmnopqrstuv",
    "123456789:AAabcdefghijklmnopqrstuvwxyz012345",
    "https://hooks.slack.com/services/T000/B000/abcdefgh",
    "https://discord.com/api/webhooks/123/abc-DEF",
    "postgres://user:hunter22@db/x",
    "password=hunter22hunter",
    'api_key: "abcdef123456"',
    "MY_SECRET=abcdef123456",
    "token\n= abcdef123456",
    "password\u00a0:abcdef123456",
    "secret'\u2003:abcdef123456",
    "Bearer\n\u00a0abcdef0123456789",
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\ncut off",
]
HARMLESS = [
    "task-17 is overdue",
    "https://example.org/a?b=c",
    "evt_0123456789abcdef0123456789abcdef",
    "token budget of 200000",
    "the basic idea",
    "0" * 64,
    "see github.com/a/b and high-speed ask-me",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_token_is_taken_out_wherever_it_stands(text: str) -> None:
    for value in (text, f"before {text} after", {"note": [text]}):
        cleaned, removed = scrub(value)
        assert removed >= 1
        assert REMOVED in json.dumps(cleaned)
        assert may_hold_token(json.dumps(value))
        assert scrub(cleaned)[1] == 0, "once is enough"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_left_alone(text: str) -> None:
    assert scrub(text) == (text, 0)
    assert not may_hold_token(json.dumps(text))


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("authorization", True), ("Authorization", True), ("proxy-authorization", True), ("apiKey", True),
        ("X-Auth-Token", True), ("client_secret", True), ("set-cookie", True), ("DB_PASSWORD", True),
        ("task_key", False), ("idempotency_key", False), ("thread_keys", False), ("token_count", False),
        ("secretary", False), ("key", False), ("", False), ("password_changed_at", False),
    ],
)  # fmt: skip
def test_keys_that_name_a_secret(key: str, secret: bool) -> None:
    assert names_a_secret(key) is secret
    assert any_names_a_secret({"harmless": 1, key: 2}.keys()) is secret
    assert scrub({key: "value"}) == ({key: REMOVED if secret else "value"}, int(secret))


def test_only_what_can_carry_a_secret_is_taken_out() -> None:
    value = {"token": 3, "password": None, "secret": True, "cookie": "", "credentials": {"$blob": "a" * 64, "size": 1}}
    assert scrub(value) == (value, 0)
    assert scrub({"credentials": {"user": "u"}}) == ({"credentials": REMOVED}, 1)


@given(st.text(max_size=20), st.sampled_from(TEXTS), st.text(max_size=20))
def test_the_quick_look_misses_nothing_that_the_long_one_finds(before: str, secret: str, after: str) -> None:
    text = before + secret + after
    if scrub(text)[1]:
        assert may_hold_token(json.dumps({"text": text}))


@given(st.text(alphabet=st.sampled_from('skghpoxAKIeyJ._-:=@/"\\ \nabcdef0123456789tokenpassword'), max_size=80))
def test_nor_in_texts_that_nearly_are_tokens(text: str) -> None:
    if scrub(text)[1]:
        assert may_hold_token(json.dumps(text))
