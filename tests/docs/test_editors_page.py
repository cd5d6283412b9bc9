"""What the page about editors says is so: schemas and documents are there, and fit each other."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.reading import read_documents
from tests.contracts.schemas_read import SCHEMAS, Judges
from tests.docs.pages import ROOT, blocks

SETTINGS = ROOT / "examples/vscode/settings.json"
PAGE = (ROOT / "docs/editors.md").read_text(encoding="utf-8")
SHIPPED = ("capabilities", "examples", "profiles")
_MODELINE = re.compile(r"^# yaml-language-server: \$schema=(\S+)$", re.MULTILINE)


def mappings() -> Iterator[tuple[str, str]]:
    """Yield (path of a schema, pattern of files) of all that the settings say."""
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))
    for each in settings["json.schemas"]:
        yield from ((each["url"], pattern) for pattern in each["fileMatch"])
    for url, patterns in settings["yaml.schemas"].items():
        yield from ((url, pattern) for pattern in patterns)


def matching(pattern: str) -> list[Path]:
    """Return the shipped files that a pattern means, as the two language servers read it."""
    parts = {"**/": "(?:.*/)?", "*": "[^/]*"}
    plain = re.sub(r"\*\*/|\*|[^*]+", lambda part: parts.get(part[0], re.escape(part[0])), pattern.removeprefix("/"))
    files = [path for folder in SHIPPED for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in files if re.fullmatch(plain, str(path.relative_to(ROOT)))]


def value_of(path: Path) -> Any:
    """Return the one document of a file."""
    result = read_documents(path.read_bytes(), name=path.name)
    assert not result.findings, result.findings
    (document,) = result.documents
    return document.value


def kind_at(path: Path) -> str:
    """Return the kind that the schema at a path is of."""
    assert path.is_file(), path
    assert path.parent == ROOT / "schemas/reporting-governance"
    return path.name.removesuffix(".schema.json")


@pytest.mark.parametrize(("url", "pattern"), list(mappings()))
def test_a_schema_is_there_and_fits_every_shipped_file_that_its_pattern_means(url: str, pattern: str) -> None:
    assert url.startswith("./")
    judge = Judges(kind_at(ROOT / url))
    files = matching(pattern)
    assert files
    assert [path for path in files if not judge.accepts(value_of(path))] == []
    assert {path.suffix for path in files} == {Path(pattern).suffix}


def test_no_file_is_given_two_schemas() -> None:
    found = [path for _, pattern in mappings() for path in matching(pattern)]
    assert sorted(found) == sorted(set(found))
    every = {
        path for folder in ("capabilities", "profiles", "examples/documents") for path in (ROOT / folder).rglob("*")
    }
    assert {path for path in every if path.is_file()} == {path for path in found if "vscode" not in path.parts}


def test_documents_that_name_their_schema_name_the_one_that_the_settings_give_them() -> None:
    by_settings = {path: kind_at(ROOT / url) for url, pattern in mappings() for path in matching(pattern)}
    named = {}
    for path in sorted((ROOT / "examples/documents").iterdir()):
        line = _MODELINE.match(path.read_text(encoding="utf-8"))
        value = value_of(path)
        own = line[1] if line else value.get("$schema")
        if own is not None:
            named[path.name] = kind_at((path.parent / own).resolve())
            assert named[path.name] == by_settings[path]
    assert sorted(named) == ["observations.json", "waivers.yaml", "watchdog-state.json"]


def test_the_page_shows_the_settings_and_what_each_document_says_of_its_schema() -> None:
    shown = {(block.language, "\n".join(block.lines)) for block in blocks(PAGE)}
    assert ("json", SETTINGS.read_text(encoding="utf-8").rstrip()) in shown
    own = [text for _, text in shown if "$schema" in text]
    assert {Path(each).name for text in own for each in re.findall(r"\$schema\S*[=:] ?\"?([^\"\s]+)", text)} == {
        "task-state-file.schema.json",
        "waivers.schema.json",
    }
    table = re.findall(r"^\| [^|]+ \| `([a-z-]+)\.schema\.json` \|", PAGE, flags=re.MULTILINE)
    assert sorted(table) == sorted({kind_at(ROOT / url) for url, _ in mappings()})


def test_the_page_says_truly_which_documents_may_name_their_schema() -> None:
    kinds = ("capability-descriptor", "deployment-profile", "policy-pack", "waivers", "probe-observations")
    for kind in (*kinds, "task-state-file"):
        assert '"$schema": {' in json.dumps({**SCHEMAS[kind], "$schema": None}), kind
    assert '"$schema": {' not in json.dumps({**SCHEMAS["check-in"], "$schema": None})


def test_the_line_that_prints_the_folder_prints_it() -> None:
    (line,) = (block.lines[0] for block in blocks(PAGE) if block.language == "sh")
    code = re.fullmatch(r"python -c '(.+)'", line)
    assert code is not None
    words = [sys.executable, "-c", code[1]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True, cwd=ROOT / "lib")
    assert Path(done.stdout.strip()) == ROOT / "schemas/reporting-governance"
