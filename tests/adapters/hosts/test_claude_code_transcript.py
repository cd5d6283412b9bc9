"""Transcripts of tests/cases/transcripts, read and made into evidence; and files that nobody should have to expect."""

import json
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting_governance.adapters.hosts.claude_code.hook import ClaudeCodeHost
from reporting_governance.adapters.hosts.claude_code.tail import BLOCK_BYTES, LONGEST_LINE_BYTES
from reporting_governance.adapters.hosts.claude_code.transcript import Transcript, read_deeds
from reporting_governance.adapters.hosts.interface import HookRefused
from reporting_governance.contracts.deed import MOST_OUTPUT_BYTES, MOST_TEXT_BYTES, DeedKind
from reporting_governance.contracts.report_attempt import HookPoint, ReportAttempt, ToolUse
from reporting_governance.core.deeds import evidence_of
from reporting_governance.core.evidence_builder import Origin

CASES = sorted((Path(__file__).parents[2] / "cases" / "transcripts").iterdir())
NOW = datetime(2027, 1, 1, tzinfo=UTC)
ORIGIN = Origin(
    event_id="evt_1", task_id="t", agent_id="a", correlation_id="c", from_other=False, last_change_at=None
)  # fmt: skip


def checks_of(transcript: Transcript) -> dict[str, Any]:
    evidence = evidence_of(transcript.deeds, ORIGIN, NOW)
    told = [each.supports["check"] for each in evidence if "check" in each.supports]
    wanted = ("runner", "outcome", "proves_nothing", "after_last_change", "ran")
    return {
        "code_changed": any(each.supports["change"]["code"] for each in evidence if "change" in each.supports),
        "complete": transcript.complete,
        "items": [{name: each[name] for name in wanted} for each in told],
    }


def user(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "user", "uuid": f"u-{text[:20]}", "message": {"role": "user", "content": text}, **more}


