"""The lines of a report: which are the agent's own words, and how they hang together.

Set aside are fenced and indented code, quoted lines, tables, what a program printed, and changes shown as a diff.
Of a very long text only the beginning and the end are looked at closely; fences between them are still counted, so
that the end is not mistaken for words when it is code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.late_pattern import late

#: characters that are read at the beginning and at the end of a text
READ_AT_EACH_END = 32 * 1024

_FENCE = late(r"[ \t]{0,12}(?:[-*+] {1,4})?(`{3,}|~{3,})")
_FENCE_LINE = late(r"^[ \t]{0,12}(?:[-*+] {1,4})?(?:`{3}|~{3})", re.MULTILINE)
_HEADING = late(r" {0,3}(#{1,6})[ \t]{1,8}")
_BOLD_LINE = late(r" {0,3}\*\*([^*\n]{1,80})\*\*[ \t]{0,4}[:：]?[ \t]{0,4}$")
_ITEM = late(r"[ \t]{0,24}(?:[-*+•·‣–]|\d{1,3}[.)、]|[(（]\d{1,3}[)）]|[①-⑳])(?:[ \t]{1,8}|(?<=[、)）①-⑳]))")
_BOX = late(r"\[([ xX✓✔])\][ \t]{1,4}")
_TICKED = late("(?:\u2705|\u2714|\u2713|\u2611)\ufe0f?[ \t]{0,4}")
_CROSSED = late("(?:\u274c|\u2610|\u2b1c|\U0001f532|\u23f3|\U0001f6a7)\ufe0f?[ \t]{0,4}")
_RULE = late(r" {0,3}(?:[-*_=] ?){3,80}$")
_LABEL = late(r"[ \t]{0,3}\*{0,2}[^\s:：*`|][^:：\n*`|]{0,40}\*{0,2}[:：]\*{0,2}(?:[ \t]|$|(?<=：)|(?=\*))")
_PROGRAM = late(
    r"[ \t]{0,12}(?:"
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?|\[?\d\d:\d\d:\d\d|\[(?:INFO|WARN|ERROR|DEBUG)\]"
    r"|(?:INFO|WARN|DEBUG|TRACE|FATAL|ERROR)[ :]|(?:PASSED|FAILED|FAIL|PASS)[ \t:]{1,4}\S{1,200}(?:$|[ ]-[ ])"
    r"|(?:not )?ok[ ]\d|ok[ \t]{2,8}\S|={4}[^\n]{0,200}={4}$|Traceback \(most|  File \""
    r"|[\w./-]{1,120}::[^\s]{1,120} (?:PASSED|FAILED|ERROR|SKIPPED)"
    r""
    r"|Test(?:s| Suites):[ ]{1,8}\d[^\n]{0,80} total$|test result: |Ran \d{1,9} tests? in "
    r"|\d{1,7} passed(?:, \d{1,7} \w{1,12}){0,5} in )"
)
_PROMPT = late(r"[ \t]{0,12}(?:\$|>>>) ")
_DIFF_START = late(r"diff --git |@@ -|Index: \S|--- a/|\+\+\+ b/")
_DIFF_LINE = late(r"diff --git |@@ |[-+ \\]|index [0-9a-f]|(?:new|deleted) file|rename ")


class BlockKind(Enum):
    """How a block stands in the report."""

    HEADING = auto()
    ITEM = auto()
    PARAGRAPH = auto()


@frozen
class Block:
    """Words of the agent that belong together: one heading, one item of a list, or one paragraph."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0  #: of a heading, 1 to 6; a bold line counts as 7
    ticked: bool | None = None  #: of an item with a box: whether it is ticked
    doubt: str | None = None  #: why these may not be the agent's own words


