"""The peers OpenClaw talks to: a model server (OpenAI completions) and a Telegram Bot API, on one port of loopback.

Run inside the island's network namespace as `python peers.py FOLDER`: it brings loopback up, writes `FOLDER/port`, and
appends one JSON line per request to `FOLDER/requests.jsonl`.  What the model answers is asked for in the prompt itself:

| word | the model |
|---|---|
| HANG, on a line without SPAWN | accepts the request and never answers |
| SPAWN {…} | calls `sessions_spawn` once with these arguments, then answers |
| WORK n | calls `exec` with `sleep 40` n times, then answers |
| SCRIPT [...] | takes one step a turn, and the last one again: says a text, calls {"tool", "arguments"} |
| THEN [...] | the steps after the gateway has asked it to revise its answer |
| SILENT | answers with the token by which OpenClaw knows that nothing is to be said |
| SLOWLY | streams its texts word by word, and takes some seconds over each |
| anything else | answers with a short sentence |

Each line of `FOLDER/updates.jsonl` is an update that Telegram has for the bot.

While `FOLDER/telegram-status` exists, it says what `sendMessage` does for every chat but the operator's: an HTTP status
to fail with, or a word:

| word | `sendMessage` |
|---|---|
| hangs | takes the message and never answers |
| drops | takes the message and breaks the connection |
| slow n | takes the message and answers after n seconds |
| nameless | answers well, without the id of a message |
| page | answers 200 with a web page |
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
LOCK = threading.Lock()
SLOW_WORD_SECONDS = 0.4  #: longer in all than channels wait before they show a preview
OPERATOR = "777"  #: the chat that our own chain writes to
#: As the Bot API words them.
REFUSALS = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    429: "Too Many Requests: retry after 2",
    500: "Internal Server Error",
}


def text_of(content: Any) -> str:
    """Return the text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content or [] if isinstance(part, dict))


def wish_of(messages: list[dict[str, Any]]) -> str:
    """Return what users said since the model's last answer: OpenClaw adds messages of its own after the prompt."""
    said: list[str] = []
    for one in reversed(messages):
        if one.get("role") == "assistant" and not one.get("tool_calls"):
            break
        if one.get("role") == "user":
            said.append(text_of(one.get("content")))
    return "\n".join(reversed(said))


