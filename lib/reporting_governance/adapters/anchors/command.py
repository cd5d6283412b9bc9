"""Heads handed to a program of the operator's: a witness, a time stamp, a store of another kind."""

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reporting_governance.adapters.argv import check_argv
from reporting_governance.adapters.interface import Anchored

if TYPE_CHECKING:
    from reporting_governance.verifier.note import LogHead

LIMIT_SECONDS = 10.0
_MISSING = "the program is not there, or may not be run"


class CommandAnchor:
    """Gives each head, as a signed note, to a program on its standard input; exit 0 means that it holds the head.

    Args:
        argv: the program and its arguments; there is no shell.
        state_folder: where it is started.
    """

    def __init__(self, argv: Sequence[str], *, state_folder: str, limit_seconds: float = LIMIT_SECONDS) -> None:
        check_argv(argv, "command")
        self.name = f"command {argv[0]}"
        self.limit_seconds = limit_seconds
        self._argv = tuple(argv)
        self._state_folder = state_folder

    def anchor(self, note: bytes, head: "LogHead") -> Anchored:
        """Run the program once, with the size and the log's id in its environment."""
        from reporting_governance.adapters.anchors.process import run

        if self.probe():
            return Anchored(_MISSING)
        env = {**os.environ, "REPORTGOV_LOG_ID": head.origin, "REPORTGOV_LOG_SIZE": str(head.size)}
        ends_at = time.monotonic() + self.limit_seconds
        try:
            return Anchored(run(self._argv, note, ends_at=ends_at, env=env, cwd=self._state_folder).problem)
        except OSError as fault:
            return Anchored(f"the program cannot be started: {fault.strerror or fault}")

    def probe(self) -> str:
        """Say whether the program is there; it is not started."""
        from shutil import which

        return "" if which(self._argv[0]) else _MISSING
