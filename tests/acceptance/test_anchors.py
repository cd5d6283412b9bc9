"""Anchors as an operator sees them: `run` hands heads over, `status` and `doctor` say who holds what."""

import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporting_governance.verifier.merkle import extend, leaf_hash, root
from reporting_governance.verifier.note import find_marks, head_mark, is_signed_by, parse_head, parse_heads, parse_vkey
from tests.acceptance.verbs import Ended, Verbs, profile


def anchored(tmp_path: Path, *anchors: dict[str, object]) -> Verbs:
    """Return verbs whose profile names these anchors."""
    mine = profile(tmp_path, ("  anchors: []", f"  anchors: {json.dumps(anchors)}"))
    return Verbs(tmp_path / "state", options=("--profile", str(mine)))


def grow(verbs: Verbs, name: str) -> None:
    verbs.ok("report", "start", name, "--agent", "a")


def anchor_checks(verbs: Verbs) -> list[tuple[str, str]]:
    checks = json.loads(verbs.call("doctor", "--format", "json").out)["checks"]
    return [(each["verdict"], each["seen"]) for each in checks if each["rule"] == "GOV916"]


def known(verbs: Verbs) -> list[dict[str, object]]:
    return list(verbs.call("status", "--format", "json").document()["anchors"])


def change_memory(verbs: Verbs, **changes: object) -> None:
    path = verbs.state / "journal/checkpoints/anchors.json"
    document = json.loads(path.read_text())
    document["anchors"][0].update(changes)
    path.write_text(json.dumps(document))


def ago(**parts: float) -> str:
    return (datetime.now(UTC) - timedelta(**parts)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
def away(tmp_path: Path) -> Path:
    (tmp_path / "away").mkdir()
    return tmp_path / "away"


def test_a_run_hands_signed_heads_to_a_file_and_a_repository(tmp_path: Path, away: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(away / "heads.git")], check=True)
    verbs = anchored(
        tmp_path,
        {"kind": "file", "path": str(away / "heads.notes")},
        {"kind": "git", "repository": str(away / "heads.git")},
    )
    grow(verbs, "t1")
    assert verbs.call("run").err == ""
    grow(verbs, "t2")
    assert verbs.call("run").err == ""

    key = parse_vkey(json.loads(verbs.ok("keys", "show", "--format", "json").out)["key"]["verifier_key"])
    notes = parse_heads((away / "heads.notes").read_bytes())
    assert len(notes) == 2
    assert all(is_signed_by(each, key) for each in notes)
    git = ["git", "-C", str(away / "heads.git"), "log", "--reverse", "--format=%B", "--branches"]
    assert parse_heads(subprocess.run(git, check=True, capture_output=True).stdout) == notes

    size = parse_head(notes[-1].text).size
    states = known(verbs)
    assert [(each["size"], each["problem"], each["failed_since"]) for each in states] == [(size, "", None)] * 2
    assert f"file {away}/heads.notes holds {size} of {size} lines; git " in verbs.ok("status").out
    near = "; it lies on the same file system as the journal"
    holds = f"holds the head of {size} of {size} lines"
    assert anchor_checks(verbs) == [("ok", holds + near), ("ok", holds)]


def test_a_run_with_nothing_new_hands_nothing_over(tmp_path: Path, away: Path) -> None:
    verbs = anchored(tmp_path, {"kind": "file", "path": str(away / "heads.notes")})
    grow(verbs, "t1")
    verbs.ok("run")
    before = (away / "heads.notes").read_bytes(), (away / "heads.notes").stat().st_mtime_ns
    verbs.ok("run")
    assert ((away / "heads.notes").read_bytes(), (away / "heads.notes").stat().st_mtime_ns) == before


