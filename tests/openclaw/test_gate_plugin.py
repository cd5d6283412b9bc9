"""The gate in the real gateway: what an agent did not do does not reach the person it reports to.

Each test is a turn, or an automation, of a real agent with a scripted model; what arrived is what the fake Telegram
was asked to send.
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
DEADLINE_SECONDS = 8
PASSING = "from a import x\n\n\ndef test_x() -> None:\n    assert x == 2\n"
WRITE = {"tool": "write", "arguments": {"path": "a.py", "content": "x = 2\n"}}
WRITE_TEST = {"tool": "write", "arguments": {"path": "test_a.py", "content": PASSING}}
#: it waits as long as it takes: on a busy machine the tool moves a command to the background after ten seconds
TEST = {"tool": "exec", "arguments": {"command": f"{sys.executable} -m pytest -q test_a.py", "yieldMs": 90000}}


class Gated:
    """A gateway with the plugin, our state beside it, and a switch for what the gate's command does."""

    def __init__(self, island: Island, folder: Path) -> None:
        self.island = island
        self.state = folder / "ours"
        self.program = folder / "openclaw"
        self.command = folder / "gate"
        self.away = folder / "gate.away"
        self._chat = 5000
        environment = " ".join(f"{name}={shlex.quote(value)}" for name, value in island.environment().items())
        self._script(self.program, f'cd {island.home} && exec env -i {environment} {shlex.join(island.command())} "$@"')
        self.works()

    def _script(self, path: Path, line: str) -> None:
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def works(self) -> None:
        """Let the gate do what it does."""
        self.away.unlink(missing_ok=True)
        gate = shlex.join([sys.executable, "-m", "reporting_governance", "gate"])
        self._script(self.command, f'PYTHONPATH={ROOT / "lib"} exec {gate} "$@"')

    def hangs(self) -> None:
        """Let it hang, with a child of its own."""
        self._script(self.command, "sleep 3131 & sleep 3131")

    def is_missing(self) -> None:
        """Take it away."""
        self.command.rename(self.away)

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
                if record.get("kind") == "decision-record-artifact" and body["metadata"]["task_id"].endswith(
                    f":s{chat}"
                ):
                    found.append(body)
        return found

    def warnings(self) -> list[str]:
        """Return what the plugin warned of."""
        log = (self.island.folder / "gateway.log").read_text()
        return [line for line in log.splitlines() if "reporting-governance: " in line]


@pytest.fixture(scope="module")
def gated(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """Return a gateway that the plugin was put into as an operator does it."""
    folder = tmp_path_factory.mktemp("gated")
    with Island(folder / "island", program) as island:
        gated = Gated(island, folder)
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
        command = json.dumps([str(gated.command)])
        island.run("config", "set", f"plugins.entries.{ID}.config.command", command, "--strict-json")
        island.start_gateway()
        yield gated


def test_a_claim_without_its_proof_does_not_arrive(gated: Gated) -> None:
    chat = gated.chat()
    gated.turn(chat, WRITE, CLAIM)
    text = gated.arrives(chat)
    assert "held back" in text
    assert not any("tests pass" in each.replace("said to pass", "") for each in gated.arrived(chat))
    (decision,) = gated.decisions(chat)
    assert decision["spec"]["original_message"] == CLAIM
    assert decision["metadata"]["record_id"] in text
    queued = [json.loads(path.read_text()) for path in (gated.state / "operator-notify-queue").glob("*.json")]
    assert any(f"s{chat}" in json.dumps(each) for each in queued)
    # the agent believes that its words went out: it is told at its next turn
    gated.turn(chat, "Nothing new.")
    asked = [each for each in gated.island.requests() if "held back and reached nobody" in each.get("wish", "")]
    assert asked


def test_a_claim_with_its_proof_arrives_as_it_is(gated: Gated) -> None:
    chat = gated.chat()
    gated.turn(chat, WRITE, WRITE_TEST, TEST, CLAIM)
    assert gated.arrives(chat) == CLAIM
    assert [each["metadata"]["decision"] for each in gated.decisions(chat)] == ["allow"]


def test_a_check_before_the_last_change_is_no_proof(gated: Gated) -> None:
    chat = gated.chat()
    gated.turn(
        chat, WRITE, WRITE_TEST, TEST, {"tool": "write", "arguments": {"path": "a.py", "content": "x = 3\n"}}, CLAIM
    )
    assert "held back" in gated.arrives(chat)


def test_an_agent_that_used_no_tool_is_asked_once_more_and_can_do_it(gated: Gated) -> None:
    chat = gated.chat()
    gated.turn(chat, CLAIM, then=(WRITE, WRITE_TEST, TEST, CLAIM))
    assert gated.arrives(chat) == CLAIM
    assert [each["metadata"]["decision"] for each in gated.decisions(chat)] == ["downgrade_status", "allow"]


def test_an_agent_that_insists_is_held_back_all_the_same(gated: Gated) -> None:
    chat = gated.chat()
    gated.turn(chat, CLAIM)
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
    gated.turn(chat, "Good morning.")
    assert gated.arrives(chat) == "Good morning."
    assert gated.decisions(chat) == []


def test_a_message_of_a_person_or_a_program_is_none_of_an_agent(gated: Gated) -> None:
    chat = gated.chat()
    gated.island.run("message", "send", "--channel", "telegram", "--target", chat, "--message", CLAIM, "--json")
    assert gated.arrives(chat) == CLAIM


def test_a_tool_that_sends_is_judged_like_an_answer(gated: Gated) -> None:
    chat = gated.chat()
    send = {"action": "send", "channel": "telegram", "to": chat, "message": CLAIM}
    gated.turn(chat, WRITE, {"tool": "message", "arguments": send}, "Sent.")
    assert "held back" in gated.arrives(chat)


@pytest.mark.parametrize("how", ["is_missing", "hangs"])
def test_a_gate_that_does_not_answer_stops_nothing(gated: Gated, how: str) -> None:
    chat, before = gated.chat(), len(gated.warnings())
    getattr(gated, how)()
    try:
        took = gated.turn(chat, WRITE, CLAIM)
        assert gated.arrives(chat) == CLAIM
    finally:
        gated.works()
    limit = 2 * DEADLINE_SECONDS + 60 if how == "hangs" else 60  # asked twice, and the program takes its time
    assert took < limit
    assert len(gated.warnings()) == before + 1
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True, timeout=30)
    assert "sleep 3131" not in listed.stdout.splitlines()
    again = gated.chat()
    gated.turn(again, WRITE, CLAIM)
    assert "held back" in gated.arrives(again)
