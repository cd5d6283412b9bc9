"""The roles file counts only when nobody but the state's owner and root can have had a hand in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.roles.faulty_files import FAULTS, GENEROUS, OF_THE_TEXT
from tests.roles.users import UIDS, User, call_as, needs_users
from tests.roles.world import OWNER, ROLES, World, everything

pytestmark = needs_users
VERA, OLGA = User("gov", login="vera"), User("gov", login="olga")


@pytest.fixture(autouse=True)
def put_back(world: World) -> Iterator[None]:
    """Let each test find the roles file as it was made."""
    yield
    path = world.state / "roles.yaml"
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    elif path.is_symlink() or path.exists():
        path.unlink()
    world.state.chmod(0o711)
    world.write("roles.yaml", ROLES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
def test_a_file_that_does_not_count_gives_nobody_a_role(world: World, fault: Callable[[World], None]) -> None:
    assert world.call(OLGA, "scan").code == 0
    fault(world)
    try:
        for user in (VERA, OLGA):
            ended = world.call(user, "scan")
            assert ended.code == 1, ended
            assert f"POLICY_BLOCKED: scan needs role operator; {user.login} is viewer" in ended.err
            assert "does not count" in ended.err
        owner = world.call(OWNER, "scan")
        assert owner.code == 0, "its owner goes on"
        if fault not in OF_THE_TEXT:
            assert "roles.yaml does not count: " in owner.err, "and is told"
        inbox_of_olga = world.ok(User("olga"), "ack", "nightly")
        assert "handed in" in inbox_of_olga.out
        assert world.reply(OWNER, "run")["inbox"]["refused"] == 1
    finally:
        (world.tmp / "second").unlink(missing_ok=True)


def test_a_file_of_root_counts(world: World) -> None:
    world.write("roles.yaml", GENEROUS, owner="root")
    assert world.call(VERA, "scan").code == 0


def test_without_a_file_only_the_owner_has_a_role(world: World) -> None:
    (world.state / "roles.yaml").unlink()
    assert world.call(OLGA, "scan").code == 1
    assert world.call(OWNER, "scan").code == 0


def test_a_way_over_somebody_else_s_link_does_not_count(world: World) -> None:
    """Whoever made the link can let it lead to another state tomorrow."""
    link = world.tmp / "way"
    assert call_as(User("vera"), lambda: os.symlink(world.state, link)).code == 0
    ended = world.call(OLGA, "scan", state=link)
    assert (ended.code, "a link of uid" in ended.err) == (1, True), ended
    link.unlink()
    assert call_as(OWNER, lambda: os.symlink(world.state, link)).code == 0
    assert world.call(OLGA, "scan", state=link).code == 0
    link.unlink()


def test_an_entry_for_the_user_counts_before_his_groups_also_downwards(world: World) -> None:
    world.write("roles.yaml", "users: {adam: viewer}\ngroups: {admins: admin, crowd: operator}\n")
    assert world.call(User("gov", login="adam"), "scan").code == 1
    assert world.call(VERA, "scan").code == 0
    world.write("roles.yaml", f'users: {{"{UIDS["vera"]}": viewer}}\ngroups: {{crowd: operator}}\n')
    assert world.call(VERA, "scan").code == 1


def swapping(world: World, good: str, evil: str, *, by: User) -> int:
    """Start somebody who puts one thing and another in the place of the roles file, as fast as he can."""
    child = os.fork()
    if child:
        return child
    try:
        from tests.roles.users import become

        become(by)
        path, beside = world.state / "roles.yaml", world.state / "beside"
        while True:
            for text, mode in ((good, 0o644), (evil, 0o666)):
                beside.write_text(text)
                beside.chmod(mode)
                beside.rename(path)
            (world.state / "beside").symlink_to(world.tmp / "vera.yaml")
            (world.state / "beside").rename(path)
    finally:
        os._exit(1)


def test_what_is_checked_is_what_is_read(world: World) -> None:
    """A file that does not count and gives much, and one that counts and gives nothing, change places all the time."""
    world.write("vera.yaml", GENEROUS, owner="vera", into=world.tmp)
    good = "users: {vera: viewer}\n"
    world.write("roles.yaml", good)
    child = swapping(world, good, GENEROUS, by=OWNER)
    try:

        def look() -> int:
            from reporting_governance.commands._roles import find_roles

            for _ in range(1_000):
                found = find_roles(str(world.state), state_owner=OWNER.uid)
                if found.roles is not None and found.roles.users["vera"].value != "viewer":
                    return 1
            return 0

        assert call_as(VERA, look).code == 0
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        (world.state / "beside").unlink(missing_ok=True)


def test_a_file_that_is_swapped_when_it_is_open_is_judged_by_itself(world: World) -> None:
    world.write("roles.yaml", GENEROUS, mode=0o666)
    world.write("good.yaml", "users: {vera: viewer}\n", into=world.folder / "gov")

    def look() -> int:
        from reporting_governance.storage.files import roles

        real = os.open

        def opened(path: str, flags: int) -> int:
            fd = real(path, flags)
            os.rename(world.folder / "gov" / "good.yaml", path)
            return fd

        os.open = opened  # type: ignore[assignment]
        text = roles.read_roles(str(world.state), state_owner=OWNER.uid)
        return 0 if text.data is None and "others may write it" in str(text.fault) else 1

    assert call_as(OWNER, look).code == 0
    assert (world.state / "roles.yaml").read_text().startswith("users: {vera: viewer}"), "the swap came"


def test_a_viewer_who_changes_where_the_state_lies_gains_nothing(world: World) -> None:
    """His folder and a link to the real state change places while the owner's program looks for its roles."""
    trap, place = world.tmp / "trap", world.tmp / "place"

    assert world.call(User("vera"), "init", state=trap).code == 0
    world.write("roles.yaml", "users: {vera: owner}\n", owner="vera", into=trap)
    before = everything(world.state, leave_out=("journal",))
    seq = world.seq()
    child = os.fork()
    if child == 0:
        try:
            from tests.roles.users import become

            become(User("vera"))
            while True:
                for target in (world.state, trap):
                    (world.tmp / "next").symlink_to(target)
                    (world.tmp / "next").rename(place)
        finally:
            os._exit(1)
    try:
        while not place.is_symlink():
            pass
        for _ in range(5):
            for words in (("scan",), ("prune", "--keep", "1d"), ("ack", "nightly"), ("init", "--no-readers")):
                ended = world.call(VERA, *words, state=place)
                assert ended.code in ((0, 1, 2, 3) if words[0] == "ack" else (1, 2, 3)), ended
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        for each in (place, world.tmp / "next"):
            each.unlink(missing_ok=True)
        shutil.rmtree(trap)
    assert everything(world.state, leave_out=("journal",)) == before
    assert {(each["type"], each["actor"]) for each in world.journal()[seq:]} <= {("policy.blocked", "vera")}


