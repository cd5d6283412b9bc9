"""Write the captured databases anew: `python -m tests.openclaw.capture FOLDER`, then look at the difference."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from .install import find_program
from .island import Island
from .stories import clean, let_time_pass, many_ends, many_runs, save, save_agent


def main() -> None:
    """Run every story and save what OpenClaw wrote."""
    target = Path(sys.argv[1])
    program = find_program(dict(os.environ))
    with tempfile.TemporaryDirectory() as scratch:
        with Island(Path(scratch) / "ends", program) as island:
            island.start_gateway()
            many_ends(island)
            save(island, target, "ended")
            island.stop_gateway()
            save(island, target, "stopped")
        with Island(Path(scratch) / "runs", program) as island:
            island.start_gateway()
            many_runs(island)
            let_time_pass(45)
            save(island, target, "running")
            save_agent(island, target, "running")
            island.kill_gateway()
            (target / "tasks-list.json").write_text(clean(island.run("tasks", "list", "--json"), island))
            island.start_gateway()
            let_time_pass(45)
            save(island, target, "restarted")


if __name__ == "__main__":
    main()
