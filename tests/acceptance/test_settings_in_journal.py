"""What is in force stands in the journal: digests, and a blob from which the last good profile comes back."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.commands._settings import load_settings
from tests.acceptance.verbs import Verbs, profile

ANNA = (("operator:", "anna:"), ("[operator]", "[anna]"))
SPOILT = ("grace_seconds: 300", "grace_seconds: soon")
SALT = 32
TOUCHED = """
import sys
opened = []
sys.addaudithook(lambda event, words: opened.append(str(words[0])) if event == "open" else None)
from reporting_governance.__main__ import main
code = main(sys.argv[1:])
print(*opened, sep="\\n")
sys.exit(code)
"""


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    """Return verbs whose profile tells anna, after a first check-in."""
    verbs = Verbs(tmp_path / "state", options=("--profile", str(profile(tmp_path, *ANNA))))
    verbs.overdue("first")
    return verbs


def contexts(verbs: Verbs) -> list[dict[str, Any]]:
    """Return what the lines say is in force, in order."""
    return [line["meta"]["context"] for line in verbs.journal() if line["type"] in ("log.open", "config.changed")]


def blob_path(verbs: Verbs, context: dict[str, Any]) -> Path:
    """Return the file of the blob that a context names."""
    return verbs.state / "blobs" / context["in_force"]["$blob"]


def content(verbs: Verbs, context: dict[str, Any]) -> Any:
    """Return what a context's blob holds; its name is the digest of the file."""
    data = blob_path(verbs, context).read_bytes()
    assert sha256(data).hexdigest() == context["in_force"]["$blob"]
    assert len(data) - SALT == context["in_force"]["size"]
    return json.loads(data[SALT:])


def in_force(verbs: Verbs, tmp_path: Path) -> Any:
    """Return the receivers that are in force now."""
    settings = load_settings(str(verbs.state), str(tmp_path / "mine.yaml"))
    return settings.refused is not None, list(settings.profile.notification.receivers)


def test_the_first_line_names_what_is_in_force_and_holds_it(verbs: Verbs, tmp_path: Path) -> None:
    first = verbs.journal()[0]
    assert first["type"] == "log.open"
    context = first["meta"]["context"]
    descriptors = ("local-host", "claude-code-hooks", "generic-gate", "openclaw-plugin")
    effective = {f"effective:{each}" for each in descriptors}
    packs = {"pack:no-silence.yaml", "pack:verified-completion-only.yaml"}
    assert set(context) == {"schemas", "profile", "descriptor", "in_force", *packs, *effective}
    assert context["profile"] == sha256((tmp_path / "mine.yaml").read_bytes()).hexdigest()
    kept = content(verbs, context)
    assert list(kept["artifact"]["spec"]["notification"]["receivers"]) == ["anna"]
    assert kept["artifact"]["source_digest"] == context["profile"]
    assert [each["metadata"]["id"] for each in kept["packs"]] == ["no-silence", "verified-completion-only"]
    assert kept["descriptor"]["metadata"]["id"] == "local-host"
    assert len(contexts(verbs)) == 1


def test_a_change_is_one_line_with_its_own_blob(verbs: Verbs, tmp_path: Path) -> None:
    profile(tmp_path, *ANNA, ("repeat_seconds: 14400", "repeat_seconds: 600"))
    for _ in range(2):
        verbs.overdue("second")
    before, after = contexts(verbs)
    assert {key for key in before if before[key] != after[key]} == {"profile", "in_force"}
    assert content(verbs, before)["artifact"]["spec"]["notification"]["repeat_seconds"] == 14400
    assert content(verbs, after)["artifact"]["spec"]["notification"]["repeat_seconds"] == 600
    assert len(list((verbs.state / "blobs").iterdir())) == 2


def test_the_last_good_profile_comes_back_from_the_journal(verbs: Verbs, tmp_path: Path) -> None:
    profile(tmp_path, SPOILT)
    (verbs.state / "journal/settings.json").unlink(missing_ok=True)
    assert verbs.call("run").code == 1
    assert [each["receiver"] for each in verbs.records("notice")] == ["anna"], "what tells of itself goes by it"
    assert len(contexts(verbs)) == 1, "it is the same that was in force"

    blob_path(verbs, contexts(verbs)[0]).unlink()
    assert in_force(verbs, tmp_path) == (True, ["anna"]), "the cache was made again"


