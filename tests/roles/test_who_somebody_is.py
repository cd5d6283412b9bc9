"""Who calls is said by the kernel, and what he may do by his account: by nothing that he can set himself."""

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.verbs import REPORTGOV, ROOT, Ended
from tests.roles.users import (
    GROUPS,
    NAMELESS,
    UIDS,
    UNSET,
    User,
    call_as,
    needs_users,
    own_accounts,
)
from tests.roles.world import OWNER, PAST, World, everything

pytestmark = needs_users
SUDO_VERA = User("gov", login="vera")
#: what a caller may set, and would say that he is somebody else if anybody listened to it
FORGED = {
    "USER": "gov",
    "LOGNAME": "gov",
    "USERNAME": "gov",
    "SUDO_USER": "gov",
    "SUDO_UID": str(OWNER.uid),
    "SUDO_GID": "0",
    "PKEXEC_UID": str(OWNER.uid),
    "DOAS_USER": "gov",
    "MAIL": "/var/mail/gov",
    "REPORTGOV_ACTOR": "gov",
    "REPORTGOV_ROLE": "owner",
    "REPORTGOV_ROLES": "TMP/roles.yaml",
    "REPORTGOV_LOCAL": "TMP",
    "REPORTGOV_TESTS": "1",
    "XDG_CONFIG_HOME": "TMP",
    "XDG_STATE_HOME": "TMP",
    "HOME": "TMP",
    "PATH": "TMP/bin:/usr/bin:/bin",
    "TMPDIR": "TMP",
    "LOCALDOMAIN": "x",
    "RES_OPTIONS": "x",
    "NSS_WRAPPER_PASSWD": "TMP/passwd",
    "NSS_WRAPPER_GROUP": "TMP/group",
}


def refused(ended: Ended, action: str = "scan") -> bool:
    """Tell whether somebody's role was not enough."""
    return ended.code == 1 and f"POLICY_BLOCKED: {action} needs role" in ended.err


def test_sudo_leaves_who_logged_in(world: World) -> None:
    """`sudo -u gov reportgov ...` by vera is judged as vera's."""
    assert refused(world.call(SUDO_VERA, "scan"))
    assert world.call(User("gov", login="olga"), "scan").code == 0
    assert world.call(User("gov", login="gov"), "scan").code == 0
    seq = world.seq()
    world.call(User("gov", login="olga"), "ack", "nightly", "--comment", "by sudo")
    assert {each["actor"] for each in world.journal()[seq:]} == {"olga"}
    world.call(User("gov", login="olga"), "ack", "nightly", "--undo")


def test_root_by_login_is_no_owner_of_another_s_state(world: World) -> None:
    assert refused(world.call(User("gov", login="root"), "scan"))
    assert "belongs to gov; root may not write it" in world.call(User("root"), "scan").err
    assert "belongs to gov; root may not write it" in world.call(User("root", login="gov"), "scan").err


def test_a_login_uid_without_an_account_does_not_count(world: World) -> None:
    """What a container's manager left there says nothing of anybody here."""
    assert world.call(User("gov", login=str(NAMELESS)), "scan").code == 0


def test_a_job_of_ci_is_the_user_that_runs_it(world: World) -> None:
    """A runner has a uid, and often neither an account nor a login."""
    runner = User(str(NAMELESS))
    assert "may not write it" in world.call(runner, "scan").err
    state = world.tmp / "ci"
    assert world.call(runner, "init", state=state).code == 0
    assert world.call(runner, "scan", state=state).code == 0, "it owns what it made"
    shutil.rmtree(state)


@pytest.mark.parametrize("user", [User("vera"), SUDO_VERA, User("rita")], ids=["own user", "sudo", "another"])
@pytest.mark.parametrize("verb", ["scan", "ack", "prune"])
def test_a_forged_environment_says_nothing(world: World, user: User, verb: str) -> None:
    (world.tmp / "bin").mkdir(exist_ok=True)
    world.write("roles.yaml", "users: {vera: owner, rita: owner}\n", owner="vera", into=world.tmp)
    world.write("passwd", f"vera:x:{OWNER.uid}:{OWNER.uid}::/:/bin/sh\n", owner="vera", into=world.tmp)
    forged = {name: value.replace("TMP", str(world.tmp)) for name, value in FORGED.items()}
    words = {"scan": (), "ack": ("nightly",), "prune": ("--keep", "1d")}[verb]
    before = everything(world.state, leave_out=("inbox", "journal"))
    plain = world.call(user, verb, *words)
    ended = world.call(User(user.name, login=user.login, environment=forged), verb, *words)
    assert ended.code == plain.code
    assert ended.err == plain.err
    assert everything(world.state, leave_out=("inbox", "journal")) == before


