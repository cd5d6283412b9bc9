"""Asking the real OpenClaw about every trap on every host, and about every configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from tests.openclaw.install import Program

from . import oracle
from .comparing import our_answer, our_survey
from .making import Home, write
from .oracle import Answer
from .scenes import SCENES, make_small, set_up
from .traps import make_all


def trapped_home(folder: Path) -> Home:
    """Make a home with every trap that this user can make."""
    home = Home(folder)
    named = make_all(home, as_root=os.getuid() == 0)
    switched = {"work-entered": {"enabled": True}}
    write(home.config, {"plugins": {"load": {"paths": named}, "entries": switched}})
    return home


def real_hosts(program: Program, home: Home) -> Iterator[tuple[str, Answer]]:
    """Ask OpenClaw about the traps as each host."""
    package = oracle.package_of(program)
    for host in oracle.HOSTS:
        yield host, oracle.brought_down(oracle.ask(program, home, host=host), home, package)


def our_hosts(home: Home, package: Path) -> Iterator[tuple[str, Answer]]:
    """Look at the traps as each host."""
    for host in oracle.HOSTS:
        yield host, our_answer(our_survey(home, package, host=host), home, package)


def real_scenes(program: Program, folder: Path) -> Iterator[tuple[str, Answer | None]]:
    """Ask OpenClaw about each configuration; None for one that it does not take."""
    home, package = make_small(folder), oracle.package_of(program)
    for scene in SCENES:
        status, out, _ = oracle.run(program, home, "plugins", "list", "--json", **set_up(scene, home, package))
        yield scene.name, oracle.brought_down(json.loads(out), home, package) if status == 0 else None


def our_scenes(folder: Path, package: Path) -> Iterator[tuple[str, Answer | None]]:
    """Look at each configuration; None for one that we say OpenClaw does not take."""
    home = make_small(folder)
    for scene in SCENES:
        found = our_survey(home, package, **set_up(scene, home, package))
        yield scene.name, None if found.config_problem else our_answer(found, home, package)
