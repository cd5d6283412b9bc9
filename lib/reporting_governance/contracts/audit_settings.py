"""The section `audit` of a profile: who signs heads of the log, and who else holds them.

Shape: deployment-profile.schema.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem, refuse
from reporting_governance.contracts.record import Record

_PUBLIC_KEY_BYTES = 32


@frozen(kw_only=True)
class Signer(Record):
    """Who signs heads: a key in a file, or a program that has the key."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    key: str | None = None  #: file of the key; None, and no command: `keys/log.key` of the state
    command: tuple[str, ...] | None = None  #: text to sign on standard input, signature in base64 on standard output
    public_key: str | None = None  #: of the command: 32 bytes, Ed25519, base64

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if self.key is None and self.command is None:
            yield Problem("", "a signer is a key file (key) or a program (command with public_key)")
        if self.key is not None and self.command is not None:
            yield Problem("/command", "a signer is a key file or a program, not both")
        if self.key is not None:
            yield from _path_problems("/key", self.key, "the key file")
        if self.command is None:
            if self.public_key is not None:
                yield Problem("/public_key", "only a program needs one: a key file holds its own")
            return
        yield from _command_problems("/command", self.command)
        if self.public_key is None:
            yield Problem("/public_key", "a program's signatures are checked, which needs its public key")
        elif (problem := public_key_problem(self.public_key)) is not None:
            yield Problem("/public_key", problem)


class AnchorKind(StrEnum):
    """Who else can hold heads."""

    FILE = "file"
    GIT = "git"
    SYSLOG = "syslog"
    COMMAND = "command"


@frozen(kw_only=True)
class AnchorSettings(Record):
    """Somebody else who is handed every signed head.  Which fields there are depends on the kind."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    kind: AnchorKind
    path: str | None = None  #: file: where notes are appended; syslog: the log's socket
    repository: str | None = None
    push: str | None = None  #: name of a remote
    command: tuple[str, ...] | None = None  #: the note on standard input
    limit_seconds: int | None = None  #: None: the kind's own

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        needed, allowed = _FIELDS_OF[self.kind]
        for name in _FIELDS:
            value = getattr(self, name)
            if value is None:
                if name == needed:
                    yield Problem(f"/{name}", f"an anchor of kind {self.kind.value} needs {name}")
            elif name not in allowed:
                yield Problem(f"/{name}", f"an anchor of kind {self.kind.value} has no {name}", at_key=True)
        for name in ("path", "repository"):
            value = getattr(self, name)
            if value is not None and name in allowed:
                yield from _path_problems(f"/{name}", value, _NAMES[name])
        if self.command is not None and "command" in allowed:
            yield from _command_problems("/command", self.command)
        if self.push is not None and "push" in allowed and not _is_remote(self.push):
            yield Problem("/push", "push is the name of a remote, such as origin; its address stands in the repository")
        if self.limit_seconds is not None and not 1 <= self.limit_seconds <= 60:
            yield Problem("/limit_seconds", "limit_seconds is between 1 and 60")


_FIELDS = ("path", "repository", "push", "command")
_FIELDS_OF = {
    AnchorKind.FILE: ("path", ("path",)),
    AnchorKind.GIT: ("repository", ("repository", "push")),
    AnchorKind.SYSLOG: (None, ("path",)),
    AnchorKind.COMMAND: ("command", ("command",)),
}
_NAMES = {"path": "the path", "repository": "the repository"}


@frozen(kw_only=True)
class Audit(Record):
    """Who signs heads of the log, and who else holds them."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    signer: Signer | None = None  #: None: the key file `keys/log.key` of the state, made when there is none
    anchors: tuple[AnchorSettings, ...] = ()

    def __post_init__(self) -> None:
        for place, each in enumerate(self.anchors):
            if each in self.anchors[:place]:
                refuse([Problem(f"/anchors/{place}", "this anchor stands here twice")])


def public_key_problem(text: str) -> str | None:
    """Return why a text is not 32 bytes in base64, None when it is."""
    from base64 import b64decode, b64encode

    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return "a public key is 32 bytes in base64"
    if len(data) != _PUBLIC_KEY_BYTES or b64encode(data).decode("ascii") != text:
        return f"a public key is {_PUBLIC_KEY_BYTES} bytes in base64; this text holds {len(data)}"
    return None


def _path_problems(pointer: str, path: str, name: str) -> Iterator[Problem]:
    from reporting_governance.contracts.finding_rules import WRONG_PLACE

    if "\0" in path or "\n" in path or not path:
        yield Problem(pointer, f"{name} is one line of text", rule=WRONG_PLACE)
    elif not path.startswith("/"):
        message = f"{name} must be absolute: cron and a person start in different folders, and ~ means nothing here"
        yield Problem(pointer, message, rule=WRONG_PLACE)
    elif ".." in path.split("/"):
        yield Problem(pointer, f"{name} has no .. in it", rule=WRONG_PLACE)


def _command_problems(pointer: str, words: tuple[str, ...]) -> Iterator[Problem]:
    from reporting_governance.contracts.addresses import address_problems, parameter_problems, secret_problem

    if not words or not words[0]:
        yield Problem(pointer, "it names no program")
    elif "/" in words[0] and not words[0].startswith("/"):
        from reporting_governance.contracts.finding_rules import WRONG_PLACE

        message = "the program is an absolute path, or a name that is looked up in PATH"
        yield Problem(f"{pointer}/0", message, rule=WRONG_PLACE)
    for place, word in enumerate(words):
        if "\0" in word:
            yield Problem(f"{pointer}/{place}", "a word holds no zero byte")
        elif (
            "${" in word
            or address_problems(word) is not None
            or any(parameter_problems(_as_parameter(words[place - 1 : place + 1] if place else (word,))))
        ):
            yield secret_problem(f"{pointer}/{place}", _SEEN_BY_ALL)


_SEEN_BY_ALL = "every user of the machine sees a program's words: let it read by itself whatever is secret"


def _as_parameter(words: tuple[str, ...]) -> dict[str, str]:
    """Return an option and its value, as `--token VALUE` or `--token=VALUE`; nothing where there is no such pair."""
    name, equals, value = words[-1].partition("=")
    if not equals:
        name, value = (words[0], words[-1]) if words[0].startswith("-") and not words[-1].startswith("-") else ("", "")
    return {name.lstrip("-"): value} if value else {}


def _is_remote(name: str) -> bool:
    return name[:1].isalnum() and name.isascii() and all(each.isalnum() or each in "_.-" for each in name)
