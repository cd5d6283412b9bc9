"""How things are timed here: the best of several interleaved rounds, so that a noisy machine harms both sides alike."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One claim: a ratio, what it is held against, and hints in absolute figures."""

    name: str
    ratio: float
    target: str  #: as the claim is written, such as `<= 5`
    holds: bool | None  #: None: nothing is claimed
    hint: str


def at_most(name: str, ratio: float, limit: float, hint: str) -> Result:
    """Return a claim that a ratio is not above a limit."""
    return Result(name, ratio, f"<= {limit:g}", ratio <= limit, hint)


def at_least(name: str, ratio: float, limit: float, hint: str) -> Result:
    """Return a claim that a ratio is not below a limit."""
    return Result(name, ratio, f">= {limit:g}", ratio >= limit, hint)


def only_told(name: str, ratio: float, hint: str) -> Result:
    """Return a ratio about which nothing is claimed."""
    return Result(name, ratio, "-", None, hint)


def best_of(rounds: int, sides: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Return the shortest time of each side, in seconds, over interleaved rounds; each side times itself."""
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(rounds):
        for name, side in sides.items():
            best[name] = min(best[name], side())
    return best


def timed(call: Callable[[], object]) -> float:
    """Return how long a call took, in seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@contextmanager
def scratch() -> Iterator[str]:
    """Give a folder on the disk that state folders lie on (REPORTGOV_BENCH_DIR, else the checkout's build folder)."""
    place = os.environ.get("REPORTGOV_BENCH_DIR") or os.path.join(os.getcwd(), "build")
    os.makedirs(place, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="bench-", dir=place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def process_seconds(arguments: list[str], environment: Mapping[str, str] | None = None) -> float:
    """Return how long a whole process took, in seconds."""
    start = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True, env={**os.environ, **(environment or {})})
    return time.perf_counter() - start


@dataclass(frozen=True)
class Spent:
    """What a whole process took, and what it said."""

    seconds: float  #: from its start to its end, as whoever waits for it sees it
    processor: float  #: seconds, of its own and of the system for it; a busy machine changes it less
    output: bytes


def process_spent(arguments: list[str], environment: Mapping[str, str] | None = None, *, given: bytes = b"") -> Spent:
    """Run a process that reads `given`, and return what it took."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        arguments, input=given, check=True, capture_output=True, env={**os.environ, **(environment or {})}
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(seconds, processor, done.stdout)


def peak_mebibytes(code: str) -> int:
    """Return the peak memory of a Python process that runs some code, in MiB.

    Read from /proc: the figure of `getrusage` starts with the size of the process that forked.
    """
    tail = "\nprint([line for line in open('/proc/self/status') if line.startswith('VmHWM')][0].split()[1])"
    done = subprocess.run([sys.executable, "-c", code + tail], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) // 1024