def test_an_anchor_that_fails_is_said_once_changes_no_exit_code_and_gets_the_head_when_it_is_back(
    tmp_path: Path, away: Path
) -> None:
    verbs = anchored(tmp_path, {"kind": "file", "path": str(away / "mount" / "heads.notes")})
    grow(verbs, "t1")
    first = verbs.call("run")
    assert first == Ended(0, first.out, first.err)
    assert first.err == (
        f"reportgov: anchor file {away}/mount/heads.notes: it cannot be written to: No such file or directory; "
        "it never held a head\n"
    )
    assert verbs.call("run").err == "", "right after a failure nobody is asked again"
    ((verdict, seen),) = anchor_checks(verbs)
    assert verdict == "bad"
    assert seen.startswith("never held a head, fails since ")
    assert "holds nothing yet (fails since " in verbs.ok("status").out

    (away / "mount").mkdir()
    change_memory(verbs, tried_at=ago(minutes=2), failed_since=ago(minutes=2))
    assert verbs.call("run") == Ended(0, "", "")
    assert len(parse_heads((away / "mount" / "heads.notes").read_bytes())) == 1
    assert [each["problem"] for each in known(verbs)] == [""]


def test_a_day_of_failures_is_bad_and_less_is_a_warning(tmp_path: Path, away: Path) -> None:
    verbs = anchored(tmp_path, {"kind": "file", "path": str(away / "heads.notes")})
    grow(verbs, "t1")
    verbs.ok("run")
    change_memory(verbs, problem="gone", failed_since=ago(hours=23), tried_at=ago(seconds=1))
    assert [verdict for verdict, _ in anchor_checks(verbs)] == ["warning"]
    change_memory(verbs, failed_since=ago(hours=25))
    assert [verdict for verdict, _ in anchor_checks(verbs)] == ["bad"]
    assert verbs.call("doctor").code == 1


def test_no_anchor_is_a_fact_and_no_fault(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    grow(verbs, "t1")
    ((verdict, seen),) = anchor_checks(verbs)
    assert verdict == "ok"
    assert seen.startswith("nobody beside this host is handed signed heads")
    assert known(verbs) == []
    assert "Anchors" not in verbs.ok("status").out


def test_an_anchor_that_holds_more_lines_than_there_are_is_bad(tmp_path: Path, away: Path) -> None:
    verbs = anchored(tmp_path, {"kind": "file", "path": str(away / "heads.notes")})
    grow(verbs, "t1")
    verbs.ok("run")
    change_memory(verbs, size=1000)
    ((verdict, seen),) = anchor_checks(verbs)
    assert (verdict, seen.partition(",")[0]) == ("bad", "holds a head of 1000 lines")


def test_a_witness_that_hangs_delays_neither_the_answer_nor_the_next_run(tmp_path: Path, away: Path) -> None:
    witness = away / "witness"
    witness.write_text(f"#!/bin/sh\ntouch {away}/started\nexec sleep 60\n")
    witness.chmod(0o755)
    verbs = anchored(tmp_path, {"kind": "command", "command": [str(witness)], "limit_seconds": 3})
    grow(verbs, "t1")
    command = subprocess.Popen(
        verbs.command("run"), env=verbs.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (away / "started").exists():
        assert command.poll() is None
        time.sleep(0.02)
    began = time.monotonic()
    beside = verbs.call("run", "--format", "json")
    assert (beside.code, beside.document()["overlapped"]) == (0, False)
    assert command.poll() is None, f"the other run took {time.monotonic() - began:.1f} s"
    out, err = command.communicate(timeout=30)
    assert (command.returncode, out) == (0, "")
    assert err == (f"reportgov: anchor command {witness}: it took too long, and was stopped; it never held a head\n")


def test_what_arrives_in_an_outbox_can_be_held_against_the_journal(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue()
    assert verbs.call("run").code == 0
    (told,) = verbs.outbox()
    (mark,) = find_marks(told["body"])
    lines = b"".join(each.read_bytes() for each in sorted((verbs.state / "journal/log").glob("*.jsonl"))).splitlines()
    leaves = [leaf_hash(each) for each in lines[: mark.size]]
    assert told["body"].splitlines()[-1] == head_mark(verbs.journal()[0]["meta"]["log_id"], mark.size, mark.root_hex)
    assert mark.root_hex == root(extend(0, (), leaves)[1]).hex()[:32]
