"""The plugin's own modules in a Node.js, without a gateway: bounds, sessions, and a program that misbehaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.hosts.openclaw.hook import OpenClawHost

from .install import NoProgram, Program, find_program

PLUGIN = Path(__file__).parents[2] / "integrations" / "openclaw"


OLDEST_NODE = 20  #: for `toWellFormed`


@pytest.fixture(scope="module")
def program() -> Program:
    """Return OpenClaw's Node.js where that is installed, any other otherwise."""
    try:
        return find_program({**os.environ, "OPENCLAW_INSTALL": "0"})
    except NoProgram:
        node = shutil.which("node")
        if node is None:
            pytest.skip("the plugin's modules are not tried: no Node.js")
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
            pytest.skip(f"the plugin's modules are not tried: Node.js {version.strip()} is older than {OLDEST_NODE}")
        return Program(node=Path(node), openclaw=Path(os.devnull))


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

    def test_words_that_leave_late_are_of_the_request_they_ended(self, program: Program) -> None:
        script = """
        prompt("s", "r1"); tool("s", "r1"); own.answered(own.sessionOf("s", "r1"), "done");
        prompt("s", "r2");
        const first = own.senderOf("done", "s", "1"), second = own.senderOf("done", "s", "1");
        prompt("s", "r3"); own.answered(own.sessionOf("s", "r3"), "done");
        own.senderOf("done", "s", "1"); prompt("s", "r4"); prompt("s", "r5");
        const third = own.senderOf("done", "s", "1"), other = own.senderOf("other", "s", "1");
        say([first, second, third, other].map((each) => each.request.id));
        """
        # each answer once: the same words of the next request are judged by what was done for that
        assert sessions(program, script) == ["r1", "r2", "r5", "r5"]

    def test_a_late_call_of_the_last_request_is_no_deed_of_this_one(self, program: Program) -> None:
        script = """
        prompt("s", "r1"); prompt("s", "r2"); tool("s", "r1"); tool("s", "r2");
        const one = own.sessionOf("s"), last = own.sessionOf("s", "r1");
        say([one.request.id, one.complete, one.deeds.length, last.request.id, last.deeds.length]);
        """
        assert sessions(program, script) == ["r2", True, 1, "r1", 1]

    def test_sessions_are_not_mixed(self, program: Program) -> None:
        script = """
        prompt("a", "r1"); prompt("b", "r1"); tool("a", "r1"); own.answered(own.sessionOf("a", "r1"), "done");
        say([own.sessionOf("b").deeds.length, own.senderOf("done", "b", "1").key]);
        """
        assert sessions(program, script) == [0, "b"]

    def test_runs_and_earlier_requests_do_not_pile_up(self, program: Program) -> None:
        script = """
        for (let n = 0; n < 50; n += 1) prompt("s", `r${n}`);
        for (let n = 0; n < 500; n += 1) prompt("s", `h${n}`, { trigger: "heartbeat" });
        const one = own.sessionOf("s"); say([one.runs.size, one.before.request.id, one.before.before]);
        """
        assert sessions(program, script) == [64, "r48", None]

    def test_a_call_that_cannot_be_read_is_one_that_is_missing(self, program: Program) -> None:
        script = """
        prompt("s", "r");
        let deep = []; for (let n = 0; n < 5000; n += 1) deep = [deep];
        const ring = {}; ring.ring = ring;
        tool("s", "r", { toolName: "x".repeat(9999), toolCallId: "y".repeat(9999), params: { command: deep, path: 1n },
                         result: { details: { summary: ring, cwd: deep,
                                              sessions: [{ sessionId: "one", status: "failed" }] } } });
        const one = own.sessionOf("s"), deed = one.deeds[0];
        const before = [one.complete, deed.tool.length, deed.id.length, deed.params, deed.details];
        tool("s", "r", { error: Object.create(null) });
        say([...before, one.deeds.length, one.complete]);
        """
        found = sessions(program, script)
        assert found[:4] == [True, 512, 512, {}]
        assert found[4]["sessions"] == [{"sessionId": "one", "status": "failed"}]
        assert len(json.dumps(found[4])) < 200
        assert found[5:] == [1, False]

    def test_half_characters_do_not_leave(self, program: Program) -> None:
        assert run(program, "sessions.js", 'say(own.cut("a\\ud83d\\ude00", 2))') == "a\ufffd"


