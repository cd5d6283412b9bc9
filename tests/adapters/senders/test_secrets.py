"""Secrets: resolved where they are used, and taken out of whatever is said afterwards."""

from pathlib import Path

import pytest

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
