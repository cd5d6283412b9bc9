"""Runs the steps of a composite action as GitHub's runner does, as far as ci/action.yml needs it.

Scripts are run with the runner's own shell line.  An expression is put into text before anything looks at that text,
which is why a script must not hold one that somebody else can write.
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_SHELL = ("/bin/bash", "--noprofile", "--norc", "-eo", "pipefail")


@dataclass(slots=True)
class Ran:
    """What came of an action."""

    code: int = 0  #: of the first step that failed
    out: str = ""
    err: str = ""
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)  #: other actions, and what they were given
    outputs: dict[str, str] = field(default_factory=dict)


class Runner:
    """One job.

    Args:
        workspace: the repository that was checked out.
        scratch: what the runner keeps for itself.
    """

    def __init__(self, workspace: Path, scratch: Path) -> None:
        self._workspace = workspace
        self._temporary = scratch / "temporary files"
        self._temporary.mkdir(parents=True)
        self._files = scratch

    def run(self, action: Path, **given: str) -> Ran:
        """Run an action with inputs; the names of inputs have `_` for `-`."""
        document = yaml.safe_load(action.read_text())
        known = {f"github.{name}": value for name, value in {"action_path": str(action.parent)}.items()}
        for name, about in document["inputs"].items():
            known[f"inputs.{name}"] = given.pop(name.replace("-", "_"), about["default"])
        assert not given, f"there are no such inputs: {sorted(given)}"
        ran = Ran()
        for number, step in enumerate(document["runs"]["steps"]):
            # Without a condition of its own a step is left out as soon as one has failed.
            if not (_holds(step["if"], known) if "if" in step else ran.code == 0):
                continue
            if "uses" in step:
                ran.used.append((step["uses"], {name: _put(text, known) for name, text in step["with"].items()}))
                continue
            code = self._script(step, known, ran, number)
            ran.code = ran.code or code
        ran.outputs = {name: _put(about["value"], known) for name, about in document["outputs"].items()}
        return ran

    def _script(self, step: Mapping[str, Any], known: dict[str, str], ran: Ran, number: int) -> int:
        assert step["shell"] == "bash", "no other shell is known here"
        script, output = self._files / f"{number}.sh", self._files / f"{number}.output"
        script.write_text(_put(step["run"], known))
        output.touch()
        folder = self._workspace / _put(step.get("working-directory", "."), known)
        done = subprocess.run(
            [*_SHELL, script],
            cwd=folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self._files),
                "LANG": "C.UTF-8",
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self._workspace),
                "GITHUB_ACTION_PATH": known["github.action_path"],
                "GITHUB_OUTPUT": str(output),
                "RUNNER_TEMP": str(self._temporary),
                **{name: _put(text, known) for name, text in step.get("env", {}).items()},
            },
            text=True,
            capture_output=True,
            timeout=180,
            check=False,
        )
        ran.out += done.stdout
        ran.err += done.stderr
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode


def _put(text: str, known: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: _value(found[1], known), text)


def _value(name: str, known: Mapping[str, str]) -> str:
    assert name in known or name.startswith("steps."), f"nothing is known of {name}"
    return known.get(name, "")  # an output that no step has set is empty


def _holds(condition: str, known: Mapping[str, str]) -> bool:
    """Tell whether a condition holds: comparisons with texts, and `!cancelled()`, joined by `&&`."""
    found = _EXPRESSION.fullmatch(condition)
    return all(_is_true(part.strip(), known) for part in (found[1] if found else condition).split("&&"))


def _is_true(part: str, known: Mapping[str, str]) -> bool:
    if part == "!cancelled()":
        return True
    name, operator, text = part.split(" ", 2)
    return (_value(name, known) == text.strip("'")) is {"==": True, "!=": False}[operator]
