"""`gate` answers in time and in its host's words, whatever it is given and whoever holds the journal."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_gate import Gate, hook, profile
from tests.acceptance.verbs import ROOT

LEAST = {"session_id": "a", "hook_event_name": "Stop", "transcript_path": "/nowhere/t.jsonl"}
WRONG: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"nonsense", "<stdin>:1:1: error GOV004"),
    "nothing": (b"", "error GOV012"),
    "a list": (b"[1]", "<stdin>:1:1: error GOV811: expected one JSON object"),
    "a key twice": (b'{"a": 1, "a": 2}', "<stdin>:1:10: error GOV005"),
    "no number": (b'{"session_id": NaN}', "error GOV006"),
    "no text": (b"\xff\xfe{}", "error GOV001"),
    "deep": (b'{"a": ' + b"[" * 100_000, "error GOV0"),
    "another hook": (json.dumps(LEAST | {"hook_event_name": "SessionEnd"}).encode(), ":1:40: error GOV811"),
    "no session": (b'{"hook_event_name": "Stop"}', "session_id is missing"),
    "a number for a text": (json.dumps(LEAST | {"session_id": 5}).encode(), "session_id: expected a text"),
    "a text for a flag": (json.dumps(LEAST | {"stop_hook_active": "yes"}).encode(), "expected true or false"),
    "no transcript": (json.dumps(LEAST).encode(), "cannot be read: /nowhere/t.jsonl: No such file"),
    "a sub-agent with an endless name": (
        json.dumps(LEAST | {"hook_event_name": "SubagentStop", "agent_id": "x" * 201}).encode(),
        "agent_id has more than 200 characters",
    ),
    "half a character for a session": (json.dumps(LEAST | {"session_id": "s-\ud800"}).encode(), "No such file"),
    "a mark before what is wrong": (b'\xef\xbb\xbf{"a": 1, "a": 2}', "<stdin>:1:10: error GOV005"),
    "a folder for a transcript": (
        json.dumps(LEAST | {"transcript_path": "/tmp"}).encode(),
        "cannot be read: /tmp: it is no plain file",
    ),
    "a tool that is no object": (
        json.dumps(LEAST | {"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": 1}).encode(),
        "tool_input: expected an object",
    ),
    "thirty megabytes": (b'{"a": "' + b"x" * 30_000_000, "larger than"),
}


def ended(gate: Gate, data: bytes, **more: Any) -> "subprocess.CompletedProcess[bytes]":
    """Return how a call ended; a traceback fails the test."""
    result = subprocess.run(
        gate.command(), input=data, capture_output=True, env=gate.verbs.variables(), timeout=60, check=False, **more
    )
    assert b"Traceback" not in result.stderr
    return result


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate over a state that is there."""
    gate = Gate(tmp_path, profile(tmp_path, deadline_ms=9000))
    gate.verbs.ok("report", "start", "t", "--agent", "a")
    return gate


def inbox(gate: Gate) -> list[Any]:
    """Return what waits for the next run."""
    return [json.loads(path.read_text()) for path in (gate.verbs.state / "inbox").glob("*.json")]


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_finding_and_a_valid_answer(gate: Gate, name: str) -> None:
    data, expected = WRONG[name]
    result = ended(gate, data)
    assert result.returncode == 0
    answer = json.loads(result.stdout)
    assert set(answer) == {"systemMessage"}
    said = result.stderr.decode()
    assert expected in said
    assert said.count("\n") == 1, said
    (left,) = inbox(gate)
    assert "\\ud800" not in json.dumps(left)  # the next run could not read it


