"""A configuration is put in place whole, or not at all, and never over somebody else's work."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reporting_governance.adapters.openclaw.config_locks import EVENT
from reporting_governance.adapters.openclaw.config_write import BACKUPS, replace
from reporting_governance.adapters.openclaw.interface import ConfigInDoubt, ConfigNotChanged, KeepsChanging
from reporting_governance.errors import Busy
from tests.storage.killing import Report, killed_everywhere

OLD = b"{a: 1} // old\n" * 3000  #: longer than one page, and than one write of a slow file system
NEW = b"{a: 2} // new\n" * 3001
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")


@pytest.fixture
def config() -> Iterator[Path]:
    """Return a configuration that other users can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "state" / "openclaw.json"
        path.parent.mkdir()
        path.write_bytes(OLD)
        path.chmod(0o640)
        yield path


def to_new(_: bytes | None) -> bytes:
    return NEW


def beside(config: Path) -> list[str]:
    """Return what else stands in the folder; our lock stays."""
    return sorted(each.name for each in config.parent.iterdir() if each.name not in (config.name, lock_of(config).name))


def lock_of(config: Path) -> Path:
    return config.with_name(f".{config.name}.reportgov.lock")


def their_lock(config: Path) -> Path:
    return config.with_name(f"{config.name}.lock")


