"""Every way a call of a web API can end, and what each sender must make of it.

A sender's table is `CELLS` of its test: what happened -> `Cell`.  The rows that no vendor decides stand here.
"""

import socket
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporting_governance.adapters.interface import Answer, Message, Sender, SendResult
from reporting_governance.adapters.senders.registry import sender_class
from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.peers import Receiver, own_certificate
from tests.adapters.senders.test_webhook import message

ANSWERED, NOT_SENT, REFUSED = SendResult.ANSWERED, SendResult.NOT_SENT, SendResult.REFUSED
TRY_LATER, IN_DOUBT = SendResult.TRY_LATER, SendResult.IN_DOUBT


@dataclass(frozen=True, slots=True)
class Cell:
    """One ending.  `peer`: a behaviour of `peers.BEHAVIOURS`, or a place of `places`."""

    peer: str
    result: SendResult
    proof: Proof = Proof.NONE
    wait: int | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)  #: at least these


#: What no vendor decides: the same for every sender of a web API.
TRANSPORT: Mapping[str, Cell] = {
    # surely nothing left
    "refused": Cell("nobody", NOT_SENT, evidence={"error": "Connection refused"}),
    "DNS": Cell("no_such_name", NOT_SENT),
    "TLS": Cell("unknown_certificate", NOT_SENT),
    "TLS hang": Cell("silent_handshake", NOT_SENT),
    "forbidden address": Cell("private_address", REFUSED),
    # something left, and no whole answer came
    "hang": Cell("hang", IN_DOUBT, evidence={"error": "no answer within the limit"}),
    "drip": Cell("drip", IN_DOUBT, evidence={"error": "no answer within the limit"}),
    "drip of the body": Cell("drip_body", IN_DOUBT, evidence={"error": "no answer within the limit"}),
    "late answer": Cell("late", IN_DOUBT, evidence={"error": "no answer within the limit"}),
    "reset": Cell("reset", IN_DOUBT, evidence={"error": "Connection reset by peer"}),
    "drop after the body left": Cell("close", IN_DOUBT),
    "truncated": Cell("truncate", IN_DOUBT, evidence={"error": "the answer broke off"}),
    "no HTTP": Cell("garbage", IN_DOUBT),
    # an answer that is not this API's
    "flood": Cell("flood", IN_DOUBT, evidence={"status": "200"}),
    "HTML page": Cell("html", IN_DOUBT, evidence={"error": "a web page, not an answer"}),
    "204 without a body": Cell("no_content", IN_DOUBT),
    "200 that names nothing": Cell("ok", IN_DOUBT),
    # statuses
    "302": Cell("moved_302", REFUSED, evidence={"status": "302", "error": "a redirect, which is never followed"}),
    "307": Cell("moved_307", REFUSED, evidence={"status": "307", "error": "a redirect, which is never followed"}),
    "400": Cell("bad_request", REFUSED, evidence={"status": "400"}),
    "410": Cell("gone", REFUSED, evidence={"status": "410"}),
    "429 with Retry-After": Cell("busy_429", TRY_LATER, wait=120),
    "429 with a date": Cell("busy_429_date", TRY_LATER, wait=200),
    "500": Cell("broken_500", TRY_LATER),
    "503 with nonsense": Cell("busy_503", TRY_LATER),
    "504": Cell("gateway_504", IN_DOUBT, evidence={"status": "504"}),
}


def made(name: str, base_url: str, **parameters: Any) -> Sender:
    """Return a sender that runs here, so that its endings take seconds; test_api runs it in a child too."""
    elsewhere = {"api_url": base_url} if name == "pagerduty" else {}
    values = {**PARAMETERS[name], "base_url": base_url, "timeout_seconds": 1, **elsewhere, **parameters}
    sender: Sender = sender_class(name)(values, state_folder="/nonexistent")
    return sender


#: What each sender needs, its secrets in variables that `secrets_in` sets.
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "slack": {"token": "${env:A_TOKEN}", "channel": "C0123456789"},
    "telegram": {"token": "${env:A_TOKEN}", "chat_id": "-1001"},
    "ntfy": {"token": "${env:A_TOKEN}", "topic": "notices"},
    "pushover": {"token": "${env:A_TOKEN}", "user": "${env:A_USER}"},
    "pagerduty": {"routing_key": "${env:A_TOKEN}", "api_token": "${env:A_USER}"},
    "matrix": {"token": "${env:A_TOKEN}", "room_id": "!room:example.org"},
}
SECRETS: Mapping[str, str] = {"A_TOKEN": "t0ken:of/this+test=", "A_USER": "us3rkey-of-this-test"}


def _nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def table_of(name: str, cells: Mapping[str, Cell], folder: Path) -> Mapping[str, str]:
    """Send once into every cell, and return what came out of it in the words of `expected`."""
    context, _ = own_certificate(folder)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Receiver("ok", tls=context) as stranger,
        ThreadPoolExecutor(max_workers=12) as pool,
    ):
        threading.Thread(target=_take, args=(silent,), daemon=True).start()
        places = {
            "nobody": _nobody(),
            "no_such_name": "https://nobody.invalid",
            "unknown_certificate": stranger.url,
            "silent_handshake": f"https://127.0.0.1:{silent.getsockname()[1]}",
            "private_address": "https://10.1.2.3",
        }
        found = pool.map(lambda each: _shown(name, each, places), cells.values())
        table = dict(zip(cells, found, strict=True))
        silent.shutdown(socket.SHUT_RDWR)  # closing alone wakes nobody who waits for a connection
        assert stranger.requests == []
        return table


def _take(server: socket.socket) -> None:
    """Take every connection and say nothing, until the server is shut down."""
    with ExitStack() as held:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            held.enter_context(peer)


def _shown(name: str, cell: Cell, places: Mapping[str, str]) -> str:
    if cell.peer in places:
        return shown(made(name, places[cell.peer]).send(message(), may_start=lambda: True), cell)
    with Receiver(cell.peer) as receiver:
        answer = made(name, receiver.url).send(message(), may_start=lambda: True)
        asked = len(receiver.requests)
    return shown(answer, cell) + ("" if asked == 1 else f", and it asked {asked} times")


def shown(answer: Answer, cell: Cell) -> str:
    """Return what counts of an answer: result, proof, wait, and the evidence that the cell names."""
    kept = {key: answer.evidence.get(key) for key in cell.evidence}
    return f"{answer.result} {answer.proof} {answer.retry_after_seconds} {kept}"


def expected(cells: Mapping[str, Cell]) -> Mapping[str, str]:
    """Return a table as `table_of` gives it when all is right."""
    return {what: f"{each.result} {each.proof} {each.wait} {dict(each.evidence)}" for what, each in cells.items()}


def sent(name: str, what: Message, *, answers: Sequence[str], **parameters: Any) -> tuple[Answer, Receiver]:
    """Send one message to a receiver that answers so; return the answer and the receiver."""
    with Receiver(*answers) as receiver:
        return made(name, receiver.url, **parameters).send(what, may_start=lambda: True), receiver
