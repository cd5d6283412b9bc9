"""The gate in the real gateway: what an agent did not do does not reach the person it reports to.

Each test is a turn, or an automation, of a real agent with a scripted model; what arrived is what the fake Telegram
was asked to show.  The plugin is put in by `gate install`, and runs the program that this writes down, `bin/gate`.  The
channel streams previews (`streaming.mode` of `partial`), the setting under which words would get out first.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .install import Program
from .island import Island
from .stories import run_job

pytestmark = pytest.mark.openclaw

ROOT = Path(__file__).parents[2]
ID = "reporting-governance"
CLAIM = "I have fixed the bug. All tests pass. Done."
LONG_CLAIM = f"I looked at the module that was broken since yesterday, and at its tests, twice. {CLAIM}"
UNANSWERED = "[A report of this agent was held back: the gate gave no answer, so nothing could be judged.]"
TELEGRAM = {"dmPolicy": "open", "allowFrom": ["*"], "streaming": {"mode": "partial"}}
PASSING = "from a import x\n\n\ndef test_x() -> None:\n    assert x == 2\n"
WRITE = {"tool": "write", "arguments": {"path": "a.py", "content": "x = 2\n"}}
WRITE_TEST = {"tool": "write", "arguments": {"path": "test_a.py", "content": PASSING}}
#: it waits as long as it takes: on a busy machine the tool moves a command to the background after ten seconds
TEST = {"tool": "exec", "arguments": {"command": f"{sys.executable} -m pytest -q", "yieldMs": 90000}}


class Gated:
    """A gateway with the plugin, and our state beside it."""

    def __init__(self, island: Island, folder: Path) -> None:
        self.island = island
        self.folder = folder
        self.state = folder / "ours"
        self.program = folder / "openclaw"
        self._chat = 5000
        environment = " ".join(f"{name}={shlex.quote(value)}" for name, value in island.environment().items())
        self.script(self.program, f'cd {island.home} && exec env -i {environment} {shlex.join(island.command())} "$@"')

    def script(self, path: Path, line: str) -> None:
        """Write a program that is one line of shell."""
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def config(self) -> dict[str, Any]:
        """Return the plugin's settings as they stand in OpenClaw's config."""
        document = json.loads((self.island.state / "openclaw.json").read_text())
        return dict(document["plugins"]["entries"][ID]["config"])

    def ours(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run our own program."""
        command = [sys.executable, "-m", "reporting_governance", *arguments, "--state", str(self.state)]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.island.folder), "PYTHONPATH": str(ROOT / "lib")}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)

    def chat(self) -> str:
        """Return a chat that nobody has written to."""
        self._chat += 1
        return str(self._chat)

    def turn(self, chat: str, *steps: Any, then: tuple[Any, ...] = ()) -> float:
        """Let the agent take a turn whose answer goes to a chat; return how long that took."""
        wish = f"SCRIPT {json.dumps(steps)}" + (f"\nTHEN {json.dumps(then)}" if then else "")
        began = time.monotonic()
        deliver = ("--deliver", "--channel", "telegram", "--reply-to", chat)
        session = ("--agent", "main", "--session-id", f"s{chat}")
        self.island.run("agent", *session, "--message", wish, *deliver, "--json", seconds=240)
        return time.monotonic() - began

    def asks(self, chat: str, *steps: Any, then: tuple[Any, ...] = (), slowly: bool = False) -> float:
        """Let a person write to the agent on Telegram; return the seconds until an answer is shown there."""
        wish = f"SCRIPT {json.dumps(steps)}" + (f"\nTHEN {json.dumps(then)}" if then else "")
        before, began = len(self.arrived(chat)), time.monotonic()
        self.island.telegram_says(chat, f"SLOWLY\n{wish}" if slowly else wish)
        self.island.wait_for(lambda: len(self.arrived(chat)) > before, 120, f"an answer to {chat}")
        return time.monotonic() - began

    def shown(self, chat: str) -> str:
        """Return everything that was ever to be seen in a chat, previews and what was deleted among it."""
        found = [each for each in self.island.requests() if str((each.get("body") or {}).get("chat_id")) == chat]
        return "\n".join(json.dumps(each["body"]) for each in found)

    def notices(self, chat: str) -> list[dict[str, Any]]:
        """Return what the operator is told of a chat's session."""
        queued = [json.loads(path.read_text()) for path in (self.state / "operator-notify-queue").glob("*.json")]
        return [each for each in queued if self.session(chat) in json.dumps(each) or f":s{chat}" in json.dumps(each)]

    @staticmethod
    def session(chat: str) -> str:
        """Return the session of the chat with a person."""
        return f"agent:main:telegram:direct:{chat}"

    def arrived(self, chat: str) -> list[str]:
        """Return what the fake Telegram was asked to send to a chat."""
        bodies = [each["body"] for each in self.island.requests() if each["path"].endswith("/sendMessage")]
        return [each["text"] for each in bodies if str(each["chat_id"]) == chat]

    def arrives(self, chat: str) -> str:
        """Return the first text that arrives in a chat."""
        return str(self.island.wait_for(lambda: self.arrived(chat), 60, f"a message to {chat}")[0])

    def decisions(self, chat: str) -> list[dict[str, Any]]:
        """Return our decision records of a chat's session, from the journal."""
        found = []
        for log in sorted((self.state / "journal" / "log").glob("*.jsonl")):
            for line in log.read_text().splitlines():
                record = json.loads(line).get("record") or {}
                body = record.get("body") or {}
                ends = (self.session(chat), f":s{chat}")
                if record.get("kind") == "decision-record-artifact" and body["metadata"]["task_id"].endswith(ends):
                    found.append(body)
        return found

    def warnings(self) -> list[str]:
        """Return what the plugin warned of."""
        log = (self.island.folder / "gateway.log").read_text()
        return [line for line in log.splitlines() if "reporting-governance: " in line]