HOSTILE = """
let seed = 7;
const any = (list) => list[(seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % 4099 % list.length];
const odd = () => any([undefined, null, true, NaN, Infinity, -1, 1e308, "", "\\u0000x", "\\ud800", "x".repeat(20000),
  [], {}, [[[[[1]]]]], { a: { b: { c: { d: 1 } } } }, { ["\\ud800"]: 2 }, () => 1, Symbol("x"), 10n, new Map(),
  2 ** 53]);
const names = ["command", "path", "input", "sessionId", "label", "task", "to", "status", "exitCode", "cwd", "changed",
  "summary", "sessions", "childSessionKey"];
const filled = () => Object.fromEntries(names.filter(() => any([0, 1])).map((key) => [key, odd()]));
const some = () => any([0, 0, 0, 1]) ? odd() : filled();
const tools = ["exec", "process", "write", "apply_patch", "sessions_spawn", "subagent_announce", "mcp__x"];
const sent = [];
for (let n = 0; n < 100; n += 1) {
  const key = `s${n}`;
  prompt(key, "r", {});
  for (let call = 0; call < 12; call += 1) {
    own.toolUsed({ toolName: any([...tools, odd()]), toolCallId: odd(), params: some(), error: odd(), durationMs: odd(),
      result: any([odd(), { content: odd(), details: some() }, { content: [{ text: odd() }], details: some() }]) },
      { sessionKey: key, runId: "r" });
  }
  const { request, deeds, complete } = own.sessionOf(key);
  const event = { text: "done", ...own.pick({ cwd: odd(), to: odd() }, ["cwd", "to"]) };
  const context = own.pick({ agentId: odd(), workspaceDir: odd() }, ["agentId", "workspaceDir"]);
  sent.push({ hook: "message_sending", event, context, session: key, request, deeds, complete });
}
say(sent);
"""


def test_whatever_a_call_looks_like_the_question_is_one_that_the_gate_takes(program: Program) -> None:
    # an agent that could make the gate refuse the question would not be judged
    documents = sessions(program, HOSTILE)
    seen = [OpenClawHost().read(each).seen for each in documents]
    assert sum(len(each.deeds) for each in seen if each is not None) > 800


