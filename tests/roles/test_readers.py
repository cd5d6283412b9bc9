"""`init --readers GROUP`: the processes of a group's members read all of it but the keys, and change nothing."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.roles.users import GROUPS, UIDS, User, call_as, needs_users
from tests.roles.world import OWNER, PAST, World, everything

pytestmark = needs_users
RITA = User("rita")
READERS = GROUPS["readers"][0]
READING = (
    ("status", "--tasks"),
    ("explain", "nightly"),
    ("jobs", "list"),
    ("review", "list"),
    ("silence", "list"),
    ("routes", "test", "--fact", "severity=high"),
    ("keys", "show"),
)
WRITING = (("scan",), ("enqueue",), ("dispatch",), ("bridge",), ("run",), ("doctor", "--rebuild"), ("init",))


@pytest.fixture(scope="module")
def opened(world: World) -> World:
    """Return a world with readers, in which everything was made after they were let in that a run makes."""
    world.ok(OWNER, "init", "--readers", "readers")
    for task in ("later", "latest"):
        world.ok(OWNER, "report", "start", task, "--agent", "coder", "--every", "1m", "--at", PAST)
        world.ok(OWNER, "report", "heartbeat", task)
        world.ok(OWNER, "run")
    world.ok(OWNER, "report", "checkpoint", "later", "x" * 5_000)  # too long for a line, so it lies in a blob
    world.ok(OWNER, "jobs", "enqueue", "command", "--", "/bin/echo", "hello")
    world.ok(OWNER, "jobs", "run")
    (world.state / "reviews").rmdir()
    world.ok(OWNER, "doctor", "--rebuild")
    assert (world.state / "reviews").is_dir(), "it was made anew"
    return world


def test_all_that_is_made_later_is_readable_and_keys_never(opened: World) -> None:
    wrong, kinds = [], set()
    for name, (mode, uid, gid, *_) in everything(opened.state).items():
        top = name.split("/", maxsplit=1)[0]
        if top in ("keys", "inbox"):
            continue
        wanted = 0o100640 if stat.S_ISREG(mode) else 0o042751 if name == "." else 0o042750
        if name == "roles.yaml":  # made by root, by hand
            continue
        kinds.add(top if stat.S_ISDIR(mode) else f"{top}/")
        if (mode, uid, gid) != (wanted, OWNER.uid, READERS):
            wrong.append((name, oct(mode), uid, gid))
    assert wrong == []
    assert {"journal/", "blobs/", "outbox/", "tasks/", "heartbeats/", "job-logs/", "run.lock/", "last-scan/"} <= kinds
    keys = opened.state / "keys"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (keys, keys / "log.key")] == [0o700, 0o600]
    assert stat.S_IMODE((opened.state / "inbox").stat().st_mode) == 0o1733


def test_the_umask_of_whoever_writes_takes_nothing_from_readers(opened: World) -> None:
    def start() -> int:
        os.umask(0o077)
        from reporting_governance.__main__ import main

        return main(["report", "start", "masked", "--agent", "x", "--every", "1h", "--state", str(opened.state)])

    assert call_as(OWNER, start).code == 0
    assert "masked" in opened.ok(RITA, "status", "--tasks").out


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_reader_reads_what_the_owner_reads(opened: World, words: tuple[str, ...]) -> None:
    before = everything(opened.state)
    theirs = opened.call(RITA, *words)
    assert (theirs.code, theirs.err) == (0, "")
    assert everything(opened.state) == before
    stranger = opened.call(User("vera"), *words)
    assert (stranger.code, stranger.out) == (1, "")
    assert (
        "belongs to gov; vera may not read it  gov lets a group read it with `reportgov init --readers" in stranger.err
    )


def test_a_reader_s_groups_are_those_of_the_process(opened: World) -> None:
    """For reading the kernel decides; for roles nobody but the account does."""
    left = User("rita", groups=(UIDS["rita"],))
    assert "may not read it" in opened.call(left, "status").err
    joined = User("vera", groups=(UIDS["vera"], READERS))
    assert opened.ok(joined, "status").out


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_a_writing_verb_tells_a_reader_what_to_do(opened: World, words: tuple[str, ...]) -> None:
    ended = opened.call(RITA, *words)
    assert (ended.code, ended.out) == (1, "")
    assert "belongs to gov; rita may not write it" in ended.err
    assert "crontab -u gov" in ended.err


def test_an_export_that_could_not_be_recorded_is_not_made(opened: World) -> None:
    def own_folder() -> None:
        (opened.tmp / "rita").mkdir()

    assert call_as(RITA, own_folder).code == 0
    out = opened.tmp / "rita" / "bundle.zip"
    ended = opened.call(RITA, "export-audit", "--output", str(out))
    assert (ended.code, out.exists()) == (1, False), ended
    assert "gov" in ended.err


def test_a_reader_never_heals(opened: World) -> None:
    """Where the views are behind the journal, as after a start of the host, a reader waits for the owner."""
    applied = opened.state / "journal/applied"
    kept = applied.read_bytes()
    applied.write_bytes(b"\0" * len(kept))
    try:
        before = everything(opened.state)
        for words in READING[:3]:
            for user in (RITA, User("gov", login="vera")):
                ended = opened.call(user, *words)
                assert (ended.code, ended.out) == (75, ""), ended
                assert "the views are behind the journal" in ended.err
        assert everything(opened.state) == before
    finally:
        opened.ok(OWNER, "status")
    assert opened.ok(RITA, "status").out


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("profile.yaml", 0o600, "is not as readers need it"),
        ("journal/log", 0o755, "is open to others"),
        ("tasks", 0o700, "is not as readers need it"),
        ("keys/log.key", 0o640, "is a key that others than its owner may read"),
        ("journal/applied", 0o660, "is not as readers need it"),
    ],
)
def test_doctor_finds_what_is_not_as_it_was_made(opened: World, name: str, mode: int, said: str) -> None:
    path = opened.state / name
    was = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode)
    try:
        found = opened.call(OWNER, "doctor").out
        assert f"{path} {said}" in " ".join(found.split()), found
    finally:
        path.chmod(was)
    assert "closed to others but the readers of group readers" in opened.call(OWNER, "doctor").out


def test_readers_are_let_out_again(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    state = world.folder / "gov" / "other"
    assert world.call(OWNER, "init", "--readers", "readers", state=state).code == 0
    assert world.call(RITA, "status", state=state).code == 0
    assert world.call(OWNER, "init", "--no-readers", state=state).code == 0
    assert world.call(RITA, "status", state=state).code == 1
    modes = {stat.S_IMODE(mode) for name, (mode, *_) in everything(state).items() if name not in (".", "inbox")}
    assert modes <= {0o700, 0o600}
    assert stat.S_IMODE(state.stat().st_mode) == 0o711
    shutil.rmtree(state)


def test_an_owner_can_only_let_in_a_group_of_his_own(world: World) -> None:
    for group, code, said in (("admins", 1, "gov is not in group admins"), ("nosuch", 2, "there is no group nosuch")):
        ended = world.call(OWNER, "init", "--readers", group)
        assert (ended.code, said in ended.err) == (code, True), ended
    assert world.call(OWNER, "init", "--readers", "readers", "--no-readers").code == 2


def test_a_link_in_the_state_is_not_followed(world: World) -> None:
    state = world.folder / "gov" / "linked"
    assert world.call(OWNER, "init", state=state).code == 0
    outside = world.write("secret", "s", mode=0o600, into=world.folder / "gov")
    (state / "blobs" / "link").symlink_to(outside)
    assert world.call(OWNER, "init", "--readers", "readers", state=state).code == 0
    assert (stat.S_IMODE(outside.stat().st_mode), outside.stat().st_gid) == (0o600, OWNER.uid)
    shutil.rmtree(state)


def test_what_readers_cannot_pass_through_is_said(world: World) -> None:
    parent = Path(world.state.parent)
    parent.chmod(0o700)
    try:
        assert f"They cannot pass through {parent}" in world.ok(OWNER, "init", "--readers", "readers").out
    finally:
        parent.chmod(0o755)
