"""A file that is there whole or not at all: short writes, a full disk, and what a killed process left."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reporting_governance.adapters.bundle.ssh_signature import NAMESPACE, ssh_signature
from reporting_governance.adapters.bundle.whole_file import whole_file
from reporting_governance.adapters.bundle.writing import BundleFile
from reporting_governance.errors import StorageError, UsageError


def test_a_file_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with whole_file(str(path)) as file:
        file.write(b"x" * 100_000)
        file.flush()
        (waiting,) = os.listdir(tmp_path)
        assert waiting == f".a.zip.{os.getpid()}.partial"
        assert os.stat(tmp_path / waiting).st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"x" * 100_000
    assert os.listdir(tmp_path) == ["a.zip"]


def test_nothing_is_left_when_the_block_ends_badly(tmp_path: Path) -> None:
    def stopped() -> None:
        with whole_file(str(tmp_path / "a.zip")) as file:
            file.write(b"x" * 100_000)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert os.listdir(tmp_path) == []


def test_what_got_the_name_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"

    def overtaken() -> None:
        with whole_file(str(path)) as file:
            file.write(b"x")
            path.write_bytes(b"another's")

    with pytest.raises(UsageError, match="is there already"):
        overtaken()
    assert path.read_bytes() == b"another's"
    assert os.listdir(tmp_path) == ["a.zip"]


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"), whole_file(str(tmp_path / "a.zip")):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    dead, living = tmp_path / f".a.zip.{child.pid}.partial", tmp_path / f".a.zip.{os.getppid()}.partial"
    other = tmp_path / f".b.zip.{child.pid}.partial"
    for each in (dead, living, other):
        each.write_bytes(b"half")
    with whole_file(str(tmp_path / "a.zip")) as file:
        file.write(b"whole")
    assert set(os.listdir(tmp_path)) == {"a.zip", living.name, other.name}


@pytest.mark.parametrize("limit", [0, 1, 4096, 99_999])
def test_a_disk_that_is_full_leaves_nothing_and_says_where(tmp_path: Path, limit: int) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(StorageError, match="partial"), whole_file(str(tmp_path / "a.zip")) as file:
            file.write(b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such folder"):
        BundleFile(str(tmp_path / "none" / "a.zip"))
    with pytest.raises(StorageError, match="no such folder"):
        BundleFile(str(tmp_path / "none") + "/")


def ssh_key(folder: Path) -> Path:
    key = folder / "key"
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    except FileNotFoundError:
        pytest.skip("there is no ssh-keygen here")
    return key


def test_a_person_signs_and_ssh_keygen_agrees(tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    signature = tmp_path / "bundle.sshsig"
    signature.write_bytes(ssh_signature(str(key), b"tag manifest\n"))
    allowed = tmp_path / "allowed"
    allowed.write_text(f"anna {key.with_suffix('.pub').read_text()}")
    words = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "anna", "-n", NAMESPACE, "-s", signature]
    assert subprocess.run(words, input=b"tag manifest\n", capture_output=True, check=False).returncode == 0
    assert subprocess.run(words, input=b"another\n", capture_output=True, check=False).returncode != 0


def test_a_key_that_cannot_sign_is_named(tmp_path: Path) -> None:
    ssh_key(tmp_path)
    (tmp_path / "none").write_text("no key\n")
    os.chmod(tmp_path / "none", 0o600)
    with pytest.raises(StorageError, match="did not sign"):
        ssh_signature(str(tmp_path / "none"), b"x")
