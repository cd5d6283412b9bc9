"""Readable copies of attempts and receipts, one file a day.

They make an operator's `grep` easy and are nothing else: no work, no truth.  A copy that cannot be written is left out.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from reporting_governance.file_modes import create, make_folder

FOLDERS: Mapping[str, str] = {
    "attempt": "operator-notify-sender-attempts",
    "receipt": "operator-notify-bridge-receipts",
}


class DailyCopies:
    """Appends records to `<state>/<folder of the kind>/<day>.jsonl`, the day in UTC."""

    def __init__(self, state_folder: str) -> None:
        self._state_folder = state_folder

    def write(self, kind: str, records: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
        """Append records; never raises, and never waits for the disk."""
        text = "".join(json.dumps(each, sort_keys=True, separators=(",", ":")) + "\n" for each in records)
        folder = os.path.join(self._state_folder, FOLDERS[kind])
        with suppress(OSError):
            if not os.path.isdir(folder):
                make_folder(folder)
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW
            file = create(os.path.join(folder, f"{now:%Y-%m-%d}.jsonl"), flags)
            try:
                os.write(file, text.encode("ascii"))
            finally:
                os.close(file)
