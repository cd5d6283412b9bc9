"""What attempts printed: `STATE/job-logs/JOB_ID-NUMBER.log`, mode 0600, without secrets, bounded in size and number."""

import os
from collections import deque
from contextlib import suppress
from typing import Final

from reporting_governance.core.scrub import may_hold_token, scrub
from reporting_governance.file_modes import create, make_folder

FOLDER: Final = "job-logs"
HEAD_BYTES: Final = 64 * 1024  #: kept of the beginning of an attempt's output
TAIL_BYTES: Final = 192 * 1024  #: and of its end
MOST_LOGS: Final = 1_000  #: files that are kept, the newest
_LONGEST_LINE: Final = 16 * 1024  #: a longer one is cut, so that no secret is cut in two elsewhere


def folder_of(state: str) -> str:
    """Return where logs lie."""
    return f"{state}/{FOLDER}"


def make_room(state: str) -> str:
    """Return the folder of logs, made where it is missing; the oldest files go when there are too many."""
    folder = folder_of(state)
    with suppress(FileExistsError):
        make_folder(folder)
    with os.scandir(folder) as entries:
        files = [entry for entry in entries if entry.name.endswith(".log") and entry.is_file(follow_symlinks=False)]
        if len(files) >= MOST_LOGS:
            files.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
            for entry in files[: len(files) - MOST_LOGS + 1]:
                with suppress(FileNotFoundError):
                    os.unlink(entry.path)
    return folder


def name_of(job_id: str, number: int) -> str:
    """Return a log's file name."""
    return f"{job_id}-{number}.log"


class Log:
    """The log of one attempt, written while it runs.

    The beginning is written as it comes, line by line; of the rest the end is held and written when the attempt is
    over, with a line between that says how much is left out.
    """

    def __init__(self, path: str) -> None:
        self._file = create(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
        self._rest = b""
        self._written = 0
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take in what was printed."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line + b"\n")
        while len(self._rest) > _LONGEST_LINE:
            self._line(self._rest[:_LONGEST_LINE] + b"\n")
            self._rest = self._rest[_LONGEST_LINE:]

    def say(self, text: str) -> None:
        """Add a line of our own."""
        self._flush_rest()
        self._line(f"{text}\n".encode("utf-8", "replace"))

    def close(self) -> None:
        """Write what is still held."""
        self._flush_rest()
        if self._left_out:
            self._write(f"... {self._left_out} bytes are left out here ...\n".encode())
        for line in self._tail:
            self._write(line)
        os.close(self._file)

    def _flush_rest(self) -> None:
        if self._rest:
            self._line(self._rest + b"\n")
            self._rest = b""

    def _line(self, line: bytes) -> None:
        clean = _clean(line)
        if not self._tail and not self._left_out and self._written + len(clean) <= HEAD_BYTES:
            self._write(clean)
            self._written += len(clean)
            return
        self._tail.append(clean)
        self._tail_bytes += len(clean)
        while self._tail_bytes > TAIL_BYTES:
            gone = len(self._tail.popleft())
            self._tail_bytes -= gone
            self._left_out += gone

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._file, data) :]


def _clean(line: bytes) -> bytes:
    """Return a line without secrets; a line that is no UTF-8 has its wrong bytes replaced."""
    text = line.decode("utf-8", "replace")
    if may_hold_token(text):
        text = scrub(text)[0]
    return text.encode("utf-8", "replace")
