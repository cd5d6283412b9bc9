"""Which programs check something, each read by its own rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from reporting_governance.contracts.evidence import CheckKind
from reporting_governance.core.check_names import (
    ANY_WORDS,
    ASKS,
    BUILD_WORDS,
    FORMATTERS,
    KIND,
    LOOKED_AT,
    NEEDS,
    NOT_A_CHECK,
    PACKAGE_MANAGERS,
    RUNS_TESTS,
    STARTS,
    STATIC_WORDS,
    TEST_WORDS,
    WITH_VALUE,
)
from reporting_governance.core.command_words import SHELLS, base_name, commands_of, unwrapped

Found = tuple[str, CheckKind, Sequence[str]] | None  #: runner, kind, what stands behind it


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
    kind = kind_of_name(name)
    return None if kind is None else (base_name(path), kind, rest)


def kind_of_name(name: str) -> CheckKind | None:
    """Return what a script checks, by its name; None: its name does not say that it checks."""
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
    if rest[:1] == ["workspaces"]:
        rest = [word for word in rest[1:] if word != "foreach" and not word.startswith("-")]
    elif rest[:1] == ["workspace"]:
        rest = rest[2:]
    if rest[:1] in (["run"], ["run-script"]):
        rest = rest[1:]
    if not rest:
        return None
    script, tail = rest[0], rest[1:]
    script = {"t": "test", "tst": "test"}.get(script, script)
    if script in KIND and _is_check(script, tail):
        return script, KIND[script], [*leading, *tail]
    kind = kind_of_name(script)
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
    kinds = {goal: kind for goal in goals if (kind := kind_of_name(goal)) is not None}
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
    """Tell the build of an image, and a check that runs in a container: `docker compose exec web pytest`."""
    name = base_name(words[0])
    verbs = [word for word in words[1:] if not word.startswith("-")][:2]
    if verbs[:1] == ["build"] or verbs in (["buildx", "build"], ["compose", "build"], ["image", "build"]):
        return f"{name} build", CheckKind.BUILD, ()
    inside = _in_container(words[1:])
    if inside[:1] and base_name(inside[0]) in SHELLS:
        script = commands_of(" ".join(inside[2:]) if inside[1:2] and inside[1].endswith("c") else "", nested=1)
        is_chain = bool(script) and all(each.before in ("", "&&") and not each.guarded for each in script)
        return found_check(script[-1].words) if is_chain else None
    return found_check(unwrapped(tuple(inside)))


def _in_container(rest: Sequence[str]) -> Sequence[str]:
    """Return the command that runs in a container, behind the options and the name of the image or the service."""
    index, started = 0, False
    while index < len(rest):
        word = rest[index]
        if word in ("run", "exec") and not started:
            started = True
        elif word.startswith("-"):
            index += word in _CONTAINER_VALUES
        elif started:
            return rest[index + 1 :]
        elif word not in ("compose", "container"):
            return ()
        index += 1
    return ()


_CONTAINER_VALUES = frozenset(
    """-v -e -w -u -p -f -m -h -l --volume --env --env-file --workdir --user --name --publish --network --file
    --platform --mount --memory --cpus --profile --project-name --label --add-host""".split()
)


def _task(words: Sequence[str]) -> Found:
    """Tell a task of a project that its tool starts: `deno task test`, `hatch test`, `pdm run lint`."""
    name = base_name(words[0])
    rest = [word for word in words[1:] if word not in ("run", "task", "-r", "--recursive")]
    if name == "deno" and words[1:2] != ("task",):
        return _verb(_VERBS)(words)
    kind = kind_of_name(rest[0]) if rest else None
    return None if kind is None else (f"{name} {rest[0]}", kind, [word for word in rest[1:] if word != "--"])


def _monorepo(words: Sequence[str]) -> Found:
    """Tell a task of many packages: `turbo run test`, `nx run-many -t test`, `lerna run test`."""
    name = base_name(words[0])
    asks = ("-t", "--target", "--targets", "run")
    targets = [value for option, value in pairwise(words[1:]) if option in asks]
    targets += [word.partition("=")[2] for word in words[1:] if word.startswith(("--target=", "--targets=", "-t="))]
    targets = targets or list(words[1:2])
    kind = kind_of_name(targets[0].rpartition(":")[2]) if targets else None
    rest = [word for word in words[1:] if word.startswith("-") and word not in (*asks, "--all")]
    more = ["--changed"] if words[1:2] == ("affected",) else []
    return None if kind is None else (f"{name} {targets[0]}", kind, [*rest, *more])


_VERBS = {
    "test": CheckKind.TEST, "build": CheckKind.BUILD, "check": CheckKind.STATIC, "lint": CheckKind.STATIC,
    "vet": CheckKind.STATIC,
}  # fmt: skip
_SPECIAL: dict[str, Callable[[Sequence[str]], Found]] = {
    **dict.fromkeys(PACKAGE_MANAGERS, _package_manager),
    "go": _go, "cargo": _cargo, "mvn": _jvm, "mvnw": _jvm, "gradle": _jvm, "gradlew": _jvm,
    **dict.fromkeys(("make", "gmake", "just", "task", "rake", "invoke", "inv"), _make),
    **dict.fromkeys(("deno", "hatch", "pdm", "pixi", "mise", "rye", "poe", "poetry"), _task),
    **dict.fromkeys(("turbo", "nx", "lerna", "moon"), _monorepo),
    **dict.fromkeys(("dotnet", "swift", "flutter", "dart", "zig", "mix", "lein", "sbt", "stack", "cabal",
                     "composer", "xcodebuild", "forge", "hardhat", "rails", "django-admin"),
                    _verb(_VERBS)),
    "node": lambda words: ("node --test", CheckKind.TEST, words[2:]) if "--test" in words else None,
    **dict.fromkeys(SHELLS, _shell), "docker": _docker, "podman": _docker, "docker-compose": _docker,
}  # fmt: skip


#: programs that are known by their names, and no scripts of a project
PROGRAMS = frozenset({*KIND, *_SPECIAL, "python", "python3"}) - {*SHELLS, "rails", "rake", "gradlew", "mvnw"}


def found_check(words: Sequence[str]) -> Found:
    """Return the runner that a command is, its kind and its options; None for any other command."""
    if not words:
        return None
    name = base_name(words[0])
    return _special(name, words) or _named(name, words)


def _special(name: str, words: Sequence[str]) -> Found:
    if name.startswith("python") or name in ("py", "pypy3"):
        return _python(words)
    return _SPECIAL[name](words) if name in _SPECIAL else None