def test_roles_of_groups_are_those_of_the_account(world: World) -> None:
    assert world.call(User("gov", login="adam"), "jobs", "run").code == 0
    assert refused(world.call(User("gov", login="olga"), "jobs", "run"), "orchestration.run")


def test_groups_of_the_process_give_no_role(world: World) -> None:
    """A wrapper, `newgrp` or a container may add groups that the account does not have."""
    admins = GROUPS["admins"][0]
    more = User("gov", login="vera", groups=(OWNER.uid, admins))
    assert refused(world.call(more, "jobs", "run"), "orchestration.run")
    own = User("vera", groups=(UIDS["vera"], admins))
    assert refused(world.call(own, "jobs", "run"), "orchestration.run")
    fewer = User("gov", login="adam", groups=())
    assert world.call(fewer, "jobs", "run").code == 0, "nor does it take one"


def test_the_login_uid_is_the_kernel_s(world: World) -> None:
    """Who has a login cannot set another one, nor put another file in its place."""

    def try_it() -> int:
        found = 0
        for path in ("/proc/self/loginuid", f"/proc/{os.getpid()}/loginuid"):
            for uid in (OWNER.uid, UNSET):
                try:
                    Path(path).write_text(str(uid))
                    found += int(Path("/proc/self/loginuid").read_text()) != UIDS["vera"]
                except OSError:
                    pass
        libc = ctypes.CDLL(None, use_errno=True)
        mounted = int(libc.mount(b"/etc/hostname", b"/proc/self/loginuid", None, 0x1000, None))
        return found + (mounted == 0)

    assert call_as(SUDO_VERA, try_it).code == 0


def test_a_login_uid_that_cannot_be_read_is_that_of_the_process(world: World) -> None:
    """No kernel with logins: what lies at its name is anything at all."""
    for text in ("", "x", "-1", str(UNSET), "70004 70001", "99999999999999999999"):
        place = world.write("loginuid", text, into=world.folder)

        def look(place: Path = place) -> int:
            from reporting_governance.commands import _identity

            assert _identity.actor_uid() == OWNER.uid
            libc = ctypes.CDLL(None, use_errno=True)
            return int(libc.mount(os.fsencode(place), b"/proc/self/loginuid", None, 0x1000, None))

        def covered(place: Path = place) -> int:
            own_accounts()
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.mount(os.fsencode(place), f"/proc/{os.getpid()}/loginuid".encode(), None, 0x1000, None):
                return 77
            from reporting_governance.commands import _identity

            return 0 if _identity.actor_uid() == os.geteuid() else 1

        assert call_as(OWNER, look).code != 0, "only root mounts"
        ended = call_as(User("root"), covered)
        if ended.code == 77:
            pytest.skip(
                "this kernel lets nothing be mounted over a process's own files; test_identity reads such texts"
            )
        assert ended.code == 0, (text, ended)


# -- by programs that are started, as sudo and setuid really do it


WRAPPER = """
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>
/* With the set-user-id bit, as administrators write them: it starts ours with the rights of its owner. */
int main(int count, char **words) {
    gid_t group = getegid();
    uid_t user = geteuid();
    if (getenv("TAKE_ALL") && (setresgid(group, group, group) || setresuid(user, user, user)))
        return 98;
    (void)count;
    execv(words[1], words + 1);
    return 97;
}
"""


