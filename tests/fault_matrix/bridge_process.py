"""One run of the bridge in a process of its own, which can be made to die at an exact moment.

Argument: a file of JSON with root, pid_file, notification, seconds, and `die`: `before` (the attempt is recorded),
`after` (the answer is here, its receipt not recorded), `half` (half of what the disk was to take is written), `full`
(the disk takes no more than 600,100 bytes a file), or nothing.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reporting_governance.adapters.senders import external
from reporting_governance.adapters.senders import file as outbox
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Answer, Group
from tests.fault_matrix.running import bridge, hurried


class DyingStore:
    """A store whose process dies just after it has recorded an attempt, or just before it records a receipt."""

    def __init__(self, store: FilesStore, die: str) -> None:
        self._store = store
        self._die = die

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Sequence[Group], **given: Any) -> list[Answer]:
        kinds = {addition.record.kind for group in groups for addition in group.additions if addition.record}
        if self._die == "after" and "receipt" in kinds:
            _die()
        answers = self._store.commit(groups, **given)
        if self._die == "before" and "attempt" in kinds:
            _die()
        return answers


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _half(file: int, data: bytes) -> None:
    os.write(file, data[: len(data) // 2])
    _die()


def _half_of_a_file(path: str, data: bytes) -> None:
    _half(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), data)


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    Path(given["pid_file"]).write_text(str(os.getpid()))
    if given["die"] == "half":
        outbox.write_all = _half
        external._write = _half_of_a_file
    elif given["die"] == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_100, 600_100))
    store: Any = DyingStore(FilesStore(given["root"], actor="test"), given["die"])
    with hurried():
        bridge(store, given["root"], given["notification"], given["seconds"])


if __name__ == "__main__":
    main()
