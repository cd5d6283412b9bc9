"""Test files that were taken away before a test run: what is left passes, and that shows nothing.

Tests that the request asks to take away, that were made in the same request, or whose subject went with them, may go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.core.code_changes import SCRATCH, is_kept
from reporting_governance.core.command_words import Command, base_name

_TEST_FOLDERS = frozenset("tests test spec specs __tests__ e2e".split())
_TEST_NAME = (
    r"(?:tests?[_-].+|.+[_-](?:test|tests|spec)|.+\.(?:test|spec)|(?:[A-Z]\w*)?(?:Test|Tests|IT|Spec))\.[A-Za-z]{1,5}"
)
_CODE = r".+\.(?:py|[cm]?[jt]sx?|go|rs|rb|java|kts?|cs|php|swift|exs?|c|cc|cpp|scala|sh|bats|feature|hs|lua)"
_PARTS = r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W_a-zA-Z]+"
_TAKEN_AWAY = (
    r"(?i)\b(?:delet|remov|drop|discard|prun|clean|get rid|obsolete|unused|dead|deprecat|retir|strip|replac|rewrit|mov"
    r"|merg|renam)\w*|\brm\b|删|移除|去掉|清理|废弃|替换|重写|合并|移动|重命名"
)
_SENTENCE = r"[.!?;\n。！？；]+"
#: names of what somebody makes to look at something, and throws away
_PASSING = frozenset(
    """tmp temp scratch debug repro reproduce manual quick demo sanity output results report reports log logs
    cache""".split()
)
_RESTORES = frozenset("checkout restore reset stash revert".split())
_form = cache(re.compile)  # none is needed by most gates
_NO_SUBJECT = frozenset("test tests spec specs it unit e2e integration".split())


class RemovedTests:
    """Takes what happened in its order; `why` says at any moment what is missing."""

    def __init__(self, request: str) -> None:
        self._request = request
        self._created: set[str] = set()
        self._gone: dict[str, None] = {}
        self._others: set[str] = set()  #: the subjects of other files that went

    def edited(self, deed: Deed) -> None:
        """Take files that an editor wrote, emptied or deleted."""
        for path in deed.paths:
            if path in deed.removed:
                self._remove(path)
            else:
                self._gone.pop(path, None)
        self._created.update(deed.created)

    def ran(self, command: Command, place: str) -> None:
        """Take one command of a line.

        Args:
            place: the folder in which it runs; empty where it is not known.
        """
        words = command.words
        name = base_name(words[0]) if words else ""
        if name == "git" and len(words) > 1 and words[1] in _RESTORES:
            self._gone.clear()
            return
        for path in _taken_away(name, words[1:], command):
            if is_kept(path, place):
                self._remove(_seen_from(place, path))
        if name not in ("", ":", "true"):
            for path in command.targets:
                self._gone.pop(_seen_from(place, path), None)

    def why(self) -> str | None:
        """Return why a test run at this moment proves nothing; None where nothing is missing."""
        missing = [path for path in self._gone if self._is_missed(path)]
        if not missing:
            return None
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return f"{missing[0]}{more} was taken away before it ran"

    def _remove(self, path: str) -> None:
        if is_test(path):
            self._gone[path] = None
        else:
            self._others.add("".join(_subject(path)))

    def _is_missed(self, path: str) -> bool:
        subject = _subject(path)
        if path in self._created or not _PASSING.isdisjoint(subject) or (subject and "".join(subject) in self._others):
            return False
        named = {*subject, "test", "tests", "spec", "specs", "测试", "用例"}
        asked = [each for each in _form(_SENTENCE).split(self._request) if _form(_TAKEN_AWAY).search(each)]
        return not any(word in each.lower() for each in asked for word in named if len(word) > 1)


def is_test(path: str) -> bool:
    """Return whether a file, or a folder, holds tests."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts:
        return False
    name = parts[-1]
    if _is_named_test(name) or name in _TEST_FOLDERS:
        return True
    inside = not _TEST_FOLDERS.isdisjoint(parts[:-1])
    return inside and ("." not in name or _form(_CODE).fullmatch(name) is not None)


def _is_named_test(name: str) -> bool:
    return _form(_TEST_NAME).fullmatch(name) is not None and _form(_CODE).fullmatch(name) is not None


def _goes_on_as_test(path: str, to: str) -> bool:
    """Return whether a test that is moved is still one that its runner finds."""
    if to.startswith(SCRATCH) or not is_test(to):
        return False
    return "." not in base_name(to) or _is_named_test(base_name(to)) or not _is_named_test(base_name(path))


def _subject(path: str) -> tuple[str, ...]:
    """Return what a file is about, by the words of its name."""
    stem = base_name(path.rstrip("/")).split(".", 1)[0]
    return tuple(each.lower() for each in _form(_PARTS).findall(stem) if each.lower() not in _NO_SUBJECT)


def _taken_away(name: str, rest: Sequence[str], command: Command) -> Iterator[str]:
    """Yield the files that a command deletes, empties or moves to where no test is looked for."""
    operands = [word for word in rest if not word.startswith("-")]
    if name == "git" and operands[:1] in (["rm"], ["mv"]) and "--cached" not in rest:
        name, operands = operands[0], operands[1:]
    if name in ("rm", "unlink", "shred"):
        yield from operands
    elif name == "mv" and len(operands) > 1:
        yield from (path for path in operands[:-1] if not _goes_on_as_test(path, operands[-1]))
    elif name == "truncate":
        yield from (word for word in operands if not word.isdigit())
    elif name == "cp" and operands[:1] == ["/dev/null"]:
        yield from operands[1:]
    elif name == "find" and ("-delete" in rest or "rm" in rest):
        yield from (word for word in rest if is_test(word) and "*" not in word)
    elif name in ("", ":", "true"):
        yield from command.targets


def _seen_from(place: str, path: str) -> str:
    return path if path.startswith(("/", "~", "$")) or not place else f"{place.rstrip('/')}/{path.removeprefix('./')}"


def of_segment(segment: Sequence[Deed]) -> RemovedTests:
    """Return what follows a request from its beginning."""
    begins = segment[0].text if segment and segment[0].kind is DeedKind.REQUEST else ""
    return RemovedTests(begins)
