"""What counts as a change of files: commands that are known to change files, and which.

Commands that are not known to change anything are taken to change nothing: a guess would date every check wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence

from reporting_governance.core.command_words import Command, base_name

#: where results of tools land, and nobody's code
_NO_CODE_FOLDERS = frozenset(
    """node_modules dist build target out coverage htmlcov __pycache__ .pytest_cache .mypy_cache .ruff_cache .cache
    .venv venv .tox .nox tmp .next .git logs""".split()
)
#: folders for what is thrown away
SCRATCH = ("/tmp/", "/var/tmp/", "/dev/", "/proc/", "/private/tmp/")
_GIT = frozenset(
    "apply am merge rebase pull cherry-pick revert rm mv switch checkout restore reset stash clean".split()
)
_IN_PLACE = frozenset("-i -w --in-place --write --fix --fix-only --unsafe-fixes -a -A".split())
_FIXERS = frozenset(
    """ruff eslint rubocop stylelint biome golangci-lint markdownlint autopep8 yapf gofmt goimports clang-format
    prettier shfmt oxlint standard xo""".split()
)
_FORMATTERS = frozenset("black isort rustfmt dprint pyupgrade".split())
_LOOKS_ONLY = frozenset("--check --check-only --diff --dry-run --list-different -l --list --help --version -n".split())
_INSTALLERS = {
    "npm": frozenset("install i add remove rm uninstall update upgrade".split()),
    "pnpm": frozenset("install i add remove rm uninstall update up".split()),
    "yarn": frozenset("install add remove upgrade up".split()),
    "bun": frozenset("install i add remove update".split()),
    "cargo": frozenset("fmt fix add remove".split()),
    "go": frozenset("fmt fix get generate".split()),
    "dotnet": frozenset("format add".split()),
    "poetry": frozenset("add remove update".split()),
    "uv": frozenset("add remove lock".split()),
    "composer": frozenset("require remove update install".split()),
    "bundle": frozenset("add update".split()),
}
_INTERPRETERS = ("python", "node", "ruby", "pypy")
#: how a script writes a file
_WRITING = (".write_text(", ".write_bytes(", ".write(", "writeFileSync(", "writeFile(", "File.write(", ".writelines(")
_SCRIPT_WORDS = frozenset("format fmt fix lint:fix lint-fix format:fix codegen generate".split())


def is_kept(path: str, folder: str) -> bool:
    """Return whether a path that a command writes may be part of anybody's work."""
    if folder and path.startswith(f"{folder}/"):
        path = path[len(folder) + 1 :]
    if path.startswith(SCRATCH) or path in ("-", "") or path.startswith("$"):
        return False
    return not any(part in _NO_CODE_FOLDERS for part in path.split("/"))


def written_by_script(command: Command, line: str) -> tuple[str, ...]:
    """Return the files that a script inside a command line names and writes: `python -c "..."`, `python - <<END`.

    Only names that stand in it as text are seen, and only where it writes at all.
    """
    name = base_name(command.words[0]) if command.words else ""
    if not name.startswith(_INTERPRETERS):
        return ()
    options = command.words[1:2]
    script = " ".join(command.words[2:]) if options in (("-c",), ("-e",)) else ""
    if options in ((), ("-",)) and "<<" in line:
        script = line
    if not any(mark in script for mark in _WRITING):
        return ()
    import re

    return tuple(dict.fromkeys(re.findall(r"""["']([\w./~-]{1,200}\.[A-Za-z][A-Za-z0-9]{0,5})["']""", script)))


def changed_paths(command: Command, folder: str, line: str = "") -> tuple[str, ...] | None:
    """Return the files that a command in a folder changes; empty: files it does not name; None: no change.

    `line` is the whole command line, for what a script in a here-document writes.
    """
    scripted = written_by_script(command, line)
    written = tuple(path for path in (*command.targets, *scripted) if is_kept(path, folder))
    by_program = _by_program(command.words, folder)
    if by_program is None:
        return written or None
    return (*by_program, *written)


