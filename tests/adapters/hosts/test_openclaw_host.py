"""What OpenClaw's plugin hands over, as measured in a real gateway, made into deeds; and what it never should."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting_governance.adapters.hosts.interface import HookRefused
from reporting_governance.adapters.hosts.openclaw.hook import OpenClawHost
from reporting_governance.contracts.deed import MOST_OUTPUT_BYTES, Deed, DeedKind
from reporting_governance.contracts.gate_answer import AnswerKind, GateAnswer
from reporting_governance.contracts.report_attempt import HookPoint
from reporting_governance.errors import ContractError

HOST = OpenClawHost()
T0 = 1795321186227


def document(*deeds: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "hook": "before_agent_finalize",
        "event": {"text": "All done.", "cwd": "/w"},
        "context": {"agentId": "main", "workspaceDir": "/elsewhere"},
        "session": "agent:main:explicit:s1",
        "request": {"id": "run-1", "at": T0, "text": "mend it"},
        "deeds": list(deeds),
        "complete": True,
        **more,
    }


def call(tool: str, **more: Any) -> dict[str, Any]:
    base = {"id": "call1", "at": T0 + 1000, "tool": tool, "params": {}, "details": {}, "output": "", "sha256": "a" * 64}
    return {**base, "error": None, "ms": 5, **more}


def deeds_of(*calls: dict[str, Any]) -> tuple[Deed, ...]:
    seen = HOST.read(document(*calls)).seen
    assert seen is not None
    assert seen.deeds[0].kind is DeedKind.REQUEST
    return seen.deeds[1:]


def ran(command: str, **details: Any) -> dict[str, Any]:
    return call("exec", params={"command": command}, details={"cwd": "/w", **details})


class TestRuns:
    def test_a_command_that_ended(self):
        (deed,) = deeds_of(ran("pytest -q", status="completed", exitCode=0))
        assert (deed.kind, deed.command, deed.folder) == (DeedKind.RUN, "pytest -q", "/w")
        assert (deed.exit_status, deed.failed, deed.interrupted) == (0, False, False)

    def test_a_command_that_failed_is_completed_too(self):
        call = ran("pytest", status="completed", exitCode=3) | {"output": "bad\n\n(Command exited with code 3)"}
        (deed,) = deeds_of(call)
        assert (deed.exit_status, deed.failed, deed.interrupted, deed.output) == (3, True, False, "bad")

    @pytest.mark.parametrize("how", [{"timedOut": True, "exitSignal": "SIGTERM"}, {"exitSignal": "SIGKILL"}])
    def test_a_command_that_was_ended_has_no_outcome(self, how):
        (deed,) = deeds_of(ran("pytest", status="failed", exitCode=None, **how) | {"error": "failed"})
        assert (deed.kind, deed.exit_status, deed.failed, deed.interrupted) == (DeedKind.RUN, None, True, True)

    def test_a_command_that_was_refused_did_not_run(self):
        (deed,) = deeds_of(call("exec", params={"command": "pytest"}, details={"status": "error"}, error="no"))
        assert (deed.kind, deed.failed, deed.command) == (DeedKind.TOOL, True, "")

    def test_one_in_the_background_has_no_outcome_until_it_is_looked_at(self):
        started = ran("pytest", status="running", sessionId="swift-reef")
        (deed,) = deeds_of(started)
        assert (deed.kind, deed.interrupted, deed.exit_status) == (DeedKind.RUN, True, None)
        listed = [{"sessionId": "swift-reef", "status": "completed", "exitCode": 0, "tail": "5 passed\n"}]
        look = call("process", at=T0 + 9000, details={"status": "completed", "sessions": listed})
        deed, _ = deeds_of(started, look)
        assert (deed.interrupted, deed.exit_status, deed.output) == (False, 0, "5 passed\n")

    def test_one_that_is_polled(self):
        started = ran("pytest", status="running", sessionId="swift-reef")
        details = {"status": "failed", "sessionId": "swift-reef", "exitCode": 1}
        deed, _ = deeds_of(started, call("process", at=T0 + 9000, details=details, output="1 failed"))
        assert (deed.interrupted, deed.exit_status, deed.failed, deed.output) == (False, 1, True, "1 failed")

    def test_another_session_settles_nothing(self):
        started = ran("pytest", status="running", sessionId="swift-reef")
        details = {"status": "completed", "sessionId": "calm-bay", "exitCode": 0}
        deed, _ = deeds_of(started, call("process", at=T0 + 9000, details=details))
        assert (deed.interrupted, deed.exit_status) == (True, None)

    def test_output_is_kept_from_its_end(self):
        (deed,) = deeds_of(ran("x", status="completed", exitCode=0) | {"output": "é" * 9000 + "end"})
        assert deed.output.endswith("end")
        assert len(deed.output.encode()) <= MOST_OUTPUT_BYTES


class TestEdits:
    @pytest.mark.parametrize(
        ("params", "details", "paths"),
        [
            ({"path": "a.py"}, {"changed": True}, ("/w/a.py",)),
            ({"path": "./a.py"}, {"changed": True}, ("/w/a.py",)),
            ({"file_path": "/x/a.py"}, {}, ("/x/a.py",)),
            ({}, {"summary": {"added": ["b.py"], "modified": ["c.py"], "deleted": []}}, ("/w/b.py", "/w/c.py")),
            ({"input": "*** Begin Patch\n*** Update File: d.py\n*** Move to: e.py\n+y"}, {}, ("/w/d.py", "/w/e.py")),
            ({}, {}, ()),
        ],
    )
    def test_files(self, params, details, paths):
        (deed,) = deeds_of(call("apply_patch" if "input" in params else "edit", params=params, details=details))
        assert (deed.kind, deed.paths) == (DeedKind.EDIT, paths)

    def test_what_changed_nothing_is_no_change(self):
        (deed,) = deeds_of(call("write", params={"path": "a.py"}, details={"changed": False}))
        assert deed.kind is DeedKind.TOOL

    def test_what_failed_says_so(self):
        (deed,) = deeds_of(call("edit", params={"path": "a.py"}, details={"status": "error"}, error="ENOENT"))
        assert (deed.kind, deed.failed) == (DeedKind.EDIT, True)


class TestOthers:
    def test_a_sub_agent_and_its_words(self):
        spawn = call("sessions_spawn", params={"label": "kid"}, details={"status": "accepted", "childSessionKey": "k"})
        back = call("subagent_announce", id="announce:1", at=T0 + 5000, details={"childSessionKey": "k"})
        spawned, came = deeds_of(spawn, back)
        assert (spawned.kind, spawned.child, spawned.failed, spawned.text) == (DeedKind.SPAWN, "k", False, "kid")
        assert (came.kind, came.child, came.failed) == (DeedKind.CHILD_RESULT, "k", None)

    def test_a_refused_sub_agent(self):
        (deed,) = deeds_of(call("sessions_spawn", details={"status": "forbidden"}))
        assert (deed.kind, deed.failed) == (DeedKind.SPAWN, True)

    def test_any_other_tool(self):
        (deed,) = deeds_of(call("message", error="no"))
        assert (deed.kind, deed.tool, deed.failed) == (DeedKind.TOOL, "message", True)

    def test_deeds_come_in_the_order_in_which_they_began(self):
        deeds = deeds_of(call("read", id="b", at=T0 + 2000), call("read", id="a", at=T0 + 1000))
        assert [each.id for each in deeds] == ["a", "b"]


class TestAttempts:
    def test_a_final_answer(self):
        attempt = HOST.read(document()).attempt
        assert (attempt.hook, attempt.session_id) == (HookPoint.FINISH, "agent:main:explicit:s1")
        assert (attempt.message, attempt.agent_id, attempt.folder) == ("All done.", "main", "/w")

    def test_a_message(self):
        attempt = HOST.read(document(hook="message_sending", event={"text": "hi"})).attempt
        assert (attempt.hook, attempt.folder) == (HookPoint.MESSAGE, "/elsewhere")

    def test_the_end_of_a_sub_agent(self):
        attempt = HOST.read(document(session="agent:main:subagent:d87c9bb7")).attempt
        assert attempt.hook is HookPoint.CHILD_FINISH

    def test_without_the_request_nothing_is_complete(self):
        seen = HOST.read(document(request=None)).seen
        assert seen is not None
        assert (seen.complete, seen.deeds, seen.request_id) == (False, (), "")

    def test_half_characters_are_replaced(self):
        attempt = HOST.read(document(event=json.loads('{"text": "ok \\ud83d"}'))).attempt
        assert attempt.message == "ok \ufffd"


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"hook": "agent_end"}, "/hook"),
            ({"hook": 1}, "/hook"),
            ({"session": ""}, "/session"),
            ({"session": "x" * 513}, "/session"),
            ({"event": []}, "/event"),
            ({"event": {"text": None}}, "/event/text"),
            ({"event": {}}, "/event"),
            ({"context": {"agentId": 1}}, "/context/agentId"),
            ({"complete": "yes"}, "/complete"),
            ({"request": {"id": "r", "at": "now", "text": ""}}, "/request/at"),
            ({"request": {"id": "r", "at": True, "text": ""}}, "/request/at"),
            ({"request": {"id": "r", "at": 10**18, "text": ""}}, "/request/at"),
            ({"deeds": {}}, "/deeds"),
            ({"deeds": [1] * 2049}, "/deeds"),
            ({"deeds": ["x"]}, "/deeds/0"),
            ({"deeds": [call("exec", details=[])]}, "/deeds/0/details"),
            ({"deeds": [call("")]}, "/deeds/0"),
            ({"deeds": [call("exec", at=-1)]}, "/deeds/0/at"),
        ],
    )
    def test_each_has_its_place(self, change, pointer):
        with pytest.raises(HookRefused) as caught:
            HOST.read(document(**change))
        assert caught.value.pointer == pointer

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_nothing_else_comes_out_of_any_document(self, data):
        whole = document(
            ran("pytest", status="running", sessionId="a"),
            call("process", details={"sessions": [{"sessionId": "a", "status": "completed", "exitCode": 0}]}),
            call("apply_patch", params={"input": "*** Add File: x"}, details={"summary": {"added": ["x"]}}),
        )
        whole = copy.deepcopy(whole)
        here: Any = whole
        while True:
            key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
            if not (isinstance(here[key], (dict, list)) and here[key] and data.draw(st.booleans())):
                break
            here = here[key]
        text = st.text(st.characters(exclude_categories=()), max_size=20)
        scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), text)
        here[key] = data.draw(
            st.one_of(scalar, st.lists(scalar, max_size=3), st.dictionaries(text, scalar, max_size=3))
        )
        try:
            reading = HOST.read(whole)
        except (HookRefused, ContractError):
            return
        assert reading.seen is not None
        for deed in reading.seen.deeds:
            assert len(deed.output.encode()) <= MOST_OUTPUT_BYTES


class TestAnswers:
    def answer(self, hook: HookPoint, **more: Any) -> Any:
        spoken = HOST.answer(GateAnswer(**more), hook)
        assert spoken.exit_code == 0
        return json.loads(spoken.text)

    def test_a_pass_says_nothing_more(self):
        assert self.answer(HookPoint.MESSAGE, kind=AnswerKind.PASS, reason="advice") == {"kind": "pass"}

    def test_a_rewrite_has_its_text(self):
        told = self.answer(HookPoint.MESSAGE, kind=AnswerKind.REWRITE, message="new", reason="why", decision_id="dec_1")
        assert told == {"kind": "rewrite", "text": "new", "reason": "why", "decision_id": "dec_1"}

    def test_a_message_that_is_held_back_leaves_words_in_its_place(self):
        told = self.answer(
            HookPoint.MESSAGE, kind=AnswerKind.BLOCK, reason="No test ran.\nRun it.", decision_id="dec_1"
        )
        assert told["text"] == "[A report of this agent was held back: No test ran.  Original: decision dec_1]"

    def test_an_end_that_is_held_back_needs_none(self):
        assert "text" not in self.answer(HookPoint.FINISH, kind=AnswerKind.BLOCK, reason="No test ran.")
