"""What enabling and disabling leave, held against the real OpenClaw; and both at once."""

from __future__ import annotations

import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reporting_governance.adapters.openclaw.cli import Program as OwnProgram

from .install import Program
from .island import Island
from .plugins import oracle
from .plugins.making import Home, plugin, write
from .plugins.switching import CASES, Case, Left, differs, document_of, make_home, our_left, real_left
from .plugins.switching_captured import captured

pytestmark = pytest.mark.openclaw

CHANGED_MEANWHILE = 78

#: Asked with the real program first, too: one of each kind.
REHEARSED = (
    "on", "no file", "denied", "others allowed", "the first memory", "context engine", "of a workspace", "by a path",
    "two, off", "remarks", "others in another file", "two entries",
)  # fmt: skip


def own_program(program: Program, folder: Path) -> OwnProgram:
    """Return the real program as it is found on a PATH, without a network."""
    path = folder / "openclaw"
    words = ["unshare", "-rn", str(program.node), str(program.openclaw)]
    write(path, f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n').chmod(0o755)
    return OwnProgram(argv=(str(path),), seconds=oracle.SECONDS)


def test_the_same_is_left(program: Program, tmp_path: Path, record_property: pytest.RecordProperty) -> None:
    package, asked = oracle.package_of(program), own_program(program, tmp_path)

    def one(place: int, case: Case) -> tuple[Left, Left, Left | None, list[str]]:
        real = real_left(program, make_home(tmp_path / f"real-{place}", case), case)
        home = make_home(tmp_path / f"ours-{place}", case)
        before = document_of(case, home)
        ours = our_left(home, package, case)
        again = None
        if case.name in REHEARSED:
            there = make_home(tmp_path / f"asked-{place}", case)
            again = our_left(there, package, case, by=asked, PATH=f"{program.node.parent}:/usr/bin:/bin")
        return real, ours, again, differs(case, ours, real, before)

    with ThreadPoolExecutor(2) as workers:
        left = list(workers.map(one, range(len(CASES)), CASES))
    kept = captured()
    pairs, found = 0, []
    for case, (real, ours, again, differing) in zip(CASES, left, strict=True):
        pairs += 2 if again is None else 3
        if bool(differing) is not bool(case.meant):
            found.append(f"{case.name}: {differing or 'no difference, although one is meant'}")
        if kept[case.name] != real:
            found.append(f"{case.name}: OpenClaw was captured leaving {kept[case.name]}, and now leaves {real}")
        if again is not None and again != ours:
            found.append(f"{case.name}: asked first, we leave {again}; the file alone {ours}")
    meant = sum(1 for each in CASES if each.meant)
    print(f"enable and disable: {len(CASES)} cases, {pairs} pairs compared, {meant} differences meant")
    record_property("pairs", pairs)
    assert found == []
    assert pairs > 100


def test_ours_and_openclaw_at_once(program: Program, tmp_path: Path) -> None:
    """Four at once, two of each: what each of them turned on is on.

    OpenClaw ends with 78 when anybody, itself too, changes the file while it starts, and wants to be started again.
    """
    home, package = Home(tmp_path / "home"), oracle.package_of(program)
    names = ("one", "two", "three", "four")
    for each in names:
        plugin(home.loose / each)
    write(home.config, {"plugins": {"entries": {each: {"enabled": False} for each in names}}})
    asked = own_program(program, tmp_path)

    def ours(name: str, by: OwnProgram | None) -> int:
        return our_left(home, package, Case(name, None, "enable", (name,)), by=by, PATH="/usr/bin:/bin").code

    def theirs(name: str) -> int:
        code = CHANGED_MEANWHILE
        for _ in range(5):
            if code == CHANGED_MEANWHILE:
                code = oracle.run(program, home, "plugins", "enable", name)[0]
        return code

    with ThreadPoolExecutor(4) as workers:
        done = [
            workers.submit(theirs, "one"),
            workers.submit(ours, "two", asked),
            workers.submit(theirs, "three"),
            workers.submit(ours, "four", None),
        ]
        assert [each.result() for each in done] == [0] * 4
    entries = json.loads(home.config.read_text())["plugins"]["entries"]
    assert {each: entries[each]["enabled"] for each in names} == dict.fromkeys(names, True)
    assert not home.config.with_name("openclaw.json.lock").exists()


def test_a_running_gateway_takes_it_up(island: Island, tmp_path: Path) -> None:
    """The program is asked on a copy that knows no gateway; the gateway sees the file change."""
    home, asked = Home(tmp_path / "home"), own_program(island.program, tmp_path)
    home.folder, home.state = island.home, island.state

    def is_on() -> bool:
        listed = json.loads(island.run("gateway", "call", "plugins.list", "--json"))["plugins"]
        return any(each["id"] == "ollama" and each["enabled"] for each in listed)

    assert is_on()
    case = Case("off", None, "disable", ("ollama",))
    left = our_left(home, oracle.package_of(island.program), case, by=asked, PATH="/usr/bin:/bin")
    assert left.code == 0
    assert left.document["plugins"] == {"entries": {"ollama": {"enabled": False}}}
    island.wait_for(lambda: not is_on(), 120, "the gateway to turn it off")