def placed_files(command: Command) -> tuple[str, ...]:
    """Return the files that a command writes or puts somewhere, also where nobody keeps them."""
    name = base_name(command.words[0]) if command.words else ""
    operands = tuple(word for word in command.words[1:] if not word.startswith("-"))
    if name in ("cp", "mv", "ln", "install") and len(operands) > 1:
        inside = tuple(f"{operands[-1].rstrip('/')}/{base_name(each)}" for each in operands[:-1])
        return (*command.targets, operands[-1], *inside)
    return (*command.targets, *operands) if name == "tee" else command.targets


def _by_program(words: Sequence[str], folder: str) -> tuple[str, ...] | None:
    if not words:
        return None
    name, rest = base_name(words[0]), words[1:]
    options = {word.partition("=")[0] for word in rest if word.startswith("-")}
    operands = tuple(word for word in rest if not word.startswith("-"))
    if name == "git":
        return _by_git(rest)
    if name in ("sed", "gsed", "perl"):
        return _edited_in_place(name, rest)
    if name in ("mv", "cp", "rm", "ln", "install", "touch", "truncate", "unlink", "rsync"):
        return tuple(path for path in operands if is_kept(path, folder)) or None
    if name == "tee":
        return tuple(path for path in operands if is_kept(path, folder)) or None
    if name == "patch":
        return None if "--dry-run" in options else ()
    if options & _LOOKS_ONLY:
        return None
    if name in _FIXERS:
        fixes = bool(options & _IN_PLACE) or (name in ("ruff", "biome") and rest[:1] == ("format",))
        return tuple(path for path in operands if "." in path.strip("./")) if fixes else None
    if name in _FORMATTERS:
        return tuple(path for path in operands if "." in path.strip("./"))
    if name in _INSTALLERS and operands and operands[0] in _INSTALLERS[name]:
        return ()
    return _by_script(name, operands)


def _by_script(name: str, operands: tuple[str, ...]) -> tuple[str, ...] | None:
    if name in ("npm", "pnpm", "yarn", "bun") and operands[:1] == ("run",):
        operands = operands[1:]
    runs = name in ("npm", "pnpm", "yarn", "bun", "make", "just", "task", "rake")
    return () if runs and operands and operands[0] in _SCRIPT_WORDS else None


def _edited_in_place(name: str, rest: Sequence[str]) -> tuple[str, ...] | None:
    in_place = any(
        word.startswith("--in-place") or (word.startswith("-") and not word.startswith("--") and "i" in word[1:4])
        for word in rest
        if not (name == "perl" and word.startswith("-M"))
    )
    if not in_place:
        return None
    operands: list[str] = []
    scripted = follows_option = False
    for word in rest:
        if not word.startswith("-") and word and not follows_option:
            operands.append(word)
        # what stands behind `-e` is the script, and no file
        follows_option = word in ("-e", "-f", "--expression", "--file", "-pe", "-ne", "-pie")
        follows_option = follows_option or (name == "perl" and word.startswith("-") and word.endswith("e"))
        scripted = scripted or follows_option
    return tuple(operands if scripted else operands[1:])


def _by_git(rest: Sequence[str]) -> tuple[str, ...] | None:
    words = list(rest)
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in ("-C", "-c") else words[1:]
    if not words or words[0] not in _GIT:
        return None
    verb, options = words[0], words[1:]
    if "--abort" in options and verb != "merge":
        return ()
    if verb in ("rm", "mv") and not any(word in ("--cached", "-n", "--dry-run") for word in options):
        return tuple(word for word in options if not word.startswith("-"))
    if verb in ("checkout", "switch"):
        return None if any(word in ("-b", "-B", "-c", "-C", "--orphan", "--detach") for word in options) else ()
    if verb == "reset":
        return () if any(word in ("--hard", "--merge", "--keep") for word in options) else None
    if verb == "restore":
        return None if "--staged" in options and "--worktree" not in options else ()
    if verb == "stash":
        return None if options[:1] and options[0] in ("list", "show", "drop", "clear", "create", "store") else ()
    if verb in ("apply", "am", "clean", "rm") and any(
        word in ("--check", "--stat", "--cached", "-n", "--dry-run", "--numstat") for word in options
    ):
        return None
    return ()
