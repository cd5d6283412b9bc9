"""A program that behaves as `openclaw message send --json` does: same command line, and the output that was captured.

`tests/openclaw/outputs` holds what the real program of two versions printed in each way a send can end
(`tests/openclaw/sends.py` writes it).  Ways that the real one cannot be brought to stand in `TOLD`: their output is
taken from what its users reported.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reporting_governance.adapters.senders import openclaw

OUTPUTS = Path(__file__).parents[2] / "openclaw" / "outputs"
NEW, OLD = "2026.9.6", "2026.3.23"


def captured(version: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what the real program of a version printed, by the way the send ended."""
    found: Mapping[str, Mapping[str, Any]] = json.loads((OUTPUTS / f"{version}.json").read_text())
    return found


def _printed(document: Mapping[str, Any], code: int = 0, **more: Any) -> Mapping[str, Any]:
    return {"exit": code, "stdout": json.dumps(document, indent=2) + "\n", "stderr": "", **more}


_SENT = {"action": "send", "channel": "telegram", "dryRun": False, "handledBy": "plugin"}
_GOOD = {**_SENT, "messageId": "101", "payload": {"ok": True, "messageId": "101", "chatId": "4242"}}
TOLD: Mapping[str, Mapping[str, Any]] = {
    # 28603, 27069, 64006, 91300: success is claimed, and no id of a message is there
    "delivered": _printed({**_SENT, "delivered": True, "deliveryStatus": "delivered", "payload": {"delivered": True}}),
    "best-effort": _printed({**_SENT, "payload": {"ok": True, "via": "direct", "bestEffort": True}}),
    # 98020: an id that the plugin made itself
    "own-id": _printed({**_SENT, "messageId": "openclaw-weixin:1782734412227-29a1ec72", "payload": {"ok": True}}),
    "id-unknown": _printed({**_SENT, "messageId": "unknown", "payload": {"messageId": "unknown"}}),
    "id-suppressed": _printed({**_SENT, "payload": {"messageId": "suppressed"}}),
    "text-only": {"exit": 0, "stdout": "✅ Sent via Telegram. Message ID: 101\n", "stderr": ""},
    "nothing": {"exit": 0, "stdout": "", "stderr": ""},
    # 70977: an error, and exit 0
    "error-exit-0": {"exit": 0, "stdout": "Error: Request entity too large\n", "stderr": ""},
    "payload-not-ok": _printed({**_SENT, "messageId": "7", "payload": {"ok": False, "error": "no such chat"}}),
    # 104632, 28964: reported as failed by the gateway's own limit, and it arrived
    "gateway-timeout": _printed(
        {"ok": False, "error": {"type": "cli_error", "message": "gateway timeout after 10000ms"}}, 1
    ),
    "gateway-closed": {"exit": 1, "stdout": "", "stderr": "gateway closed (1006 abnormal closure): no close reason\n"},
    # documented by the program; it needs a plugin that suppresses or a channel that takes only a part
    "suppressed": _printed(
        {
            "ok": False,
            "error": {"message": "Message send suppressed: cancelled_by_hook."},
            "deliveryStatus": "suppressed",
        },
        1,
    ),
    "partial": _printed(
        {
            "ok": False,
            "error": {"message": "Call to 'sendMessage' failed! (400: Bad Request: message is too long)"},
            "deliveryStatus": "partial_failed",
            "sentBeforeError": True,
            "messageId": "100",
        },
        1,
    ),
    # old: codes of an earlier try stand beside what ended the last one
    "refused-then-lost": {
        "exit": 1,
        "stdout": "",
        "stderr": "[telegram] fetch fallback (codes=ECONNREFUSED)\n[telegram] fetch fallback (codes=UND_ERR_SOCKET)\n"
        "HttpError: Network request for 'sendMessage' failed!\n",
    },
    "names-a-token": {
        "exit": 1,
        "stdout": "",
        "stderr": "request to https://peer.example/bot123456789:AAE-this-is-a-planted-bot-token/sendMessage failed\n",
    },
    "boxed": {
        "exit": 0,
        "stdout": "┌ Doctor ──┐\n│ {moved}  │\n└──────────┘\n" + json.dumps(_GOOD, indent=2) + "\n",
        "stderr": "w" * 60_000,
    },
    # 16460, 75895: it has answered, and never ends; it ignores SIGTERM
    "answers-and-stays": _printed(_GOOD, then="stay"),
    "stays": {"exit": 0, "stdout": "", "stderr": "", "then": "stay"},
    "crashes": {"exit": 0, "stdout": "", "stderr": "", "then": "crash"},
    "old-node": {
        "exit": 1,
        "stdout": "",
        "stderr": "openclaw: Node 20.20.2: node:sqlite is unavailable; use 24.16+/26.1+ or a build with the fix.\n",
    },
    "no-node": {"exit": 127, "stdout": "", "stderr": "/usr/bin/env: ‘node’: No such file or directory\n"},
}

