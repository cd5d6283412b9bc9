"""What `openclaw message send --json` prints in each way a send can end.

`python -m tests.openclaw.sends FILE` writes it anew from the program that OPENCLAW_MJS and OPENCLAW_NODE name (or the
cache has).  For a program before 2026.4, which sends by itself: `FILE --without-gateway`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .install import find_program
from .island import Island

TO = ("--channel=telegram", "--target=4242")
#: How `sendMessage` behaves (see peers.py); each is the name of its case.
BY_TELEGRAM = ("400", "401", "403", "429", "500", "nameless", "page", "drops", "slow 40", "hangs")
#: Command lines that are wrong, or whose text looks like an option.
BY_ARGUMENTS = {
    "bad-channel": ("--channel=nosuch", "--target=4242", "--message=hello"),
    "not-installed-channel": ("--channel=discord", "--target=channel:1", "--message=hello"),
    "empty": (*TO, "--message="),
    "no-target": ("--channel=telegram", "--message=hello"),
    "bad-target": ("--channel=telegram", "--target=nobody here", "--message=hello"),
    "bad-account": (*TO, "--account=none", "--message=hello"),
    "dry": (*TO, "--message=hello", "--dry-run"),
    "dashes": ("--channel=telegram", "--target=-1004242", "--message=-x --json\nsecond line"),
    "in-parts": (*TO, f"--message={'word ' * 2000}"),
}
#: What is wrong in OpenClaw's configuration: a path into it, and what stands there instead (None: nothing).
BY_CONFIGURATION: dict[str, tuple[tuple[str, ...], str | None]] = {
    "refused-connection": (("channels", "telegram", "apiRoot"), "http://127.0.0.1:9"),
    "unknown-name": (("channels", "telegram", "apiRoot"), "http://no.such.host.invalid"),
    "no-token": (("channels", "telegram", "botToken"), None),
    "no-channels": (("channels",), None),
}


def send(island: Island, *arguments: str) -> dict[str, Any]:
    """Run one send to its end, and return how it ended and what arrived."""
    before = len(arrived(island))
    done = subprocess.run(
        island.command("message", "send", *arguments, "--json"),
        env=island.environment(),
        cwd=island.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return {
        "exit": done.returncode,
        "stdout": _clean(done.stdout, island),
        "stderr": _clean(done.stderr, island),
        "arrived": len(arrived(island)) - before,
    }


def arrived(island: Island) -> list[str]:
    """Return the texts that `sendMessage` was given."""
    asked = [each for each in island.requests() if each["path"].endswith("/sendMessage")]
    return [str(each["body"].get("text", "")) for each in asked]


def all_ends(island: Island, *, gateway: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Send in every way, and yield the name of each and how it ended."""
    if gateway:
        yield "unreachable", send(island, *TO, "--message=hello")
        island.start_gateway()
    yield "sent", send(island, *TO, "--message=hello")
    for how in BY_TELEGRAM:
        island.telegram_fails(how)
        yield how.replace(" ", "-"), send(island, *TO, "--message=hello")
    island.telegram_fails(None)
    for name, arguments in BY_ARGUMENTS.items():
        yield name, send(island, *arguments)
    for name, (path, value) in BY_CONFIGURATION.items():
        if gateway and island.gateway is not None:
            island.kill_gateway()
        configured = island.state / "openclaw.json"
        before = configured.read_text()
        configured.write_text(json.dumps(_changed(json.loads(before), path, value)))
        if gateway and value is not None:
            island.start_gateway()
        yield name, send(island, *TO, "--message=hello")
        configured.write_text(before)
    (island.state / "openclaw.json").write_text("{broken")
    yield "broken-config", send(island, *TO, "--message=hello")


def _changed(configuration: dict[str, Any], path: tuple[str, ...], value: str | None) -> dict[str, Any]:
    place = configuration
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return configuration


def _clean(text: str, island: Island) -> str:
    modules = str(island.program.openclaw.parents[1])
    return text.replace(str(island.home), "/home/user").replace(modules, "/opt/node_modules")


def main() -> None:
    """Write what the program prints."""
    target, gateway = Path(sys.argv[1]), "--without-gateway" not in sys.argv[2:]
    with (
        tempfile.TemporaryDirectory() as scratch,
        Island(Path(scratch) / "island", find_program(dict(os.environ))) as island,
    ):
        if not gateway:
            configured = island.state / "openclaw.json"
            configured.write_text(json.dumps(_changed(json.loads(configured.read_text()), ("tools",), None)))
        found = dict(all_ends(island, gateway=gateway))
    target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