def wanted_spawn(messages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the arguments of the spawn that was asked for and not yet made."""
    for one in reversed(messages):
        if one.get("role") == "assistant":
            return None
        text = text_of(one.get("content"))
        if one.get("role") == "user" and "SPAWN {" in text:
            arguments, _ = json.JSONDecoder().raw_decode(text[text.index("SPAWN {") + len("SPAWN ") :])
            return dict(arguments)
    return None


def scripted(messages: list[dict[str, Any]]) -> Any:
    """Return the step of the newest script that has come, or None."""
    for place in range(len(messages) - 1, -1, -1):
        text = text_of(messages[place].get("content"))
        if messages[place].get("role") == "user" and "SCRIPT [" in text:
            word = "THEN [" if "apply this revision request" in text and "THEN [" in text else "SCRIPT ["
            # the newest, since a channel may quote earlier messages before it
            steps, _ = json.JSONDecoder().raw_decode(text[text.rindex(word) + len(word) - 1 :])
            done = sum(1 for one in messages[place + 1 :] if one.get("role") == "assistant")
            return steps[min(done, len(steps) - 1)]
    return None


def tool_call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the model's message that calls one tool."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": f"call{time.time_ns()}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the model's message for one request."""
    messages = request.get("messages", [])
    step = scripted(messages)
    if step is not None:
        return {"role": "assistant", "content": step} if isinstance(step, str) else tool_call(**step)
    spawn = wanted_spawn(messages)
    tools = {one.get("function", {}).get("name") for one in request.get("tools", [])}
    if spawn is not None and "sessions_spawn" in tools:
        return tool_call("sessions_spawn", spawn)
    work = re.search(r"WORK (\d+)", wish_of(messages))
    if work and "exec" in tools and sum(1 for one in messages if one.get("role") == "tool") < int(work.group(1)):
        return tool_call("exec", {"command": "sleep 40"})
    text = "NO_REPLY" if "SILENT" in wish_of(messages) else "The numbers add up: 42 widgets counted."
    return {"role": "assistant", "content": text}


def updates_from(offset: int) -> list[dict[str, Any]]:
    """Return the updates from a number on; wait up to five seconds for one."""
    path = FOLDER / "updates.jsonl"
    for _ in range(25):
        lines = path.read_text().splitlines() if path.exists() else []
        found = [one for one in map(json.loads, lines) if one["update_id"] >= offset]
        if found:
            return found
        time.sleep(0.2)
    return []


class Peer(BaseHTTPRequestHandler):
    """Answers both APIs; the path says which is meant."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep standard error quiet; requests.jsonl has it all."""

    def body(self) -> dict[str, Any]:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            parsed = json.loads(raw or b"{}")
        except ValueError:
            return {"raw": raw.decode("utf-8", "replace")}
        return parsed if isinstance(parsed, dict) else {"raw": parsed}

    def note(self, **what: Any) -> None:
        with LOCK, (FOLDER / "requests.jsonl").open("a") as log:
            log.write(json.dumps({"at": time.time(), "path": self.path, **what}) + "\n")

    def send_json(self, status: int, document: dict[str, Any]) -> None:
        self.send_raw(status, "application/json", json.dumps(document).encode())

    def send_raw(self, status: int, kind: str, raw: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def handle(self) -> None:
        """A client that was killed has not heard the end of its answer."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        if "/bot" in self.path:
            self.telegram({})
            return
        self.note()
        self.send_json(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})

    def do_POST(self) -> None:
        body = self.body()
        if "/bot" in self.path:
            self.telegram(body)
        else:
            self.model(body)

    def model(self, body: dict[str, Any]) -> None:
        wish = wish_of(body.get("messages", []))
        hangs = "\n".join(line for line in wish.splitlines() if "HANG" in line and "SPAWN {" not in line)
        self.note(wish=wish[-1500:], hangs=hangs, tools=len(body.get("tools", [])), stream=body.get("stream"))
        if hangs:
            time.sleep(3600)
            return
        message = answer(body)
        reason = "tool_calls" if message.get("tool_calls") else "stop"
        common = {"id": "one", "created": int(time.time()), "model": "m"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            self.send_json(200, {**common, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        slowly = "SLOWLY" in wish and bool(message["content"])
        deltas = [{"content": word} for word in re.findall(r"\S+\s*", message["content"])] if slowly else [message]
        pieces = [*({"delta": each, "finish_reason": None} for each in deltas), {"delta": {}, "finish_reason": reason}]
        chunks = [
            {**common, "object": "chat.completion.chunk", "choices": [{"index": 0, **piece}], "usage": usage}
            for piece in pieces
        ]
        lines = [*(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks), b"data: [DONE]\n\n"]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(sum(map(len, lines))))
        self.end_headers()
        for line in lines:
            self.wfile.write(line)
            time.sleep(SLOW_WORD_SECONDS if slowly else 0)

    def telegram(self, body: dict[str, Any]) -> None:
        method = self.path.split("?")[0].rsplit("/", 1)[-1]
        failing = FOLDER / "telegram-status"
        if method == "getUpdates":
            self.send_json(200, {"ok": True, "result": updates_from(int(body.get("offset") or 0))})
            return
        self.note(body=body)
        if method == "getMe":
            who = {"id": 42, "is_bot": True, "first_name": "Bot", "username": "synthetic_bot"}
            self.send_json(200, {"ok": True, "result": who})
        elif method == "sendMessage":
            spared = str(body.get("chat_id")) == OPERATOR
            self.take(body, failing.read_text() if failing.exists() and not spared else "")
        else:
            self.send_json(200, {"ok": True, "result": True})

    def take(self, body: dict[str, Any], wanted: str) -> None:
        """Answer a message as wanted, or not at all."""
        if wanted == "hangs":
            time.sleep(3600)
        elif wanted == "drops":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif wanted == "page":
            self.send_raw(200, "text/html", b"<!DOCTYPE html><html><body>Please sign in</body></html>")
        elif wanted.isdigit():
            status = int(wanted)
            said = REFUSALS.get(status, "Something went wrong")
            document = {"ok": False, "error_code": status, "description": said}
            self.send_json(status, document | ({"parameters": {"retry_after": 2}} if status == 429 else {}))
        else:
            if wanted.startswith("slow "):
                time.sleep(float(wanted.removeprefix("slow ")))
            chat = {"id": int(body.get("chat_id", 0)), "type": "private"}
            message = {"date": int(time.time()), "chat": chat, "text": body.get("text", "")}
            named = {} if wanted == "nameless" else {"message_id": 101}
            self.send_json(200, {"ok": True, "result": named | message})


def main() -> None:
    """Serve until killed."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    server.daemon_threads = True
    (FOLDER / "port.part").write_text(str(server.server_address[1]))
    (FOLDER / "port.part").rename(FOLDER / "port")
    server.serve_forever()


if __name__ == "__main__":
    main()