class _Reader:
    """The walk over the lines; holds what a line means because of those before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.open: Block | None = None
        self.fence = ""
        self.in_list = self.in_diff = self.in_output = self.after_quote = False

    def line(self, start: int, end: int) -> Iterator[Block]:
        """Take one line; yield the block that it ended."""
        text = self.text
        if self.fence:
            self._maybe_close_fence(start, end)
            return
        if self._opens_fence(start, end):
            yield from self.flush()
            return
        if not text[start:end].strip():
            yield from self.flush()
            self.in_diff = self.in_output = self.after_quote = False
            return
        if self._is_set_aside(start, end):
            yield from self.flush()
            return
        yield from self._words(start, end)

    def flush(self) -> Iterator[Block]:
        """Yield the open block."""
        if self.open is not None:
            yield self.open
            self.open = None

    def _maybe_close_fence(self, start: int, end: int) -> None:
        line = self.text[start : min(end, start + 4096)].strip()
        if line.startswith(self.fence) and not line.strip(self.fence[0]):
            self.fence = ""

    def _opens_fence(self, start: int, end: int) -> bool:
        found = _FENCE.match(self.text, start, end)
        if found is None or (found[1][0] == "`" and self.text.find("`", found.end(), end) >= 0):
            return False
        self.fence = found[1]
        return True

    def _is_set_aside(self, start: int, end: int) -> bool:
        text = self.text
        if self.in_diff and _DIFF_LINE.match(text, start, end):
            return True
        self.in_diff = _DIFF_START.match(text, start, end) is not None
        if self.in_diff or self.in_output:
            return True
        blanks = _blanks_before(text, start, end)
        first = text[start + blanks]
        if first == ">" or text.startswith("&gt;", start + blanks):
            self.in_list, self.after_quote = False, True
            return True
        if (text[start] == "\t" or blanks >= 4) and self.open is None and not self.in_list:
            return True
        if _PROMPT.match(text, start, end):
            self.in_output = True
            return True
        return first == "|" or bool(_PROGRAM.match(text, start, end)) or bool(_RULE.match(text, start, end))

    def _words(self, start: int, end: int) -> Iterator[Block]:
        text = self.text
        doubt = "it follows quoted lines without a blank line" if self.after_quote else None
        if heading := _HEADING.match(text, start, end):
            yield from self.flush()
            self.in_list = False
            yield Block(BlockKind.HEADING, heading.end(), end, level=len(heading[1]), doubt=doubt)
        elif bold := _BOLD_LINE.match(text, start, end):
            yield from self.flush()
            self.in_list = False
            yield Block(BlockKind.HEADING, bold.start(1), end, level=7, doubt=doubt)
        elif item := _ITEM.match(text, start, end):
            yield from self.flush()
            self.in_list = True
            at, ticked = _box(text, item.end(), end)
            self.open = Block(BlockKind.ITEM, at, end, ticked=ticked, doubt=doubt)
        elif _TICKED.match(text, start, end) or _CROSSED.match(text, start, end):
            yield from self.flush()
            at, ticked = _box(text, start, end)
            self.open = Block(BlockKind.ITEM, at, end, ticked=ticked, doubt=doubt)
        elif self.open is not None and not _LABEL.match(text, start, end):
            known = self.open
            self.open = Block(known.kind, known.start, end, ticked=known.ticked, doubt=known.doubt)
        else:
            yield from self.flush()
            self.in_list = self.in_list and text[start] in " \t"
            at, ticked = _box(text, start, end)
            self.open = Block(BlockKind.PARAGRAPH, at, end, ticked=ticked, doubt=doubt)


def _blanks_before(text: str, start: int, end: int) -> int:
    line = text[start : min(end, start + 200)]
    return min(len(line) - len(line.lstrip()), len(line) - 1)


def _box(text: str, start: int, end: int) -> tuple[int, bool | None]:
    if box := _BOX.match(text, start, end):
        return box.end(), box[1] != " "
    if ticked := _TICKED.match(text, start, end):
        return ticked.end(), True
    if crossed := _CROSSED.match(text, start, end):
        return crossed.end(), False
    return start, None


def read_blocks(text: str) -> Iterator[Block]:
    """Yield the agent's own words, block by block, of the beginning and the end of a text."""
    head_end, tail_start = _ends(text)
    reader = _Reader(text)
    place = 0
    while place < len(text):
        if head_end <= place < tail_start:
            for block in reader.flush():
                yield from _clipped(block, head_end, tail_start)
            fence = _FENCE_LINE.search(text, place, tail_start)
            place = fence.start() if fence else _line_start(text, tail_start)
            if place >= len(text):
                break
        stop = text.find("\n", place)
        stop = len(text) if stop < 0 else stop
        for block in reader.line(place, stop):
            yield from _clipped(block, head_end, tail_start)
        place = stop + 1
    for block in reader.flush():
        yield from _clipped(block, head_end, tail_start)


def is_read_whole(text: str) -> bool:
    """Tell whether all of a text is read."""
    return len(text) <= 2 * READ_AT_EACH_END


def _ends(text: str) -> tuple[int, int]:
    if is_read_whole(text):
        return len(text), len(text)
    return READ_AT_EACH_END, len(text) - READ_AT_EACH_END


def _line_start(text: str, place: int) -> int:
    before = text.rfind("\n", 0, place)
    return place if before == place - 1 else (text.find("\n", place) + 1 or len(text))


def _clipped(block: Block, head_end: int, tail_start: int) -> Iterator[Block]:
    """Keep what of a block lies where the text is read."""
    if block.end <= head_end or block.start >= tail_start:
        yield block
        return
    if block.start < head_end:
        yield Block(block.kind, block.start, head_end, block.level, block.ticked, block.doubt)
    if block.end > tail_start:
        doubt = "it is the end of a line that was not read whole"
        yield Block(block.kind, tail_start, block.end, block.level, block.ticked, doubt)
