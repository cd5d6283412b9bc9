"""Secrets: resolved where they are used, and taken out of whatever is said afterwards."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reporting_governance.adapters.senders.hiding import forms_of, hide
from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets


def test_references_inside_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("A_KEY", "from-the-environment")
    secrets = Secrets()
    text = secrets.resolve(f"https://a.example/${{env:A_KEY}}?k=${{file:{tmp_path}/key}}")
    assert text == "https://a.example/from-the-environment?k=from-a-file"
    assert secrets.hide(f"cannot reach {text}") == "cannot reach https://a.example/***?k=***"


def test_a_secret_inside_another_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT", "abcd")
    monkeypatch.setenv("LONG", "xxabcdyy")
    secrets = Secrets()
    secrets.resolve("${env:SHORT}${env:LONG}")
    assert secrets.hide("xxabcdyy abcd") == "*** ***"


def test_a_text_that_came_from_a_secret_is_not_resolved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTER", "${env:INNER}")
    monkeypatch.setenv("INNER", "inner")
    assert Secrets().resolve("${env:OUTER}") == "${env:INNER}"


@pytest.mark.parametrize("written", ["a/b:c d+é", "a%2fb:c%20d+é", "a%2Fb%3Ac%20d%2B%C3%A9", "%61/b%3ac d%2B%c3%a9"])
def test_a_secret_as_a_url_writes_it(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "a/b:c d+é")
    secrets = Secrets()
    secrets.resolve("${env:A_KEY}")
    assert secrets.hide(f"no such page: /bot{written}/x") == "no such page: /bot***/x"


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\xff\xfe", "is not UTF-8"), (b"x" * 70_000, "is too long")],
)
def test_files_that_hold_no_secret(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SecretMissing, match=problem):
        Secrets().resolve(f"${{file:{path}}}")


def kept(value: str, monkeypatch: pytest.MonkeyPatch) -> Secrets:
    monkeypatch.setenv("A_KEY", value)
    secrets = Secrets()
    secrets.resolve("${env:A_KEY}")
    return secrets


@pytest.mark.parametrize(
    "broken", ["s3cret-\n    key", "s3c\r\n\tret-key", r"s3cret\n-key", "s3 cret-key", r"s3cret\u002dkey"]
)
def test_a_secret_that_was_broken_or_escaped(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept("s3cret-key", monkeypatch).hide(f"no {broken}, no") == "no ***, no"


@pytest.mark.parametrize("pair", ["{}", "bob:{}", "bobby:{}", "x:{}:y", "\0bo\0{}"])
@pytest.mark.parametrize("code", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_inside_base64(pair: str, code: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Basic authentication: whoever repeats it repeats a user that we may not even know."""
    secret = "s3cret?k~y>of-this-test"
    said = kept(secret, monkeypatch).hide(f"bad: {code(pair.format(secret).encode()).decode()}.")
    assert "***" in said
    assert not any(code(secret.encode()[place:]).decode()[:6] in said for place in range(len(secret) - 5))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("https://hooks.example.com/services/T0/B0/x7Kd01LmQ2", "no such hook: x7Kd01LmQ2"),
        ("https://bob:shor7@hooks.example.com/", "bob may not log in with shor7"),
        ("https://push.example.com/send?device=9&key=4711", "unknown key 4711"),
        ("Bearer x7Kd01LmQ2", "bad token x7Kd01LmQ2"),
        ("Token token=x7Kd01LmQ2", "bad token x7Kd01LmQ2"),
        ("Basic Ym9iOng3S2QwMUxtUTI=", "bob:x7Kd01LmQ2 is not known"),
        ("Basic Ym9iOng3S2QwMUxtUTI=", "password x7Kd01LmQ2 is wrong"),
    ],
)
def test_the_part_of_an_address_or_a_header_that_matters(
    value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = kept(value, monkeypatch).hide(said)
    assert "***" in hidden
    assert not any(each in hidden for each in ("x7Kd", "mQ2", "shor7", "4711"))


def test_the_words_of_an_address_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = kept("https://hooks.example.com/services/messages/x7Kd01LmQ2", monkeypatch)
    assert secrets.hide("no services for messages, example https") == "no services for messages, example https"


def test_much_text_and_a_long_secret_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = kept("k3y " * 16_000, monkeypatch)
    began = time.monotonic()
    assert secrets.hide(" \n" * 32_000 + "k3y ") == " \n" * 32_000 + "k3y "
    assert time.monotonic() - began < 5


def test_what_anybody_resolved_is_known_to_whoever_writes_about_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    kept("s3cret-of-another-sender", monkeypatch)
    assert Secrets.hide_all("LookupError: 's3cret-of-another-sender'") == "LookupError: '***'"


@given(st.text(min_size=4, max_size=30), st.text(max_size=40), st.text(max_size=40))
def test_no_text_holds_a_secret_that_was_hidden(secret: str, before: str, after: str) -> None:
    assume(len(secret.strip()) >= 4 and secret not in f"{before}***{after}")
    forms = forms_of(secret)
    assert secret not in hide(before + secret + after, forms)
    assert secret not in hide(before + quote(secret, errors="surrogatepass") + after, forms)
