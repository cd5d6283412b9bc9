"""What an agent did in a Claude Code session, read from the end of its transcript back to the newest request.

The format is Claude Code's own and may change with any release; what is not known is passed over.  Facts, and where
they are documented or recorded:

- one JSON object a line, only ever appended; `type` user, assistant, system, summary, attachment, queue-operation and
  more; `uuid`, `sessionId`, `cwd`, `timestamp`, `isSidechain`, `isMeta` (jeremedia/claude-code-log-format;
  DRMacIver/claude-reliability notes/transcript-format.md).
- calls are `tool_use` blocks of assistant lines, results are `tool_result` blocks of user lines, joined by
  `tool_use_id` and in any order; one message of the model may be spread over several lines (the first of these).
- a command that ended with another status than 0 has `is_error` and begins with `Exit code N`, and then `toolUseResult`
  is a text and no object; one that ended with 0 has an object with `stdout`, `stderr`, `interrupted`
  (sam-fakhreddine/yepanywhere docs/research; recorded lines of versions 2.0 to 2.1).  Its time-out is told in words.
- in the background: `backgroundTaskId`; its end is told by a `<task-notification>` with the status in its summary, or
  by the tools BashOutput and TaskOutput (recorded lines of 2.1).
- sub-agents: tool Task, later Agent; `toolUseResult` with `agentId`, `status` (`async_launched` in the background),
  `toolStats.editFileCount`.  Their own lines have `isSidechain`; newer versions write them to files of their own.
- not a person's words, though of type user: results, `isMeta` (feedback of hooks, caveats, expanded commands),
  `isCompactSummary`, `origin.kind` other than human, output of local commands, interruptions.
- words typed while the agent works come as an attachment `queued_command`.  They begin no new segment: what was
  changed before them has not been reported yet.
"""

from __future__ import annotations

import os

from reporting_governance.adapters.hosts.claude_code.deed_making import DeedMaker
from reporting_governance.adapters.hosts.claude_code.requests import may_be_request, parsed, request_text
from reporting_governance.adapters.hosts.claude_code.tail import Line, Unreadable, lines_backwards, open_safely
from reporting_governance.contracts.deed import Deed
from reporting_governance.contracts.frozen import frozen

DEFAULT_LIMIT = 4 * 1024 * 1024
_LOCAL_OUTPUT = (b"<local-command-std", b'"local_command"')
_OF_INTEREST = (b'"assistant"', b'"user"', b"<task-notification>")


@frozen(kw_only=True)
class Transcript:
    """What was read.  `complete` false: what lies before the first deed is not known, nor what is missing."""

    deeds: tuple[Deed, ...] = ()
    complete: bool = False
    notes: tuple[str, ...] = ()  #: what was passed over, in plain words
    session_id: str = ""
    cwd: str = ""  #: of the newest line
    last_text: str = ""  #: what the agent said last
    unreadable: str | None = None  #: why nothing could be read
    missing: bool = False  #: that is since there is no such file
    strange: bool = False  #: that is since it was read from end to beginning, and no line says what anybody did


def read_deeds(path: str, *, limit: int = DEFAULT_LIMIT, of_child: bool = False) -> Transcript:
    """Return what happened since the newest request.

    Args:
        limit: bytes of lines to look at, from the end.
        of_child: the file is a sub-agent's own transcript, in which every line is a sidechain.

    Never raises for what a file is or holds: what cannot be read is said in the answer.
    """
    try:
        number, size = open_safely(path)
    except Unreadable as fault:
        return Transcript(
            unreadable=f"{path}: {fault}",
            notes=(f"the transcript cannot be read: {fault}",),
            missing=isinstance(fault.__cause__, FileNotFoundError),
        )
    try:
        return _read(number, size, limit, of_child)
    finally:
        os.close(number)


def _read(number: int, size: int, limit: int, of_child: bool) -> Transcript:
    search = _Search(limit, of_child)
    try:
        for line in lines_backwards(number, size):
            if search.ended_by(line):
                break
        else:
            search.reached_the_beginning()
    except Unreadable as fault:
        search.notes.append(f"the transcript could not be read on: {fault}")
    maker = DeedMaker(of_child=of_child)
    for line in reversed(search.lines):
        maker.take(line, search.request if line is search.request_line else None)
    if maker.unreadable_lines:
        search.notes.append(f"{maker.unreadable_lines} lines are no JSON objects and were passed over")
    strange = search.saw_all and not maker.deeds
    return Transcript(
        deeds=tuple(maker.deeds),
        complete=search.complete,
        notes=tuple(search.notes),
        session_id=maker.session_id,
        cwd=maker.cwd,
        last_text=maker.last_text(),
        strange=strange,
    )


class _Search:
    """The way back to the newest request."""

    def __init__(self, limit: int, of_child: bool) -> None:
        self.limit, self.of_child = limit, of_child
        self.lines: list[Line] = []  #: newest first
        self.notes: list[str] = []
        self.request: str | None = None
        self.request_line: Line | None = None
        self.complete = False
        self.saw_all = False  #: each line was taken, and there is one at least
        self._bytes = 0
        self._passed = False  #: a line that nobody can hold was passed over
        self._ran_locally = False
        self._continues = False  #: the session goes on from another file, or from a summary

    def ended_by(self, line: Line) -> bool:
        """Take a line; return whether nothing before it is needed, or may be read."""
        if line.too_long:
            return self._passed_over(line)
        self._bytes += line.length
        if self._bytes > self.limit:
            self.notes.append(f"only the last {self.limit:,} bytes were read; the newest request lies before them")
            return True
        data = line.data
        if line.torn and parsed(data) is None:
            self.notes.append("the last line is not complete and was passed over")
            return False
        if any(mark in data for mark in _LOCAL_OUTPUT) and b'"assistant"' not in data:
            self._ran_locally = True
            return False
        if not any(mark in data for mark in _OF_INTEREST):
            return False
        self.lines.append(line)
        if may_be_request(data) and self._is_request(line):
            return True
        self._ran_locally = False
        return False

    def reached_the_beginning(self) -> None:
        self.saw_all = bool(self._bytes) and not self._passed and not self._continues
        self.complete = not self._continues
        if self._continues:
            self.notes.append("the session goes on from one whose lines are not in this file")

    def _is_request(self, line: Line) -> bool:
        document = parsed(line.data)
        if document is None:
            return False
        self._continues = self._continues or bool(document.get("isCompactSummary"))
        words = request_text(document, of_child=self.of_child, ran_locally=self._ran_locally)
        if words is None:
            return False
        self.request, self.request_line, self.complete = words, line, True
        return True

    def _passed_over(self, line: Line) -> bool:
        self._passed = True
        self.notes.append(f"a line of {line.length:,} bytes was passed over")
        is_result = b'"tool_use_id"' in line.data or b'"tool_result"' in line.data or b'"toolUseResult"' in line.data
        if b'"user"' in line.data and not is_result:
            self.notes.append("it may have been the newest request")
            return True
        return False
