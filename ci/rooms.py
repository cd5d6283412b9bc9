"""Hold the two pure rooms to what they promise: no clock, no randomness, no I/O, no logging.

import-linter watches which of our rooms imports which; this watches what `contracts` and `core` take from Python
itself.  A list of what is allowed, not of what is forbidden: a new import there is worth a thought.

And the verifier to its promise: one file that a stranger runs with nothing but Python.  It takes the standard library
and itself, no network, and names stay what they are when its modules are joined.
"""

import ast
import os
import sys
from collections.abc import Iterator, Mapping

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
    """
    cronsim jsonschema jsonschema_rs jsonschema_specifications oncalendar referencing reporting_governance yaml
    """.split()
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
STRANGERS_ROOM = "verifier"
JOINER = "one_file.py"  #: makes one file of the others, and is not in it
#: what the verifier takes from the standard library; no module that reaches a network or starts a program
ALLOWED_FOR_STRANGERS = frozenset(
    """
    __future__ argparse base64 bisect collections.abc contextlib datetime hashlib json marshal os re stat struct sys
    typing zlib
    """.split()
)


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


def problems_for_strangers(source: str, path: str) -> Iterator[str]:
    """Yield `path:line: what` for everything in a file of the verifier that could not be joined into one file."""
    tree = ast.parse(source, path)
    for node in ast.walk(tree):
        for what in _of_strangers(node, is_top=node in tree.body):
            yield f"{path}:{getattr(node, 'lineno', 0)}: {what}"


def _of_strangers(node: ast.AST, *, is_top: bool) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for name in names:
                if name.asname is not None:
                    yield f"the verifier imports nothing under another name: {name.name}"
                if name.name not in ALLOWED_FOR_STRANGERS:
                    yield f"the verifier may not import {name.name}; see ALLOWED_FOR_STRANGERS in ci/rooms.py"
        case ast.ImportFrom(module=str(module), names=names, level=0):
            if any(name.asname is not None for name in names):
                yield f"the verifier imports nothing under another name: from {module}"
            if module.startswith(f"{OURS}.{STRANGERS_ROOM}."):
                if not is_top:
                    yield f"the verifier imports its own modules at the top: {module}"
            elif module not in ALLOWED_FOR_STRANGERS:
                yield f"the verifier may not import {module}; see ALLOWED_FOR_STRANGERS in ci/rooms.py"
        case ast.ImportFrom():
            yield "the verifier names a module that it imports in full"


def names_twice(sources: Mapping[str, str]) -> Iterator[str]:
    """Yield each module-level name that two files of the verifier define: joined, one would take the other's place."""
    owners: dict[str, str] = {}
    for path, source in sources.items():
        for name in sorted(set(_defined(ast.parse(source, path)))):
            if owners.setdefault(name, path) != path:
                yield f"{path}: {name} is a name of {owners[name]} too"


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))


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
    return 1 if found + _strangers_room(os.path.join(package, STRANGERS_ROOM)) else 0


def _strangers_room(folder: str) -> int:
    sources = {}
    for path in python_files(folder):
        if os.path.basename(path) != JOINER:
            with open(path, encoding="utf-8") as file:
                sources[path] = file.read()
    found = [problem for path, source in sources.items() for problem in problems_for_strangers(source, path)]
    found += names_twice(sources)
    if not sources:
        found.append(f"{STRANGERS_ROOM}: no Python files in {folder}")
    for problem in found:
        print(problem)
    print(f"{STRANGERS_ROOM}: {len(sources)} files looked at")
    return len(found)


if __name__ == "__main__":
    sys.exit(main(os.path.join("lib", OURS)))
