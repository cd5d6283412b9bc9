"""Runs a verify verb in this process, and reads the cases under tests/cases/verify-*."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from reporting_governance.commands import _checking
from reporting_governance.commands._handler import _answer
from reporting_governance.contracts.shape import SchemaSet

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases"
VERBS = ("verify-descriptor", "verify-profile", "verify-policy")
SYNTAXES = ("json", "yaml")


class Answer(NamedTuple):
    """What one verb said."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The report in JSON."""
        return json.loads(self.out)


@cache
def schemas() -> SchemaSet:
    """Return the project's schemas, prepared once: a shape never changes."""
    return _original()


_original = _checking.shipped_schemas


def verify(verb: str, *words: str) -> Answer:
    """Run a verb in the current folder; what would be a bug, told in a log file, is raised here."""
    command = import_module(f"reporting_governance.commands.{verb.replace('-', '_')}").main
    out, err = io.StringIO(), io.StringIO()
    _checking.shipped_schemas = schemas
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _answer(lambda: command.main(list(words), prog_name=verb, standalone_mode=False))
    finally:
        _checking.shipped_schemas = _original
    return Answer(code, out.getvalue(), err.getvalue())


class Case(NamedTuple):
    """One folder: a document in one or both syntaxes, what lies around it, and what must be found."""

    verb: str
    folder: Path

    @property
    def expect(self) -> Any:
        """What must come out."""
        return json.loads((self.folder / "expect.json").read_text())

    @property
    def syntaxes(self) -> Sequence[str]:
        """The syntaxes that it is written in."""
        return [each for each in SYNTAXES if (self.folder / f"given.{each}").exists()]

    def lay_out(self, syntax: str, where: Path) -> str:
        """Put the document and what lies around it into a folder; return the document's path there."""
        expect = self.expect
        around = self.folder / "around"
        if around.exists():
            shutil.copytree(around, where, dirs_exist_ok=True)
        for name, target in expect.get("links", {}).items():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).symlink_to(target)
        for name in expect.get("executable", ()):
            (where / name).chmod(0o755)
        name = f"{expect.get('at', 'given')}.{syntax}"
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.folder / f"given.{syntax}", where / name)
        return name


def every_case() -> list[Case]:
    """Return all cases of all verbs."""
    return [Case(verb, folder) for verb in VERBS for folder in sorted((CASES / verb).iterdir())]


def told(findings: Sequence[Mapping[str, Any]], given: str, syntax: str) -> list[dict[str, Any]]:
    """Return findings as a case writes them down, with their places under the name of the syntax."""
    return [_told(each, given, syntax) for each in findings]


def _told(finding: Mapping[str, Any], given: str, syntax: str) -> dict[str, Any]:
    done: dict[str, Any] = {}
    if "rule" in finding:
        done["rule"] = finding["rule"]
    if finding["file"] != given:
        done["file"] = _from_checkout(finding["file"])
    if finding.get("severity", "error") != "error":
        done["severity"] = finding["severity"]
    if finding.get("document", 1) != 1:
        done["document"] = finding["document"]
    done["pointer"] = finding.get("pointer", "")
    done["says"] = finding["message"]
    if finding.get("suggestion"):
        done["suggestion"] = finding["suggestion"]
    done[syntax] = f"{finding['line']}:{finding['column']}" if finding.get("line") else None
    if finding.get("related"):
        done["related"] = [_told(each, given, syntax) for each in finding["related"]]
    return done


def _from_checkout(path: str) -> str:
    return os.path.relpath(path, ROOT) if os.path.isabs(path) else path


def only(syntax: str, findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what a case expects in one syntax."""
    others = [each for each in SYNTAXES if each != syntax]
    return [
        {key: only(syntax, value) if key == "related" else value for key, value in each.items() if key not in others}
        for each in findings
    ]