class TestReplacing:
    def test_the_old_one_is_kept(self, config: Path) -> None:
        done = replace(str(config), to_new)
        assert (done.before, done.after, config.read_bytes()) == (OLD, NEW, NEW)
        assert done.backup == f"{config}.reportgov.bak"
        assert Path(done.backup).read_bytes() == OLD
        assert beside(config) == ["openclaw.json.reportgov.bak"]

    def test_mode_owner_and_attributes_stay(self, config: Path) -> None:
        if os.getuid() == 0:
            os.chown(config, 12345, 23456)
        before = config.stat()
        try:
            os.setxattr(config, "user.kept", b"yes")
        except OSError:
            pytest.skip("the file system of the tests has no attributes")
        done = replace(str(config), to_new)
        now = config.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
        assert os.getxattr(config, "user.kept") == b"yes"
        backup = os.stat(done.backup or "")
        assert (stat.S_IMODE(backup.st_mode), backup.st_uid) == (0o600, before.st_uid)

    def test_an_access_list_stays(self, config: Path) -> None:
        if shutil.which("setfacl") is None:
            pytest.skip("setfacl is not installed")
        if subprocess.run(["setfacl", "-m", "u:12345:r", config], check=False, capture_output=True).returncode:
            pytest.skip("the file system of the tests has no access lists")
        before = os.getxattr(config, "system.posix_acl_access")
        replace(str(config), to_new)
        assert os.getxattr(config, "system.posix_acl_access") == before

    def test_nothing_is_written_when_it_is_so_already(self, config: Path) -> None:
        before = config.stat()
        assert replace(str(config), lambda data: data).backup is None
        assert (config.stat().st_mtime_ns, config.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
        assert beside(config) == []

    def test_one_that_is_not_there_is_made_for_its_owner_alone(self, config: Path) -> None:
        config.unlink()
        done = replace(str(config), to_new)
        assert (done.before, done.backup, config.read_bytes()) == (None, None, NEW)
        assert stat.S_IMODE(config.stat().st_mode) == 0o600
        assert config.stat().st_nlink == 1
        assert beside(config) == []

    def test_backups_are_few(self, config: Path) -> None:
        for number in range(BACKUPS + 3):
            replace(str(config), lambda _, number=number: f"{{a: {number}}}".encode())  # type: ignore[misc]
        kept = [f"{config.name}.reportgov.bak", *(f"{config.name}.reportgov.bak.{each}" for each in range(1, BACKUPS))]
        assert beside(config) == kept
        newest = BACKUPS + 1
        assert [(config.parent / each).read_text() for each in kept] == [
            f"{{a: {newest - each}}}" for each in range(BACKUPS)
        ]

    def test_a_second_name_keeps_the_old_text(self, config: Path) -> None:
        os.link(config, config.with_name("other"))
        replace(str(config), to_new)
        assert config.with_name("other").read_bytes() == OLD
        assert config.stat().st_nlink == 1


class TestRefusing:
    def test_a_link_is_not_written_through(self, config: Path) -> None:
        target = config.rename(config.with_name("target"))
        config.symlink_to(target)
        with pytest.raises(ConfigNotChanged, match="it is a link to") as caught:
            replace(str(config), to_new)
        assert "OPENCLAW_CONFIG_PATH" in caught.value.advice()
        assert target.read_bytes() == OLD

    @pytest.mark.parametrize("kind", ["folder", "pipe", "huge"])
    def test_what_is_no_plain_file(self, config: Path, kind: str) -> None:
        config.unlink()
        if kind == "folder":
            config.mkdir()
        elif kind == "pipe":
            os.mkfifo(config)
        else:
            config.touch()
            os.truncate(config, 1 << 33)
        with pytest.raises(ConfigNotChanged, match="plain file"):
            replace(str(config), to_new)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigNotChanged, match="No such file"):
            replace(str(tmp_path / "nowhere" / "openclaw.json"), to_new)

    @AS_ROOT
    @pytest.mark.parametrize(
        ("mode", "owner", "why"),
        [(0o777, 0, "belongs to user 0"), (0o555, 12345, "Permission denied"), (0o777, 23456, "belongs to user 23456")],
    )
    def test_as_another_user(self, config: Path, mode: int, owner: int, why: str) -> None:
        config.chmod(0o666)
        os.chown(config, owner, owner)
        config.parent.chmod(mode)

        def as_other() -> str:
            try:
                replace(str(config), to_new)
            except ConfigNotChanged as fault:
                return str(fault)
            return "changed"

        assert why in in_child(as_other, uid=12345)
        assert config.read_bytes() == OLD

    @AS_ROOT
    def test_another_group_that_cannot_be_kept(self, config: Path) -> None:
        os.chown(config, 12345, 34567)
        config.parent.chmod(0o777)

        def as_owner() -> str:
            try:
                replace(str(config), to_new)
            except ConfigNotChanged as fault:
                return str(fault)
            return "changed"

        assert "not permitted" in in_child(as_owner, uid=12345)
        assert config.read_bytes() == OLD
        assert beside(config) == []

    def test_a_disk_that_is_full(self, config: Path) -> None:
        def starved() -> str:
            import resource

            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(NEW) // 2, len(NEW) // 2))
            try:
                replace(str(config), to_new)
            except ConfigNotChanged as fault:
                return str(fault)
            return "changed"

        assert "File too large" in in_child(starved)
        assert config.read_bytes() == OLD
        assert beside(config) == []

    def test_a_plan_that_gives_up_leaves_nothing(self, config: Path) -> None:
        def give_up(_: bytes | None) -> bytes:
            raise ConfigNotChanged(path="x", reason="no")

        with pytest.raises(ConfigNotChanged):
            replace(str(config), give_up)
        assert config.read_bytes() == OLD
        assert beside(config) == []