@pytest.fixture(scope="module")
def gated(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """Return a gateway that the plugin was put into as an operator does it."""
    ready = subprocess.run([str(ROOT / "bin" / "gate"), "--help"], capture_output=True, timeout=300, check=False)
    if ready.returncode != 0:
        pytest.skip(f"bin/gate has no environment and can make none here: {ready.stderr.decode()[-300:]}")
    folder = tmp_path_factory.mktemp("gated")
    with Island(folder / "island", program, telegram=TELEGRAM) as island:
        gated = Gated(island, folder)
        island.run("config", "set", "session.dmScope", "per-channel-peer")
        profile = ("--profile", "standard-team-mode")
        install = ("gate", "install", "--host", "openclaw", "--program", str(gated.program), *profile)
        shown = gated.ours(*install, "--print")
        assert shown.returncode == 0, shown.stderr
        assert "plugins install --link" in shown.stdout
        assert ID not in (island.state / "openclaw.json").read_text()
        done = gated.ours(*install, "--write")
        assert done.returncode == 0, done.stdout + done.stderr
        again = gated.ours(*install, "--print")
        assert "there already" in again.stdout, again.stdout + again.stderr
        island.start_gateway()
        yield gated


def test_a_false_done_is_held_back_before_telegram_sees_it_and_a_true_one_passes(gated: Gated) -> None:
    claim = "all tests pass, done"
    lying, honest = gated.chat(), gated.chat()

    # no test was run: held back, the original is in the journal, the operator has a notice
    gated.asks(lying, WRITE, claim)
    (text,) = gated.arrived(lying)
    assert text.startswith("[A report of this agent was held back: ")
    assert claim not in gated.shown(lying)
    (decision,) = gated.decisions(lying)
    assert decision["metadata"]["decision"] != "allow"
    assert decision["spec"]["original_message"] == claim
    assert decision["metadata"]["record_id"] in text
    assert gated.notices(lying)

    # a test was run, and passed: the same words arrive as they are
    gated.asks(honest, WRITE, WRITE_TEST, TEST, claim)
    assert gated.arrived(honest) == [claim]
    assert [each["metadata"]["decision"] for each in gated.decisions(honest)] == ["allow"]
    assert not gated.notices(honest)


def test_what_the_gateway_runs_is_what_install_wrote(gated: Gated) -> None:
    assert gated.config()["command"] == [str(ROOT / "bin" / "gate")]
    assert gated.config()["state"] == str(gated.state)
    assert gated.config()["onError"] == "pass"
    assert gated.warnings() == []


def test_no_preview_shows_words_before_they_are_judged(gated: Gated) -> None:
    chat = gated.chat()
    gated.asks(chat, WRITE, LONG_CLAIM, slowly=True)
    assert "held back" in gated.arrives(chat)
    assert "broken since yesterday" not in gated.shown(chat)


def test_an_agent_is_told_at_its_next_turn_that_nobody_has_read_it(gated: Gated) -> None:
    chat = gated.chat()
    gated.asks(chat, WRITE, CLAIM)
    gated.asks(chat, "Nothing new.")
    assert [each for each in gated.island.requests() if "held back and reached nobody" in each.get("wish", "")]


def test_an_answer_of_the_command_line_is_judged_when_it_is_delivered(gated: Gated) -> None:
    chat = gated.chat()
    gated.turn(chat, WRITE, CLAIM)
    assert "held back" in gated.arrives(chat)


def test_an_answer_that_no_channel_delivers_is_shown_and_the_operator_is_told(gated: Gated) -> None:
    wish = f"SCRIPT {json.dumps([WRITE, CLAIM])}"
    chat = gated.chat()
    session = ("--agent", "main", "--session-id", f"s{chat}")
    assert CLAIM in gated.island.run("agent", *session, "--message", wish, "--json", seconds=240)
    (decision,) = gated.decisions(chat)
    assert decision["metadata"]["decision"] != "allow"
    assert decision["spec"]["original_message"] == CLAIM
    assert gated.notices(chat)


def test_a_check_before_the_last_change_is_no_proof(gated: Gated) -> None:
    chat = gated.chat()
    change = {"tool": "write", "arguments": {"path": "a.py", "content": "x = 3\n"}}
    gated.asks(chat, WRITE, WRITE_TEST, TEST, change, CLAIM)
    assert "held back" in gated.arrives(chat)


def test_an_agent_that_used_no_tool_is_asked_once_more_and_can_do_it(gated: Gated) -> None:
    chat = gated.chat()
    gated.asks(chat, CLAIM, then=(WRITE, WRITE_TEST, TEST, CLAIM))
    assert gated.arrived(chat) == [CLAIM]
    assert [each["metadata"]["decision"] for each in gated.decisions(chat)] == ["downgrade_status", "allow"]


def test_an_agent_that_insists_is_held_back_all_the_same(gated: Gated) -> None:
    chat = gated.chat()
    gated.asks(chat, CLAIM)
    assert "held back" in gated.arrives(chat)


def test_an_automation_is_judged_by_its_own_deeds(gated: Gated) -> None:
    lying, honest = gated.chat(), gated.chat()
    for chat, steps in ((lying, [WRITE, CLAIM]), (honest, [WRITE, WRITE_TEST, TEST, CLAIM])):
        deliver = ("--announce", "--channel", "telegram", "--to", chat)
        run_job(gated.island, f"job{chat}", "--message", f"SCRIPT {json.dumps(steps)}", *deliver)
    assert "held back" in gated.arrives(lying)
    assert gated.arrives(honest) == CLAIM


def test_what_claims_nothing_leaves_no_trace(gated: Gated) -> None:
    chat = gated.chat()
    gated.asks(chat, "Good morning.")
    assert gated.arrived(chat) == ["Good morning."]
    assert gated.decisions(chat) == []


def test_a_message_of_a_person_or_a_program_is_none_of_an_agent(gated: Gated) -> None:
    chat = gated.chat()
    gated.island.run("message", "send", "--channel", "telegram", "--target", chat, "--message", CLAIM, "--json")
    assert gated.arrives(chat) == CLAIM


def test_a_tool_that_sends_is_judged_like_an_answer(gated: Gated) -> None:
    chat, other = gated.chat(), gated.chat()
    send = {"action": "send", "channel": "telegram", "to": other, "message": CLAIM}
    gated.asks(chat, WRITE, {"tool": "message", "arguments": send}, "Sent.")
    assert "held back" in gated.arrives(other)


class Outage:
    """The same gateway with a program in the gate's place that can be switched."""

    def __init__(self, gated: Gated, posture: str) -> None:
        self.gated = gated
        self.command = gated.folder / "gate"
        self.asked = gated.folder / "asked"
        self.works()
        settings = {"command": [str(self.command)], "onError": posture, "deadlineMs": 5000}
        changes = [{"path": f"plugins.entries.{ID}.config.{key}", "value": value} for key, value in settings.items()]
        gated.island.stop_gateway()
        gated.island.run("config", "set", "--batch-json", json.dumps(changes))
        gated.island.start_gateway()

    def works(self) -> None:
        """Let the gate do what it does."""
        self.gated.script(self.command, f'exec {ROOT}/bin/gate "$@"')

    def hangs(self) -> None:
        """Let it hang, with a child of its own."""
        self.asked.unlink(missing_ok=True)
        self.gated.script(self.command, f"echo >> {self.asked}; sleep 3131 & sleep 3131")

    def is_missing(self) -> None:
        """Take it away."""
        self.command.unlink()


@pytest.fixture(scope="module", params=["pass", "hold"])
def outage(gated: Gated, request: pytest.FixtureRequest) -> tuple[Outage, str]:
    """Return the switch, and what becomes of a message when the gate does not answer."""
    return Outage(gated, request.param), CLAIM if request.param == "pass" else UNANSWERED


@pytest.mark.parametrize("how", ["is_missing", "hangs"])
def test_a_gate_that_does_not_answer_stops_nothing(outage: tuple[Outage, str], how: str) -> None:
    switch, expected = outage
    gated = switch.gated
    chat, again, before = gated.chat(), gated.chat(), len(gated.warnings())
    getattr(switch, how)()
    try:
        gated.asks(chat, WRITE, CLAIM)
        assert gated.arrived(chat) == [expected]
    finally:
        switch.works()
    assert len(gated.warnings()) == before + 1
    if how == "hangs":
        assert len(switch.asked.read_text()) == 1  # by both hooks, and waited for once
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True, timeout=30)
    assert "sleep 3131" not in listed.stdout.splitlines()
    gated.asks(again, WRITE, CLAIM)
    assert gated.arrived(again) != [expected]
    assert "held back" in gated.arrives(again)
