"""`python -m reporting_governance`, the `reportgov` command, and the file that bin/ starts directly."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

# Starting up makes next to no garbage, and looking for it takes a tenth of a cold start.  `commands.main` turns the
# collector on again once the verb is loaded.
gc.disable()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the verb that the command line names; return the exit code of the process.

    Agents wait for each answer of `gate`, and reading the whole command line costs more than judging does.

    Args:
        arguments: the command line after the program's name; None for that of this process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] == "gate":
        from reporting_governance.commands._gate_run import at_once

        code = at_once(given[1:])
        if code is not None:
            if arguments is None:
                _leave(code)
            return code
    from reporting_governance.commands.main import main as whole_command_line

    return whole_command_line(arguments)


def _leave(code: int) -> NoReturn:
    """End the process at once: to take every module apart first would take a fifth of the time that an agent waits."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or never there
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    raise SystemExit(main())
