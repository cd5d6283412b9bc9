"""Write what the commands of a page print into it: `python -m tests.docs docs/recipes/PAGE.md`; then read it.

Ids and the times of day are left out; what else changes from run to run is for you to replace by `…`.
"""

import re
import shutil
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.docs.pages import CLOCK, Machine, blocks, commands
from tests.docs.services import Services

_ID = re.compile(r"\b(epi|thr|ntc|spl|att|rcp|evt|evd|dec|cpr|hld|sil|act|tsk|log)([_ ])[0-9a-f]{12,}(_[0-9a-f]+)?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)([T ])\d\d:\d\d:\d\d(?!\.000Z)(\.\d{3})?(Z| UTC)")
_DURATION = r"\d+ (?:d|h|min|s)(?: \d+ (?:h|min|s))?"
_CHANGING = [
    re.compile(rf"(?P<before>{before}){what}(?P<after>{after})")
    for before, what, after in (
        (r"\* \* sleep ", r"\d+", "; "),
        (r"exec ", r"\S+/(?=bin/run|reportgov)", ""),
        (r"\* \* \* \* \* ", r"\S+/(?=reportgov run)", ""),
        (r"Last run: ", _DURATION, " ago"),
        (r"Journal: ", r"\d+", " lines"),
        (r"oldest ", _DURATION, ""),
        (r"It was ", _DURATION, " late"),
        (r"\(", _DURATION, r" ago\)"),
        (r"^", rf"(?:{_DURATION})$", ""),
        (r"Late by \(seconds\): ", r"\d+", ""),
        (r"seen ", r"\d+", " s late"),
        (r"began on ", r"\S+", ";"),
        (r"acked by ", r"\S+", ""),
        (r"body_sha256 ", r"[0-9a-f]+", ""),
        (r"^", r"\d+", " MiB"),
        (r"and ", r"\d+", " inodes"),
    )
]


def written(path: Path, peers: Services, folder: Path) -> str:
    text = path.read_text()
    lines = text.splitlines()
    clock = CLOCK.search(text)
    machine = Machine(folder, peers.names, now=datetime.fromisoformat(clock[1]) if clock else None)
    new: list[str] = []
    place = 0
    for block in blocks(text):
        new += lines[place : block.line]
        place = block.line + len(block.lines)
        indent = " " * (len(lines[block.line - 1]) - len(lines[block.line - 1].lstrip()))
        if block.language == "console":
            for command in commands(block):
                code, found = machine.run(command.words)
                first, *more = command.words.split("\n")
                said = [f"$ {first}", *(f"> {each}" for each in more), *_tables_narrowed(found)]
                if code and not any(each.words == "echo $?" for each in commands(block)):
                    said += ["$ echo $?", str(code)]
                new += [f"{indent}{each}".rstrip() for each in said]
        elif block.info.startswith("arrives "):
            new += [f"{indent}{_left_out(each)}".rstrip() for each in peers.arrived(block.info.split()[1]).splitlines()]
        else:
            new += lines[block.line : place]
            if block.info:
                machine.write(block)
    machine.close()
    return "\n".join([*new, *lines[place:]]) + "\n"


def _left_out(line: str) -> str:
    line = _TIME.sub(_time_left_out, _ID.sub(r"\1\2…", line))
    for changing in _CHANGING:
        line = changing.sub(r"\g<before>…\g<after>", line)
    return line


def _time_left_out(time: re.Match[str]) -> str:
    today = time[1] == datetime.now(UTC).date().isoformat()  # a page that plays now
    return f"…{time[4]}" if today else f"{time[1]}{time[2]}…{time[4]}"


def _tables_narrowed(lines: Iterable[str]) -> list[str]:
    """Leave out what changes, and make the columns of tables as wide as what is left."""
    found: list[str] = []
    lines = list(lines)
    place = 0
    while place < len(lines):
        if place + 1 < len(lines) and re.fullmatch(r"-{3,}(  -{3,})*", lines[place + 1]):
            spans: list[tuple[int, int | None]] = [each.span() for each in re.finditer("-+", lines[place + 1])]
            spans[-1] = (spans[-1][0], None)
            end = next((each for each in range(place, len(lines)) if not lines[each]), len(lines))
            rows = [
                [
                    _left_out(lines[each][first : None if last == spans[-1][1] else last].strip())
                    for first, last in spans
                ]
                for each in (place, *range(place + 2, end))
            ]
            widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
            rows.insert(1, ["-" * width for width in widths])
            found += [
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
            ]
            place = end
        else:
            found.append(_left_out(lines[place]))
            place += 1
    return found


#: As long as the home folder that is shown, so that the columns of tables stay where they are.
SCRATCH = Path("/tmp/page")

SCRATCH.mkdir()
try:
    with ExitStack() as opened:
        page = Path(sys.argv[1])
        page.write_text(written(page, Services(page, SCRATCH, opened), SCRATCH))
finally:
    shutil.rmtree(SCRATCH)
