"""`verify-audit` as a verb: its examples, its table, its JSON, and the file that it writes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reporting_governance.verifier.one_file import text
from tests.acceptance.verbs import Verbs, check_reply
from tests.audit.test_proofs import proof_of
from tests.audit.world import World, asked


@pytest.fixture
def verbs(world: World) -> Verbs:
    return Verbs(Path(world.state))


def test_a_bundle_is_checked(verbs: Verbs, world: World, signed_path: str, tmp_path: Path) -> None:
    (tmp_path / "log.vkey").write_text(world.vkey)
    given = ("--key", tmp_path / "log.vkey", "--anchor", world.late_mail)
    said = verbs.call("verify-audit", signed_path, *given)
    assert said.code == 0
    assert "anchored to 24 of" in said.out
    document = verbs.call("verify-audit", signed_path, *given, "--format", "json").document()
    answer = asked(signed_path, keys=[world.vkey], anchors=(world.late_mail,))
    assert document == {"schema": "verify-audit-report.v1", **answer.document}


def test_without_a_path_it_is_the_journal_of_the_state(verbs: Verbs, world: World) -> None:
    said = verbs.call("verify-audit", "--key", world.vkey, "--since", world.head(world.early))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{world.state}: journal, log ")
    before = {path: path.stat().st_mtime_ns for path in Path(world.state).rglob("*")}
    verbs.call("verify-audit", "--format", "json")
    assert before == {path: path.stat().st_mtime_ns for path in Path(world.state).rglob("*")}


def test_what_is_wrong_ends_with_1_and_is_named(verbs: Verbs, world: World) -> None:
    shutil.copytree(world.log, Path(world.state, "copy"))
    world.change(8, lambda lines, place: lines.__setitem__(place, lines[place].replace(b"coder", b"other")))
    said = verbs.call("verify-audit", "--key", world.vkey)
    assert said.code == 1
    assert "failed: line-edited" in said.out
    assert said.out.splitlines()[-1].startswith("Not what it says it is")


def test_many_findings_are_bounded_and_counted(verbs: Verbs, world: World) -> None:
    segments = world.segments()
    world.write({name: [raw.replace(b'"coder"', b'"other"') for raw in lines] for name, lines in segments.items()})
    for number in range(60):
        Path(world.checkpoints, f"{number + 100:012d}.note").write_text("none")
    said = verbs.call("verify-audit")
    assert "more" in said.out.splitlines()[-3]
    assert len(said.out.splitlines()) < 40
    document = verbs.call("verify-audit", "--format", "json").document()
    assert document["counts"]["head-unreadable"] == 60
    assert sum(each["code"] == "head-unreadable" for each in document["findings"]) == 50


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.zip",), ("--key", "x"), ("--key", ""), ("--require", "all"), ("--anchor", "nowhere"),
        ("a", "--proof", "b"), ("--proof", "nowhere"), ("--write-verifier", "x", "--key", "y"), ("--workers", "0"),
    ],
)  # fmt: skip
def test_a_call_that_is_wrong(verbs: Verbs, arguments: tuple[str, ...]) -> None:
    said = verbs.call("verify-audit", *arguments)
    assert (said.code, said.out) == (2, "")


def test_the_verifier_is_written_for_a_reviewer(verbs: Verbs, world: World, tmp_path: Path) -> None:
    target = tmp_path / "verify.py"
    said = verbs.call("verify-audit", "--write-verifier", target, "--format", "json")
    check_reply(json.loads(said.out))
    assert target.read_text() == text()
    done = subprocess.run([sys.executable, "-I", "-S", target, "--help"], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    again = verbs.call("verify-audit", "--write-verifier", target)
    assert (again.code, "is there already" in again.err) == (2, True)
    assert verbs.call("verify-audit", "--write-verifier", "-").out == text()
    nowhere = verbs.call("verify-audit", "--write-verifier", tmp_path / "no/folder")
    assert (nowhere.code, "Name another file" in nowhere.err, "doctor" in nowhere.err) == (3, True, False)


def test_a_proof_is_checked(verbs: Verbs, world: World, tmp_path: Path) -> None:
    path = tmp_path / "one.tlog-proof"
    path.write_text(proof_of(world, 11))
    said = verbs.call("verify-audit", "--proof", path, "--key", world.vkey, "--require", "authenticity")
    assert (said.code, said.err) == (0, "")
    document = verbs.call("verify-audit", "--proof", path, "--format", "json").document()
    assert (document["kind"], document["result"]) == ("proof", "limited")
