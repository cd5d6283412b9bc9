"""Acts: commands and tool calls that do something beyond files, and whose host says that they were done.

A closed list, by names.  What only looks (`ls`, `git status`, `kubectl get`) is no act, nor is a dry run; what nobody
knows is none.  That an act was done says nothing about whether it was the right one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from reporting_governance.contracts.deed import Deed
from reporting_governance.core.act_names import (
    ACTING_WORDS,
    ALWAYS,
    ASKS_ONLY,
    CLOUD_WORDS,
    CLOUDS,
    HOST_TOOLS,
    LOOKING_WORDS,
    ON_FILES,
    SCRIPT_STARTERS,
    SCRIPT_WORDS,
    STATEMENTS,
    VERBS,
    WITH_STATEMENTS,
    WITH_VALUE,
)
from reporting_governance.core.code_changes import SCRATCH
from reporting_governance.core.command_words import Command, base_name, commands_of
from reporting_governance.core.line_status import FOLLOWED, PIPED, hidden_status, status_of

_MOST_VERBS = 3
_form = cache(re.compile)
_QUESTIONS = frozenset("test [ [[ false grep command which diff cmp pgrep".split())
#: words of an output that leave open whether what another command's status hides was done
_FAILURE = (
    r"(?i)\b(?:error|errors|fatal|denied|rejected|refused|failed|failure|unauthorized|forbidden|not found|no such"
    r"|cannot|could not|unable to|unknown command|timed? ?out|[45]\d\d)\b"
)
_WORDS = r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+"


def acts_in(deed: Deed, commands: Sequence[Command]) -> tuple[str, ...]:
    """Return the acts of a command that ran, by name; none where it failed or its own outcome is not known."""
    if deed.interrupted or status_of(deed) != 0:
        return ()
    found = []
    for index, command in enumerate(commands):
        name = act_of(command.words, deed.folder)
        if name is not None and _was_done(deed, commands, index):
            found.append(name)
    return tuple(found)


def _was_done(deed: Deed, commands: Sequence[Command], index: int) -> bool:
    hidden = hidden_status(commands, index)
    words = commands[index].words
    # curl ends with 0 whatever the server says, unless it is told not to
    if hidden is None and (base_name(words[0]) != "curl" or _fails_by_itself(words)):
        return True
    # pushed, and then piped into `tail`: its own words say whether it was done, unless it may never have run
    if hidden not in (None, PIPED, FOLLOWED) or _waits_for_another(commands, index):
        return False
    return bool(deed.output.strip()) and not _form(_FAILURE).search(deed.output)


def _waits_for_another(commands: Sequence[Command], index: int) -> bool:
    """Return whether a command runs only where a question that stands before it is answered with yes."""
    while index > 0 and commands[index].before == "&&":
        index -= 1
        if commands[index].words[:1] and base_name(commands[index].words[0]) in _QUESTIONS:
            return True
    return False


def _fails_by_itself(words: Sequence[str]) -> bool:
    return any(
        word.startswith("--fail") or (word.startswith("-") and not word.startswith("--") and "f" in word)
        for word in words
    )


def act_of(words: Sequence[str], folder: str = "") -> str | None:
    """Return the name of the act that a command is; None for any other command."""
    if not words or any(word.partition("=")[0] in ASKS_ONLY for word in words[1:]):
        return None
    name, rest = base_name(words[0]), words[1:]
    if name in ("git", "npm", "cargo") and "-n" in rest:
        return None
    if name == "git" and rest[:1] in (("checkout",), ("switch",)) and {"-b", "-B", "-c", "-C"} & set(rest):
        return "git branch"
    if name in ON_FILES:
        return name if _touches_work(rest, folder) else None
    if name == "ssh":
        return _remote(rest)
    if name == "curl":
        return _request(rest)
    if name == "service":
        return name if rest[1:2] and rest[1] in VERBS["systemctl"] else None
    if name == "crontab":
        return None if not rest or "-l" in rest else name
    if name in WITH_STATEMENTS:
        text = " ".join(rest).upper()
        return name if any(f"{each} " in f"{text} " for each in STATEMENTS) else None
    if name in ALWAYS:
        return name
    operands = _operands(rest)
    if name.startswith("python"):
        return _of_python(rest)
    if name in CLOUDS:
        verbs = {part for word in operands[:4] for part in (word, word.partition("-")[0])}
        return " ".join((name, *operands[:2])) if verbs & CLOUD_WORDS else None
    return _by_verb(name, operands) or _by_script(words[0], operands)


def _operands(rest: Sequence[str]) -> tuple[str, ...]:
    found, index = [], 0
    while index < len(rest):
        if rest[index] in WITH_VALUE:
            index += 1
        elif not rest[index].startswith("-"):
            found.append(rest[index])
        index += 1
    return tuple(found)


def _by_verb(name: str, operands: Sequence[str]) -> str | None:
    known = VERBS.get(name, ())
    for length in range(min(_MOST_VERBS, len(operands)), 0, -1):
        said = " ".join(operands[:length])
        if said in known:
            return None if said in _NEEDS_MORE and len(operands) <= length else f"{name} {said}"
    return None


#: they list when nothing stands behind them
_NEEDS_MORE = frozenset({"tag", "branch"})


def _by_script(program: str, operands: Sequence[str]) -> str | None:
    """Tell a project's own deed by its name: `make deploy`, `npm run release`, `./scripts/migrate.sh`."""
    name = base_name(program)
    if name in SCRIPT_STARTERS:
        goals = operands[1:] if operands[:1] in (("run",), ("run-script",)) else operands
        return next((f"{name} {goal}" for goal in goals[:1] if _says_deed(goal)), None)
    if name in ("sh", "bash") and operands:
        program, name = operands[0], base_name(operands[0])
    is_script = ("/" in program or name.endswith(".sh")) and not program.startswith(SCRATCH)
    return name if is_script and _says_deed(name.partition(".")[0]) else None