def in_child(what: Callable[[], str], uid: int | None = None) -> str:
    """Return what a function answers in a process of its own, as another user."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if uid is not None:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            os.write(writing, what().encode())
        except BaseException as fault:
            os.write(writing, repr(fault).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


Hook = Callable[[str, str], None]
_hooks: list[Hook] = []


def _tell(event: str, arguments: tuple[object, ...]) -> None:
    if event == EVENT:
        for hook in _hooks:
            hook(str(arguments[0]), str(arguments[1]))


@pytest.fixture(scope="module")
def heard() -> None:
    sys.addaudithook(_tell)  # for good: a hook cannot be taken away


@pytest.fixture
def at_step(heard: None) -> Iterator[Callable[[Hook], None]]:
    """Return what lets something happen before steps."""
    yield _hooks.append
    _hooks.clear()


class TestOthers:
    """Somebody who knows no lock writes meanwhile."""

    @pytest.mark.parametrize("step", ["create", "fsync", "claim"])
    @pytest.mark.parametrize("how", ["renames", "overwrites", "removes"])
    def test_it_starts_again_from_their_text(
        self, config: Path, at_step: Callable[[Hook], None], step: str, how: str
    ) -> None:
        done: list[str] = []

        def meddle(now: str, _: str) -> None:
            if now == step and not done:
                done.append(now)
                if how == "removes":
                    config.unlink()
                    return
                other = config.with_name("other") if how == "renames" else config
                other.write_bytes(b"theirs")
                other.chmod(0o600)
                other.rename(config)

        at_step(meddle)
        seen: list[bytes | None] = []

        def make(data: bytes | None) -> bytes:
            seen.append(data)
            return b"ours after " + (data or b"nothing")[:6]

        replace(str(config), make)
        assert seen == [OLD, None if how == "removes" else b"theirs"]
        assert config.read_bytes() == (b"ours after nothin" if how == "removes" else b"ours after theirs")
        assert ".reportgov.new" not in "".join(beside(config))

    def test_a_changed_mode_counts_too(self, config: Path, at_step: Callable[[Hook], None]) -> None:
        at_step(lambda now, _: config.chmod(0o600) if now == "claim" else None)
        replace(str(config), to_new)
        assert stat.S_IMODE(config.stat().st_mode) == 0o600

    def test_it_ends_when_they_do_not(self, config: Path, at_step: Callable[[Hook], None]) -> None:
        writes: list[int] = []

        def meddle(now: str, _: str) -> None:
            if now == "claim":
                writes.append(0)
                config.write_bytes(b"theirs %d" % len(writes))

        at_step(meddle)
        with pytest.raises(KeepsChanging, match="5 times"):
            replace(str(config), to_new)
        assert config.read_bytes() == b"theirs 5"
        assert beside(config) == []

    def test_what_is_written_over_ours_at_once_is_told(self, config: Path, at_step: Callable[[Hook], None]) -> None:
        at_step(
            lambda now, name: (
                None if (now, name) != ("fsync", f"{config.parent}/") else void(config.write_bytes(b"theirs"))
            )
        )
        with pytest.raises(ConfigInDoubt, match="another writer has changed it since"):
            replace(str(config), to_new)
        assert config.read_bytes() == b"theirs"

    def test_one_that_is_made_meanwhile_is_not_overwritten(self, config: Path, at_step: Callable[[Hook], None]) -> None:
        config.unlink()
        at_step(lambda now, _: void(config.write_bytes(b"theirs")) if now == "put" else None)
        with pytest.raises(ConfigNotChanged, match="another writer has just made it"):
            replace(str(config), to_new)
        assert config.read_bytes() == b"theirs"


def void(_: object) -> None:
    return None


class TestLocks:
    def test_ours_waits_for_ours(self, config: Path) -> None:
        with lock_of(config).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(Busy):
                replace(str(config), to_new, wait_seconds=0.05)
        replace(str(config), to_new, wait_seconds=0.05)

    def test_ours_waits_for_openclaw(self, config: Path) -> None:
        their_lock(config).write_text(json.dumps({"pid": os.getppid(), "createdAt": "2026-11-22T12:00:00.000Z"}))
        with pytest.raises(Busy, match=r"openclaw\.json\.lock"):
            replace(str(config), to_new, their_seconds=0.05)
        assert config.read_bytes() == OLD
        assert beside(config) == ["openclaw.json.lock"]
        freeing = threading.Timer(0.2, their_lock(config).unlink)
        freeing.start()
        replace(str(config), to_new, their_seconds=20)
        freeing.join()
        assert config.read_bytes() == NEW

    @pytest.mark.parametrize(
        ("holder", "is_left"),
        [
            ({"pid": 4194304}, True),
            ({"pid": os.getpid(), "starttime": 1}, True),
            ({"pid": os.getpid()}, False),
            ({"pid": 1}, False),
            ({"pid": "1"}, False),
            ({"createdAt": "2020-01-01T00:00:00.000Z"}, False),
            ([], False),
            ("", False),
        ],
    )
    def test_one_whose_holder_is_dead_is_taken_away(self, config: Path, holder: object, is_left: bool) -> None:
        their_lock(config).write_text("" if holder == "" else json.dumps(holder))
        if is_left:
            replace(str(config), to_new, their_seconds=5)
            assert not their_lock(config).exists()
        else:
            with pytest.raises(Busy):
                replace(str(config), to_new, their_seconds=0.05)
            assert their_lock(config).exists()

    def test_it_is_whole_from_its_first_moment(self, config: Path, at_step: Callable[[Hook], None]) -> None:
        seen: list[object] = []
        at_step(lambda now, _: seen.append(json.loads(their_lock(config).read_bytes())) if now == "put" else None)
        replace(str(config), to_new)
        (holder,) = seen
        assert isinstance(holder, dict)
        assert holder["pid"] == os.getpid()
        assert holder["createdAt"].endswith("Z")
        assert beside(config) == ["openclaw.json.reportgov.bak"]

    def test_another_ones_lock_is_not_removed_with_ours(self, config: Path, at_step: Callable[[Hook], None]) -> None:
        at_step(lambda now, _: void(their_lock(config).write_text("other")) if now == "put" else None)
        replace(str(config), to_new)
        assert their_lock(config).read_text() == "other"

    def test_many_at_once_lose_nothing(self, config: Path) -> None:
        config.write_bytes(b"")

        def one(number: int) -> None:
            replace(str(config), lambda data: (data or b"") + b"%d\n" % number)

        children = []
        for number in range(8):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    for each in range(5):
                        one(number * 10 + each)
                    status = 0
                finally:
                    os._exit(status)
            children.append(child)
        assert [os.waitpid(each, 0)[1] for each in children] == [0] * 8
        lines = [int(each) for each in config.read_text().split()]
        assert sorted(lines) == [number * 10 + each for number in range(8) for each in range(5)]


def writing(root: str, report: Report) -> None:
    done = replace(f"{root}/openclaw.json", to_new)
    report(done.backup)


@pytest.mark.parametrize("is_there", [True, False])
def test_killed_at_every_step(tmp_path: Path, is_there: bool) -> None:
    template = tmp_path / "template"
    template.mkdir()
    if is_there:
        (template / "openclaw.json").write_bytes(OLD)
        for number in range(BACKUPS):
            (template / f"openclaw.json.reportgov.bak{f'.{number}' if number else ''}").write_text(f"{number}")
    ends = []
    for _, root, outcome in killed_everywhere(str(template), str(tmp_path / "killed"), writing):
        config = Path(root) / "openclaw.json"
        left = config.read_bytes() if config.exists() else None
        assert left in ((OLD, NEW) if is_there else (None, NEW))
        assert not outcome.reports or left == NEW
        if is_there:
            copies = [each.read_bytes() for each in config.parent.glob("*.reportgov.bak*")]
            assert left == OLD or OLD in copies
            assert len(copies) <= BACKUPS
        ends.append(left)
        their = their_lock(config)
        assert not their.exists() or json.loads(their.read_bytes())["pid"] > 0, (
            "OpenClaw can tell that it is left behind"
        )
        replace(str(config), lambda data: b"again" + (data or b"")[:4], their_seconds=5)
        assert config.read_bytes() == b"again" + (left or b"")[:4]
        assert not their.exists()
        assert all(each.startswith("openclaw.json.reportgov.bak") for each in beside(config))
    assert len(ends) > 12
    assert {True, False} == {each == NEW for each in ends}