_SCRIPT = """
import argparse, json, os, signal, sys, time
ends = json.load(open(sys.argv[1]))
if sys.argv[3:] == ["--version"]:
    print("OpenClaw 2026.9.6 (eb377ac)")
    sys.exit(0)
words = argparse.ArgumentParser(prog="openclaw", exit_on_error=False, allow_abbrev=False)
words.add_argument("noun", choices=["message"])
words.add_argument("verb", choices=["send"])
for name in ("channel", "account", "target", "thread-id", "message"):
    words.add_argument("--" + name)
words.add_argument("--json", action="store_true", required=True)
given = vars(words.parse_args(sys.argv[3:]))
environment = {key: value for key, value in os.environ.items() if key.startswith("OPENCLAW_")}
with open(sys.argv[2], "a") as notes:
    notes.write(json.dumps({**given, "environment": environment}) + "\\n")
number = sum(1 for _ in open(sys.argv[2]))
end = ends[min(number, len(ends)) - 1]
sys.stdout.write(end["stdout"])
sys.stdout.flush()
sys.stderr.write(end["stderr"])
sys.stderr.flush()
if end.get("then") == "stay":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    other = os.fork()
    with open(sys.argv[2] + ".pids", "a") as pids:
        pids.write(f"{os.getpid()}\\n")
    while True:
        time.sleep(1)
if end.get("then") == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
sys.exit(end["exit"])
"""


class FakeOpenclaw:
    """The program, and what it was given.  `script`: how each send ends, the last one for all that follow."""

    def __init__(self, folder: Path, *script: str, version: str = NEW) -> None:
        known = {**TOLD, **captured(version)}
        self._program = folder / "openclaw.py"
        self._program.write_text(_SCRIPT)
        self._ends = folder / "ends.json"
        self._ends.write_text(json.dumps([known[each] for each in script]))
        self.notes = folder / "given.jsonl"

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(self._program), str(self._ends), str(self.notes)]

    @property
    def given(self) -> Sequence[Mapping[str, Any]]:
        """What each run was started with."""
        if not self.notes.exists():
            return []
        return [json.loads(line) for line in self.notes.read_text().splitlines()]

    @property
    def bodies(self) -> Sequence[Mapping[str, Any]]:
        """The messages, as far as a text tells."""
        marked = ["possible repeat of" in each["message"] for each in self.given]
        return [{"id": str(place), "possible_repeat_of": True if each else None} for place, each in enumerate(marked)]

    @property
    def pids(self) -> Sequence[int]:
        """The processes of a run that stays."""
        noted = Path(f"{self.notes}.pids")
        return [int(each) for each in noted.read_text().split()] if noted.exists() else []


class HurriedSender(openclaw.OpenclawSender):
    """The sender with a limit that a test can wait for."""

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        openclaw.SHORTEST_LIMIT = 1
        super().__init__(parameters, state_folder=state_folder)
