"""The checks, by name.

They run in the environment that nox itself runs in, which bin/test makes, so nothing is installed twice.
"""

import glob
import os
import shutil
import sys

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "rooms", "schemas", "tests"]
nox.options.stop_on_first_error = False

#: where tests stand that need programs and packages of others
#: what has a session of its own is left out of others
ELSEWHERE = "not openclaw and not outside and (not postgres or everywhere)"
ORDINARY = f"not long and {ELSEWHERE}"  #: tests that need nothing but what bin/test installs
DEBIAN_SERVERS = "/usr/lib/postgresql/*/bin/postgres"
OUTSIDE = ("tests/shipped", "tests/verify", "tests/stages/test_cloudevents.py", "tests/stages/test_export_bag.py")


def python(session: nox.Session, *arguments: str, **environment: str) -> None:
    """Run this environment's Python; the session fails when it does."""
    session.run(sys.executable, "-s", *arguments, env=environment, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and likely mistakes."""
    python(session, "-m", "ruff", "check", ".")
    python(session, "-m", "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    python(session, "-m", "mypy")


@nox.session
def rooms(session: nox.Session) -> None:
    """Which room imports which; pyproject.toml says what is allowed."""
    session.run(os.path.join(os.path.dirname(sys.executable), "lint-imports"), "--no-cache", env={"PYTHONPATH": "lib"})
    python(session, "ci/rooms.py")


@nox.session
def schemas(session: nox.Session) -> None:
    """Every schema is a schema, and every format in it has a checker."""
    python(session, "ci/schemas.py")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, without the long matrices."""
    # many wait for a program, a peer or a disk: two processors keep three workers busy
    python(session, "-m", "pytest", "-q", "-n", "3", "-m", ORDINARY, *session.posargs)


@nox.session
def policy(session: nox.Session) -> None:
    """Ten thousand random events and packs: the compiled rules decide as the slow reading does."""
    python(session, "-m", "pytest", "-q", "tests/unit/test_policy_oracle.py", *session.posargs)


@nox.session
def crash(session: nox.Session) -> None:
    """Kill at every step, starve of disk, tear: the long matrices too."""
    python(session, "-m", "pytest", "-q", "-n", "2", "tests/crash", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Every case that `tests` leaves out since it takes long; and verbs as processes where `tests` only forks."""
    python(session, "-m", "pytest", "-q", "-n", "2", "-m", f"long and {ELSEWHERE}", *session.posargs)
    whole = ("-m", "pytest", "-q", "-n", "2", "-m", ORDINARY)
    python(session, *whole, "tests/acceptance", "tests/regressions", REPORTGOV_TESTS="processes")


@nox.session
def faults(session: nox.Session) -> None:
    """Every sender meets every fault; docs/fault-matrix.md shows what must come out."""
    python(session, "-m", "pytest", "-q", "-n", "2", "tests/fault_matrix", *session.posargs)


@nox.session
def postgres(session: nox.Session) -> None:
    """The back end for many hosts: on the server of a wheel, then on Debian's where there is one.

    Behind PgBouncer too: one that is installed, or Debian's, which apt-get downloads into the cache folder.
    """
    for choice in ("wheel", "debian") if glob.glob(DEBIAN_SERVERS) else ("wheel",):
        tests = ("-m", "pytest", "-q", "-n", "2", "-m", "postgres", *session.posargs)
        python(session, *tests, REPORTGOV_POSTGRES=choice, PGBOUNCER_INSTALL="1")


@nox.session
def openclaw(session: nox.Session) -> None:
    """What we say about OpenClaw, held against the real program."""
    python(session, "-m", "pytest", "-q", "-m", "openclaw", *session.posargs)


@nox.session(venv_backend="venv")
def verify(session: nox.Session) -> None:
    """What we ship for CI in the real pre-commit and zizmor; verdicts beside check-jsonschema's; a minute of fuzzing.

    It wants a package index.
    """
    session.install("--require-hashes", "-r", "ci/requirements-verify.txt")
    python(session, "-m", "pytest", "-q", "-m", "outside", *OUTSIDE, *session.posargs)
    assert session.virtualenv.location is not None
    (installed,) = glob.glob(os.path.join(session.virtualenv.location, "lib", "python*", "site-packages"))
    ours = os.pathsep.join(["lib", "."])
    python(session, "tests/verify/fuzz_atheris.py", "-max_total_time=60", PYTHONPATH=ours, FUZZER=installed)


@nox.session(venv_backend="venv")
def browser(session: nox.Session) -> None:
    """Our pages in a real Chromium, under axe: three widths, light and dark, on paper.

    It wants a package index, and a Chromium: $CHROMIUM, one on PATH, or the one that Playwright fetches.  Pictures are
    kept where $REPORTGOV_PICTURES names a folder.
    """
    session.install("--require-hashes", "-r", "ci/requirements-browser.txt")
    assert session.virtualenv.location is not None
    (driver,) = glob.glob(os.path.join(session.virtualenv.location, "lib", "python*", "site-packages"))
    if not any(shutil.which(name) for name in (os.environ.get("CHROMIUM", ""), "chromium", "google-chrome") if name):
        session.run("playwright", "install", "chromium-headless-shell")
    tests = ("-m", "pytest", "-q", "-m", "outside", "tests/browser", *session.posargs)
    python(session, *tests, REPORTGOV_BROWSER_DRIVER=driver)


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios within one run; absolute figures are hints.

    Suite `rules` wants ci/requirements-bench.txt beside it, suite `verify` what session `verify` has installed, suite
    `audit` what session `bench_peers` has, suite `postgres` what `bench_queues` has and a C compiler.
    """
    python(session, "-m", "tests.bench", *session.posargs, PYTHONPATH=os.pathsep.join(["lib", "."]))


@nox.session(venv_backend="venv")
def bench_peers(session: nox.Session) -> None:
    """Install the toolkit that suite `audit` of the benchmarks stands beside."""
    session.install("--require-hashes", "-r", "ci/requirements-bench-peers.txt")


@nox.session(venv_backend="venv")
def bench_queues(session: nox.Session) -> None:
    """Install the queues that suite `postgres` of the benchmarks stands beside."""
    session.install("--require-hashes", "-r", "ci/requirements-bench-queues.txt")


@nox.session(venv_backend="venv")
def lock(session: nox.Session) -> None:
    """Write ci/requirements*.txt anew from pyproject.toml; with `-- --upgrade` take the newest versions."""
    session.install("pip-tools")
    session.run("python", "ci/lock.py", *session.posargs)