class TestAsking:
    def ask(self, program: Program, tmp_path: Path, line: str, deadline: int = 3000) -> tuple[Any, float]:
        """Ask a program that is one line of shell; return the answer or the reason for none, and the seconds."""
        config = {**self.config(tmp_path, line, deadline), "state": "/s"}
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
        assert self.dies(tmp_path)

    def test_what_hangs_when_the_gateway_ends_is_ended_too(self, program: Program, tmp_path: Path) -> None:
        script = f"""
        own.ask({json.dumps(self.config(tmp_path, f"echo $$ > {tmp_path}/child; sleep 60"))}, {{}}).catch(() => {{}});
        const {{ existsSync, readFileSync }} = await import("node:fs");
        const begun = () => existsSync("{tmp_path}/child") && readFileSync("{tmp_path}/child", "utf8").endsWith("\\n");
        while (!begun()) await new Promise((next) => setTimeout(next, 20));
        own.endAll();
        say("ended");
        """
        assert run(program, "gate.js", script) == "ended"
        assert self.dies(tmp_path)

    def test_many_at_once_wait_for_each_other(self, program: Program, tmp_path: Path) -> None:
        line = f'echo + >> {tmp_path}/log; sleep 0.2; echo - >> {tmp_path}/log; echo \'{{"kind": "pass"}}\''
        script = f"""
        const all = Array.from({{ length: 40 }}, () => own.ask({json.dumps(self.config(tmp_path, line, 20000))}, {{}}));
        say((await Promise.all(all)).map((each) => each.kind));
        """
        assert run(program, "gate.js", script) == ["pass"] * 40
        at_once = most = 0
        for word in (tmp_path / "log").read_text().split():
            at_once += 1 if word == "+" else -1
            most = max(most, at_once)
        assert 1 < most <= 8

    def test_whoever_waits_in_vain_is_late_too(self, program: Program, tmp_path: Path) -> None:
        script = f"""
        const ask = (config) => own.ask(config, {{}}).then(say, (fault) => [fault instanceof own.Late, fault.message]);
        const slow = {json.dumps(self.config(tmp_path, "sleep 60", 1500))};
        const first = Array.from({{ length: 9 }}, () => ask(slow));
        const missing = await ask({{ command: ["/nowhere"], deadlineMs: 3000 }});
        say([...await Promise.all(first), missing]);
        """
        *late, missing = run(program, "gate.js", script)
        assert late == [[True, "nothing within 1500 ms"]] * 9
        assert missing == [False, "spawn /nowhere ENOENT"]

    @staticmethod
    def config(tmp_path: Path, line: str, deadline: int = 30000) -> dict[str, Any]:
        """Return the settings of a program that is one line of shell."""
        command = tmp_path / "gate"
        command.write_text(f"#!/bin/sh\n{line}\n")
        command.chmod(0o755)
        return {"command": [str(command)], "deadlineMs": deadline}

    @staticmethod
    def dies(tmp_path: Path) -> bool:
        """Return whether the program that wrote down its id ends at once."""
        status = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
        for _ in range(50):
            try:
                if status.read_text().rpartition(")")[2].split()[0] == "Z":
                    return True
            except (FileNotFoundError, ProcessLookupError):
                return True
            time.sleep(0.1)
        return False

    def test_keys_of_the_gateway_stay_in_the_gateway(self, program: Program, tmp_path: Path) -> None:
        line = 'cat > /dev/null; echo "{\\"kind\\": \\"pass\\", \\"reason\\": \\"$TELEGRAM_TOKEN\\"}"'
        config = self.config(tmp_path, line)
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
        ["gateway_stop", None],
        *([name, waits] for name in settings["hooks"]["default"]),
    ]
    assert settings["deadlineMs"]["maximum"] + 2000 < 15000  # OpenClaw's own limit


HOOKS = """
const handlers = {}, warned = [];
own.default.register({
  pluginConfig: CONFIG,
  on: (name, handler) => { handlers[name] = handler; },
  logger: { warn: (line) => warned.push(line) },
});
const ctx = { sessionKey: "agent:main:main", runId: "r1", agentId: "main" };
const begins = (run = "r1") => handlers.before_prompt_build({ prompt: "do it" }, { ...ctx, runId: run });
const ends = (text) => handlers.before_agent_finalize({ lastAssistantMessage: text, runId: "r1" }, ctx);
const sends = (text) => handlers.message_sending({ content: text, to: "1" }, { sessionKey: ctx.sessionKey });
"""


