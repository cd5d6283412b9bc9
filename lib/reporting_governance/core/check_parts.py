"""Which part of its tests a test run was narrowed to: it says nothing about all of them.

A folder that holds tests as such (`tests`, `src`, `backend/tests`) is no part; a file, a test's name, a package, a
folder below and whatever leaves something out are.
"""

from __future__ import annotations

from collections.abc import Sequence

from reporting_governance.core.check_names import OTHER_VALUES, PACKAGE_MANAGERS, WITH_VALUE
from reporting_governance.core.command_words import base_name

#: folders that stand for all tests below them
WHOLE_FOLDERS = frozenset("tests test spec specs __tests__ src lib app e2e . ./... ...".split())
_TEST_FOLDERS = frozenset("tests test spec specs __tests__".split())
#: options of any test runner that choose tests, by their long names; these take a value
_CHOOSES = frozenset(
    """--filter --grep --fgrep --testNamePattern --testPathPattern --testPathPatterns --findRelatedTests
    --changedSince --group --tag --shard --tests --package --example --only --selectProjects -Dtest -Dit.test
    --run""".split()
)
_LEAVES_OUT = frozenset(
    """--ignore --ignore-glob --deselect --exclude --exclude-group --exclude-tag --skip --grep-invert
    --testPathIgnorePatterns""".split()
)
#: those that take none
_CHOOSES_ALONE = frozenset(
    """--lf --last-failed --sw --stepwise --onlyChanged --onlyFailures --only-failures --only-changed --changed
    --stale --failed --lib --bin --bins --doc --examples""".split()
)
_OF_A_PACKAGE = frozenset("--workspace -w -F --filter".split())
_SHORT = {
    "pytest": "-k -m", "py.test": "-k -m", "jest": "-t -o -f", "vitest": "-t", "mocha": "-g -f", "go": "-run -skip",
    "cargo": "-p --test", "rspec": "-e -t", "ctest": "-R -L -E -LE -I", "unittest": "-k", "nose2": "-k",
    "bats": "-f", "ava": "-m", "playwright": "-g", "cypress": "--spec -s", "mvn": "-pl --projects", "busted": "-t",
    "stestr": "", "behave": "-n -t -i", "cucumber": "-n -t", "trial": "", "testem": "-f",
}  # fmt: skip
#: their operands name goals, environments and folders, and no tests
_NO_OPERANDS = frozenset(
    "make gmake just task rake invoke inv tox nox mvn gradle dotnet meson ninja cmake ctest xcodebuild stack sbt"
    .split()
)  # fmt: skip
_MOST_LETTERS = 80
#: behind an option that nobody knows a word is its value, unless it looks like a path of tests
_TEST_FILES = (".py", ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".rb", ".go", ".java", ".kt", ".php", ".exs")
#: files that a runner writes or is set by, and no tests
_OTHER_FILES = (".xml", ".json", ".html", ".txt", ".log", ".ini", ".toml", ".cfg", ".yaml", ".yml", ".lcov", ".sln")
_LEFT_OUT = "it leaves the tests out"


def part_of(runner: str, rest: Sequence[str]) -> str | None:
    """Return what a test run was narrowed to, in words; None: it ran everything it was asked from.

    Args:
        rest: what stands behind the runner.
    """
    tool = runner.partition(" ")[0]
    chooses = _CHOOSES | frozenset(_SHORT.get(tool, "").split())
    if tool in PACKAGE_MANAGERS:
        chooses |= _OF_A_PACKAGE | {"-t", "-g"}
    if tool == "vitest":
        chooses -= {"--run"}
    values = (WITH_VALUE - {"--ignore", "--deselect"}) | OTHER_VALUES.get(tool, frozenset())
    index, may_be_value = 0, False
    while index < len(rest):
        word = rest[index]
        name, equals, value = word.partition("=")
        index += 1
        is_value, may_be_value = may_be_value, word.startswith("--") and not equals
        if not word.startswith("-"):
            if equals and name.replace("_", "").isalnum():
                if (inner := part_of("pytest", value.split())) is not None and _names_tests(value):
                    return inner
            elif tool not in _NO_OPERANDS and not _is_whole(word) and (not is_value or _is_test_path(word)):
                return _told("only", word)
            continue
        if not equals and (name in chooses or name in _LEAVES_OUT):
            value = "".join(rest[index : index + 1])
            index += 1
        if name in chooses:
            return _told("only", f"{name} {value}".strip())
        if name in _LEAVES_OUT:
            return _told("without", value or name)
        if name in _CHOOSES_ALONE:
            return _told("only", name)
        if name in values and not equals:
            index += 1
    return None


def leaves_tests_out(runner: str, rest: Sequence[str]) -> str | None:
    """Return why a run that leaves out the folder that holds the tests proves nothing; None where it does not."""
    if runner not in ("pytest", "py.test"):
        return None
    operands = [word for word in rest if not word.startswith("-")]
    for index, word in enumerate(rest):
        name, equals, value = word.partition("=")
        left = value if equals else "".join(rest[index + 1 : index + 2])
        if name in ("--ignore", "--ignore-glob") and left.strip("./*") in _TEST_FOLDERS:
            return _LEFT_OUT if set(operands) <= {left, "."} else None
    return None


def _is_whole(word: str) -> bool:
    word = word.rstrip("/").removesuffix("/...")
    return base_name(word) in WHOLE_FOLDERS or not word.strip("./*") or "://" in word or word.endswith(_OTHER_FILES)


def _is_test_path(word: str) -> bool:
    return "::" in word or word.endswith(_TEST_FILES) or word.split("/", 1)[0] in _TEST_FOLDERS


def _names_tests(value: str) -> bool:
    """Return whether the value of an assignment (`make test ARGS="-k cart"`) may name tests."""
    return any(mark in value for mark in ("-k", "-t ", "/", "::", ".py", ".js", ".ts"))


def _told(how: str, what: str) -> str:
    what = " ".join(what.split())
    return f"{how} {what if len(what) <= _MOST_LETTERS else what[: _MOST_LETTERS - 1] + '…'}"
