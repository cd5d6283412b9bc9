"""A log in a database, written out as files for as long as it is verified: whoever verifies reads nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext


@contextmanager
def written_out(context: CommandContext) -> Iterator[str]:
    """Yield a folder with the lines, leaf hashes, signed heads and blobs as they are; unchecked.

    It is removed at the end.  Raises: StorageError, OSError.
    """
    from tempfile import TemporaryDirectory

    from reporting_governance.commands._database import require_log

    require_log(context)
    backend = context.postgres
    log = backend.log_as_it_is()
    with TemporaryDirectory(prefix="reportgov-log-") as folder:
        for name in ("journal/log", "journal/leaves", "journal/checkpoints", "blobs"):
            os.makedirs(os.path.join(folder, name))
        stretches = list(log.lines_as_they_are())
        for first, lines in stretches:
            with open(os.path.join(folder, f"journal/log/{first:012d}.jsonl"), "wb") as file:
                file.writelines(lines)
        oldest, _ = stretches[0]
        if oldest > 1:
            with open(os.path.join(folder, f"journal/leaves/{1:012d}.leaves"), "wb") as file:
                file.writelines(log.retired_leaves(oldest))
        for size in log.log_checkpoints():
            with open(os.path.join(folder, f"journal/checkpoints/{size:012d}.note"), "wb") as file:
                file.write(log.log_checkpoint(size))
        for digest, content in backend.blobs():
            with open(os.path.join(folder, "blobs", digest), "wb") as file:
                file.write(content)
        yield folder
