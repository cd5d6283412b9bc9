"""A program that signs: real programs, right, wrong, hanging and dead."""

import os
import sys
import time
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reporting_governance.adapters.interface import CannotSign
from reporting_governance.adapters.signing.command import CommandSigner
from reporting_governance.verifier.ed25519 import ed25519_verify

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
SIGNS = (
    "import sys, base64\n"
    "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as K\n"
    f"print(base64.b64encode(K.from_private_bytes(bytes.fromhex('{SEED.hex()}')).sign(sys.stdin.buffer.read())).decode())\n"
)


def signer(tmp_path: Path, code: str, *, seconds: float = 20) -> CommandSigner:
    program = tmp_path / "signer.py"
    program.write_text(code)
    return CommandSigner([sys.executable, str(program)], PUBLIC, folder=str(tmp_path), limit_seconds=seconds)


def test_a_program_signs_what_it_is_given(tmp_path: Path) -> None:
    message = "head \u2014 of a log\n".encode() * 1000
    assert ed25519_verify(PUBLIC, message, signer(tmp_path, SIGNS).sign(message))
    assert signer(tmp_path, SIGNS).public_key() == PUBLIC


GOOD = b64encode(bytes(64)).decode()


@pytest.mark.parametrize(
    "said",
    [
        "",
        "\n",
        GOOD[:-4],
        GOOD + GOOD,
        f"{GOOD}\n\n",
        f"{GOOD}\nmore\n",
        f" {GOOD}",
        "*" * 88,
        "0" * 128,
        GOOD[:-3] + "B==",
    ],
)
def test_what_is_no_signature_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(CannotSign, match="64 bytes in base64"):
        signer(tmp_path, f"import sys; sys.stdin.read(); sys.stdout.write({said!r})").sign(b"x")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_line_s_end_is_fine(tmp_path: Path, end: str) -> None:
    code = f"import sys; sys.stdin.read(); sys.stdout.buffer.write({(GOOD + end).encode()!r})"
    assert signer(tmp_path, code).sign(b"x") == bytes(64)


def test_a_program_that_fails_says_so_with_its_last_line(tmp_path: Path) -> None:
    code = f"import sys; print({GOOD!r}); sys.stderr.write('first\\nthe card is out\\n'); sys.exit(4)"
    with pytest.raises(CannotSign, match="ended with 4: the card is out"):
        signer(tmp_path, code).sign(b"x")


def is_gone(process: int) -> bool:
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_program_that_hangs_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    code = (
        "import os, sys, time\n"
        "child = os.fork()\n"
        f"if child == 0: open({str(tmp_path / 'child')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    began = time.monotonic()
    with pytest.raises(CannotSign, match="took too long"):
        signer(tmp_path, code, seconds=1.5).sign(b"x")
    assert time.monotonic() - began < 15
    child = int((tmp_path / "child").read_text())
    assert is_gone(child)


def test_a_program_that_reads_nothing_and_floods_is_no_danger(tmp_path: Path) -> None:
    code = "import sys\nfor _ in range(3000): sys.stdout.write('A' * 1000)"
    with pytest.raises(CannotSign, match="64 bytes"):
        signer(tmp_path, code).sign(b"x" * 10_000_000)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotSign, match="cannot be started"):
        CommandSigner([str(tmp_path / "no-such")], PUBLIC, folder=str(tmp_path)).sign(b"x")


def test_no_shell_reads_the_words(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    words = ["/bin/echo", f"$(touch {trace})", f"; touch {trace}"]
    with pytest.raises(CannotSign):
        CommandSigner(words, PUBLIC, folder=str(tmp_path)).sign(b"x")
    assert not trace.exists()


@pytest.mark.parametrize("words", [[], [""], ["a\0b"]])
def test_words_that_start_nothing(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(ValueError):
        CommandSigner(words, PUBLIC, folder=str(tmp_path))