def test_a_profile_that_blocks_on_error_holds_once(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path, on_error="block"))
    result = ended(gate, json.dumps(LEAST).encode())
    assert json.loads(result.stdout)["decision"] == "block"
    again = ended(gate, json.dumps(LEAST | {"stop_hook_active": True}).encode())
    assert "decision" not in json.loads(again.stdout)


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ({"session_id": 5}, True),
        ({"hook_event_name": "UserPromptSubmit"}, False),  # a person speaks there
        ({"session_id": 5, "stop_hook_active": True}, False),
        ({"stop_hook_active": "yes"}, False),
        (None, False),  # what says nothing may be asked for ever
    ],
)
def test_input_that_cannot_be_read_is_held_once_too(tmp_path: Path, more: dict[str, Any] | None, held: bool) -> None:
    gate = Gate(tmp_path, profile(tmp_path, on_error="block"))
    result = ended(gate, b"nonsense" if more is None else json.dumps(LEAST | more).encode())
    assert ("decision" in json.loads(result.stdout)) is held
    assert b"<stdin>:1:" in result.stderr
    assert not gate.verbs.state.exists()


def test_a_profile_that_is_gone_holds_as_it_did(tmp_path: Path) -> None:
    path = profile(tmp_path, on_error="block")
    gate = Gate(tmp_path, path)
    gate.verbs.ok("report", "start", "t", "--agent", "a")
    path.unlink()
    assert json.loads(ended(gate, json.dumps(hook("or-true")).encode()).stdout)["decision"] == "block"