class TestHooks:
    def hooks(self, program: Program, tmp_path: Path, line: str, script: str, **config: Any) -> Any:
        """Run a script with the plugin's handlers; the gate is one line of shell, and each question is kept."""
        settings = {**TestAsking.config(tmp_path, f"cat >> {tmp_path}/asked; {line}", 1000), **config}
        return run(program, "index.js", HOOKS.replace("CONFIG", json.dumps(settings)) + script)

    @staticmethod
    def asked(tmp_path: Path) -> list[dict[str, Any]]:
        text, found = (tmp_path / "asked").read_text() if (tmp_path / "asked").exists() else "", []
        while text:
            document, end = json.JSONDecoder().raw_decode(text)
            found.append(document)
            text = text[end:]
        return found

    @pytest.mark.parametrize("posture", ["pass", "hold"])
    def test_a_gate_that_hangs_is_waited_for_once(self, program: Program, tmp_path: Path, posture: str) -> None:
        script = """
        begins(); const end = await ends("done"), sent = await sends("done"), again = await sends("done"); begins("r2");
        say([end ?? null, sent?.content ?? null, again?.content ?? null, warned.length]);
        """
        found = self.hooks(program, tmp_path, "sleep 60", script, onError=posture)
        held = "[A report of this agent was held back: the gate gave no answer, so nothing could be judged.]"
        text = held if posture == "hold" else None
        assert found == [None, text, text, 1]
        assert [each["hook"] for each in self.asked(tmp_path)] == ["before_agent_finalize", "message_sending"]

    def test_other_words_than_those_it_hung_on_are_asked_about(self, program: Program, tmp_path: Path) -> None:
        script = 'begins(); await ends("done"); await sends("other"); say(null);'
        self.hooks(program, tmp_path, "sleep 60", script)
        assert [each["event"]["text"] for each in self.asked(tmp_path)] == ["done", "other"]

    def test_a_gate_that_fails_at_once_is_asked_again(self, program: Program, tmp_path: Path) -> None:
        line = f'[ -e {tmp_path}/better ] && echo \'{{"kind": "block", "text": "held"}}\'; touch {tmp_path}/better'
        found = self.hooks(program, tmp_path, line, 'begins(); say([await ends("done") ?? null, await sends("done")]);')
        assert found == [None, {"content": "held"}]

    def test_after_a_restart_of_the_gateway_not_all_is_known(self, program: Program, tmp_path: Path) -> None:
        script = """
        handlers.after_tool_call({ toolName: "exec", runId: "r1", params: { command: "pytest" } }, ctx);
        await ends("done"); say(null);
        """
        self.hooks(program, tmp_path, 'echo \'{"kind": "pass"}\'', script)
        (asked,) = self.asked(tmp_path)
        assert (asked["request"], asked["complete"], len(asked["deeds"])) == (None, False, 1)

    @pytest.mark.parametrize("posture", ["pass", "hold"])
    def test_a_fault_of_the_plugin_is_no_way_around_it(self, program: Program, tmp_path: Path, posture: str) -> None:
        script = """
        const event = { content: "done", get to() { throw new Error("broken"); } };
        const sent = await handlers.message_sending(event, { sessionKey: ctx.sessionKey });
        say([sent?.content ?? null, warned]);
        """
        text, (warning,) = self.hooks(program, tmp_path, "exit 1", script, onError=posture)
        assert (text is not None) == (posture == "hold")
        assert "broken" in warning

    def test_a_plugin_that_is_loaded_twice_is_one(self, program: Program, tmp_path: Path) -> None:
        script = """
        begins(); await ends("done");
        const first = handlers.message_sending, url = new URL(import.meta.resolve(MODULE)); url.search = "again";
        (await import(url)).default.register({
          pluginConfig: CONFIG, on: (name, handler) => { handlers[name] = handler; },
          logger: { warn: (line) => warned.push(line) },
        });
        await sends("done"); say([first !== handlers.message_sending, warned.length]);
        """.replace("MODULE", json.dumps(str(PLUGIN / "index.js")))
        settings = json.dumps({"command": ["/nowhere"], "deadlineMs": 1000})
        assert self.hooks(program, tmp_path, "", script.replace("CONFIG", settings)) == [True, 1]

    def test_what_tools_are_given_is_not_logged(self, program: Program, tmp_path: Path) -> None:
        script = """
        begins();
        handlers.after_tool_call({ toolName: "exec", runId: "r1", params: { command: "curl -H secret" } }, ctx);
        await ends("secret"); await sends("secret"); say(warned);
        """
        warned = self.hooks(program, tmp_path, "echo secret; exit 1", script)
        assert len(warned) == 1
        assert "secret" not in warned[0]
        assert self.asked(tmp_path)[0]["deeds"][0]["params"] == {"command": "curl -H secret"}
