"""Hold the two pure rooms to what they promise: no clock, no randomness, no I/O, no logging.

import-linter watches which of our rooms imports which; this watches what `contracts` and `core` take from Python
itself.  A list of what is allowed, not of what is forbidden: a new import there is worth a thought.
"""

import ast
import os
import sys
from collections.abc import Iterator

PURE_ROOMS = ("contracts", "core")
ALLOWED = frozenset(
    """
    __future__ abc array base64 binascii bisect collections collections.abc copy dataclasses datetime decimal difflib
    enum fnmatch fractions functools hashlib heapq hmac html importlib ipaddress itertools json math operator re string
    struct sys textwrap types typing unicodedata urllib.parse zoneinfo
    """.split()
)
#: packages that are pure as we use them: they read no file of their own accord and fetch nothing
ALLOWED_PACKAGES = frozenset(
    {"cronsim", "jsonschema", "jsonschema_rs", "oncalendar", "referencing", "reporting_governance", "yaml"}
)
#: builtins that reach outside or run text as code
FORBIDDEN_NAMES = frozenset({"open", "print", "input", "exec", "eval", "breakpoint", "__import__"})
#: files that may use such a name all the same: `frozen` writes a class's `__init__` from the names of its fields, as
#: `dataclass` does behind every class of ours
NAMES_OF_FILES = {os.path.join("contracts", "frozen.py"): frozenset({"exec"})}
#: attributes through which an allowed module reaches outside
FORBIDDEN_ATTRIBUTES = {
    "datetime": frozenset({"now", "utcnow", "today"}),
    "date": frozenset({"today"}),
    "sys": frozenset({"argv", "exit", "stderr", "stdin", "stdout"}),
}
OURS = "reporting_governance"


def problems(source: str, path: str) -> Iterator[str]:
    """Yield `path:line: what` for everything in one file that a pure room may not use."""
    allowed = NAMES_OF_FILES.get(os.path.join(*path.split(os.sep)[-2:]), frozenset())
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.Name) and node.id in allowed:
            continue
        for what in _of_node(node):
            yield f"{path}:{getattr(node, 'lineno', 0)}: {what}"


def _of_node(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for name in names:
                yield from _of_module(name.name)
        case ast.ImportFrom(module=str(module), level=0):
            yield from _of_module(module)
        case ast.Name(id=name, ctx=ast.Load()) if name in FORBIDDEN_NAMES:
            yield f"a pure room may not use {name}"
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            if name in FORBIDDEN_ATTRIBUTES.get(owner, ()):
                yield f"a pure room may not use {owner}.{name}; what it needs is an argument"


def _of_module(module: str) -> Iterator[str]:
    if module not in ALLOWED and module.partition(".")[0] not in ALLOWED_PACKAGES:
        yield f"a pure room may not import {module}; see ALLOWED in ci/rooms.py"


def python_files(folder: str) -> Iterator[str]:
    """Yield every Python file below a folder, sorted."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        yield from (os.path.join(where, name) for name in sorted(names) if name.endswith(".py"))


def main(package: str) -> int:
    """Print every problem; 1 when there is one, or when a room is empty or gone, so that nothing passes unlooked at."""
    found = 0
    for room in PURE_ROOMS:
        files = list(python_files(os.path.join(package, room)))
        if not files:
            print(f"{room}: no Python files in {package}")
            found += 1
        for path in files:
            with open(path, encoding="utf-8") as file:
                for problem in problems(file.read(), path):
                    print(problem)
                    found += 1
        print(f"{room}: {len(files)} files looked at")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(os.path.join("lib", OURS)))