def _says_deed(name: str) -> bool:
    return not SCRIPT_WORDS.isdisjoint(name.lower().replace("_", "-").replace(":", "-").split("-"))


def _of_python(rest: Sequence[str]) -> str | None:
    words = [word for word in rest if not word.startswith("-")]
    if rest[:1] == ("-m",) and words[:1] and words[0] in ("pip", "twine", "alembic"):
        return _by_verb(words[0], words[1:])
    if words[:1] and base_name(words[0]) == "manage.py":
        return _by_verb("manage.py", words[1:])
    return _by_script(words[0], ()) if words[:1] and "/" in words[0] else None


def _remote(rest: Sequence[str]) -> str | None:
    """Tell an act of a command that runs on another machine."""
    operands = _operands(rest)
    inside = commands_of(" ".join(operands[1:]), nested=1) if len(operands) > 1 else ()
    return next((f"ssh {found}" for each in inside if (found := act_of(each.words)) is not None), None)


def _request(rest: Sequence[str]) -> str | None:
    """Tell a request that changes something from one that only reads."""
    for index, word in enumerate(rest):
        if word in ("-X", "--request"):
            return _method("".join(rest[index + 1 : index + 2]))
        if word.startswith(("-X", "--request=")):
            return _method(word.removeprefix("-X").removeprefix("--request="))
    gives = ("-d", "--data", "-F", "--form", "--json", "-T", "--upload-file")
    return "curl POST" if any(word.startswith(gives) for word in rest) and "-G" not in rest else None


def _method(word: str) -> str | None:
    return f"curl {word.upper()}" if word.upper() in ("POST", "PUT", "PATCH", "DELETE") else None


def _touches_work(rest: Sequence[str], folder: str) -> bool:
    """Return whether any of the files is more than something to be thrown away."""
    paths = [word for word in rest if not word.startswith(("-", "/dev/"))]
    return any(not path.startswith(SCRATCH) for path in paths) and not (
        folder.startswith(SCRATCH) and not any(path.startswith("/") for path in paths) and folder.count("/") < 2
    )


def act_of_tool(deed: Deed) -> str | None:
    """Return the name of the act that a tool call was: of a server's tool by its verb, of a host's by its action."""
    if deed.failed is not False or deed.interrupted:
        return None
    if deed.tool in HOST_TOOLS:
        return f"{deed.tool} {deed.text}" if deed.text in HOST_TOOLS[deed.tool] else None
    if "__" not in deed.tool:
        return None
    words = {each.lower() for each in _form(_WORDS).findall(deed.tool.rpartition("__")[2])}
    return deed.tool if words & ACTING_WORDS and not words & LOOKING_WORDS else None
