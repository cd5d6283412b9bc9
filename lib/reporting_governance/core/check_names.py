"""The names of test runners, type checkers, linters and builds, and of their options that matter here."""

from __future__ import annotations

from reporting_governance.contracts.evidence import CheckKind

TESTS = """pytest py.test tox nox jest vitest mocha ava rspec phpunit pest ctest karma playwright cypress nosetests
    nose2 stestr trial behave cucumber bats busted minitest gotestsum nextest testem tap tape jasmine""".split()
STATIC = """mypy pyright basedpyright pytype tsc vue-tsc ruff eslint shellcheck flake8 pylint pyflakes black isort
    prettier biome stylelint golangci-lint staticcheck rubocop phpstan psalm ktlint detekt checkstyle hadolint
    actionlint yamllint markdownlint ansible-lint bandit pre-commit svelte-check oxlint standard xo clang-tidy
    import-linter lint-imports swiftlint clippy-driver hlint""".split()
BUILD = "webpack rollup vite esbuild ninja meson bazel cmake next nuxt astro gatsby ng tsup parcel".split()
KIND = (
    dict.fromkeys(TESTS, CheckKind.TEST)
    | dict.fromkeys(STATIC, CheckKind.STATIC)
    | dict.fromkeys(BUILD, CheckKind.BUILD)
    | {"tox": CheckKind.ANY, "nox": CheckKind.ANY}
)
#: of builders that also run tests, the words with which they do
RUNS_TESTS = frozenset("test tests ctest check verify".split())
FORMATTERS = {
    "black": ("--check", "--diff"),
    "isort": ("--check", "--check-only", "-c", "--diff"),
    "prettier": ("--check", "-c", "--list-different", "-l"),
}  # fmt: skip
NEEDS = {
    "ruff": ("check", "format", "."), "biome": ("check", "lint", "ci"), "playwright": ("test",), "cypress": ("run",),
    "vite": ("build",), "next": ("build",), "nuxt": ("build",), "astro": ("build",), "gatsby": ("build",),
    "ng": ("build", "test"), "parcel": ("build",),
    "bazel": ("test", "build"), "cmake": ("--build",), "meson": ("test", "compile"),
    "golangci-lint": ("run",), "pre-commit": ("run",), "swiftlint": ("lint", "--strict"),
}  # fmt: skip
#: words of a runner that start it and narrow nothing
STARTS = {"vitest": ("run", "watch"), "bazel": ("test", "build"), "mocha": ("run",), "ava": ("run",)}
#: the words that say of a script's name that it checks something
TEST_WORDS = frozenset("test tests spec specs e2e unit integration coverage".split())
STATIC_WORDS = frozenset("lint typecheck types tsc check-types type-check mypy".split())
BUILD_WORDS = frozenset("build compile".split())
#: beside these, "check" says that it looks and runs no test: `type-check`, `format:check`
LOOKED_AT = frozenset("types type lint typecheck format fmt style mypy ruff eslint tsc prettier spelling".split())
ANY_WORDS = frozenset("check checks verify validate ci qa".split())
NOT_A_CHECK = frozenset("create make new generate gen add setup watch data fixture fixtures server update".split())

ASKS = {
    "--help": "it prints its help", "--version": "it prints its version", "--collect-only": "it only lists tests",
    "--co": "it only lists tests", "--list": "it only lists tests", "--list-tests": "it only lists tests",
    "--listTests": "it only lists tests", "--listenvs": "it only lists environments", "--dry-run": "it is a dry run",
    "--no-run": "it builds tests and runs none", "--fixtures": "it only lists fixtures",
    "--markers": "it only lists markers", "--setup-plan": "it is a dry run", "--setup-only": "it runs no test",
    "--exit-zero": "its status is always 0", "--show-only": "it only lists tests",
    "--print-config": "it prints settings",
    "--show-config": "it prints settings", "--showConfig": "it prints settings", "--just-print": "it is a dry run",
    "--list-different": "it only lists files", "-DskipTests": "it skips the tests", "--init": "it writes settings",
    "-Dmaven.test.skip=true": "it skips the tests", "-DskipTests=true": "it skips the tests",
    "--allow-no-tests": "it passes without any test", "--passWithNoTests": "it passes without any test",
    "--pass-with-no-tests": "it passes without any test", "--collectOnly": "it only lists tests",
    "--showFiles": "it only lists files", "--listFiles": "it only lists files",
}  # fmt: skip
#: what a summary line that counts tests makes good
PASSES_WITHOUT_TESTS = "it passes without any test"
SHORT = {
    "tox": {"-l", "-a"}, "nox": {"-l"}, "ctest": {"-N"}, "make": {"-n", "-q"}, "pytest": {"-h", "-V"}, "mypy": {"-V"},
    "mocha": {"-V"}, "jest": {"-h"}, "tsc": {"-v", "-h", "--init"}, "eslint": {"-v", "-h"},
    "go test": {"-list", "-n", "-c"},
    "ruff": {"-V", "-h"}, "vitest": {"list", "-v", "-h"}, "phpunit": {"--list-suites"}, "gradle": {"-m"},
}  # fmt: skip
NARROWING = frozenset(
    "-k -m -t -run --run -e --grep -g --filter --testNamePattern --testPathPattern --tests -R -L --select "
    "--package --ignore --ignore-glob --deselect --exclude --skip --shard -Dtest --last-failed --lf".split()
)
#: of the narrowing options those that mean something else to a runner; `-s` narrows only where sessions are meant
NO_NARROWING = {"vitest": frozenset({"--run"}), "pytest": frozenset({"-e", "-t", "-g", "-R", "-L"})}
SESSIONS = {"nox": frozenset({"-s"}), "cypress": frozenset({"-s"}), "cargo": frozenset({"-p"})}
#: narrowing options without a value
ALONE = frozenset({"--last-failed", "--lf"})
WITH_VALUE = frozenset(
    """-n -c -o -W -j --tb --maxfail --timeout --rootdir --reporter --config --config-file --prefix -C --cwd
    --workspace --durations --max-warnings --format -f --project --ext --parallel --test-dir --cov-report --color
    --count -P --fmt --manifest-path --target --profile --threads --numprocesses --dist
    --build --directory""".split()
)
#: of single runners: options with a value that chooses nothing
OTHER_VALUES = {
    "unittest": {"-s", "-t", "-p"}, "tox": {"-e", "-c"}, "nox": {"-s", "-e", "-p"}, "pytest": {"-p", "-c", "-r"},
    "cargo": {"--features", "-F"}, "go": {"-coverprofile", "-timeout", "-tags", "-covermode", "-coverpkg", "-cpu"},
    "jest": {"--maxWorkers", "-w"}, "mocha": {"-r", "--require", "-R", "-t"}, "rspec": {"-r", "-I"},
    "phpunit": {"--bootstrap", "--testsuite"}, "ctest": {"-C", "--build-config"}, "nextest": {"-P"},
}  # fmt: skip
FOLDER_OPTIONS = frozenset("-C --prefix --cwd --directory --dir --test-dir --rootDir".split())
PACKAGE_MANAGERS = frozenset("npm pnpm yarn bun".split())
