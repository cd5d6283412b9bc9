"""State folders that are another user's, cannot be written, or are full."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.acceptance.verbs import ROOT, Verbs, tree
from tests.oracle.checker import arrivals_in, check, lines_of_folder

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can make users and mount file systems")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that other users can reach."""
    folder = Path(tempfile.mkdtemp(prefix="reportgov-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def stranger() -> str:
    """Return the name of a real user of every system, so that none is made: whose accounts change, changes for all."""
    name = "nobody"
    words = [*as_user(name), *Verbs(Path("/nonexistent")).command("scan", "--help")]
    reachable = subprocess.run(
        words, cwd="/", env={"PYTHONPATH": str(ROOT / "lib")}, capture_output=True, text=True, check=False
    )
    if reachable.returncode:
        pytest.skip(f"a verb cannot be started as another user: {reachable.stderr}")
    return name


def as_user(name: str) -> tuple[str, ...]:
    """Return the words before a command line with which it runs as another user.

    It may read everything, since the Python that runs the tests may lie where only root looks; what it may write, and
    who it is, is as for any other user.
    """
    capability = "+dac_read_search"
    return (
        "setpriv", "--reuid", name, "--regid", str(pwd.getpwnam(name).pw_gid), "--clear-groups",
        "--inh-caps", capability, "--ambient-caps", capability, "--bounding-set", f"-all,{capability}",
    )  # fmt: skip


OTHERS = ("scan", "enqueue", "dispatch", "bridge", "run", "status", "doctor", "init")
LOOKING = ("status", "doctor", "explain")


def _without_inbox(state: Path) -> Mapping[str, object]:
    return {name: found for name, found in tree(state).items() if not str(name).startswith("inbox")}


@needs_root
@pytest.mark.parametrize("root_owns", [False, True], ids=["root calls", "root owns"])
def test_the_state_of_another_user(open_folder: Path, stranger: str, root_owns: bool) -> None:
    verbs = Verbs(open_folder / "state")
    stranger_does = Verbs(verbs.state, before=as_user(stranger))
    theirs, ours = (verbs, stranger_does) if root_owns else (stranger_does, verbs)
    if not root_owns:
        shutil.chown(open_folder, stranger)
    owner, caller = ("root", stranger) if root_owns else (stranger, "root")
    theirs.ok("init")
    theirs.ok("report", "start", "a", "--agent", "x", "--every", "1m", "--at", "2026-01-01T00:00:00Z")
    theirs.ok("report", "heartbeat", "a")
    theirs.ok("run")
    before = _without_inbox(verbs.state)
    for verb in (*OTHERS, "explain"):
        ended = ours.call(verb, *(["a"] if verb == "explain" else []))
        assert (ended.code, ended.out) == (1, ""), verb
        may, instead = ("read", "init --readers") if verb in LOOKING else ("write", f"crontab -u {owner}")
        assert f"belongs to {owner}; {caller} may not {may} it" in ended.err
        assert instead in ended.err
        assert _without_inbox(verbs.state) == before, verb
    noted = len(list((verbs.state / "inbox").iterdir()))
    assert noted == len(set(OTHERS) - set(LOOKING)), "each attempt to write, and nothing else, left word of itself"
    handed = [
        ours.ok("report", "start", "b", "--agent", "y", "--format", "json").document()["handed_in"],
        [ours.ok("ack", "a", "--format", "json").document()["handed_in"]],
        [ours.ok("retry", "a", "--format", "json").document()["handed_in"]],
    ]
    for (name,) in handed:
        assert (verbs.state / "inbox" / name).stat().st_uid == (pwd.getpwnam(stranger).pw_uid if root_owns else 0)
    ended = theirs.call("run", "--format", "json")
    inbox = ended.document()["inbox"]
    assert (inbox["read"], inbox["recorded"], inbox["refused"]) == (3 + noted, 1 + noted, 2)
    assert ended.code == 1, "who may check in may not act"
    started = [each for each in verbs.records("event-envelope") if each["event_type"] == "task_started"]
    assert [each["task_id"] for each in started] == ["a", "b"]


@needs_root
def test_a_state_that_its_owner_cannot_write(open_folder: Path, stranger: str) -> None:
    shutil.chown(open_folder, stranger)
    verbs = Verbs(open_folder / "state", before=as_user(stranger))
    verbs.ok("report", "start", "a", "--agent", "x", "--every", "1m", "--at", "2026-01-01T00:00:00Z")
    verbs.ok("report", "heartbeat", "a")
    everything = [verbs.state, *(path for path in verbs.state.rglob("*"))]
    modes = {path: path.stat().st_mode for path in everything}
    for path in everything:
        path.chmod(modes[path] & ~0o222)
    before = tree(verbs.state)
    for words in (("scan",), ("run",), ("report", "checkpoint", "a"), ("doctor", "--rebuild")):
        ended = verbs.call(*words)
        assert (ended.code, ended.out) == (3, ""), words
        assert "Permission denied" in ended.err
        assert str(verbs.state) in ended.err
    assert tree(verbs.state) == before
    assert "a" in verbs.ok("status", "--tasks").out, "what can be read is shown"
    for path in everything:
        path.chmod(modes[path])
    verbs.ok("run")
    assert len(verbs.outbox()) == 1


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that mounts a small file system of its own, or skips."""
    places: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / "mounted"
        if not place.exists():
            place.mkdir()
            places.append(place)
        words = ["mount", "-t", "tmpfs", "-o", options, "reportgov-test", str(place)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            places.clear()
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)


@needs_root
def test_a_read_only_file_system(mounted: Callable[..., Path]) -> None:
    place = mounted("size=8m")
    verbs = Verbs(place / "state")
    verbs.ok("report", "start", "quiet", "--agent", "x", "--every", "1d", "--id", "q")
    verbs.ok("run")
    mounted("remount,ro")
    assert verbs.ok("scan").out == "", "a scan with nothing to say writes nothing"
    for words in (("run",), ("report", "checkpoint", "quiet")):
        ended = verbs.call(*words)
        assert (ended.code, ended.out) == (3, ""), words
        assert "Read-only file system" in ended.err
    mounted("remount,rw")
    verbs.ok("run")


@needs_root
def test_a_full_disk_loses_nothing_and_sends_nothing_twice(mounted: Callable[..., Path]) -> None:
    place = mounted("size=2m")
    verbs = Verbs(place / "state")
    for number in range(6):
        verbs.overdue(f"task-{number}")
    verbs.ok("scan")
    ballast = place / "ballast"
    codes = []
    for left in (0, 4096, 16384, 32768, 65536):
        _fill(place, ballast, left)
        codes.append(verbs.call("run").code)
        codes.append(verbs.call("report", "checkpoint", "task-0", "still here").code)
    assert set(codes) <= {0, 3}
    assert codes[0] == 3, "nothing fits on a full disk"
    ballast.unlink()
    verbs.ok("run")
    verbs.ok("run")
    arrived = {"operator/outbox": arrivals_in(str(verbs.state / "outbox/notices.jsonl"))}
    check(lines_of_folder(str(verbs.state)), arrived, at_rest=True)
    firing = [each["facts"]["task_id"] for each in verbs.outbox() if each["phase"] == "firing"]
    assert sorted(firing) == [f"task-{number}" for number in range(6)]


def _fill(place: Path, ballast: Path, left: int) -> None:
    """Fill a file system up to some bytes."""
    ballast.unlink(missing_ok=True)
    with ballast.open("wb", buffering=0) as file:
        free = shutil.disk_usage(place).free - left
        file.write(bytes(max(0, free)))


@needs_root
@pytest.mark.parametrize("umask", ["077", "000"])
def test_the_scripts_as_another_user_who_has_no_home(
    checkout: str, open_folder: Path, stranger: str, umask: str
) -> None:
    """As a system's service runs: a user of its own, a home it cannot write, the plain locale, no terminal."""
    place = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C"}
    state = open_folder / "state"
    shutil.chown(open_folder, stranger)
    subprocess.run([f"{checkout}/bin/status", "--help"], check=True, capture_output=True, env=place, timeout=180)

    def bare(verb: str, *words: str) -> str:
        script = f'umask {umask}; exec "$0" "$@"'
        command = [*as_user(stranger), "/bin/sh", "-c", script, f"{checkout}/bin/{verb}", *words, "--state", str(state)]
        ended = subprocess.run(
            command, env=place, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stderr) == (0, ""), ended
        return ended.stdout

    bare("report", "start", "résumé", "--agent", "x", "--every", "1m", "--at", "2026-01-01T00:00:00Z")
    assert "acked" in bare("run")
    assert bare("run") == "", "all is told"
    assert "résumé" in bare("status")
    modes = {path.name: path.stat().st_mode & 0o7777 for path in state.iterdir()}
    assert (modes["journal"], modes["inbox"], modes["outbox"]) == (0o700, 0o1733, 0o700)
    assert {path.stat().st_uid for path in state.rglob("*")} == {pwd.getpwnam(stranger).pw_uid}
    check(lines_of_folder(str(state)), {"operator/outbox": arrivals_in(str(state / "outbox/notices.jsonl"))})


@needs_root
def test_a_full_disk_gets_no_bundle(mounted: Callable[..., Path], tmp_path: Path) -> None:
    place = mounted("size=256k")
    verbs = Verbs(tmp_path / "state")
    verbs.ok("report", "start", "t", "--agent", "x", "--id", "q")
    ended = verbs.call("export-audit", "--output", place)
    assert (ended.code, ended.out) == (3, "")
    assert "No space left on device" in ended.err
    assert os.listdir(place) == []
    mounted("remount,size=8m")
    verbs.ok("export-audit", "--output", place)
    assert [each.suffix for each in place.iterdir()] == [".zip"]
    assert sum(each["type"] == "audit.exported" for each in lines_of_folder(str(verbs.state))) == 1
