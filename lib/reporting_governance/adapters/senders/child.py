"""Sends in a child process, so that nothing a channel does can outlive its limit or reach into ours."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any

from reporting_governance.adapters.interface import Answer, Fence, Message, Sender, SendResult
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.receipt import Proof

GRACE_SECONDS = 2.0  #: after the child's own limit, for its end to be seen
LONGEST_ANSWER = 256 * 1024
_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child_main.py")


class SenderInChild:
    """Runs another sender's `send`, `look` and `poll` in a process of its own; the rest is asked here."""

    def __init__(self, inner: Sender, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self.name = inner.name
        self.promises = inner.promises
        self._inner = inner
        self._parameters = dict(parameters)  # unresolved: secrets are read where they are used
        self._state_folder = state_folder

    def mark(self) -> Mapping[str, Any] | None:
        """As the sender itself."""
        return self._inner.mark()

    def probe(self) -> Sequence[Finding]:
        """As the sender itself."""
        return self._inner.probe()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Send in a child.

        A child that ends without an answer sent nothing if it never asked; else what it had proven counts, and without
        that it is in doubt.
        """
        talk = _Talk(self.promises.limit_seconds)
        try:
            answer = talk.run(self._request("send", message, None), may_start)
        except (OSError, ValueError, KeyError) as fault:
            if talk.proven is not None:
                return talk.proven
            result = SendResult.IN_DOUBT if talk.begun else SendResult.NOT_SENT
            return Answer(result=result, evidence={"error": talk.ending or type(fault).__name__})
        finally:
            talk.end()
        return answer or Answer(result=SendResult.IN_DOUBT, evidence={"error": "the sender said nothing"})

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """Look in a child.  A child that ends without an answer found out nothing."""
        talk = _Talk(self.promises.limit_seconds)
        try:
            return talk.run(self._request("look", message, mark), lambda: False)
        except (OSError, ValueError, KeyError) as fault:
            return Answer(result=SendResult.IN_DOUBT, evidence={"error": talk.ending or type(fault).__name__})
        finally:
            talk.end()

    def poll(self, message: Message, evidence: Mapping[str, str]) -> Answer | None:
        """Ask in a child.  A child that ends without an answer found out nothing."""
        talk = _Talk(self.promises.limit_seconds)
        try:
            return talk.run(self._request("poll", message, evidence), lambda: False)
        except (OSError, ValueError, KeyError):
            return None
        finally:
            talk.end()

    def can_ask(self, evidence: Mapping[str, str]) -> bool:
        """As the sender itself; one that does not say can be asked for everything."""
        can_ask = getattr(self._inner, "can_ask", None)
        return can_ask is None or bool(can_ask(evidence))

    def _request(self, what: str, message: Message, mark: Mapping[str, Any] | None) -> dict[str, Any]:
        kind = type(self._inner)
        return {
            "class": f"{kind.__module__}:{kind.__qualname__}",
            "parameters": self._parameters,
            "state_folder": self._state_folder,
            "path": sys.path,
            "do": what,
            "message": {each.name: getattr(message, each.name) for each in fields(message)},
            "mark": mark,
        }


class _Talk:
    """One conversation with one child; see child_main.py for its words."""

    def __init__(self, limit_seconds: int) -> None:
        self.begun = False  #: the child was told that it may start
        self.ending = ""  #: why there is no answer
        self.proven: Answer | None = None  #: what was sure before the child was done
        self._ends_at = time.monotonic() + limit_seconds + GRACE_SECONDS
        self._read = b""
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._child = subprocess.Popen(
                # -I -S: neither the environment nor the folder we stand in decides what is imported.
                [sys.executable, "-I", "-S", _PROGRAM, str(limit_seconds * 1000)],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,  # a traceback may hold a secret
                start_new_session=True,
            )

    def run(self, request: Mapping[str, Any], may_start: Fence) -> Answer | None:
        """Return the child's answer.  Raises: OSError, ValueError, KeyError when it gives none, or nonsense."""
        self._say(request)
        while True:
            document = self._line()
            if "answer" in document:
                return _answer(document["answer"])
            if "proven" in document:
                self.proven = _answer(document["proven"])
                continue
            go = may_start()
            self.begun = self.begun or go
            self._say({"go": go})

    def end(self) -> None:
        """Let nothing of the child live on.  It is not reaped before, so its number is still its own."""
        self._socket.close()
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def _say(self, document: Mapping[str, Any]) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(json.dumps(document, default=list).encode() + b"\n")

    def _line(self) -> Mapping[str, Any]:
        while b"\n" not in self._read:
            self._socket.settimeout(self._left())
            data = self._socket.recv(65536)
            if not data:
                self.ending = "the sender's process ended without an answer"
                raise ConnectionError(self.ending)
            self._read += data
            if len(self._read) > LONGEST_ANSWER:
                self.ending = "the sender's answer is too long"
                raise ValueError(self.ending)
        line, _, self._read = self._read.partition(b"\n")
        document = json.loads(line)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        return document

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            self.ending = "the sender's process went past its limit"
            raise TimeoutError(self.ending)
        return left


def _answer(document: Mapping[str, Any] | None) -> Answer | None:
    if document is None:
        return None
    retry_after = document.get("retry_after_seconds")
    return Answer(
        result=SendResult(document["result"]),
        proof=Proof(document["proof"]),
        evidence={str(key): str(value) for key, value in document["evidence"].items()},
        retry_after_seconds=retry_after if isinstance(retry_after, int) else None,
    )
