"""The program that a send runs in: one message, one answer, and an end that needs nobody.

Started by `child.SenderInChild` as the leader of a process group of its own.  Its first argument is how many
milliseconds it may live: the kernel ends it then, whatever it waits for and whether or not its parent still lives.
It talks over one socket (standard input and output) in lines of JSON:

    parent -> child   {"class": "module:Class", "parameters", "state_folder", "path" (for imports),
                       "do": "send"|"look"|"poll", "message", "mark" (for a poll: the evidence)}
    child  -> parent  {"ask": "may_start"}      immediately before the effect
    parent -> child   {"go": true|false}        no answer (the parent is dead) is a no
    child  -> parent  {"proven": {...}}         what is sure already, before a send tidies up behind itself
    child  -> parent  {"answer": {...}|null}

This file is run by its path, before the package can be found, so it imports nothing of it at the top.
"""

import json
import os
import signal
import sys
from typing import Any

LONGEST_LINE = 8 * 1024 * 1024
LONGEST_EVIDENCE = 500  #: characters of one value
MOST_EVIDENCE = 20  #: values


def main() -> None:
    """Serve one request, then end with everything that was started in this process group."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, int(sys.argv[1]) / 1000)
    try:
        _Talk().serve()
    finally:
        # A command may have left children behind; nobody else would end them when our parent is dead.
        os.killpg(0, signal.SIGKILL)


class _Talk:
    def __init__(self) -> None:
        self._read = b""

    def serve(self) -> None:
        request = self._line()
        if request is None:
            return
        sys.path[:] = request["path"]
        answer = _answer(request, self._may_start, lambda proven: self._say({"proven": proven}))
        self._say({"answer": answer})

    def _may_start(self) -> bool:
        self._say({"ask": "may_start"})
        reply = self._line()
        return bool(reply and reply.get("go") is True)

    def _say(self, document: dict[str, Any]) -> None:
        data = memoryview(json.dumps(document).encode() + b"\n")
        while data:
            data = data[os.write(1, data) :]

    def _line(self) -> dict[str, Any] | None:
        while b"\n" not in self._read:
            data = os.read(0, 65536)
            if not data or len(self._read) > LONGEST_LINE:
                return None
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        document: dict[str, Any] = json.loads(line)
        return document


def _answer(request: dict[str, Any], may_start: Any, say_proven: Any) -> dict[str, Any] | None:
    from importlib import import_module

    from reporting_governance.adapters.interface import Message, Proving

    module, _, name = request["class"].partition(":")
    kind = getattr(import_module(module), name)
    sender = kind(request["parameters"], state_folder=request["state_folder"])
    message = Message(**request["message"])
    if request["do"] == "look":
        answer = sender.look(message, request["mark"])
    elif request["do"] == "poll":
        answer = sender.poll(message, request["mark"])
    else:
        if isinstance(sender, Proving):
            sender.proven = lambda proven: say_proven(_document(sender, proven))
        answer = sender.send(message, may_start=may_start)
    return None if answer is None else _document(sender, answer)


def _document(sender: Any, answer: Any) -> dict[str, Any]:
    hide = getattr(sender, "hide", str)
    return {
        "result": answer.result.value,
        "proof": answer.proof.value,
        "evidence": {
            str(key): hide(str(value))[:LONGEST_EVIDENCE]
            for key, value in list(answer.evidence.items())[:MOST_EVIDENCE]
        },
        "retry_after_seconds": answer.retry_after_seconds,
    }


if __name__ == "__main__":
    main()
