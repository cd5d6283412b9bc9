"""What the real OpenClaw left of each case, in a file; run as a module, this asks anew."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.openclaw.install import OPENCLAW_VERSION, find_program

from .switching import CASES, Left, make_home, real_left

FILE = Path(__file__).parents[2] / "data" / "openclaw" / "switched.json"


def captured() -> dict[str, Left]:
    """Return what was left of each case."""
    return {name: Left(*left) for name, left in json.loads(FILE.read_text())["left"].items()}


def main() -> None:
    """Ask about every case, and keep what is left."""
    program = find_program()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as workers:
        homes = [make_home(Path(scratch) / str(place), case) for place, case in enumerate(CASES)]
        left = list(workers.map(lambda home, case: real_left(program, home, case), homes, CASES))
    document = {
        "openclaw": OPENCLAW_VERSION,
        "left": {case.name: list(each) for case, each in zip(CASES, left, strict=True)},
    }
    FILE.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
