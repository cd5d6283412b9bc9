"""The checks of the house themselves: each must go red when what it guards is broken."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ci import lock, rooms, schemas

LOCKS = ("requirements.txt", "requirements-dev.txt")


def pins(path: Path) -> dict[str, str]:
    """Return name -> version of a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", path.read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def project(checkout: str) -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((Path(checkout) / "pyproject.toml").read_text())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_is_whole_and_names_no_index(checkout: str, name: str) -> None:
    content = (Path(checkout) / "ci" / name).read_bytes()
    body = lock.body_of(content)
    assert content == lock.first_line(body) + body, "edited by hand? run nox -s lock"
    blocks = re.split(r"\n(?=[a-z])", body.decode())
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted", body.decode())


def test_the_lock_files_agree_and_hold_what_the_project_asks_for(checkout: str, project: dict[str, Any]) -> None:
    runtime, development = (pins(Path(checkout) / "ci" / name) for name in LOCKS)
    assert runtime.items() <= development.items()
    for wanted, held in (
        (project["project"]["dependencies"], runtime),
        (project["project"]["optional-dependencies"]["dev"], development),
    ):
        assert {re.split(r"[>=\[]", requirement)[0] for requirement in wanted} <= held.keys()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import time", "may not import time"),
        ("from os import path", "may not import os"),
        ("def f():\n    import random", "may not import random"),
        ("import urllib.request", "may not import urllib.request"),
        ("from datetime import datetime\ndatetime.now()", "may not use datetime.now"),
        ("import datetime\ndatetime.datetime.utcnow()", "may not use datetime.utcnow"),
        ("import sys\nsys.stdout.write('x')", "may not use sys.stdout"),
        ("open('x')", "may not use open"),
        ("print('x')", "may not use print"),
    ],
)
def test_an_impure_line_in_a_pure_room_is_found(line: str, said: str) -> None:
    (problem,) = list(rooms.problems(line, "core/x.py"))
    assert said in problem


def test_a_pure_line_is_left_alone() -> None:
    pure = "import json\nfrom datetime import datetime, UTC\nfrom reporting_governance.errors import ExitCode\nx.open()"
    assert list(rooms.problems(pure, "core/x.py")) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import socket", "may not import socket"),
        ("from urllib.request import urlopen", "may not import urllib.request"),
        ("import subprocess", "may not import subprocess"),
        ("from cryptography import x509", "may not import cryptography"),
        ("from reporting_governance.errors import ExitCode", "may not import reporting_governance.errors"),
        ("from .merkle import root", "imports in full"),
        ("import json as j", "under another name"),
        ("from reporting_governance.verifier.merkle import root as r", "under another name"),
        ("def f():\n    from reporting_governance.verifier.merkle import root", "at the top"),
    ],
)
def test_a_line_that_a_stranger_could_not_run_is_found(line: str, said: str) -> None:
    (problem,) = list(rooms.problems_for_strangers(line, "verifier/x.py"))
    assert said in problem


def test_a_line_that_a_stranger_can_run_is_left_alone() -> None:
    plain = "import os\nfrom reporting_governance.verifier.merkle import root\ndef f():\n    import argparse"
    assert list(rooms.problems_for_strangers(plain, "verifier/x.py")) == []


def test_a_name_of_two_modules_of_the_verifier_is_found() -> None:
    assert list(rooms.names_twice({"a": "_LF: int = 1\n", "b": "x, _LF = 1, 2\ndef g(): _y = 1", "c": "_y = 1"})) == [
        "b: _LF is a name of a too"
    ]


def test_an_empty_room_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rooms.main(str(tmp_path)) == 1
    assert "no Python files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("core/planted.py", "import reporting_governance.stages"),
        ("contracts/planted.py", "import reporting_governance.core"),
        ("contracts/planted.py", "import reporting_governance.resources"),
        ("storage/planted.py", "import reporting_governance.adapters.interface"),
        ("stages/planted.py", "import reporting_governance.storage.memory"),
        ("stages/planted.py", "import reporting_governance.adapters.tasks"),
        ("stages/planted.py", "import reporting_governance.commands.main"),
        ("stages/planted.py", "import reporting_governance.storage.interface"),
    ],
)
def test_an_import_the_wrong_way_is_found(checkout: str, tmp_path: Path, file: str, line: str) -> None:
    shutil.copytree(os.path.join(checkout, "lib"), tmp_path / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(os.path.join(checkout, "pyproject.toml"), tmp_path)
    (tmp_path / "lib/reporting_governance" / file).write_text(line + "\n")
    result = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "lint-imports"), "--no-cache"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": "lib"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    allowed = line.endswith("storage.interface")
    assert (result.returncode == 0) is allowed, result.stdout
    assert ("reporting_governance." + file[:-3].replace("/", ".") in result.stdout) is not allowed


def schema(**body: Any) -> dict[str, Any]:
    """Return a schema of our dialect."""
    return {"$schema": schemas.DIALECT, "$id": "urn:test", "type": "object", **body}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (schema(type="objekt"), "objekt"),
        (schema(**{"$schema": "http://json-schema.org/draft-07/schema#"}), "$schema must be"),
        (schema(**{"$id": ""}), "$id is missing"),
        (schema(properties={"at": {"type": "string", "format": "date-tyme"}}), "no checker for the format 'date-tyme'"),
        (schema(properties={"at": {"$ref": "#/$defs/nothing"}}), "'#/$defs/nothing' is not in schemas/"),
        (schema(properties={"at": {"$ref": "https://example.org/other.json"}}), "is not in schemas/"),
    ],
)
def test_a_broken_schema_is_found(document: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in schemas.problems({"x.schema.json": document}))


def test_a_good_schema_is_left_alone_and_none_at_all_does_not_pass(tmp_path: Path) -> None:
    good = schema(properties={"at": {"type": "string", "format": "date-time"}, "me": {"$ref": "#"}})
    assert list(schemas.problems({"x.schema.json": good})) == []
    assert schemas.main(str(tmp_path)) == 1
    (tmp_path / "x.schema.json").write_text(json.dumps(good))
    assert schemas.main(str(tmp_path)) == 0


def test_two_schemas_of_one_name_are_found() -> None:
    assert any("same $id" in problem for problem in schemas.problems({"a": schema(), "b": schema()}))
