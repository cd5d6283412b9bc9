"""What a gateway of OpenClaw speaks to while it is probed: a model that says what it is told to, and a Telegram.

A program of its own, `python -I openclaw_peers.py FOLDER`: it runs where there is no network but loopback, brings that
up, writes its port to FOLDER/port and a line for each request to FOLDER/requests.jsonl.  The model says what stands
behind SAY in the newest prompt, calls `sessions_spawn` with what stands behind SPAWN, and never answers a HANG.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SET_FLAGS, _UP = 0x8914, 0x1  # SIOCSIFFLAGS and IFF_UP of Linux
REFUSES = "4040"  #: the chat to which nothing can be sent
_LOCK = threading.Lock()
_MOST_BYTES = 16 * 1024 * 1024
_AFTER = re.compile(r"(SAY|SPAWN) ([\"{].*)", re.DOTALL)


def bring_loopback_up() -> None:
    """Do what `ip link set lo up` does."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        fcntl.ioctl(line, _SET_FLAGS, struct.pack("16sh", b"lo", _UP).ljust(40, b"\0"))


def text_of(content: object) -> str:
    """Return the text of a message, which is one string or a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def reply(messages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the model's message; none: it hangs."""
    for place in range(len(messages) - 1, -1, -1):
        text = text_of(messages[place].get("content"))
        if messages[place].get("role") != "user":
            continue
        wish = _AFTER.search(text)
        answered = any(each.get("role") == "assistant" for each in messages[place + 1 :])
        if wish is None and "HANG" in text:
            return None
        if wish is None:
            continue
        given, _ = json.JSONDecoder().raw_decode(wish.group(2))
        if wish.group(1) == "SAY":
            return {"role": "assistant", "content": str(given)}
        if not answered:
            function = {"name": "sessions_spawn", "arguments": json.dumps(given)}
            call = {"index": 0, "id": f"call{time.time_ns()}", "type": "function", "function": function}
            return {"role": "assistant", "content": None, "tool_calls": [call]}
        break
    return {"role": "assistant", "content": "It is under way."}


class Peer(BaseHTTPRequestHandler):
    """Answers both; the path says which is meant."""

    protocol_version = "HTTP/1.1"
    folder = "."

    def log_message(self, *_: object) -> None:
        """Say nothing: the file of requests has it all."""

    def do_GET(self) -> None:
        """Answer what is asked for without a body."""
        self._telegram({}) if "/bot" in self.path else self._json({"object": "list", "data": []})

    def do_POST(self) -> None:
        """Answer a model's or a bot's request."""
        raw = self.rfile.read(min(_MOST_BYTES, int(self.headers.get("Content-Length") or 0)))
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            body = {}
        self._telegram(body) if "/bot" in self.path else self._model(body)

    def _model(self, body: dict[str, Any]) -> None:
        messages = body.get("messages") or []
        self._note(text="\n".join(text_of(each.get("content")) for each in messages[-4:])[-4000:])
        message = reply(messages)
        if message is None:
            time.sleep(3600)
            return
        ended = "tool_calls" if message.get("tool_calls") else "stop"
        common: dict[str, Any] = {"id": "one", "created": int(time.time()), "model": "m"}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": ended}
            self._json({**common, "object": "chat.completion", "choices": [choice]})
            return
        pieces: list[dict[str, Any]] = [
            {"delta": message, "finish_reason": None},
            {"delta": {}, "finish_reason": ended},
        ]
        chunks = [{**common, "object": "chat.completion.chunk", "choices": [{"index": 0, **each}]} for each in pieces]
        text = "".join(f"data: {json.dumps(each)}\n\n" for each in chunks) + "data: [DONE]\n\n"
        self._send("text/event-stream", text.encode())

    def _telegram(self, body: dict[str, Any]) -> None:
        method = self.path.split("?")[0].rsplit("/", 1)[-1]
        if method == "getUpdates":
            time.sleep(2)
            self._json({"ok": True, "result": []})
            return
        self._note(method=method, body=body)
        if method == "sendMessage" and str(body.get("chat_id")) == REFUSES:
            said = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
            self._send("application/json", json.dumps(said).encode(), status=403)
            return
        result: object = True
        if method == "getMe":
            result = {"id": 42, "is_bot": True, "first_name": "Bot", "username": "prober_bot"}
        elif method == "sendMessage":
            chat = {"id": int(body.get("chat_id") or 0), "type": "private"}
            result = {"message_id": 101, "date": int(time.time()), "chat": chat, "text": body.get("text", "")}
        self._json({"ok": True, "result": result})

    def _json(self, document: object) -> None:
        self._send("application/json", json.dumps(document).encode())

    def _send(self, kind: str, data: bytes, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _note(self, **what: object) -> None:
        with _LOCK, open(os.path.join(self.folder, "requests.jsonl"), "a", encoding="utf-8") as log:
            log.write(json.dumps(what) + "\n")


def main() -> None:
    """Serve until killed."""
    bring_loopback_up()
    Peer.folder = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    server.daemon_threads = True
    part = os.path.join(Peer.folder, "port.part")
    with open(part, "w", encoding="ascii") as file:
        file.write(str(server.server_address[1]))
    os.rename(part, os.path.join(Peer.folder, "port"))
    server.serve_forever()


if __name__ == "__main__":
    main()
