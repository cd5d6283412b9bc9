"""`gate` as Claude Code calls it: recorded transcripts through the real program, its answers and its records."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.verbs import ROOT, Verbs

TRANSCRIPTS = sorted(path.parent for path in (ROOT / "tests/cases/transcripts").glob("*/transcript.jsonl"))
PACKS = "[no-silence, verified-completion-only, no-fake-progress]"
#: a progress claim without evidence is let pass with a note, as its rule says
NOTED = {"empty-progress"}
MAIN = str(ROOT / "lib/reporting_governance/__main__.py")


def profile(folder: Path, *, posture: str = "enforce", packs: str = PACKS, **gate: object) -> Path:
    """Write the strict profile with a gate of the test's own."""
    text = (ROOT / "profiles/strict-manager-mode.yaml").read_text()
    text = re.sub(r"policy_packs: .*", f"policy_packs: {packs}", text)
    for key, value in {"posture": posture, **gate}.items():
        text, found = re.subn(rf"(\n  {key}: )[^ \n]+", rf"\g<1>{value}", text)
        assert found == 1, key
    path = folder / "profile.yaml"
    path.write_text(text)
    return path


def hook(case: str | Path, **more: object) -> dict[str, Any]:
    """Return the hook JSON of a stop."""
    path = ROOT / "tests/cases/transcripts" / case / "transcript.jsonl"
    return {
        "session_id": f"s-{Path(case).name}",
        "transcript_path": str(path),
        "cwd": "/home/dev/shop",
        "hook_event_name": "Stop",
        "stop_hook_active": False,
        **more,
    }


class Gate:
    """Calls of the real program on one state folder."""

    def __init__(self, folder: Path, profile_path: Path, host: str = "claude-code") -> None:
        self.verbs = Verbs(folder / "state", options=("--profile", str(profile_path)))
        self.host = host

    def command(self) -> list[str]:
        """Return the command line, as bin/gate starts it."""
        return [sys.executable, "-P", MAIN, "gate", "--host", self.host, "--state", str(self.verbs.state),
                *self.verbs.options]  # fmt: skip

    def ask(self, document: object, **more: Any) -> Any:
        """Return the answer to a document; a traceback or a word on stderr fails the test."""
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        ended = subprocess.run(
            self.command(), input=text, capture_output=True, env=self.verbs.variables() | more, timeout=60, check=False
        )
        assert (ended.returncode, ended.stderr) == (0, b""), ended
        return json.loads(ended.stdout) if ended.stdout else {}

    def records(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the bodies of the journal's records of one kind."""
        log = self.verbs.state / "journal/log"
        lines = (line for path in sorted(log.iterdir()) for line in path.read_text().splitlines())
        return [body for line in lines if (body := _body(line, kind)) is not None]

    def blobs(self) -> str:
        """Return all that is kept apart, as one text."""
        return "\n".join(path.read_text(errors="replace") for path in (self.verbs.state / "blobs").iterdir())

    def queued(self) -> int:
        """Return how many notices wait."""
        folder = self.verbs.state / "operator-notify-queue"
        return len(list(folder.iterdir())) if folder.exists() else 0


def _body(line: str, kind: str) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line[line.index("{") :]).get("record")
    except ValueError:
        return None
    return record["body"] if record and record["kind"] == kind else None


def _events(gate: Gate) -> Iterator[Mapping[str, Any]]:
    return (each for each in gate.records("event-envelope") if "gate" in each["payload"])


@pytest.mark.parametrize("case", TRANSCRIPTS, ids=lambda path: path.name)
def test_true_claims_pass_untouched_and_false_ones_are_held(tmp_path: Path, case: Path) -> None:
    expected = json.loads((case / "expect.json").read_text())
    gate = Gate(tmp_path, profile(tmp_path))
    answer = gate.ask(hook(case))
    if expected["verdict_hint"] == "supported" or case.name in NOTED:
        assert answer == {}
        return
    assert answer["decision"] == "block"
    assert re.search(r"\((verified-completion-only|no-fake-progress)\.[a-z-]+\)", answer["reason"])
    assert "What is missing:\n- " in answer["reason"]
    event = next(_events(gate))
    decision = next(each for each in gate.records("decision-record-artifact"))
    assert decision["metadata"]["event_id"] == event["event_id"]
    assert event["payload"]["gate"]["answer"] == "block"
    original = decision["spec"]["original_message"]
    assert original if isinstance(original, str) else gate.blobs()
    assert gate.queued() == 1


@pytest.mark.parametrize("case", ["tests-before-the-last-edit", "or-true", "pass-of-an-earlier-request"])
def test_what_is_downgraded_is_held_in_both_postures(tmp_path: Path, case: str) -> None:
    gate = Gate(tmp_path, profile(tmp_path, posture="advise"))
    assert gate.ask(hook(case))["decision"] == "block"
    assert gate.queued() == 1


