"""When roles.yaml counts, and what is said of one that does not: by the text, and by who could have written it."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from reporting_governance.commands._roles import FoundRoles, find_roles
from reporting_governance.contracts.role import Role
from reporting_governance.storage.files.roles import glance

OWNER = os.geteuid()
SOMEBODY = pwd.getpwuid(1).pw_name
RIGHT = f"users: {{{SOMEBODY}: owner}}\n"
needs_root = pytest.mark.skipif(OWNER != 0, reason="only root can give files away")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a folder with a roles file that counts."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o711)
    give(folder, RIGHT)
    return folder


def give(state: Path, text: str, mode: int = 0o644) -> None:
    """Write the roles file."""
    path = state / "roles.yaml"
    path.write_text(text)
    path.chmod(mode)


def found(state: Path) -> FoundRoles:
    """Return what the file says."""
    return find_roles(str(state), state_owner=OWNER)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o644, 0o755])
def test_a_right_file_counts(mode: int, state: Path) -> None:
    give(state, RIGHT, mode)
    roles = found(state).roles
    assert roles is not None
    assert roles.users == {SOMEBODY: Role.OWNER}
    assert glance(str(state), state_owner=OWNER) is None


def test_json_is_yaml(state: Path) -> None:
    give(state, '{"groups": {"ops": "admin"}, "senders": ["pager", "1004"]}')
    roles = found(state).roles
    assert roles is not None
    assert (roles.groups, roles.senders) == ({"ops": Role.ADMIN}, ("pager", "1004"))


def test_no_file_is_no_fault(state: Path) -> None:
    (state / "roles.yaml").unlink()
    assert found(state) == FoundRoles(f"{state}/roles.yaml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"users:\n  {SOMEBODY}: boss\n", "line 2, column 11: "),
        (f"users:\n  {SOMEBODY}: Owner\n", "line 2, column 11: "),
        (f"users:\n  {SOMEBODY}: owner\n  {SOMEBODY}: viewer\n", "line 3, column 3: "),
        ("users: {}\ngroups: {}\nusers: {}\n", "line 3, column 1: "),
        (f"users: {{{SOMEBODY}: owner\n", "line 2, column 1: "),
        (f"user: {{{SOMEBODY}: owner}}\n", "line 1, column 1: "),
        (f"users: {{1: owner, {SOMEBODY}: owner}}\n", "line 1, column 9: "),
        (f"users: {{{SOMEBODY}: owner, yes: owner}}\n", ""),
        (f"- {SOMEBODY}: owner\n", "line 1, column 1: "),
        ("", "line 1, column 1: the file is empty"),
        (f"{RIGHT}---\nusers: {{}}\n", "line 3, column 1: "),
        (f"{RIGHT}# {'x' * 65_536}\n", "it is larger than 65536 bytes"),
        (f"users: {{{SOMEBODY}: !!python/name:os.system owner}}\n", "line 1, column "),
        ("users: {a: &a owner, b: *a, <<: {c: owner}}\n", "line 1, column "),
        ("users: {'a:b': owner}\n", "line 1, column "),
        ("senders: pager\n", "line 1, column 10: "),
        ("senders: [pager, pager]\n", "line 1, column 18: "),
        ("users: \xff\n", "line 1, column "),
    ],
    ids=[
        *"role case twice section-twice open section number word list".split(),
        *"empty two large tag merge colon text same bytes".split(),
    ],
)
def test_a_file_with_one_fault_says_nothing_at_all(text: str, fault: str, state: Path) -> None:
    path = state / "roles.yaml"
    path.write_bytes(text.encode("latin-1"))
    seen = found(state)
    if not fault:  # YAML 1.2 knows no yes: it is a name like others
        assert seen.fault is None
        return
    assert seen.roles is None
    assert seen.fault is not None
    assert fault in seen.fault


def _link_to_a_right_one(path: Path) -> None:
    right = path.parent.parent / "right.yaml"
    path.rename(right)
    path.symlink_to(right)


def _second_name(path: Path) -> None:
    os.link(path, path.parent / "other")


def _instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.unlink()
        make(path)

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda path: path.chmod(0o664), "its group or others may write it (mode 0664)"),
        (lambda path: path.chmod(0o646), "its group or others may write it (mode 0646)"),
        (lambda path: path.chmod(0o620), "its group or others may write it (mode 0620)"),
        (lambda path: path.parent.chmod(0o731), "(mode 0731 of the folder)"),
        (lambda path: path.parent.chmod(0o1777), "(mode 1777 of the folder)"),
        (_second_name, "it has 2 names"),
        (_link_to_a_right_one, "it is a link"),
        (_instead(os.mkfifo), "it is no regular file"),
        (_instead(Path.mkdir), "it is no regular file"),
        (_instead(lambda path: path.symlink_to(path)), "it is a link"),
        pytest.param(lambda path: os.chown(path, 1, -1), "it belongs to uid 1, neither", marks=needs_root),
    ],
    ids="group others writing folder sticky-folder names link pipe directory circle owner".split(),
)
def test_a_file_that_others_could_have_made_says_nothing(
    change: Callable[[Path], None], fault: str, state: Path
) -> None:
    change(state / "roles.yaml")
    seen = found(state)
    assert seen.roles is None
    assert seen.fault is not None
    assert fault in seen.fault
    assert fault in (glance(str(state), state_owner=OWNER) or ""), "and the owner is told at a glance"


@needs_root
def test_an_access_list_that_lets_somebody_write_is_seen_by_the_mask(state: Path) -> None:
    # What `setfacl -m u:daemon:rw` stores: version 2; owner rw, uid 1 rw, group r, mask rw, others r.
    entries = [(0x01, 6, -1), (0x02, 6, 1), (0x04, 4, -1), (0x10, 6, -1), (0x20, 4, -1)]
    packed = (2).to_bytes(4, "little") + b"".join(
        tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + (who & 0xFFFFFFFF).to_bytes(4, "little")
        for tag, rights, who in entries
    )
    try:
        os.setxattr(state / "roles.yaml", "system.posix_acl_access", packed)
    except OSError as error:
        pytest.skip(f"this file system has no access lists: {error}")
    assert found(state).fault == "its group or others may write it (mode 0664)"


@needs_root
def test_a_link_on_the_way_counts_only_from_those_who_may_give_roles(state: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    second.symlink_to(state.name)
    first.symlink_to(second)
    assert found(first).roles is not None
    os.chown(second, 1, 1, follow_symlinks=False)
    assert found(first).fault == f"the way to it leads over {second}, a link of uid 1"
    os.chown(second, 0, 0, follow_symlinks=False)
    inside = tmp_path / "inside"
    inside.symlink_to(tmp_path)
    os.chown(inside, 1, 1, follow_symlinks=False)
    assert found(inside / state.name).fault == f"the way to it leads over {inside}, a link of uid 1"
    assert found(tmp_path / "x" / ".." / state.name).roles is None


def test_a_file_that_is_changed_while_it_is_read_is_read_to_its_limit(state: Path) -> None:
    give(state, RIGHT + "#" * 65_000)
    assert found(state).roles is not None
