"""Write OpenClaw's answers anew: `python -m tests.openclaw.plugins.capture`, then look at the difference."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.openclaw.install import OPENCLAW_VERSION, find_program

from . import oracle
from .asking import real_hosts, real_scenes, trapped_home
from .captured import FILE, own_plugins, packed


def main() -> None:
    """Ask everything, and keep what is compared."""
    program = find_program()
    with tempfile.TemporaryDirectory() as scratch:
        document = {
            "openclaw": OPENCLAW_VERSION,
            "own": own_plugins(oracle.package_of(program)),
            "hosts": packed(dict(real_hosts(program, trapped_home(Path(scratch) / "traps")))),
            "scenes": packed(dict(real_scenes(program, Path(scratch) / "scenes"))),
        }
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
