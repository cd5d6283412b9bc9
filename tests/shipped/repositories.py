"""Small repositories of somebody who uses the checks, and what our programs say about them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLAIN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def good(folder: Path) -> Path:
    """Write a repository in which nothing is wrong: a descriptor, a profile, and a pack of its own."""
    (folder / "capabilities").mkdir(parents=True)
    (folder / "profiles/policy-packs").mkdir(parents=True)
    shutil.copy(ROOT / "capabilities/generic-gate.json", folder / "capabilities/agent.json")
    shutil.copy(ROOT / "profiles/minimal-solo-mode.yaml", folder / "profiles/team.yaml")
    shutil.copy(ROOT / "profiles/policy-packs/no-silence.yaml", folder / "profiles/policy-packs/no-silence.yaml")
    return folder


def misspell(folder: Path) -> int:
    """Put one fault into its descriptor: a level that there is not.  Returns the line it stands on."""
    path = folder / "capabilities/agent.json"
    document = json.loads(path.read_text())
    document["capabilities"]["enforcement"]["escalate"]["level"] = "parial"
    lines = json.dumps(document, indent=2).splitlines()
    path.write_text("\n".join(lines) + "\n")
    return next(number for number, line in enumerate(lines, 1) if "parial" in line)


def lower(folder: Path) -> None:
    """Put one warning, and nothing worse, into its descriptor: a partial claim whose limits are not said."""
    path = folder / "capabilities/agent.json"
    document = json.loads(path.read_text())
    del document["capabilities"]["enforcement"]["escalate"]["limits"]
    path.write_text(json.dumps(document, indent=2) + "\n")


def run(command: Sequence[str | os.PathLike[str]], cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a program with little more than the variables given."""
    return subprocess.run(
        command, cwd=cwd, env={**PLAIN, **variables}, text=True, capture_output=True, timeout=180, check=False
    )


def with_reportgov(folder: Path) -> Mapping[str, str]:
    """Put `reportgov` into a folder, as an installation does; return the variables that have it on the path."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "reportgov"
    lines = (
        f"#!{sys.executable} -sP",
        "import sys",
        f"sys.path.insert(0, {str(ROOT / 'lib')!r})",
        "from reporting_governance.__main__ import main",
        "raise SystemExit(main())",
    )
    program.write_text("\n".join(lines) + "\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{PLAIN['PATH']}"}
