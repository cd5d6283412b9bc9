"""The plugin's own modules in OpenClaw's Node.js, without a gateway: bounds, and a program that misbehaves."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from .install import Program

pytestmark = pytest.mark.openclaw

PLUGIN = Path(__file__).parents[2] / "integrations" / "openclaw"


def run(program: Program, module: str, script: str) -> Any:
    """Run a script with everything that a module exports in `own`; return what it hands to `say`."""
    text = (
        f"import * as own from {json.dumps(str(PLUGIN / module))};\n"
        f"const say = (value) => console.log(JSON.stringify(value));\n{script}"
    )
    done = subprocess.run(
        [str(program.node), "--input-type=module", "-e", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SESSIONS = """
const prompt = (key, run, more = {}) => own.promptBuilt({ prompt: "do it" }, { sessionKey: key, runId: run, ...more });
const tool = (key, run, more = {}) => own.toolUsed(
  { toolName: "exec", toolCallId: "c", params: { command: "x", env: "secret" }, durationMs: 2, ...more },
  { sessionKey: key, runId: run });
"""


def sessions(program: Program, script: str) -> Any:
    return run(program, "sessions.js", SESSIONS + script)


class TestSessions:
    def test_a_request_begins_anew_and_what_the_host_begins_goes_on(self, program: Program) -> None:
        found = sessions(
            program,
            """
            prompt("s", "r1"); tool("s", "r1");
            prompt("s", "r2", { inputProvenance: { kind: "internal_system" } }); tool("s", "r2");
            prompt("s", "r3", { inputProvenance: { kind: "inter_session", sourceTool: "subagent_announce",
                                                   sourceSessionKey: "kid" } });
            const one = own.sessionOf("s");
            prompt("s", "r4", { inputProvenance: { kind: "inter_session", sourceTool: "sessions_send" } });
            const two = own.sessionOf("s");
            say([one.request.id, one.deeds.map((each) => each.tool), one.complete, two.request.id, two.deeds.length]);
            """,
        )
        assert found == ["r1", ["exec", "exec", "subagent_announce"], True, "r4", 0]

    def test_a_run_that_was_not_seen_to_begin_is_not_complete(self, program: Program) -> None:
        script = """
        prompt("s", "r1"); tool("s", "r1"); tool("s", "r2");
        const one = own.sessionOf("s"); say([one.request, one.complete, one.deeds.length]);
        """
        assert sessions(program, script) == [None, False, 1]

    def test_the_oldest_deeds_go_and_that_is_said(self, program: Program) -> None:
        script = """
        prompt("s", "r1");
        for (let n = 0; n < 600; n += 1) tool("s", "r1", { toolCallId: `c${n}` });
        const one = own.sessionOf("s"); say([one.deeds.length, one.deeds[0].id, one.complete]);
        """
        assert sessions(program, script) == [512, "c88", False]

    def test_all_that_is_kept_is_bounded(self, program: Program) -> None:
        script = """
        const big = "x".repeat(50000);
        for (let s = 0; s < 70; s += 1) {
          prompt(`s${s}`, "r");
          for (let n = 0; n < 100; n += 1) tool(`s${s}`, "r", { params: { command: big, sessions: { big } }, error: big,
            result: { content: [{ text: big }], details: { summary: { big }, cwd: big } } });
        }
        const one = own.sessionOf("s69");
        say([own.sessionOf("s0").deeds.length, JSON.stringify(one).length, one.deeds.at(-1).output.length]);
        """
        gone, size, output = sessions(program, script)
        assert (gone, output) == (0, 8192)
        assert size < 300_000

    def test_contents_and_other_parameters_stay(self, program: Program) -> None:
        script = """
        prompt("s", "r"); tool("s", "r", { toolName: "write", params: { path: "a", content: "secret" } });
        tool("s", "r"); say(own.sessionOf("s").deeds);
        """
        assert "secret" not in json.dumps(sessions(program, script))

    def test_an_automations_words_are_its_own_for_one_receiver(self, program: Program) -> None:
        script = """
        prompt("agent:a:main", "r0"); prompt("agent:a:cron:1:run:2", "r1"); prompt("agent:b:cron:1", "r2");
        for (const key of ["agent:a:cron:1:run:2", "agent:b:cron:1"]) own.answered(own.sessionOf(key), "done");
        const of = (text, key, to) => own.senderOf(text, key, to)?.key;
        say([of("done", "agent:a:main", "1"), of("done", "agent:a:main", "1"), of("done", "agent:a:main", "2"),
             of("else", "agent:a:main", "1"), of("done", undefined, "1") ?? null]);
        """
        cron, main = "agent:a:cron:1:run:2", "agent:a:main"
        assert sessions(program, script) == [cron, cron, main, main, None]

    def test_half_characters_do_not_leave(self, program: Program) -> None:
        assert run(program, "sessions.js", 'say(own.cut("a\\ud83d\\ude00", 2))') == "a\ufffd"


class TestAsking:
    def ask(self, program: Program, tmp_path: Path, line: str, deadline: int = 3000) -> tuple[Any, float]:
        """Ask a program that is one line of shell; return the answer or the reason for none, and the seconds."""
        command = tmp_path / "gate"
        command.write_text(f"#!/bin/sh\n{line}\n")
        command.chmod(0o755)
        config = {"command": [str(command)], "state": "/s", "deadlineMs": deadline}
        script = (
            f"own.ask({json.dumps(config)}, {{ big: 'x'.repeat(3000000) }}).then(say, (fault) => say(fault.message));"
        )
        began = time.monotonic()
        return run(program, "gate.js", script), time.monotonic() - began

    def test_an_answer(self, program: Program, tmp_path: Path) -> None:
        line = 'cat > /dev/null; echo "{\\"kind\\": \\"block\\", \\"reason\\": \\"$*\\"}"'
        answer, _ = self.ask(program, tmp_path, line)
        assert answer == {"kind": "block", "reason": "--host openclaw --state /s"}

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("exit 3", "it ended with 3"),
            ("kill -9 $$", "it ended with SIGKILL"),
            ("echo nonsense", "it ended with 0"),
            ("echo null", "it ended with 0"),
            ('echo \'{"kind": "allow"}\'', "it ended with 0"),
            ('echo \'{"kind": "rewrite"}\'', "it ended with 0"),
            ('echo \'{"kind": "block", "text": 1}\'', "it ended with 0"),
            ("yes", "more than can be an answer"),
        ],
    )
    def test_no_answer_is_a_reason_and_no_more(self, program: Program, tmp_path: Path, line: str, why: str) -> None:
        assert self.ask(program, tmp_path, line)[0] == why

    def test_what_hangs_is_ended_with_its_children(self, program: Program, tmp_path: Path) -> None:
        line = f"sleep 60 & echo $! > {tmp_path}/child; sleep 60"
        why, took = self.ask(program, tmp_path, line, deadline=1000)
        assert why == "nothing within 1000 ms"
        assert took < 20
        assert not Path(f"/proc/{(tmp_path / 'child').read_text().strip()}").exists() or self.is_dead(tmp_path)

    @staticmethod
    def is_dead(tmp_path: Path) -> bool:
        status = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "Z"

    def test_keys_of_the_gateway_stay_in_the_gateway(self, program: Program, tmp_path: Path) -> None:
        line = 'cat > /dev/null; echo "{\\"kind\\": \\"pass\\", \\"reason\\": \\"$TELEGRAM_TOKEN\\"}"'
        command = tmp_path / "gate"
        command.write_text(f"#!/bin/sh\n{line}\n")
        command.chmod(0o755)
        config = {"command": [str(command)], "deadlineMs": 5000}
        script = f"process.env.TELEGRAM_TOKEN = 'key'; say(await own.ask({json.dumps(config)}, {{}}));"
        assert run(program, "gate.js", script) == {"kind": "pass", "reason": ""}


def test_what_the_manifest_says_is_what_the_code_does(program: Program) -> None:
    manifest = json.loads((PLUGIN / "openclaw.plugin.json").read_text())
    script = """
    const calls = [];
    const on = (name, handler, options) => calls.push([name, options?.timeoutMs ?? null]);
    own.default.register({ pluginConfig: {}, on });
    say([own.default.id, calls]);
    """
    identity, calls = run(program, "index.js", script)
    assert identity == manifest["id"]
    settings = manifest["configSchema"]["properties"]
    waits = settings["deadlineMs"]["default"] + 2000
    assert calls == [
        ["before_prompt_build", None],
        ["after_tool_call", None],
        *([name, waits] for name in settings["hooks"]["default"]),
    ]
    assert settings["deadlineMs"]["maximum"] + 2000 < 15000  # OpenClaw's own limit