def said(text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    return {"type": "assistant", "uuid": f"a-{text[:20]}", "message": {"role": "assistant", "content": content}}


def call(number: int, tool: str, **given: Any) -> dict[str, Any]:
    content = [{"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": given}]
    return {
        "type": "assistant",
        "uuid": f"c{number}",
        "cwd": "/p",
        "message": {"role": "assistant", "content": content},
    }


def result(number: int, text: str, **more: Any) -> dict[str, Any]:
    block = {"tool_use_id": f"toolu_{number}", "type": "tool_result", "content": text, **more}
    return {"type": "user", "uuid": f"r{number}", "message": {"role": "user", "content": [block]}}


def written(path: Path, *lines: object) -> str:
    texts = [each if isinstance(each, str) else json.dumps(each, separators=(",", ":")) for each in lines]
    path.write_text("".join(f"{each}\n" for each in texts), encoding="utf-8", errors="surrogatepass")
    return str(path)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_recorded_shapes(case: Path) -> None:
    expected = json.loads((case / "expect.json").read_text("utf-8"))
    transcript = read_deeds(str(case / "transcript.jsonl"))
    assert checks_of(transcript) == expected["checks"]
    assert transcript.unreadable is None
    assert transcript.last_text
    assert transcript.session_id
    assert transcript.cwd == "/home/dev/shop"


def test_every_case_says_what_it_shows() -> None:
    assert len(CASES) >= 30
    for case in CASES:
        expected = json.loads((case / "expect.json").read_text("utf-8"))
        assert set(expected) == {"shows", "claim", "checks", "verdict_hint"}
        assert expected["claim"] in ("completion", "progress", "none")
        assert expected["verdict_hint"] in ("supported", "unsupported", "unclear")


def test_a_request_begins_the_deeds(tmp_path: Path) -> None:
    path = written(tmp_path / "t", user("one"), said("1"), user("two", cwd="/p", sessionId="s"), said("2"))
    transcript = read_deeds(path)
    assert [(each.kind, each.id, each.text) for each in transcript.deeds] == [
        (DeedKind.REQUEST, "u-two", "two"),
        (DeedKind.SAID, "a-2", "2"),
    ]
    assert (transcript.complete, transcript.last_text, transcript.cwd) == (True, "2", "/p")
    assert (transcript.session_id, transcript.notes) == ("s", ())


NO_REQUESTS = [
    user("Stop hook feedback:\nrun the tests", isMeta=True),
    user("Stop hook feedback:\nrun the tests"),
    user("SubagentStop hook feedback: no"),
    user("<local-command-stdout>x</local-command-stdout>"),
    user("<bash-input>git stash</bash-input>"),
    user("<task-notification>\n<task-id>b</task-id>\n</task-notification>"),
    user("Continue from where you left off.", isMeta=True),
    user("What was done so far: everything.", isCompactSummary=True),
    user("hello", origin={"kind": "task-notification"}),
    user("hello", origin={"kind": "peer"}),
    user("hello", isSidechain=True),
    user("[Request interrupted by user]"),
    user("   "),
    user("This session is being continued from a previous conversation that ran out of context."),
    user("Caveat: The messages below were generated by the user"),
    {"type": "user", "message": {"content": [{"type": "text", "text": "<system-reminder>x</system-reminder>"}]}},
    {"type": "attachment", "attachment": {"type": "queued_command", "prompt": "more", "origin": {"kind": "human"}}},
    {"type": "user", "message": {"content": []}},
    {"type": "user", "message": None},
    {"type": "user"},
    {"type": "brand-new", "message": {"role": "user", "content": "hello"}},
    result(9, "no such call"),
]


@pytest.mark.parametrize("line", NO_REQUESTS, ids=[json.dumps(each)[:60] for each in NO_REQUESTS])
def test_what_is_no_request(tmp_path: Path, line: dict[str, Any]) -> None:
    path = written(tmp_path / "t", user("the request"), call(1, "Edit", file_path="/p/a.py"), line, said("done"))
    deeds = read_deeds(path).deeds
    assert deeds[0].text == "the request"
    assert [each.kind for each in deeds].count(DeedKind.REQUEST) == 1


def test_a_sub_agents_own_transcript(tmp_path: Path) -> None:
    lines = [
        user("earlier", isSidechain=True),
        said("x"),
        user("look", isSidechain=True),
        {**said("y"), "isSidechain": True},
    ]
    path = written(tmp_path / "t", *lines)
    assert [each.text for each in read_deeds(path, of_child=True).deeds] == ["look", "y"]
    assert [each.kind for each in read_deeds(path).deeds] == [DeedKind.SAID]  # words beside the session are not its own


def with_result(number: int, told: object, text: str = "") -> dict[str, Any]:
    return {**result(number, text), "toolUseResult": told}


TIMED_OUT = "Command timed out after 2m 0s"
OUTCOMES: list[tuple[list[dict[str, Any]], int | None, bool | None, bool, str]] = [
    ([with_result(1, {"stdout": "fine", "stderr": "", "interrupted": False})], 0, False, False, "fine"),
    ([result(1, "fine", is_error=False)], 0, False, False, "fine"),
    ([result(1, "fine")], None, None, False, "fine"),
    ([result(1, "", content=[{"type": "text", "text": "fine"}])], None, None, False, "fine"),
    ([result(1, "Exit code 3\nbad", is_error=True)], 3, True, False, "bad"),
    ([with_result(1, "Error: Exit code 127", "x")], 127, True, False, "x"),
    ([result(1, f"Exit code 143\n{TIMED_OUT}", is_error=True)], 143, True, True, TIMED_OUT),
    ([with_result(1, {"stdout": "a", "stderr": "b", "interrupted": True})], None, None, True, "a\nb"),
    ([with_result(1, {"stdout": "", "backgroundTaskId": "b1"})], None, None, True, ""),
    ([with_result(1, {"stdout": "", "returnCodeInterpretation": "No matches found"})], None, None, False, ""),
    ([result(1, "odd failure", is_error=True)], None, True, False, "odd failure"),
    ([], None, None, True, ""),
    ([result(2, "of another call", is_error=True)], None, None, True, ""),
]


@pytest.mark.parametrize(("lines", "status", "failed", "interrupted", "output"), OUTCOMES)
def test_outcomes_of_a_command(
    tmp_path: Path, lines: list[object], status: int | None, failed: bool | None, interrupted: bool, output: str
) -> None:
    deed = read_deeds(written(tmp_path / "t", user("go"), call(1, "Bash", command="pytest"), *lines)).deeds[1]
    assert (deed.exit_status, deed.failed, deed.interrupted, deed.output) == (status, failed, interrupted, output)
    assert (deed.kind, deed.command, deed.folder) == (DeedKind.RUN, "pytest", "/p")
    assert bool(deed.sha256) is bool(lines and "of another" not in str(lines))


def test_results_may_come_in_any_order(tmp_path: Path) -> None:
    calls = [call(number, "Bash", command=f"run {number}") for number in range(3)]
    results = [result(number, f"out {number}", is_error=False) for number in range(3)]
    there = read_deeds(written(tmp_path / "a", user("go"), *calls, *results)).deeds
    back = read_deeds(written(tmp_path / "b", user("go"), *calls, *reversed(results))).deeds
    assert there == back
    assert [each.output for each in there[1:]] == ["out 0", "out 1", "out 2"]


def test_the_same_call_counts_once(tmp_path: Path) -> None:
    one = call(1, "Bash", command="pytest")
    assert len(read_deeds(written(tmp_path / "t", user("go"), one, one, result(1, "x"), result(1, "y"))).deeds) == 2


def test_tools_of_others_that_write_files(tmp_path: Path) -> None:
    lines = [call(1, "mcp__files__write_file", path="/p/a.py"), call(2, "NotebookEdit", notebook_path="/p/b.ipynb"),
             call(3, "mcp__files__read_file", path="/p/a.py")]  # fmt: skip
    deeds = read_deeds(written(tmp_path / "t", user("go"), *lines)).deeds
    assert [(each.kind, each.paths) for each in deeds[1:]] == [
        (DeedKind.EDIT, ("/p/a.py",)), (DeedKind.EDIT, ("/p/b.ipynb",)), (DeedKind.TOOL, ()),
    ]  # fmt: skip


def test_long_texts_are_cut_and_their_digest_is_of_the_whole(tmp_path: Path) -> None:
    from hashlib import sha256

    output = "é" * MOST_OUTPUT_BYTES + "5 passed in 0.1s"
    path = written(
        tmp_path / "t", user("ö" * MOST_TEXT_BYTES), call(1, "Bash", command="x" * 2 * MOST_TEXT_BYTES),
        result(1, output, is_error=False), said("ü" * MOST_TEXT_BYTES),
    )  # fmt: skip
    request, ran, words = read_deeds(path).deeds
    assert ran.sha256 == sha256(output.encode()).hexdigest()
    assert ran.output.endswith("5 passed in 0.1s")
    assert len(ran.output.encode()) <= MOST_OUTPUT_BYTES
    assert {len(each.encode()) for each in (request.text, ran.command, words.text)} == {MOST_TEXT_BYTES}


def test_a_limit_leaves_the_beginning_unknown(tmp_path: Path) -> None:
    filler = [said("x" * 1000) for _ in range(100)]
    path = written(tmp_path / "t", user("go"), *filler, call(1, "Bash", command="pytest"))
    cut = read_deeds(path, limit=20_000)
    assert not cut.complete
    assert "before them" in cut.notes[0]
    assert cut.deeds[-1].command == "pytest"
    assert all(each.kind is not DeedKind.REQUEST for each in cut.deeds)
    assert read_deeds(path).complete


def test_a_huge_line_is_passed_over(tmp_path: Path) -> None:
    huge = json.dumps(result(1, "y" * 30_000_000))
    path = written(tmp_path / "t", user("go"), call(1, "Bash", command="pytest"), huge, said("done"))
    begun = time.perf_counter()
    transcript = read_deeds(path)
    assert time.perf_counter() - begun < 2
    assert transcript.complete
    assert transcript.notes == (f"a line of {len(huge):,} bytes was passed over",)
    assert [each.kind for each in transcript.deeds] == [DeedKind.REQUEST, DeedKind.RUN, DeedKind.SAID]
    assert transcript.deeds[1].interrupted


def test_a_huge_line_may_have_been_the_request(tmp_path: Path) -> None:
    image = {"type": "image", "source": {"type": "base64", "data": "A" * 2 * LONGEST_LINE_BYTES}}
    line = {"type": "user", "message": {"role": "user", "content": [image]}}
    transcript = read_deeds(written(tmp_path / "t", user("go"), said("early"), line, said("done")))
    assert not transcript.complete
    assert [each.text for each in transcript.deeds] == ["done"]


@pytest.mark.parametrize("more", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_lines_across_blocks(tmp_path: Path, blocks: int, more: int) -> None:
    texts = [f"{number}:" + "z" * (blocks * BLOCK_BYTES // 2 + more) for number in range(4)]
    deeds = read_deeds(
        written(tmp_path / "t", user("go"), *(result(9, "x") for _ in range(3)), *map(user, texts))
    ).deeds
    assert len(deeds) == 1
    assert deeds[0].text.startswith("3:")
    path = written(tmp_path / "s", user("go"), *map(said, texts), call(1, "Bash", command="pytest"))
    assert [each.text[:2] for each in read_deeds(path).deeds] == ["go", "0:", "1:", "2:", "3:", ""]


def test_invalid_text_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "t"
    good = json.dumps(user("go")).encode()
    path.write_bytes(
        good + b'\n{"type":"assistant","message":{"content":[{"type":"text","text":"\xff\xfe ok"}]}}\n\n\r\n'
    )
    assert read_deeds(str(path)).last_text == "\ufffd\ufffd ok"


def test_lone_surrogates_become_storable(tmp_path: Path) -> None:
    path = written(
        tmp_path / "t", user("a\ud800b"), call(1, "Edit", file_path="/p/\udfff.py"), said("\ud83d\ude00 \ud83d")
    )
    transcript = read_deeds(path)
    for each in transcript.deeds:
        (each.text + "".join(each.paths)).encode()
    assert transcript.last_text == "😀 ?"


@pytest.mark.parametrize("end", ["", "{", '{"type":"assis', '{"type":"user","message":{"role":"user","content":"ha'])
def test_a_torn_last_line(tmp_path: Path, end: str) -> None:
    path = tmp_path / "t"
    path.write_text(json.dumps(user("go")) + "\n" + json.dumps(said("done")) + "\n" + end)
    transcript = read_deeds(str(path))
    assert [each.text for each in transcript.deeds] == ["go", "done"]
    assert transcript.complete
    assert transcript.notes == (("the last line is not complete and was passed over",) if end else ())


def test_a_last_line_without_its_end_counts_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text(json.dumps(user("go")) + "\n" + json.dumps(said("done")))
    assert read_deeds(str(path)).last_text == "done"


def test_files_that_are_not_opened(tmp_path: Path) -> None:
    real = written(tmp_path / "real", user("go"))
    (tmp_path / "link").symlink_to(real)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing", ".", "real/below", "nul\0"):
        transcript = read_deeds(str(tmp_path / name))
        assert transcript.unreadable, name
        assert not transcript.complete
        assert transcript.deeds == ()
    (tmp_path / "folder").symlink_to(tmp_path)
    assert read_deeds(str(tmp_path / "folder" / "real")).complete  # only the last part may be no link


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user(tmp_path: Path) -> None:
    path = written(tmp_path / "t", user("go"))
    os.chown(path, 12345, -1)
    assert "12345" in (read_deeds(path).unreadable or "")


def test_an_empty_file_is_complete(tmp_path: Path) -> None:
    (tmp_path / "t").touch()
    assert read_deeds(str(tmp_path / "t")) == Transcript(complete=True)


OTHERS = {"type": "event_msg", "payload": {"type": "user_message", "message": "fix it"}}


@pytest.mark.parametrize("lines", [("\0\1\2",), (OTHERS, {"type": "response_item", "role": "assistant"}), ("{}",)])
def test_a_file_of_another_shape_is_none_in_which_nothing_was_done(tmp_path: Path, lines: tuple[object, ...]) -> None:
    path = written(tmp_path / "t", *lines)
    assert read_deeds(path).strange
    for hook in (HookPoint.FINISH, HookPoint.CHILD_FINISH):
        attempt = ReportAttempt(host="claude-code", hook=hook, session_id="s", message="Done.", transcript=path)
        with pytest.raises(HookRefused, match="no line of it says"):
            ClaudeCodeHost().look(attempt)
    attempt = ReportAttempt(
        host="claude-code", hook=HookPoint.TOOL, session_id="s", tool=ToolUse(name="Bash"), transcript=path
    )
    assert ClaudeCodeHost().look(attempt) is None
    assert not read_deeds(written(tmp_path / "t", *lines, said("Done."))).strange


def test_while_another_program_appends(tmp_path: Path) -> None:
    path = Path(written(tmp_path / "t", user("go"), call(1, "Bash", command="pytest"), result(1, "x", is_error=False)))
    stop = threading.Event()

    def append() -> None:
        line = json.dumps(said("more")) + "\n"
        with path.open("a") as file:
            while not stop.is_set():
                file.write(line[:30])
                file.flush()
                time.sleep(0.0005)
                file.write(line[30:])
                file.flush()

    writer = threading.Thread(target=append)
    writer.start()
    try:
        for _ in range(100):
            transcript = read_deeds(str(path))
            assert transcript.complete
            assert transcript.deeds[1].exit_status == 0
    finally:
        stop.set()
        writer.join()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["user", "assistant", "text", "tool_use", "tool_result", "Bash", "Task", "toolu_1", "Edit"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            """type message content role id name input command tool_use_id is_error toolUseResult text isMeta origin
            kind isSidechain timestamp cwd uuid stdout backgroundTaskId toolStats editFileCount status task attachment
            prompt summary exitCode""".split()
        ),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip
LINES = st.lists(
    st.one_of(
        JSON.map(json.dumps),
        st.text(max_size=30).filter(lambda text: "\n" not in text),
        st.sampled_from([json.dumps(each) for each in (*NO_REQUESTS, user("go"), said("x"), result(1, "Exit code"))]),
        st.just(json.dumps(call(1, "Bash", command="pytest"))),
        st.sampled_from(["[" * 5000, '{"type":"user","n":' + "9" * 5000 + "}", "NaN", '"user"']),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=LINES)
def test_any_lines_can_be_read(tmp_path: Path, lines: list[str]) -> None:
    transcript = read_deeds(written(tmp_path / "t", *lines))
    assert transcript.unreadable is None
    evidence_of(transcript.deeds, ORIGIN, NOW)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(before=LINES, lines=LINES)
def test_lines_before_the_newest_request_change_nothing(tmp_path: Path, before: list[str], lines: list[str]) -> None:
    segment = [
        json.dumps(user("the newest", origin={"kind": "human"})),
        json.dumps(call(2, "Edit", file_path="/p/a.py")),
    ]
    lines = [each for each in lines if '"go"' not in each]
    alone = read_deeds(written(tmp_path / "a", *segment, *lines))
    with_more = read_deeds(written(tmp_path / "b", *before, *segment, *lines))
    if alone.deeds[0].text == "the newest" and "@" not in {each.id[:1] for each in alone.deeds}:
        assert with_more.deeds == alone.deeds
        assert with_more.complete
