"""Which commands are checks: test runners, type checkers, linters, builds; and which of those check nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.check_names import (
    ANY_WORDS,
    ASKS,
    FOLDER_OPTIONS,
    FORMATTERS,
    KIND,
    NARROWING,
    NEEDS,
    NOT_A_CHECK,
    PACKAGE_MANAGERS,
    SHORT,
    STATIC_WORDS,
    TEST_WORDS,
    WITH_VALUE,
    CheckKind,
)
from reporting_governance.core.command_words import SHELLS, base_name


@frozen
class CheckCommand:
    """A command that is a check."""

    runner: str  #: `pytest`, `npm test`, `cargo clippy` ...
    kind: CheckKind
    scope: frozenset[str]  #: what it was narrowed to; empty: everything
    proves_nothing: str | None = None
    folder: str = ""  #: the folder that its own options name


Found = tuple[str, CheckKind, Sequence[str]] | None  #: runner, kind, what stands behind it


def check_of(words: Sequence[str]) -> CheckCommand | None:
    """Return the check that a command is; None for any other command."""
    if not words:
        return None
    name = base_name(words[0])
    found = _special(name, words) or _named(name, words)
    if found is None:
        return None
    runner, kind, rest = found
    return CheckCommand(runner, kind, _scope(runner, rest), _nothing(runner, rest), _own_folder(rest))


def _named(name: str, words: Sequence[str]) -> Found:
    if name in KIND and _is_check(name, words[1:]):
        return name, KIND[name], [word for word in words[1:] if word not in NEEDS.get(name, ())]
    return _script_of(words[0], words[1:]) if "/" in words[0] or name.endswith(".sh") else None


def _is_check(name: str, rest: Sequence[str]) -> bool:
    if name in FORMATTERS:
        return any(word in FORMATTERS[name] for word in rest)
    if name in NEEDS and not any(word in NEEDS[name] for word in rest):
        return any(word in ASKS for word in rest)
    if name == "ruff" and "format" in rest:
        return "--check" in rest or "--diff" in rest
    return True


def _script_of(path: str, rest: Sequence[str]) -> Found:
    """Tell a project's own check script by its name: `bin/test`, `./run_tests.sh`, `scripts/lint`."""
    name = base_name(path)
    if path in ("/bin/test", "/usr/bin/test"):
        return None
    stem, _, ending = name.rpartition(".")
    if ending in ("sh", "py", "js", "mjs", "ts", "rb", "pl", "bash"):
        name = stem
    kind = _kind_of_name(name)
    return None if kind is None else (base_name(path), kind, rest)


def _kind_of_name(name: str) -> CheckKind | None:
    words = {word for word in name.lower().replace("_", "-").replace(":", "-").replace(".", "-").split("-") if word}
    if words & NOT_A_CHECK:
        return None
    if words & ANY_WORDS or (words & TEST_WORDS and words & STATIC_WORDS):
        return CheckKind.ANY
    if words & TEST_WORDS:
        return CheckKind.TEST
    return CheckKind.STATIC if words & STATIC_WORDS or name.lower() in STATIC_WORDS else None


def _python(words: Sequence[str]) -> Found:
    rest = list(words[1:])
    while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c"):
        rest = rest[2:] if rest[0] in ("-X", "-W") else rest[1:]
    if rest[:1] == ["-m"] and len(rest) > 1:
        module = rest[1]
        if module in ("unittest", "doctest", "compileall"):
            kind = CheckKind.STATIC if module == "compileall" else CheckKind.TEST
            return module, kind, [word for word in rest[2:] if word != "discover"]
        if module == "coverage" and "-m" in rest[2:]:
            return _python(["python", *rest[rest.index("-m", 2) :]])
        return _named(module, [module, *rest[2:]]) if "/" not in module else None
    if rest and rest[0].endswith(".py"):
        if base_name(rest[0]) == "manage.py":
            return ("manage.py test", CheckKind.TEST, rest[2:]) if rest[1:2] == ["test"] else None
        return _script_of(rest[0], rest[1:])
    return None


def _package_manager(words: Sequence[str]) -> Found:
    name, rest = base_name(words[0]), list(words[1:])
    leading = []
    while rest and rest[0].startswith("-"):
        take = 2 if rest[0] in WITH_VALUE | {"--filter", "-w", "-F"} else 1
        leading += rest[:take]
        rest = rest[take:]
    if rest[:1] and rest[0] in ("run", "run-script", "workspace"):
        rest = rest[2:] if rest[0] == "workspace" else rest[1:]
    if not rest:
        return None
    script, tail = rest[0], rest[1:]
    script = {"t": "test", "tst": "test"}.get(script, script)
    if script in KIND and _is_check(script, tail):
        return script, KIND[script], [*leading, *tail]
    kind = _kind_of_name(script)
    return None if kind is None else (f"{name} {script}", kind, [*leading, *(word for word in tail if word != "--")])


def _go(words: Sequence[str]) -> Found:
    if len(words) < 2 or words[1] not in ("test", "vet", "build"):
        return None
    rest = [word for word in words[2:] if word not in ("./...", "...")]
    return f"go {words[1]}", CheckKind.TEST if words[1] == "test" else CheckKind.STATIC, rest