def test_it_is_the_newest_that_comes_back(verbs: Verbs, tmp_path: Path) -> None:
    profile(tmp_path, ("operator:", "bert:"), ("[operator]", "[bert]"))
    verbs.overdue("second")
    (verbs.state / "journal/settings.json").unlink()
    profile(tmp_path, SPOILT)
    assert in_force(verbs, tmp_path) == (True, ["bert"])


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_an_erased_or_changed_blob_is_not_believed(verbs: Verbs, tmp_path: Path, damage: str) -> None:
    blob = blob_path(verbs, contexts(verbs)[0])
    if damage == "gone":
        blob.unlink()
    else:
        blob.write_bytes(blob.read_bytes().replace(b'"anna"', b'"emma"'))
    (verbs.state / "journal/settings.json").unlink(missing_ok=True)
    profile(tmp_path, SPOILT)
    assert in_force(verbs, tmp_path) == (True, ["operator"]), "the shipped one"


def test_a_line_that_does_not_chain_is_not_believed(verbs: Verbs, tmp_path: Path) -> None:
    profile(tmp_path, ("operator:", "bert:"), ("[operator]", "[bert]"))
    verbs.overdue("second")
    (verbs.state / "journal/settings.json").unlink()
    (segment,) = (verbs.state / "journal/log").iterdir()
    lines = segment.read_bytes().splitlines(keepends=True)
    forged = [line for line in lines if b'"config.changed"' in line]
    segment.write_bytes(b"".join(line for line in lines if b'"config.changed"' not in line) + forged[0])
    profile(tmp_path, SPOILT)
    assert in_force(verbs, tmp_path) == (True, ["anna"])


def test_what_an_older_version_recorded_is_checked_and_used(
    verbs: Verbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile(tmp_path, SPOILT)
    monkeypatch.setattr("reporting_governance.commands._kept_settings.__version__", "99.0.0")
    assert in_force(verbs, tmp_path) == (True, ["anna"])


def test_a_lost_cache_of_a_good_profile_is_made_again_and_adds_no_line(verbs: Verbs) -> None:
    kept = verbs.state / "journal/settings.json"
    before, lines = kept.read_bytes(), len(verbs.journal())
    kept.unlink()
    verbs.ok("status")
    assert kept.read_bytes() == before
    assert len(verbs.journal()) == lines
    assert len(list((verbs.state / "blobs").iterdir())) == 1


def test_a_dry_run_stores_nothing(verbs: Verbs, tmp_path: Path) -> None:
    profile(tmp_path, *ANNA, ("repeat_seconds: 14400", "repeat_seconds: 600"))
    blobs = sorted((verbs.state / "blobs").iterdir())
    verbs.ok("run", "--dry-run")
    assert sorted((verbs.state / "blobs").iterdir()) == blobs
    assert len(contexts(verbs)) == 1


def test_a_tick_with_nothing_due_opens_no_blob_and_writes_nothing(verbs: Verbs) -> None:
    for _ in range(3):
        verbs.ok("run")
    lines, blobs = verbs.journal(), sorted((verbs.state / "blobs").iterdir())
    words = [sys.executable, "-P", "-c", TOUCHED, "run", "--state", str(verbs.state), *verbs.options]
    done = subprocess.run(words, env=verbs.variables(), capture_output=True, timeout=60, check=True, text=True)
    opened = [each for each in done.stdout.splitlines() if each.startswith(str(verbs.state))]
    assert any(each.endswith("journal/settings.json") for each in opened), "or nothing was looked at"
    assert [each for each in opened if "/blobs" in each or "/journal/settings.json." in each] == []
    assert sum(each.endswith("journal/settings.json") for each in opened) == 1
    assert (verbs.journal(), sorted((verbs.state / "blobs").iterdir())) == (lines, blobs)