@pytest.mark.parametrize(
    "words",
    [
        ("scan",),
        ("ack", "nightly"),
        ("report", "start", "x", "--agent", "y"),
        ("report", "checkpoint", "nightly", "x"),
        ("init",),
    ],
    ids=lambda each: " ".join(each[:2]),
)
def test_a_state_that_is_swapped_behind_the_gate_is_not_written(world: World, words: tuple[str, ...]) -> None:
    """The link led to a state of the caller's own while his role was looked up; from then on to the other's."""
    trap, place = world.tmp / "trap", world.tmp / "place"
    assert world.call(User("vera"), "init", state=trap).code == 0
    world.write("roles.yaml", "users: {vera: owner}\n", owner="vera", into=trap)
    place.symlink_to(trap)
    os.chown(world.tmp / "place", UIDS["gov"], UIDS["gov"], follow_symlinks=False)
    before = everything(world.state)

    def swap() -> None:
        place.unlink()
        place.symlink_to(world.state)

    def race() -> int:
        from reporting_governance.__main__ import main
        from reporting_governance.commands import _elsewhere
        from reporting_governance.commands._acting_user import ActingUser

        judged, looked = ActingUser.require, _elsewhere.belongs_to_another

        def require(self: ActingUser, action: str) -> None:
            try:
                judged(self, action)
            finally:
                if words[0] not in ("ack", "report"):
                    swap()

        def belongs_to_another(state: str) -> bool:
            if words[1] == "checkpoint":  # of another's task, for which the owner of the trap has the role, there
                swap()
                return looked(state)
            is_another = looked(state)
            swap()
            return is_another

        ActingUser.require = require  # type: ignore[method-assign]
        _elsewhere.belongs_to_another = belongs_to_another
        vars(import_module("reporting_governance.commands._acting"))["belongs_to_another"] = belongs_to_another
        return main([words[0], "--state", str(place), *words[1:]])

    ended = call_as(VERA, race)
    leads_to = Path(os.readlink(place))
    place.unlink()
    shutil.rmtree(trap)
    assert leads_to == world.state, "the swap came"
    assert ended.code in (1, 3), ended
    assert everything(world.state) == before


@pytest.mark.parametrize(
    ("owner", "mode", "said"), [("vera", 0o755, "a folder of uid"), ("root", 0o777, "others may put")]
)
def test_a_way_that_somebody_else_can_change_does_not_count(world: World, owner: str, mode: int, said: str) -> None:
    """Both states are the owner's, and who owns the folder above them can let one take the other's place."""
    above = world.tmp / "above"
    above.mkdir()
    above.chmod(0o777)
    state = above / "state"
    assert world.call(OWNER, "init", state=state).code == 0
    world.write("roles.yaml", GENEROUS, owner="root", into=state)
    os.chown(above, UIDS.get(owner, 0), 0)
    above.chmod(mode)
    ended = world.call(OLGA, "scan", state=state)
    assert (ended.code, said in ended.err) == (1, True), ended
    os.chown(above, 0, 0)
    above.chmod(0o1777)
    assert world.call(OLGA, "scan", state=state).code == 0, "as in /tmp: nobody moves what is another's"
    shutil.rmtree(above)