def _cargo(words: Sequence[str]) -> Found:
    rest = [word for word in words[1:] if not word.startswith("+")]
    if rest[:1] == ["fmt"]:
        return ("cargo fmt", CheckKind.STATIC, rest[1:]) if "--check" in rest else None
    if not rest or rest[0] not in ("test", "nextest", "check", "clippy", "build", "bench", "t", "b", "c"):
        return None
    verb = {"t": "test", "b": "build", "c": "check"}.get(rest[0], rest[0])
    kind = CheckKind.TEST if verb in ("test", "nextest") else CheckKind.STATIC
    return f"cargo {verb}", kind, [word for word in rest[1:] if word not in ("--workspace", "--all", "run")]


def _jvm(words: Sequence[str]) -> Found:
    name = base_name(words[0])
    goals = [word for word in words[1:] if not word.startswith("-")]
    tool = "mvn" if name in ("mvn", "mvnw") else "gradle"
    for goal in goals:
        last = goal.rsplit(":", 1)[-1]
        if last in ("test", "verify", "check", "integrationTest", "install", "package", "build", "compile", "assemble"):
            static = last in ("compile", "assemble")
            rest = [word for word in words[1:] if word not in goals]
            if tool == "gradle" and "-x" in words and "test" in words[words.index("-x") :]:
                rest = [*rest, "-DskipTests"]
            return f"{tool} {last}", CheckKind.STATIC if static else CheckKind.ANY, rest
    return None


def _make(words: Sequence[str]) -> Found:
    name = base_name(words[0])
    goals = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    for goal in goals:
        kind = _kind_of_name(goal)
        if kind is not None:
            return f"{name} {goal}", kind, [word for word in words[1:] if word != goal]
    options = [word for word in words[1:] if word.startswith("-")]
    return (name, CheckKind.STATIC, options) if name == "make" and (not goals or goals == ["all"]) else None


def _verb(kinds: dict[str, CheckKind]) -> Callable[[Sequence[str]], Found]:
    def found(words: Sequence[str]) -> Found:
        if len(words) < 2 or words[1] not in kinds:
            return None
        return f"{base_name(words[0])} {words[1]}", kinds[words[1]], words[2:]

    return found


def _shell(words: Sequence[str]) -> Found:
    scripts = [index for index, word in enumerate(words[1:], start=1) if not word.startswith("-")]
    return _script_of(words[scripts[0]], words[scripts[0] + 1 :]) if scripts else None


_BUILDS = {"test": CheckKind.TEST, "build": CheckKind.STATIC, "check": CheckKind.STATIC, "lint": CheckKind.STATIC}
_SPECIAL: dict[str, Callable[[Sequence[str]], Found]] = {
    **dict.fromkeys(PACKAGE_MANAGERS, _package_manager),
    "go": _go, "cargo": _cargo, "mvn": _jvm, "mvnw": _jvm, "gradle": _jvm, "gradlew": _jvm,
    **dict.fromkeys(("make", "gmake", "just", "task", "rake", "invoke", "inv"), _make),
    **dict.fromkeys(("dotnet", "deno", "swift", "flutter", "dart", "zig", "mix", "lein", "sbt", "stack", "cabal",
                     "composer", "moon", "turbo", "nx", "xcodebuild", "forge", "hardhat", "rails", "django-admin"),
                    _verb(_BUILDS)),
    "node": lambda words: ("node --test", CheckKind.TEST, words[2:]) if "--test" in words else None,
    **dict.fromkeys(SHELLS, _shell),
}  # fmt: skip


def _special(name: str, words: Sequence[str]) -> Found:
    if name.startswith("python") or name in ("py", "pypy3"):
        return _python(words)
    return _SPECIAL[name](words) if name in _SPECIAL else None


def _nothing(runner: str, rest: Sequence[str]) -> str | None:
    short: frozenset[str] | set[str] = SHORT.get(runner, SHORT.get(runner.split(" ", 1)[0], frozenset()))
    for word in rest:
        if word in ASKS:
            return ASKS[word]
        if word in short:
            return "it only asks, and runs nothing"
    return None


def _scope(runner: str, rest: Sequence[str]) -> frozenset[str]:
    found, index = set(), 0
    narrowing = NARROWING | {"-p"} if runner.startswith("cargo") else NARROWING
    while index < len(rest):
        word = rest[index]
        if word in narrowing:
            found.add(" ".join(rest[index : index + 2]))
            index += 1
        elif word in WITH_VALUE:
            index += 1
        elif not word.startswith("-"):
            found.add(word.rstrip("/"))
        elif word.partition("=")[0] in NARROWING and "=" in word:
            found.add(word)
        index += 1
    return frozenset(found - {".", "", "./..."})


def _own_folder(rest: Sequence[str]) -> str:
    for index, word in enumerate(rest):
        name, equals, value = word.partition("=")
        if name in FOLDER_OPTIONS:
            return value if equals else "".join(rest[index + 1 : index + 2])
    return ""
