"""Cold `verify-descriptor` processes over many documents, beside check-jsonschema and sourcemeta's CLI in the same run.

The two are looked for in REPORTGOV_BENCH_TOOLS, else where `nox -s verify` installs them; without them our own figures
are taken alone.  They look at shapes; ours reads strictly and asks for the meaning too.  Sourcemeta's is a native
program, started without the Python around it.  Processor time is compared: a busy machine changes it least.
"""

import compileall
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from glob import glob
from typing import Any, NamedTuple

import yaml

from tests.bench.measuring import (
    Result,
    at_least,
    at_most,
    best_of,
    only_told,
    peak_mebibytes,
    process_spent,
    scratch,
)

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PACKAGE = os.path.join(_ROOT, "lib", "reporting_governance")
_SCHEMA = os.path.join(_ROOT, "schemas", "reporting-governance", "capability-descriptor.schema.json")
_MOST_MEBIBYTES = 60
_FLOOR = "starting Python"


class _Load(NamedTuple):
    """So many documents, and what is claimed about them."""

    count: int
    form: str  #: json or yaml
    most_ms: float  #: processor time of ours
    times: float | None  #: how much more check-jsonschema takes at least; None: nothing is claimed
    rounds: int

    @property
    def name(self) -> str:
        what = "document" if self.count == 1 else "documents"
        return f"verify-descriptor, cold, {self.count:,} {self.form.upper()} {what} of 5 KB"


_LOADS = (
    _Load(1, "json", 100, 3, 15),
    _Load(100, "json", 150, 4, 9),
    _Load(5_000, "json", 1_000, 14, 3),
    _Load(100, "yaml", 400, None, 5),
)


def run() -> Iterator[Result]:
    """Yield the processor time of whole processes in milliseconds, what others take of it, and our peak memory."""
    compileall.compile_dir(_PACKAGE, quiet=1)  # as it is after an installation
    for load in _LOADS:
        with scratch() as folder:
            documents = _write(os.path.join(folder, "capabilities"), load)
            sides = _sides(documents)
            for side in sides.values():
                side()
            best = {name: seconds * 1000 for name, seconds in best_of(load.rounds, sides).items()}
            yield from _told(load, best)
            if load.count == max(each.count for each in _LOADS):
                peak = peak_mebibytes(_in_process(os.path.dirname(documents[0])))
                yield at_most(f"{load.name}: peak memory in MiB", peak, _MOST_MEBIBYTES, f"{peak} MiB")


def _told(load: _Load, best: dict[str, float]) -> Iterator[Result]:
    ours = best.pop("ours")
    floor = f"{_FLOOR} {best.pop(_FLOOR):.0f} ms"
    yield at_most(f"{load.name}: processor time in ms", ours, load.most_ms, f"{ours:.0f} ms; {floor}")
    for name, theirs in best.items():
        row, hint = f"{load.name}: processor time of {name}, to ours", f"{theirs:,.0f} ms against {ours:,.0f} ms"
        if name == "check-jsonschema" and load.times is not None:
            yield at_least(row, theirs / ours, load.times, hint)
        else:
            yield only_told(row, theirs / ours, hint)


def _sides(documents: Sequence[str]) -> dict[str, Callable[[], float]]:
    """Return what runs each program over all documents; each must say that they are right."""
    folder = os.path.dirname(documents[0])
    ours = [sys.executable, "-P", os.path.join(_PACKAGE, "__main__.py"), "verify-descriptor", folder]
    sides = {"ours": _side(ours, f"{len(documents)} checked, 0 failed"), _FLOOR: _side([sys.executable, "-Ic", "pass"])}
    tools = os.environ.get("REPORTGOV_BENCH_TOOLS") or os.path.join(_ROOT, ".nox", "verify")
    check_jsonschema = os.path.join(tools, "bin", "check-jsonschema")
    if os.path.exists(check_jsonschema):
        command = [check_jsonschema, "--schemafile", _SCHEMA, *documents]
        sides["check-jsonschema"] = _side(command, "ok -- validation done")
    machine = f"{platform.system()}-{platform.machine()}".lower()
    for program in glob(os.path.join(tools, "lib*", "*", "site-packages", "sourcemeta_jsonschema", f"*-{machine}")):
        sides["sourcemeta's CLI"] = _side([program, "validate", _SCHEMA, folder])
    return sides


def _side(command: list[str], said: str = "") -> Callable[[], float]:
    def side() -> float:
        spent = process_spent(command, {"PYTHONPATH": os.path.dirname(_PACKAGE)} if said.endswith("failed") else None)
        assert said.encode() in spent.output, spent.output
        return spent.processor

    return side


def _in_process(folder: str) -> str:
    return (
        f"import sys; sys.path.insert(0, {os.path.dirname(_PACKAGE)!r})\n"
        "from reporting_governance.__main__ import main\n"
        f"assert main(['verify-descriptor', {folder!r}]) == 0"
    )


def _write(folder: str, load: _Load) -> list[str]:
    """Write right descriptors of about 5 KB; return their paths."""
    os.mkdir(folder)
    document = _descriptor()
    paths = []
    for number in range(load.count):
        document["metadata"]["id"] = f"agent-{number}"
        path = os.path.join(folder, f"agent-{number:04}.{load.form}")
        with open(path, "w", encoding="utf-8") as file:
            if load.form == "json":
                json.dump(document, file, indent=1)
            else:
                yaml.dump(document, file, Dumper=yaml.CSafeDumper, sort_keys=False)
        paths.append(path)
    return paths


def _descriptor() -> Any:
    """Return a shipped descriptor that names no files, with a word for each sentence about a claim."""
    with open(os.path.join(_ROOT, "capabilities", "generic-gate.json"), encoding="utf-8") as file:
        document = json.load(file)
    for group in document["capabilities"].values():
        for claim in group.values():
            for key in ("limits", "notes"):
                if key in claim:
                    claim[key] = ["As said."]
    return document
