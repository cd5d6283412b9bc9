"""A key file is one that only its owner may read, whole or not there; nothing else signs."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import CannotSign
from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.verifier.ed25519 import ed25519_verify
from tests.storage.killing import Report, killed_everywhere

MESSAGE = b"a head\n"


@pytest.fixture
def key(tmp_path: Path) -> KeyFile:
    made = KeyFile(str(tmp_path / "keys/log.key"))
    assert made.make()
    return made


def test_a_key_signs_what_its_public_key_checks(key: KeyFile) -> None:
    assert ed25519_verify(key.public_key(), MESSAGE, key.sign(MESSAGE))
    assert not ed25519_verify(key.public_key(), MESSAGE + b"!", key.sign(MESSAGE))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        KeyFile(str(tmp_path / "log.key")).make()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "log.key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["log.key"]


def test_a_key_that_is_there_is_never_replaced(key: KeyFile) -> None:
    before = Path(key.path).read_bytes()
    assert not key.make()
    assert Path(key.path).read_bytes() == before


def test_two_keys_are_two_keys(tmp_path: Path) -> None:
    one, two = KeyFile(str(tmp_path / "one")), KeyFile(str(tmp_path / "two"))
    assert one.make()
    assert two.make()
    assert one.public_key() != two.public_key()


def test_the_next_key_takes_the_place(key: KeyFile) -> None:
    before = key.public_key()
    following = key.make_next()
    assert key.make_next().public_key() == following.public_key() != before
    wanted = following.public_key()
    assert key.public_key() == before
    key.take_next()
    assert key.public_key() == wanted
    assert os.listdir(os.path.dirname(key.path)) == ["log.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610, 0o601, 0o4644])
def test_a_key_that_others_may_read_or_change_signs_nothing(key: KeyFile, mode: int) -> None:
    os.chmod(key.path, mode)
    for call in (key.public_key, lambda: key.sign(MESSAGE)):
        with pytest.raises(CannotSign, match="open to others"):
            call()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777, 0o722])
def test_a_key_in_a_folder_that_others_may_change_signs_nothing(key: KeyFile, mode: int) -> None:
    os.chmod(os.path.dirname(key.path), mode)
    with pytest.raises(CannotSign, match="folder that others may change"):
        key.sign(MESSAGE)
    with pytest.raises(CannotSign, match="folder that others may change"):
        key.make_next()


def test_a_link_is_no_key(key: KeyFile, tmp_path: Path) -> None:
    link = KeyFile(str(tmp_path / "keys/link.key"))
    os.symlink(key.path, link.path)
    with pytest.raises(CannotSign, match="is a link"):
        link.sign(MESSAGE)
    assert not link.make()


def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    outside = tmp_path / "outside"
    os.symlink(outside, tmp_path / "keys/log.key")
    os.symlink(outside, tmp_path / "keys/log.key.tmp")
    assert not KeyFile(str(tmp_path / "keys/log.key")).make()
    assert not outside.exists()


def test_what_stands_in_the_way_of_a_new_key_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    os.symlink(outside, tmp_path / "keys/log.key.tmp")
    assert KeyFile(str(tmp_path / "keys/log.key")).make()
    assert outside.read_bytes() == b"precious"
    assert KeyFile(str(tmp_path / "keys/log.key")).public_key()


def damages(data: bytes) -> dict[str, bytes]:
    header, seed = data.split(b"\n")[:2]
    return {
        "empty": b"",
        "cut": data[:-5],
        "without its newline": data[:-1],
        "without its header": seed + b"\n",
        "another header": b"x" + data,
        "a longer seed": header + b"\n" + b"A" * 48 + b"\n",
        "a shorter seed": header + b"\n" + b"A" * 40 + b"\n",
        "not base64": header + b"\n" + b"*" * 44 + b"\n",
        "another form of base64": header + b"\n" + seed[:-2] + bytes([seed[-2] + 1]) + b"=\n",
        "something behind it": data + b"\n",
        "zeros": bytes(len(data)),
        "large": data + b"x" * 100_000,
    }


@pytest.mark.parametrize("damage", damages(b"h\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"))
def test_a_damaged_key_signs_nothing(key: KeyFile, damage: str) -> None:
    path = Path(key.path)
    path.write_bytes(damages(path.read_bytes())[damage])
    with pytest.raises(CannotSign, match="damaged"):
        key.public_key()


@pytest.mark.parametrize("kind", ["folder", "pipe", "nothing"])
def test_what_is_no_file_signs_nothing_and_holds_nobody_up(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log.key"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path, 0o600)
    with pytest.raises(CannotSign, match="is not there" if kind == "nothing" else "is no file|Is a directory"):
        KeyFile(str(path)).sign(MESSAGE)


def test_a_message_says_which_file_and_no_secret(key: KeyFile) -> None:
    seed = Path(key.path).read_text().split("\n")[1]
    os.chmod(key.path, 0o644)
    with pytest.raises(CannotSign) as caught:
        key.sign(MESSAGE)
    assert key.path in str(caught.value)
    assert seed not in f"{caught.value}{caught.value.advice()}{caught.value.details}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("what", ["the file", "the folder"])
def test_a_key_of_another_user_signs_nothing(key: KeyFile, what: str) -> None:
    os.chown(key.path if what == "the file" else os.path.dirname(key.path), 65534, 65534)
    with pytest.raises(CannotSign, match="another user"):
        key.sign(MESSAGE)


AS_ANOTHER = """
import os, sys
sys.path.insert(0, sys.argv[1])
import cryptography.hazmat.primitives.asymmetric.ed25519
from reporting_governance.adapters.interface import CannotSign
from reporting_governance.adapters.signing.key_file import KeyFile
os.setgid(65534)
os.setuid(65534)
try:
    print("signed", KeyFile(sys.argv[2]).sign(b"x"))