def test_a_pack_with_a_fault_is_told_with_what_was_meant(tmp_path: Path) -> None:
    pack = tmp_path / "policy-packs/verified-completion-only.yaml"
    pack.parent.mkdir()
    shipped = (ROOT / "profiles/policy-packs/verified-completion-only.yaml").read_text()
    pack.write_text(shipped)
    gate = Gate(tmp_path, profile(tmp_path, packs="[no-silence, verified-completion-only]", on_error="block"))
    gate.verbs.ok("report", "start", "t", "--agent", "a")
    pack.write_text(shipped.replace("evidence.failing_checks", "evidence.failing_check"))
    result = ended(gate, json.dumps(hook("or-true")).encode())
    assert b'did you mean "evidence.failing_checks"?' in result.stderr
    said = gate.verbs.call("policy", "test").out
    places = [line.split(" error ")[0] for line in said.splitlines() if " error GOV201: " in line]
    assert places
    assert len(places) == len(set(places))  # each finding once


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hook": "message", "mesage": "Done."}, 'unknown key mesage (did you mean "message"?)'),  # nor a session
        ({"session_id": "a", "evidence": "x"}, "evidence: expected a list, found a string"),
        ({"session_id": "a", "hook": "mesage"}, 'message (did you mean "message"?)'),
    ],
)
def test_generic_callers_are_told_what_they_meant(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    result = ended(Gate(tmp_path, profile(tmp_path), host="generic"), json.dumps(given).encode())
    assert json.loads(result.stdout)["degraded"][0].endswith(said)
    assert said.partition(" (")[0] in result.stderr.decode()


def test_generic_callers_see_by_the_code_that_the_call_was_wrong(tmp_path: Path) -> None:
    gate = Gate(tmp_path, profile(tmp_path), host="generic")
    result = ended(gate, b'{"session_id": "s", "claim": {"kind": "almost"}}')
    assert (result.returncode, json.loads(result.stdout)["kind"]) == (2, "pass")
    assert b"<stdin>:1:39: error GOV811" in result.stderr
    gate = Gate(tmp_path, profile(tmp_path, on_error="block"), host="generic")
    result = ended(gate, b"nonsense")
    assert (result.returncode, json.loads(result.stdout)["kind"]) == (2, "block")


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
def test_a_transcript_of_another_user_is_not_read(gate: Gate, tmp_path: Path) -> None:
    path = tmp_path / "theirs.jsonl"
    path.write_text("{}\n")
    os.chown(path, 12345, 12345)
    result = ended(gate, json.dumps(LEAST | {"transcript_path": str(path)}).encode())
    assert "it belongs to user 12345" in json.loads(result.stdout)["systemMessage"]


@contextmanager
def held(gate: Gate) -> Iterator[None]:
    """Hold the journal's lock from another process."""
    path = gate.verbs.state / "journal/lock"
    code = (
        f"import fcntl, time; file = open({str(path)!r}); fcntl.flock(file, fcntl.LOCK_EX); "
        "print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield
    finally:
        holder.kill()
        holder.communicate()


def test_a_journal_that_is_held_is_waited_for_within_the_deadline(gate: Gate, tmp_path: Path) -> None:
    profile(tmp_path, deadline_ms=4000)
    ended(gate, json.dumps(hook("question-answered")).encode())  # the settings are kept now
    with held(gate):
        began = time.monotonic()
        result = ended(gate, json.dumps(hook("or-true")).encode())
        assert time.monotonic() - began < 4.5
        profile(tmp_path, deadline_ms=4000, on_error="block")
        began = time.monotonic()
        blocked = ended(gate, json.dumps(hook("or-true", session_id="s-2")).encode())
        assert time.monotonic() - began < 4.5
    reason = json.loads(blocked.stdout)["reason"]
    assert reason.startswith("reporting-governance could not judge this: ")
    profile(tmp_path, deadline_ms=4000)
    assert "another process has held this lock" in json.loads(result.stdout)["systemMessage"]
    held_back, left = sorted(inbox(gate), key=lambda each: str(each["answered"]["kind"]))
    assert (held_back["answered"]["kind"], left["answered"]["kind"]) == ("block", "pass")
    assert left["message"].startswith("Done.")
    gate.verbs.call("run")
    assert inbox(gate) == []
    decisions = [each["metadata"]["policy_id"] for each in gate.records("decision-record-artifact")]
    assert decisions.count("default.unjudged") == 2
    outbox = (gate.verbs.state / "outbox/notices.jsonl").read_text()
    assert "let pass without being judged" in outbox
    assert "held back without being judged" in outbox
    before = len(gate.records("decision-record-artifact"))
    (gate.verbs.state / "inbox/again.json").write_text(json.dumps(left))
    gate.verbs.call("run")
    assert len(gate.records("decision-record-artifact")) == before  # handed in twice, recorded once


def test_standard_input_that_never_ends_is_not_waited_for(gate: Gate) -> None:
    reader, writer = os.pipe()
    os.write(writer, b'{"session_id": "a"')
    began = time.monotonic()
    result = subprocess.run(
        gate.command(), stdin=reader, capture_output=True, env=gate.verbs.variables(), timeout=60, check=False
    )
    assert 3 < time.monotonic() - began < 8  # what the profile says is not known before anything was read
    os.close(writer)
    os.close(reader)
    assert (result.returncode, list(json.loads(result.stdout))) == (0, ["systemMessage"])


def test_a_profile_with_faults_judges_nothing(gate: Gate, tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    gate.ask(hook("question-answered"))
    path.write_text(path.read_text().replace("gate:", "gaet:"))
    result = ended(gate, json.dumps(hook("or-true")).encode())
    assert "could not judge this" in json.loads(result.stdout)["systemMessage"]
    assert [each["session_id"] for each in inbox(gate)] == ["s-or-true"]


def test_a_reader_that_goes_away_is_no_traceback(gate: Gate) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        gate.command(), input=json.dumps(hook("or-true")).encode(), stdout=writer, stderr=subprocess.PIPE,
        env=gate.verbs.variables(), timeout=60, check=False,
    )  # fmt: skip
    os.close(writer)
    assert b"Traceback" not in result.stderr
    assert result.returncode == 3


def test_two_at_once_record_one_attempt_once(gate: Gate) -> None:
    data = json.dumps(hook("edit-then-tests-pass")).encode()
    started = [
        subprocess.Popen(gate.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=gate.verbs.variables())
        for _ in range(4)
    ]
    answers = [each.communicate(data)[0] for each in started]
    assert [json.loads(each) for each in answers] == [{}] * 4
    events = [each for each in gate.records("event-envelope") if "gate" in each["payload"]]
    assert len(events) == 1