@pytest.fixture(scope="module")
def setuid(world: World) -> Iterator[Path]:
    """Return a program that runs another as `gov`, whoever calls it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for a program with the set-user-id bit")
    source = world.write("wrapper.c", WRAPPER, into=world.folder)
    program = world.folder / "as-gov"
    subprocess.run([compiler, "-o", str(program), str(source)], check=True)
    os.chown(program, OWNER.uid, OWNER.uid)
    program.chmod(0o4755)
    yield program
    program.unlink()


def started(world: World, user: User, words: list[str], **environment: str) -> Ended:
    """Start a real program as a user, with the accounts of this test."""

    def start() -> None:
        os.environ.update(environment)
        os.chdir(world.tmp)
        os.execv(words[0], words)

    return call_as(user, start)


@pytest.mark.parametrize("take_all", [False, True], ids=["effective uid only", "all uids"])
def test_a_setuid_program_lends_the_owner_s_user_and_no_role(world: World, setuid: Path, take_all: bool) -> None:
    words = [str(setuid), *REPORTGOV, "scan", "--state", str(world.state)]
    environment = {"TAKE_ALL": "1"} if take_all else {}
    vera = started(world, User("vera", login="vera"), words, **environment)
    assert refused(vera), vera
    olga = started(world, User("olga", login="olga"), words, **environment)
    assert olga.code == 0, olga
    # Nobody logged in: the program's owner has let it run as himself, and that is who it is.
    cron = started(world, User("vera"), words, **environment)
    assert cron.code == 0, cron


def test_what_is_on_the_way_of_the_caller_is_not_run(world: World) -> None:
    """PATH, PYTHONPATH and the folder it is called from hold programs and modules of the caller's."""
    trap = "import os\nopen('TMP/trapped', 'w').close()\n".replace("TMP", str(world.tmp))
    for name in ("yaml", "click", "sitecustomize", "usercustomize", "grp", "pwd", "reporting_governance"):
        world.write(f"{name}.py", trap, owner="vera", into=world.tmp)
    (world.tmp / "bin").mkdir(exist_ok=True)
    for name in ("python3", "getent", "id", "sh"):
        world.write(name, f"#!/bin/sh\ntouch {world.tmp}/trapped\n", owner="vera", mode=0o755, into=world.tmp / "bin")
    site = sysconfig.get_path("purelib")
    entry = (
        f"import sys; sys.path[:0] = ['{ROOT}/lib', '{site}']; "
        "from reporting_governance.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    words = [sys.executable, "-I", "-c", entry, "scan", "--state", str(world.state)]
    environment = {"PATH": f"{world.tmp}/bin", "PYTHONPATH": str(world.tmp), "PYTHONSTARTUP": f"{world.tmp}/yaml.py"}
    ended = started(world, SUDO_VERA, words, **environment)
    assert refused(ended), ended
    assert not (world.tmp / "trapped").exists()
    for path in world.tmp.glob("*.py"):
        path.unlink()


@pytest.mark.parametrize(("login", "is_started"), [("vera", False), ("olga", False), ("adam", True)])
def test_variables_of_who_may_not_name_programs_start_none(world: World, login: str, is_started: bool) -> None:
    """The profile names a program without its folder: where that is looked for is not for an operator to say."""
    state = world.folder / "gov" / f"told-{login}"
    world.call(OWNER, "init", state=state)
    world.write("roles.yaml", "users: {olga: operator, adam: admin}\n", into=state)
    profile = (state / "profile.yaml").read_text()
    file = "sender: file\n          parameters:\n            path: outbox/notices.jsonl"
    assert file in profile
    command = "sender: command\n          parameters:\n            argv: [tell-somebody]"
    world.write("profile.yaml", profile.replace(file, command), into=state)
    folder = world.tmp / f"bin-{login}"
    folder.mkdir()
    world.write("tell-somebody", f"#!/bin/sh\n/usr/bin/id -un > {folder}/started\n", mode=0o755, into=folder)
    folder.chmod(0o777)
    variables = {"PATH": f"{folder}:/usr/bin:/bin", "LD_PRELOAD": "x", "BASH_ENV": "x"}
    world.call(OWNER, "report", "start", "t", "--agent", "a", "--every", "1m", "--at", PAST, state=state)
    ended = world.call(User("gov", login=login, environment=variables), "run", state=state)
    assert (folder / "started").exists() is is_started, ended
