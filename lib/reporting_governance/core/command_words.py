"""Which commands a shell command line names, in order, and how they hang together.

Total, and nothing is executed.  What cannot be followed is left out, so that a doubtful check is no check.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.shell_words import Token, tokens_of

MOST_NESTED = 3  #: `sh -c` inside `sh -c`
SHELLS = frozenset("sh bash zsh dash ksh".split())
_OPENERS = frozenset("if then elif else while until do { ! (".split())
_CLOSERS = frozenset("fi done } esac )".split())
#: what stands before a command and runs it; the number says how many words of its own follow it
_WRAPPERS = {
    "time": 0, "command": 0, "exec": 0, "nohup": 0, "env": 0, "sudo": 0, "nice": 0, "ionice": 0, "stdbuf": 0,
    "caffeinate": 0, "xvfb-run": 0, "dotenv": 0, "timeout": 1, "gtimeout": 1, "npx": 0, "bunx": 0, "uvx": 0, "pipx": 0,
    "builtin": 0, "unbuffer": 0, "setsid": 0, "chronic": 0,
}  # fmt: skip
#: programs that run another one with their word `run` or `exec`
_RUNNERS = {
    "uv": ("run",), "poetry": ("run",), "pipenv": ("run",), "hatch": ("run",), "pdm": ("run",), "rye": ("run",),
    "conda": ("run",), "mamba": ("run",), "pixi": ("run",), "bundle": ("exec",), "pnpm": ("exec", "dlx"),
    "npm": ("exec",), "yarn": ("exec", "dlx"), "bun": ("x",), "pipx": ("run",), "mise": ("exec", "x"),
    "direnv": ("exec",), "rtx": ("exec",), "asdf": ("exec",), "coverage": ("run",), "doppler": ("run",),
}  # fmt: skip
#: of them those that also start tasks of a project, and what such tasks are called
_TASK_RUNNERS = frozenset("pdm hatch pixi rye poetry".split())
_TASKS = frozenset("test tests lint check build typecheck types cov ci verify".split())
#: options of those that take the next word with them
_TAKES_A_WORD = frozenset(
    """-n -c -u -g -s -k -p -e --signal --kill-after --with --extra --group --package --project --python
    --directory --cwd --env-file --name --prefix --adjustment --user --from --source --rcfile""".split()
)


@frozen
class Command:
    """One simple command of a command line."""

    words: tuple[str, ...]  #: without assignments, wrappers and redirections; the first is the program
    targets: tuple[str, ...]  #: files that its output is written to
    before: str  #: what stands between it and the one before: "", `&&`, `||`, `|`, `;`
    after: str  #: what stands behind it, also `&`
    piped: bool  #: its output goes into another command
    fed: bool  #: its input comes from another command
    guarded: bool  #: a condition of `if` or `while`, or under `!`: its status is not the line's
    pipefail: bool = False  #: a pipe that it is part of fails when it does
    errexit: bool = False  #: the line ends when it fails
    assigned: tuple[str, ...] = ()  #: what is set for it in front of it: `CI=1`


@dataclass(slots=True)
class _Building:
    words: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    guarded: bool = False


def commands_of(line: str, *, nested: int = 0) -> tuple[Command, ...]:
    """Return the simple commands of a command line in the order in which they stand; `sh -c` is looked into."""
    found: list[Command] = []
    defined: set[str] = set()
    building, before, loops = _Building(), "", 0
    options = {"pipefail": False, "errexit": False}
    tokens = tokens_of(line)
    index = 0
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if token.is_word:
            if not token.quoted and not building.words and token.text in _OPENERS | _CLOSERS:
                # what stands in a loop or behind a condition may never run
                loops = max(0, loops + (token.text in ("do", "then")) - (token.text in ("done", "fi", "elif")))
                conditional = token.text in ("if", "elif", "while", "until", "!")
                building.guarded = building.guarded or conditional or loops > 0
                continue
            building.words.append(token.text)
            continue
        if token.text in ("<", "<<", "<<-", "<<<", "<&", "<>"):
            index += index < len(tokens) and tokens[index].is_word
            continue
        if token.text in (">", ">>", "&>", "&>>", ">|", ">&"):
            if index < len(tokens) and tokens[index].is_word:
                target = tokens[index].text
                index += 1
                if not (token.text == ">&" and (target.isdigit() or target == "-")):
                    building.targets.append(target)
            continue
        if token.text == "(" and len(building.words) == 1 and tokens[index : index + 1] == [Token(")", False)]:
            defined.add(building.words[0])
            building, index = _Building(), index + 1
            continue
        if token.text in ("(", ")"):
            continue
        joint = {"\n": ";", ";;": ";", "|&": "|"}.get(token.text, token.text)
        if building.words or building.targets:
            _close(found, building, before, joint, options, defined, nested)
            before = ";" if joint == "&" else joint
        elif joint != ";" or not before:
            before = before or ("" if joint == ";" else joint)
        building = _Building()
    if building.words or building.targets:
        _close(found, building, before, "", options, defined, nested)
    return tuple(found)


def _close(
    found: list[Command],
    building: _Building,
    before: str,
    after: str,
    options: dict[str, bool],
    defined: set[str],
    nested: int,
) -> None:
    words = unwrapped(tuple(building.words))
    in_front = building.words[: len(building.words) - len(words)]
    assigned = tuple(each for each in in_front if _is_assignment(each))
    if words and words[0] in defined:
        words = ("function", *words)
    elif words and words[0] == "function":
        defined.update(words[1:2])
    elif words[:2] == ("hash", "-p"):
        defined.update(words[3:])
    elif words and words[0] == "alias":
        defined.update(each.partition("=")[0] for each in words[1:] if "=" in each)
    if words and words[0] == "set":
        flags = " ".join(words[1:])
        options["pipefail"] = "pipefail" in flags or options["pipefail"]
        options["errexit"] = options["errexit"] or any(
            each.startswith("-") and not each.startswith("--") and "e" in each for each in words[1:]
        )
    inner = _script(words)
    if inner is not None and nested < MOST_NESTED:
        inside = commands_of(inner, nested=nested + 1)
        found.extend(_placed(inside, building, before, after, options, assigned))
        return
    found.append(
        Command(
            words, tuple(building.targets), before, after, after == "|", before == "|", building.guarded,
            options["pipefail"], options["errexit"], assigned,
        )
    )  # fmt: skip


def _placed(
    inside: tuple[Command, ...],
    around: _Building,
    before: str,
    after: str,
    options: dict[str, bool],
    assigned: tuple[str, ...],
) -> tuple[Command, ...]:
    """Hang the commands of an inner script where the script stands."""
    last = len(inside) - 1
    return tuple(
        Command(
            each.words,
            (*each.targets, *around.targets),
            before if index == 0 else each.before,
            after if index == last else each.after,
            each.piped or after == "|",
            each.fed or before == "|",
            each.guarded or around.guarded,
            # a pipe behind the script is the outer shell's, so only its option says what the pipe's status is
            options["pipefail"] if after == "|" else each.pipefail,
            each.errexit,
            (*assigned, *each.assigned),
        )
        for index, each in enumerate(inside)
    )


def _script(words: tuple[str, ...]) -> str | None:
    """Return the script that `sh -c` is given."""
    if len(words) < 3 or base_name(words[0]) not in SHELLS:
        return None
    for index, word in enumerate(words[1:-1], start=1):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return words[index + 1]
        if not word.startswith("-"):
            return None
    return None


def base_name(word: str) -> str:
    """Return the last part of a path."""
    return word.rsplit("/", 1)[-1]


def unwrapped(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command without assignments and without what only starts it (`env`, `timeout 60`, `uv run` ...)."""
    while words:
        name = base_name(words[0])
        if _is_assignment(words[0]):
            words = words[1:]
        elif name in _TASK_RUNNERS and words[1:2] == ("run",) and words[2:3] and words[2] in _TASKS:
            return words
        elif name in _RUNNERS and len(words) > 1 and words[1] in _RUNNERS[name]:
            rest = _past_options(words[2:], 0)
            if name == "coverage" and words[2:4] and "-m" in words[2:]:
                rest = ("python", *words[words.index("-m") :])
            words = rest
        elif name in _WRAPPERS and len(words) > 1:
            rest = _past_options(tuple(word for word in words[1:] if (name, word) != ("time", "-p")), _WRAPPERS[name])
            if not rest:
                return words
            words = rest
        else:
            return words
    return words


def _past_options(words: tuple[str, ...], own: int) -> tuple[str, ...]:
    index = 0
    while index < len(words) and (words[index].startswith("-") or (own == 0 and _is_assignment(words[index]))):
        if words[index] == "--":
            return words[index + 1 + own :]
        index += 2 if words[index] in _TAKES_A_WORD else 1
    return words[index + own :]


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.replace("_", "a").isalnum() and not name[0].isdigit()
