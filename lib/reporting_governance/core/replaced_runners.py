"""Whether a command line puts another program in the place of a check's runner.

A changed `PATH`, a preloaded library, a shell of its own: then what ends with 0 need not be the check.  Folders of a
project and of its environments may come first; folders for what is thrown away may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reporting_governance.core.code_changes import SCRATCH
from reporting_governance.core.command_words import Command, base_name

ITS_RUNNER = "its line puts another program in the place of the runner"
_LIBRARIES = frozenset("LD_PRELOAD DYLD_INSERT_LIBRARIES".split())
_SEARCHED = frozenset("PATH PYTHONPATH NODE_PATH PERL5LIB RUBYLIB PYTHONHOME".split())
_READ_FIRST = frozenset("BASH_ENV ENV PYTHONSTARTUP NODE_OPTIONS RUBYOPT PERL5OPT PYTEST_PLUGINS".split())
_SHELLS = frozenset("SHELL npm_config_script_shell --script-shell MAKESHELL".split())
#: variables of make that name programs
_PROGRAMS = frozenset(
    "PYTHON PYTHON3 PYTEST NODE NPM NPX GO CARGO RUNNER TEST_RUNNER JEST VITEST MVN GRADLE CTEST TOX NOX UV".split()
)
_DOES_NOTHING = frozenset("true : echo printf exit".split())
_SYSTEM_LIBRARIES = ("/usr/", "/lib", "/opt/", "lib")
_ENVIRONMENTS = ("venv", ".venv", "env", ".env", "virtualenv", "node_modules", "conda", "miniconda3")
_SAME_AGAIN = ("$PATH", "${PATH}", "$PATH}", "${PATH:-}")


def replaced_runner(commands: Sequence[Command], index: int, folder: str) -> str | None:
    """Return why a command of a line may be another program than it is called; None where nothing says so."""
    in_scratch = folder.startswith(SCRATCH)
    for name, value in _variables(commands, index):
        if name in _LIBRARIES and not value.startswith(_SYSTEM_LIBRARIES):
            return ITS_RUNNER
        if name in _SHELLS and base_name(value) not in ("sh", "bash", "zsh", "dash", "ksh", "fish", "ash"):
            return ITS_RUNNER
        if name in _PROGRAMS and base_name(value.split(" ", 1)[0]) in _DOES_NOTHING:
            return ITS_RUNNER
        if in_scratch:
            continue
        if name in _SEARCHED and any(map(is_scratch, searched_first(value))):
            return ITS_RUNNER
        if name in _READ_FIRST and any(part in value for part in SCRATCH):
            return ITS_RUNNER
    return None


def searched_first(value: str) -> list[str]:
    """Return the folders of a search path that come before those that were there already."""
    found = []
    for each in value.split(":"):
        if each in _SAME_AGAIN:
            break
        if each:
            found.append(each)
    return found


def is_scratch(path: str) -> bool:
    """Return whether a folder is one for what is thrown away, and no environment in one."""
    if not f"{path}/".startswith(SCRATCH) and not path.startswith(("$TMP", "${TMP", "$(mktemp", "`mktemp")):
        return False
    return not any(part in _ENVIRONMENTS or part.endswith(("-venv", "_venv")) for part in path.split("/"))


def _variables(commands: Sequence[Command], index: int) -> Iterator[tuple[str, str]]:
    """Yield what is set for a command: in front of it, on its own line before it, and as its own arguments."""
    for each in commands[:index]:
        if not each.words or each.words[0] in ("export", "declare", "typeset"):
            yield from map(_pair, (*each.assigned, *each.words[1:]))
    words = commands[index].words
    yield from map(_pair, (*commands[index].assigned, *words[1:]))
    for option, value in pairwise(words):
        if option == "--script-shell":
            yield option, value


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    return (name, value) if equals else ("", "")


def added_options(commands: Sequence[Command], index: int, runner: str) -> tuple[str, ...]:
    """Return the words that variables add to those of a runner: `PYTEST_ADDOPTS`."""
    if runner not in ("pytest", "py.test"):
        return ()
    return tuple(
        word for name, value in _variables(commands, index) if name == "PYTEST_ADDOPTS" for word in value.split()
    )


def search_of(commands: Sequence[Command], index: int) -> tuple[str, ...]:
    """Return the folders in which the line looks first for the program of a command."""
    found = [searched_first(value) for name, value in _variables(commands, index) if name == "PATH"]
    return tuple(folder for folders in found for folder in folders)