except CannotSign as fault:
    print("refused", fault)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("gives_away", ["nothing", "the folder", "folder and file"])
def test_another_user_gets_nothing_from_the_key(tmp_path: Path, gives_away: str) -> None:
    """A real second user: not even with a loose folder above, and only with a file that is his own."""
    below = Path("/tmp") / f"keys-of-two-{os.getpid()}-{gives_away.replace(' ', '')}"
    shutil.rmtree(below, ignore_errors=True)
    try:
        key = KeyFile(str(below / "log.key"))
        assert key.make()
        if gives_away != "nothing":
            os.chmod(below, 0o755)
        if gives_away == "folder and file":
            os.chmod(key.path, 0o644)
        run = [sys.executable, "-c", AS_ANOTHER, str(Path(__file__).parents[3] / "lib"), key.path]
        seen = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)
        assert seen.stdout.startswith("refused"), seen
    finally:
        shutil.rmtree(below, ignore_errors=True)


def test_a_full_disk_leaves_no_key_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        return real(fd, data[:40]) if data.startswith(b"reporting-governance log key") else real(fd, data)

    real = os.write
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(CannotSign, match="cannot be made"):
        KeyFile(str(tmp_path / "keys/log.key")).make()
    monkeypatch.undo()
    assert os.listdir(tmp_path / "keys") == []
    assert KeyFile(str(tmp_path / "keys/log.key")).make()


def make_one(root: str, report: Report) -> None:
    KeyFile(f"{root}/keys/log.key").make()
    report(KeyFile(f"{root}/keys/log.key").public_key().hex())


def rotate_one(root: str, report: Report) -> None:
    key = KeyFile(f"{root}/keys/log.key")
    report(key.make_next().public_key().hex())
    key.take_next()


@pytest.mark.parametrize(("prepare", "scenario", "at_least"), [(None, make_one, 4), (make_one, rotate_one, 5)])
def test_killed_anywhere_a_key_is_whole_or_not_there(
    tmp_path: Path,
    prepare: Callable[[str, Report], None] | None,
    scenario: Callable[[str, Report], None],
    at_least: int,
) -> None:
    template = str(tmp_path / "template")
    (tmp_path / "template").mkdir()
    first: list[str] = []
    if prepare is not None:
        prepare(template, first.append)
    killed = 0
    for _, root, outcome in killed_everywhere(template, str(tmp_path / "killed"), scenario):
        killed += outcome.killed
        key = KeyFile(f"{root}/keys/log.key")
        if key.exists():
            assert key.public_key().hex() in {*first, *outcome.reports} or prepare is None
        else:
            assert prepare is None
        for name in os.listdir(f"{root}/keys") if os.path.isdir(f"{root}/keys") else []:
            assert stat.S_IMODE(os.stat(f"{root}/keys/{name}").st_mode) == 0o600
        scenario(root, lambda said: None)  # and whoever comes next is not held up by what is left
        assert os.listdir(f"{root}/keys") == ["log.key"]
        assert key.public_key()
    assert killed >= at_least
