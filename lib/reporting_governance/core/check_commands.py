"""Which commands are checks: test runners, type checkers, linters, builds; and which of those check nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reporting_governance.contracts.evidence import CheckKind
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.check_names import (
    ALONE,
    ANY_WORDS,
    ASKS,
    BUILD_WORDS,
    FOLDER_OPTIONS,
    FORMATTERS,
    KIND,
    LOOKED_AT,
    NARROWING,
    NEEDS,
    NO_NARROWING,
    NOT_A_CHECK,
    OTHER_VALUES,
    PACKAGE_MANAGERS,
    RUNS_TESTS,
    SESSIONS,
    SHORT,
    STARTS,
    STATIC_WORDS,
    TEST_WORDS,
    WITH_VALUE,
)
from reporting_governance.core.check_parts import leaves_tests_out, part_of
from reporting_governance.core.command_words import SHELLS, base_name


@frozen
class CheckCommand:
    """A command that is a check."""

    runner: str  #: `pytest`, `npm test`, `cargo clippy` ...
    kind: CheckKind
    scope: frozenset[str]  #: what it was narrowed to; empty: everything
    proves_nothing: str | None = None
    folder: str = ""  #: the folder that its own options name
    part: str | None = None  #: of tests: what of them it was narrowed to, in words


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
    kind = _kind_by_options(runner, kind, rest)
    tests = kind in (CheckKind.TEST, CheckKind.ANY)
    return CheckCommand(
        runner=runner,
        kind=kind,
        scope=_scope(runner, rest),
        proves_nothing=_nothing(runner, rest) or leaves_tests_out(runner, rest),
        folder=_own_folder(rest),
        part=part_of(runner, rest) if tests else None,
    )


def _kind_by_options(runner: str, kind: CheckKind, rest: Sequence[str]) -> CheckKind:
    """Return what a runner of several things was asked for: `tox -e lint`."""
    if runner in ("tox", "nox"):
        named = [rest[index + 1] for index, word in enumerate(rest[:-1]) if word in ("-e", "-s")]
        kinds = {_kind_of_name(each) or CheckKind.TEST for each in ",".join(named).split(",") if each}
        return next(iter(kinds)) if len(kinds) == 1 else kind
    return kind


def _named(name: str, words: Sequence[str]) -> Found:
    if name in KIND and _is_check(name, words[1:]):
        rest = [word for word in words[1:] if word not in (*NEEDS.get(name, ()), *STARTS.get(name, ()))]
        tests = KIND[name] is CheckKind.BUILD and not RUNS_TESTS.isdisjoint(words[1:])
        return name, CheckKind.TEST if tests else KIND[name], rest
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
    if words & TEST_WORDS and words & (STATIC_WORDS | BUILD_WORDS):
        return CheckKind.ANY
    if words & ANY_WORDS:
        return CheckKind.STATIC if words & LOOKED_AT and not words & TEST_WORDS else CheckKind.ANY
    if words & TEST_WORDS:
        return CheckKind.TEST
    if words & STATIC_WORDS or name.lower() in STATIC_WORDS:
        return CheckKind.STATIC
    return CheckKind.BUILD if words & BUILD_WORDS else None


def _python(words: Sequence[str]) -> Found:
    rest = list(words[1:])
    while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c"):
        rest = rest[2:] if rest[0] in ("-X", "-W") else rest[1:]
    if rest[:1] == ["-m"] and len(rest) > 1:
        module = rest[1]
        if module in ("unittest", "doctest", "compileall"):
            kind = CheckKind.BUILD if module == "compileall" else CheckKind.TEST
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
    return f"go {words[1]}", _VERBS[words[1]], rest


def _cargo(words: Sequence[str]) -> Found:
    rest = [word for word in words[1:] if not word.startswith("+")]
    if rest[:1] == ["fmt"]:
        return ("cargo fmt", CheckKind.STATIC, rest[1:]) if "--check" in rest else None
    if not rest or rest[0] not in ("test", "nextest", "check", "clippy", "build", "bench", "t", "b", "c"):
        return None
    verb = {"t": "test", "b": "build", "c": "check"}.get(rest[0], rest[0])
    kind = CheckKind.TEST if verb in ("test", "nextest") else _VERBS.get(verb, CheckKind.STATIC)
    return f"cargo {verb}", kind, [word for word in rest[1:] if word not in ("--workspace", "--all", "run")]


def _jvm(words: Sequence[str]) -> Found:
    name = base_name(words[0])
    goals = [word for index, word in enumerate(words[1:]) if not word.startswith("-") and words[index] != "-x"]
    tool = "mvn" if name in ("mvn", "mvnw") else "gradle"
    # what runs tests says more than what only compiles
    for goal in sorted(goals, key=lambda each: each.rsplit(":", 1)[-1] in ("compile", "assemble", "build")):
        project, _, last = goal.rpartition(":")
        is_test = last.startswith(("test", "integrationTest", "connected")) and last.endswith(("test", "Test"))
        if is_test or last in ("verify", "check", "install", "package", "build", "compile", "assemble"):
            rest = [word for word in words[1:] if word not in goals]
            if tool == "gradle" and "-x" in words and "test" in words[words.index("-x") :]:
                rest = [*rest, "-DskipTests"]
            if tool == "gradle" and project.strip(":") not in ("", "app"):
                rest = [*rest, "--package", project]
            kind = CheckKind.TEST if is_test else CheckKind.ANY
            return f"{tool} {last}", CheckKind.BUILD if last in ("compile", "assemble") else kind, rest
    return None


def _make(words: Sequence[str]) -> Found:
    name = base_name(words[0])
    goals = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    kinds = {goal: kind for goal in goals if (kind := _kind_of_name(goal)) is not None}
    if kinds:
        goal = next(iter(kinds))
        kind = kinds[goal]
        if len(set(kinds.values())) > 1:
            kind = CheckKind.ANY if {CheckKind.TEST, CheckKind.ANY} & set(kinds.values()) else CheckKind.STATIC
        return f"{name} {goal}", kind, [word for word in words[1:] if word != goal]
    options = [word for word in words[1:] if word.startswith("-")]
    return (name, CheckKind.BUILD, options) if name == "make" and (not goals or goals == ["all"]) else None


def _verb(kinds: dict[str, CheckKind]) -> Callable[[Sequence[str]], Found]:
    def found(words: Sequence[str]) -> Found:
        if len(words) < 2 or words[1] not in kinds:
            return None
        return f"{base_name(words[0])} {words[1]}", kinds[words[1]], words[2:]

    return found


def _shell(words: Sequence[str]) -> Found:
    scripts = [index for index, word in enumerate(words[1:], start=1) if not word.startswith("-")]
    return _script_of(words[scripts[0]], words[scripts[0] + 1 :]) if scripts else None


def _docker(words: Sequence[str]) -> Found:
    """Tell the build of an image: `docker build`, `docker buildx build`, `docker compose build`."""
    verbs = [word for word in words[1:] if not word.startswith("-")][:2]
    name = base_name(words[0])
    builds = verbs[:1] == ["build"] or verbs in (["buildx", "build"], ["compose", "build"], ["image", "build"])
    return (f"{name} build", CheckKind.BUILD, ()) if builds else None


_VERBS = {
    "test": CheckKind.TEST, "build": CheckKind.BUILD, "check": CheckKind.STATIC, "lint": CheckKind.STATIC,
    "vet": CheckKind.STATIC,
}  # fmt: skip
_SPECIAL: dict[str, Callable[[Sequence[str]], Found]] = {
    **dict.fromkeys(PACKAGE_MANAGERS, _package_manager),
    "go": _go, "cargo": _cargo, "mvn": _jvm, "mvnw": _jvm, "gradle": _jvm, "gradlew": _jvm,
    **dict.fromkeys(("make", "gmake", "just", "task", "rake", "invoke", "inv"), _make),
    **dict.fromkeys(("dotnet", "deno", "swift", "flutter", "dart", "zig", "mix", "lein", "sbt", "stack", "cabal",
                     "composer", "moon", "turbo", "nx", "xcodebuild", "forge", "hardhat", "rails", "django-admin"),
                    _verb(_VERBS)),
    "node": lambda words: ("node --test", CheckKind.TEST, words[2:]) if "--test" in words else None,
    **dict.fromkeys(SHELLS, _shell), "docker": _docker, "podman": _docker, "docker-compose": _docker,
}  # fmt: skip


#: programs that are known by their names, and no scripts of a project
PROGRAMS = frozenset({*KIND, *_SPECIAL, "python", "python3"}) - {*SHELLS, "rails", "rake", "gradlew", "mvnw"}


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
    tool = runner.partition(" ")[0]
    narrowing = (NARROWING | SESSIONS.get(tool, frozenset())) - NO_NARROWING.get(tool, frozenset())
    while index < len(rest):
        word = rest[index]
        if word in ALONE:
            found.add(word)
        elif word in narrowing:
            found.add(" ".join(rest[index : index + 2]))
            index += 1
        elif word in WITH_VALUE or word in OTHER_VALUES.get(tool, ()):
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