def test_where_a_profile_wants_no_holding_it_is_let_pass_and_told(tmp_path: Path) -> None:
    text = (ROOT / "profiles/minimal-solo-mode.yaml").read_text()
    (tmp_path / "profile.yaml").write_text(text)
    gate = Gate(tmp_path, tmp_path / "profile.yaml")
    answer = gate.ask(hook("or-true"))
    assert set(answer) == {"systemMessage"}
    assert "verified-completion-only" in answer["systemMessage"]
    assert gate.queued() == 1
    # the operator is told that it waits for verification: so it does, though nothing could be held back
    (event,) = [each for each in gate.records("event-envelope") if "gate" in each["payload"]]
    assert event["payload"]["status"] == "pending_verification"


def test_an_answer_to_a_question_leaves_no_trace(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path))
    assert gate.ask(hook("question-answered")) == {}
    assert not (gate.verbs.state / "journal/log").exists() or gate.records("event-envelope") == []


def test_a_stop_that_is_held_again_and_again_is_let_go_and_told_once(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path, max_blocks=2))
    first = gate.ask(hook("or-true"))
    second = gate.ask(hook("or-true", stop_hook_active=True))
    assert first["decision"] == second["decision"] == "block"
    assert gate.queued() == 1  # told once, though it was held twice
    third = gate.ask(hook("or-true", stop_hook_active=True))
    assert "let this go" in third["systemMessage"]
    assert gate.queued() == 2
    fourth = gate.ask(hook("or-true", stop_hook_active=True))
    assert "let this go" in fourth["systemMessage"]
    assert gate.queued() == 2


def test_the_same_pass_asked_twice_is_recorded_once(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path))
    assert gate.ask(hook("edit-then-tests-pass")) == gate.ask(hook("edit-then-tests-pass")) == {}
    assert len(list(_events(gate))) == 1


def test_rules_of_form_name_the_missing_fields(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path, packs="[no-silence, mandatory-checkpoint-structure]"))
    answer = gate.ask(hook("progress-report"))
    assert "in the report: next report condition, operator intervention needed" in answer["reason"]


def test_a_session_ends_well_after_it_was_held(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path))
    good = hook("edit-then-tests-pass")
    held = hook("tests-before-the-last-edit", session_id=good["session_id"])
    assert gate.ask(held)["decision"] == "block"
    status = json.loads(gate.verbs.call("status", "--format", "json").out)
    assert gate.ask(good) == {}
    events = list(_events(gate))
    assert [each["payload"]["status"] for each in events] == ["pending_verification", "completed"]
    assert status is not None


def test_a_task_of_ours_is_told_of_the_check_in_that_is_asked_of_it(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path))
    gate.verbs.ok("report", "start", "nightly", "--agent", "coder", "--every", "1s", "--grace", "1s")
    import time

    time.sleep(3)
    gate.verbs.call("scan")
    gate.verbs.call("enqueue")
    assert gate.records("checkpoint-request")
    named = {"REPORTGOV_TASK": "nightly"}
    first = gate.ask(hook("question-answered"), **named)
    assert "check-in for the task nightly is asked of you" in first["reason"]
    assert gate.ask(hook("question-answered", stop_hook_active=True), **named) == {}
    gate.verbs.call("report", "checkpoint", "nightly", "half of it is done")
    assert gate.ask(hook("question-answered"), **named) == {}


def test_a_transcript_of_five_million_bytes_is_read_from_its_end(tmp_path: Path) -> None:
    source = (ROOT / "tests/cases/transcripts/or-true/transcript.jsonl").read_text()
    filler = json.dumps({"type": "user", "message": {"role": "user", "content": "x" * 50_000}, "isMeta": True})
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join([filler] * 100) + "\n" + source)
    assert os.stat(path).st_size > 5_000_000
    gate = Gate(tmp_path, profile(tmp_path))
    assert gate.ask(hook("or-true", transcript_path=str(path)))["decision"] == "block"


GENERIC: dict[str, Any] = {"session_id": "s-1", "message": "Done.", "claim": {"kind": "completion"}}


def test_our_own_json_is_answered_with_the_code_of_the_answer(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path), host="generic")
    ended = gate.verbs.call("gate", given=json.dumps(GENERIC))
    document = ended.document()
    assert document["decision"] == "downgrade_status"
    assert document["decision_id"] is not None
    assert document["notices"] == 1
    assert (ended.code, document["kind"], document["degraded"]) == (1, "block", [])
    harmless = gate.verbs.call("gate", given=json.dumps({"session_id": "s-2", "message": "Shall I go on?"}))
    assert (harmless.code, harmless.document()["kind"]) == (0, "pass")
