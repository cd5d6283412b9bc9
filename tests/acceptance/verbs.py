"""Starts real verbs in processes of their own, and looks at what they leave."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
from referencing import Registry, Resource

from tests.acceptance.forked import IS_OFF, run_forked
from tests.storage.back_ends import FILES, current

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas/reporting-governance"
#: The command line up to the verb, as bin/ starts it.
REPORTGOV = (sys.executable, "-P", "-m", "reporting_governance")
LIMIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """Return what it printed as JSON, held to the schema of its verb."""
        document = json.loads(self.out)
        check_reply(document)
        return document


@dataclass(frozen=True)
class Verbs:
    """Verbs on one state folder."""

    state: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()  #: of every call, such as a profile
    before: Sequence[str] = ()  #: words before every command line, such as those of setpriv

    def command(self, *arguments: object) -> list[str]:
        """Return the command line of a verb."""
        verb, *rest = map(str, arguments)
        return [*self.before, *REPORTGOV, verb, *self.place, *self.options, *rest]

    @property
    def place(self) -> tuple[str, ...]:
        """The options that name the state: a folder, or the database that it stands for in this test."""
        back_end: Any = current()
        if back_end is FILES:
            return ("--state", str(self.state))
        if not (self.state / "database").exists():
            back_end.prepare(str(self.state))
        return ("--state", back_end.url(str(self.state)), "--local", str(self.state))

    def variables(self) -> dict[str, str]:
        """Return the environment: ours, without what would change where a verb works."""
        theirs = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "REPORTGOV"))}
        home = self.state.parent / "home"
        return {**theirs, "HOME": str(home), "PYTHONPATH": str(ROOT / "lib"), **self.environment}

    def call(self, *arguments: object, given: str | None = None, **options: Any) -> Ended:
        """Run a verb to its end; a traceback on stderr fails the test.

        In a fork of ours, except where the process itself is looked at: its environment, user, streams or limits.
        """
        if not (self.before or self.environment or options or given is not None or IS_OFF):
            code, out, err = run_forked(self.command(*arguments)[len(REPORTGOV) :], self.variables(), LIMIT_SECONDS)
            ended = Ended(code, out.decode(), err.decode())
            assert "Traceback" not in ended.err, ended.err
            return ended
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        pipes |= {"input": given.encode()} if given is not None else {"stdin": subprocess.DEVNULL}
        process = subprocess.run(
            self.command(*arguments), env=self.variables(), timeout=LIMIT_SECONDS, check=False, **pipes | options
        )
        ended = Ended(process.returncode, _text(process.stdout), _text(process.stderr))
        assert "Traceback" not in ended.err, ended.err
        return ended

    def ok(self, *arguments: object, **options: Any) -> Ended:
        """Run a verb that must end with 0 and say nothing on stderr."""
        ended = self.call(*arguments, **options)
        assert (ended.code, ended.err) == (0, ""), ended
        return ended

    def start(self, *arguments: object, **options: Any) -> "subprocess.Popen[bytes]":
        """Start a verb and do not wait for it."""
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(self.command(*arguments), env=self.variables(), **pipes | options)

    def overdue(self, task: str = "nightly-build", *, every: str = "1m", agent: str = "coder") -> None:
        """Report a task that promised a check-in and did not keep it; a sign of life says that it is not silent."""
        past = "2026-01-01T00:00:00Z"
        self.ok("report", "start", task, "--agent", agent, "--every", every, "--at", past, "--id", f"start-{task}")
        self.ok("report", "heartbeat", task)

    def journal(self) -> list[dict[str, Any]]:
        """Return every line of the journal."""
        if current() is not FILES:
            return current().lines(str(self.state))
        files = sorted((self.state / "journal/log").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def lines(self) -> list[dict[str, Any]]:
        """Return every valid line of the journal, having checked every byte there is to check."""
        return current().lines(str(self.state))

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Return the bodies of the records of one kind."""
        return [
            line["record"]["body"] for line in self.journal() if "record" in line and line["record"]["kind"] == kind
        ]

    def outbox(self) -> list[dict[str, Any]]:
        """Return what the file sender wrote."""
        path = self.state / "outbox/notices.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _text(data: bytes | None) -> str:
    return "" if data is None else data.decode()


def check_reply(document: Mapping[str, Any]) -> None:
    """Hold a reply to the schema it names, by both validators.  Raises AssertionError."""
    python, rust = _judges(str(document["schema"]).removesuffix("-report.v1"))
    faults = [f"{each.json_path}: {each.message}" for each in python.iter_errors(document)]
    assert faults == []
    assert rust.is_valid(document)


@cache
def _judges(verb: str) -> tuple[Any, Any]:
    documents = [json.loads(path.read_text()) for path in sorted(SCHEMAS.rglob("*.schema.json"))]
    wanted = next(each for each in documents if each["$id"].endswith(f"/reports/{verb}.schema.json"))
    registry: Registry[Any] = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in documents
    )
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    native = jsonschema_rs.Registry([(each["$id"], each) for each in documents])
    return (
        jsonschema.Draft202012Validator(wanted, registry=registry, format_checker=checker),
        jsonschema_rs.Draft202012Validator(wanted, validate_formats=True, registry=native),
    )


def tree(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return everything below a folder: mode, owner, time of the last change, and content."""
    found: dict[str, tuple[int, int, int, bytes]] = {}
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(where, name)
            status = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            found[str(path.relative_to(folder))] = (status.st_mode, status.st_uid, status.st_mtime_ns, content)
    return found


def profile(folder: Path, *changes: tuple[str, str], name: str = "mine.yaml") -> Path:
    """Write the shipped minimal-solo-mode with some of its text replaced, and return its path."""
    text = (ROOT / "profiles/minimal-solo-mode.yaml").read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / name
    path.write_text(text)
    return path


def with_target(folder: Path, sender: str, parameters: Mapping[str, Any], *changes: tuple[str, str]) -> Path:
    """Write a profile whose only target uses another sender."""
    text = (ROOT / "profiles/minimal-solo-mode.yaml").read_text()
    found = re.search(r"          sender: file\n          parameters:\n.*\n", text)
    assert found is not None
    new = f"          sender: {sender}\n          parameters: {json.dumps(parameters)}\n"
    return profile(folder, (found.group(), new), *changes, name=f"{sender}.yaml")
