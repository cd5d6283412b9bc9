"""A state of one user, with roles for others, and what of it anybody has changed."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.verbs import Ended, check_reply
from tests.roles.users import UIDS, User, call_as, run_as

OWNER = User("gov")
ROLES = """
users: {olga: operator, root: viewer}
groups: {admins: admin, crowd: viewer}
senders: [relay]
"""
PAST = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class World:
    """One state folder, and those who would like to change it."""

    folder: Path  #: everybody may pass through it and make something in `folder/tmp`

    @property
    def state(self) -> Path:
        """The owner's state."""
        return self.folder / "gov" / "state"

    @property
    def tmp(self) -> Path:
        """Where anybody may put something, as in /tmp."""
        return self.folder / "tmp"

    def call(self, user: User, *arguments: object, state: Path | None = None) -> Ended:
        """Run a verb on the state as a user."""
        verb, *rest = map(str, arguments)
        knows_no_state = verb in ("verify-descriptor", "verify-profile", "verify-policy")
        place = [] if knows_no_state else ["--state", str(state or self.state)]
        return run_as(user, [verb, *place, *rest], at=self.tmp)

    def ok(self, user: User, *arguments: object) -> Ended:
        """Run a verb that must end with 0."""
        ended = self.call(user, *arguments)
        assert ended.code == 0, ended
        return ended

    def write(self, name: str, text: str, *, owner: str = "gov", mode: int = 0o644, into: Path | None = None) -> Path:
        """Write a file as root, and give it to a user."""
        path = (into or self.state) / name
        path.write_text(text)
        os.chown(path, UIDS.get(owner, 0), UIDS.get(owner, 0))
        path.chmod(mode)
        return path

    def drop(self, user: User, document: Mapping[str, Any], name: str) -> Ended:
        """Put a file into the inbox by hand, as the user."""

        def put() -> None:
            place = self.state / "inbox" / name
            place.with_suffix(".tmp").write_text(json.dumps(document))
            place.with_suffix(".tmp").rename(place)

        ended = call_as(user, put)
        assert ended.code == 0, ended
        return ended

    def journal(self) -> list[dict[str, Any]]:
        """Return every line of the journal."""
        files = sorted((self.state / "journal/log").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def refusals(self, *, since: int = 0) -> list[tuple[str, str, str, str]]:
        """Return the type, action, actor and way of what was refused behind a line."""
        return [
            (each["type"], each["action"], each["meta"]["actor"], each["meta"]["by"])
            for each in self.journal()
            if each["seq"] > since and each["type"] in ("policy.blocked", "role.denied")
        ]

    def seq(self) -> int:
        """Return the last line's number."""
        return int(self.journal()[-1]["seq"])

    def reply(self, user: User, *arguments: object) -> Any:
        """Return the JSON answer of a verb, held to its schema, whatever it ended with."""
        document = json.loads(self.call(user, *arguments, "--format", "json").out)
        check_reply(document)
        return document


def make_world(folder: Path) -> World:
    """Set a state up as its owner, with tasks of several users, something to act on, and roles."""
    folder.chmod(0o755)
    world = World(folder)
    world.tmp.mkdir()
    world.tmp.chmod(0o1777)
    world.state.parent.mkdir()
    os.chown(world.state.parent, OWNER.uid, OWNER.uid)
    world.ok(OWNER, "init")
    world.ok(OWNER, "report", "start", "nightly", "--agent", "coder", "--every", "1m", "--at", PAST)
    world.ok(OWNER, "report", "heartbeat", "nightly")
    world.ok(OWNER, "run")
    world.ok(OWNER, "silence", "add", "task_id=other", "--for", "1h", "--comment", "quiet")
    world.ok(OWNER, "jobs", "enqueue", "noop")
    world.write("roles.yaml", ROLES)
    return world


def everything(place: Path, *, leave_out: Sequence[str] = ()) -> dict[str, tuple[Any, ...]]:
    """Return what every folder and file is, to the last byte: kind, mode, owner, times and content."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in _below(place, place, leave_out):
        about = path.lstat()
        content = ""
        if stat.S_ISLNK(about.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(about.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        name = str(path.relative_to(place))
        found[name] = (about.st_mode, about.st_uid, about.st_gid, about.st_nlink, about.st_mtime_ns, content)
    return found


def _below(place: Path, root: Path, leave_out: Sequence[str]) -> Iterator[Path]:
    yield place
    for path in sorted(place.iterdir()):
        if str(path.relative_to(root)) in leave_out:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _below(path, root, leave_out)
        else:
            yield path
