"""Runs a page of the documentation as it is written, and says where it does not tell the truth.

How a page is written so that it can be run stands in docs/recipes/README.md.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*) ?(?P<info>.*)$")
CLOCK = re.compile(r"<!-- It is (\S+)\. -->")
_END = "page-command-ended-with"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    line: int  #: of its first fence
    language: str
    info: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what the page says that it prints."""

    line: int
    words: str
    printed: tuple[str, ...]


class Lie(AssertionError):
    """A page says what is not so."""

    def __init__(self, page: Path, line: int, said: Sequence[str], found: Sequence[str]) -> None:
        said_, found_ = "\n".join(said), "\n".join(found)
        super().__init__(f"{page.name}:{line}\n--- the page says\n{said_}\n--- the program says\n{found_}")


def blocks(text: str) -> Iterator[Block]:
    """Return the fenced blocks of a page, without the indentation of lists."""
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            continue
        indent = len(fence["indent"])
        inside = []
        for _, each in lines:
            if each.strip() == "```":
                break
            inside.append(each[indent:])
        yield Block(number, fence["language"], fence["info"].strip(), tuple(inside))


def commands(block: Block) -> Iterator[Command]:
    """Return the commands of a console block; `> ` carries a command on."""
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.lines, block.line + 1):
        if line.startswith("$ "):
            found.append((number, [line[2:]], []))
        elif line.startswith("> ") and found and not found[-1][2]:
            found[-1][1].append(line[2:])
        else:
            assert found, f"line {number}: output without a command"
            found[-1][2].append(line)
    for number, words, printed in found:
        yield Command(number, "\n".join(words), tuple(printed))


def same(printed: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Tell whether output is what a page says: `…` stands for anything in a line, and alone for any lines."""
    if not printed:
        return not found
    if printed[0].strip() == "…":
        return any(same(printed[1:], found[place:]) for place in range(len(found) + 1))
    return bool(found) and _same_line(printed[0], found[0]) and same(printed[1:], found[1:])


def _same_line(printed: str, found: str) -> bool:
    parts = (re.escape(_narrow(part)) for part in printed.rstrip().split("…"))
    return re.fullmatch(".*".join(parts), _narrow(found.rstrip())) is not None


def _narrow(text: str) -> str:
    """Return a line of a table as narrow as can be: its columns are as wide as the ids and times in them."""
    return re.sub(r"-{3,}", "---", re.sub(r" {2,}", "  ", text))


class Machine:
    """A home folder, a shell in it, and programs that move the clock instead of waiting.

    Args:
        names: what is written on pages, and what stands for it here.
    """

    def __init__(self, folder: Path, names: Mapping[str, str], *, now: datetime | None = None) -> None:
        self.home = folder / "home"
        self._tools = folder / "tools"
        self._names = names
        for each in (self.home, self._tools):
            each.mkdir(parents=True)
        by = 0.0 if now is None else (now - datetime.now(now.tzinfo)).total_seconds()
        (self._tools / "clock").write_text(repr(by))
        (self._tools / "crontab.lines").write_text("")
        for program in ("reportgov", "sleep", "crontab"):
            words = [sys.executable, "-P", str(Path(__file__).with_name("moved_clock.py")), program, str(self._tools)]
            (self._tools / program).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
            (self._tools / program).chmod(0o755)
        self._shell = subprocess.Popen(
            ["/bin/bash", "--noprofile", "--norc"],
            cwd=self.home,
            env=self._variables(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _variables(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{self._tools}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT / "lib"),
            "REPORTGOV_STATE": str(self.home / ".local/state/reporting-governance"),  # as an installed one has it
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "USER": "operator",
        }

    def write(self, block: Block) -> None:
        """Write a file that a page shows."""
        path = self.home / self._here(block.info).removeprefix("~/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here("\n".join(block.lines) + "\n"))

    def run(self, words: str) -> tuple[int, tuple[str, ...]]:
        """Run a command in the shell; return its exit code and the lines it printed."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        # the exit code of the page's command is that of ours too, so that `echo $?` on the page finds it
        self._shell.stdin.write(
            f"{{ {self._here(words)}\n}} </dev/null\ncode=$?; printf '\\n{_END} %d\\n' $code; (exit $code)\n"
        )
        self._shell.stdin.flush()
        printed: list[str] = []
        while not (line := self._shell.stdout.readline()).startswith(_END):
            assert line, f"the shell ended: {printed}"
            printed.append(line)
        text = self._as_on_pages("".join(printed).removesuffix("\n"))
        return int(line.split()[1]), tuple(line.rstrip() for line in text.rstrip("\n").split("\n")) if text else ()

    def close(self) -> None:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.wait(10)
        self._shell.stdout.close()

    def _here(self, text: str) -> str:
        for name, here in self._names.items():
            text = text.replace(name, here)
        return text

    def _as_on_pages(self, text: str) -> str:
        for name, here in sorted(self._names.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(here, name)
        return text.replace(str(self.home), "/home/operator").replace(str(self._tools), "/usr/bin")


class Peers:
    """Those that a page sends to."""

    names: Mapping[str, str] = {}

    def arrived(self, name: str) -> str:
        """Return the newest message that one of them got, as text: what stands in a block `text arrives NAME`."""
        raise LookupError(name)


def try_page(page: Path, folder: Path, peers: Peers, *, text: str = "") -> int:
    """Run a page.  Returns how many commands it has.

    Args:
        text: what to run instead of what stands in the page's file.

    Raises: Lie.
    """
    text = text or page.read_text(encoding="utf-8")
    clock = CLOCK.search(text)
    machine = Machine(folder, peers.names, now=datetime.fromisoformat(clock[1]) if clock else None)
    count = 0
    try:
        for block in blocks(text):
            if block.language == "console":
                count += _try_commands(page, block, machine)
            elif block.info.startswith("arrives "):
                found = tuple(line.rstrip() for line in peers.arrived(block.info.split()[1]).splitlines())
                if not same(block.lines, found):
                    raise Lie(page, block.line, block.lines, found)
            elif block.info:
                machine.write(block)
    finally:
        machine.close()
    return count


def _try_commands(page: Path, block: Block, machine: Machine) -> int:
    asked = list(commands(block))
    for command, following in zip(asked, [*asked[1:], None], strict=True):
        code, found = machine.run(command.words)
        if not same(command.printed, found):
            raise Lie(page, command.line, command.printed, found)
        if code != 0 and (following is None or following.words != "echo $?"):
            raise Lie(page, command.line, ("(and ended with 0)",), (*found, f"(and ended with {code})"))
    return len(asked)
