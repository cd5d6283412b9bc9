"""A webhook: one HTTPS POST of the message as JSON.

A 2xx answer proves `accepted`; with `ack_json_pointer`, an id in the answer proves `stored`.
Signature headers as in Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature), and `Idempotency-Key`
(draft-ietf-httpapi-idempotency-key-header).
"""

import base64
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.answers import exchanged, failure, is_web_page, retry_after
from reporting_governance.adapters.senders.cannot_look import CannotLook
from reporting_governance.adapters.senders.payload import encoded
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record

NAME = "webhook"
OVERHEAD_SECONDS = 3  #: for starting the sending process and reporting after the limit
LONGEST_ID = 200

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "url": {
            "type": "string",
            "minLength": 1,
            "description": "https, or http to loopback; what is secret in it as ${env:NAME} or ${file:path}.",
        },
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Further headers, such as Authorization; values may be ${env:NAME} or ${file:path}.",
        },
        "secret": {
            "type": ["string", "null"],
            "default": None,
            "description": "Key of the signature, as ${env:NAME} or ${file:path}; whsec_… is read as base64.",
        },
        "ack_json_pointer": {
            "type": ["string", "null"],
            "default": None,
            "pattern": "^/",
            "description": "Where the answer holds the id under which the receiver has stored the message.",
        },
        "idempotent": {
            "type": "boolean",
            "default": False,
            "description": "Whether the receiver drops a message whose Idempotency-Key it has seen.",
        },
        "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 300, "default": 20},
        "plain_http": {"type": "boolean", "default": False, "description": "Allow http to other than loopback."},
        "private_networks": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Private addresses that may be spoken to, such as 10.1.0.0/16.",
        },
        "ca_file": {"type": ["string", "null"], "default": None, "description": "Certificates to trust instead."},
    },
    "required": ["url"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Where to, with which key, and what its answer means."""

    schema: ClassVar[str] = "parameters of sender webhook"
    url: str
    headers: Mapping[str, str] | None = None
    secret: str | None = None
    ack_json_pointer: str | None = None
    idempotent: bool = False
    timeout_seconds: int = 20
    plain_http: bool = False
    private_networks: tuple[str, ...] = ()
    ca_file: str | None = None

    def __post_init__(self) -> None:
        from ipaddress import ip_network

        if not 1 <= self.timeout_seconds <= 300:
            raise ValueError("timeout_seconds is between 1 and 300")
        if self.ack_json_pointer is not None and not self.ack_json_pointer.startswith("/"):
            raise ValueError("ack_json_pointer begins with /")
        for each in self.private_networks:
            ip_network(each)


class WebhookSender(CannotLook):
    """Posts each message to a URL."""

    name = NAME
    runs_in_child: ClassVar[bool] = True
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        self._secrets = Secrets()
        self.hide = self._secrets.hide
        self.promises = SenderPromises(
            best_first_proof=Proof.STORED if self._parameters.ack_json_pointer else Proof.ACCEPTED,
            idempotent_by_key=self._parameters.idempotent,
            can_look=False,
            limit_seconds=self._parameters.timeout_seconds + OVERHEAD_SECONDS,
        )

    def probe(self) -> Sequence[Finding]:
        """Check that secrets can be read and the address may be spoken to and connects; nothing is sent."""
        from reporting_governance.adapters.senders.http import NotConnected

        try:
            exchange = self._exchange()
            exchange.connect({}, 0)
            exchange.close()
        except (SecretMissing, NotConnected) as fault:
            return (UNREACHABLE.finding(file=NAME, message=self.hide(str(fault))),)
        return ()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Post one message."""
        reply = exchanged(lambda: self._connected(message), may_start)
        if isinstance(reply, Answer):
            return reply
        answer = judge(
            reply.status,
            reply.headers,
            reply.body,
            whole=reply.whole,
            complete=reply.complete,
            pointer=self._parameters.ack_json_pointer,
            now=time.time(),
        )
        identity = self.hide(answer.evidence.get("id", ""))[:LONGEST_ID]
        return replace(answer, evidence={**answer.evidence, "id": identity}) if identity else answer

    def _connected(self, message: Message) -> tuple[Any, bytes]:
        body = encoded(message)
        headers = self._headers(message, body)
        exchange = self._exchange()
        exchange.connect(headers, len(body))
        return exchange, body

    def _exchange(self) -> Any:
        from reporting_governance.adapters.senders.http import Exchange, Rules, networks

        wanted = self._parameters
        rules = Rules(
            plain_http=wanted.plain_http,
            private_networks=networks(wanted.private_networks),
            ca_file=wanted.ca_file,
        )
        return Exchange(self._secrets.resolve(wanted.url), rules=rules, seconds=wanted.timeout_seconds)

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        headers = {
            "User-Agent": "reporting-governance",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Connection": "close",
            "Idempotency-Key": message.idempotency_key,
        }
        for name, value in (self._parameters.headers or {}).items():
            headers[name] = self._secrets.resolve(value)
        if self._parameters.secret is not None:
            key = self._secrets.resolve(self._parameters.secret)
            headers |= signature_headers(message.idempotency_key, int(time.time()), body, key)
        return headers


def signature_headers(message_id: str, timestamp: int, body: bytes, key: str) -> dict[str, str]:
    """Return the three headers by which a receiver checks who sent a body, and when.

    Source: Standard Webhooks, "signature scheme": HMAC-SHA256 over `id.timestamp.body`, base64, with version `v1`.
    """
    raw = _key(key)
    signed = f"{message_id}.{timestamp}.".encode() + body
    mark = base64.b64encode(hmac.new(raw, signed, sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{mark}"}


def _key(text: str) -> bytes:
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise SecretMissing(
            reference="the key of the signature", problem="begins with whsec_ and is not base64"
        ) from None


def judge(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    whole: bool,
    complete: bool,
    pointer: str | None,
    now: float,
) -> Answer:
    """Return what an answer proves.

    Args:
        headers: names in lower case.
        whole: the body is here to its end.
        complete: the receiver did not break off before the end it had announced.
        pointer: where the receiver's id stands in the body.
        now: seconds since the epoch, for a Retry-After that names a date.
    """
    evidence = {"status": str(status), "body_sha256": sha256(body).hexdigest()}
    if not 200 <= status < 300:
        return failure(status, headers, evidence, now)
    if not complete:
        return Answer(result=SendResult.IN_DOUBT, evidence={**evidence, "error": "the answer broke off"})
    if is_web_page(body):
        return Answer(result=SendResult.IN_DOUBT, evidence={**evidence, "error": "a web page, not an answer"})
    document = _json(body) if whole else None
    if isinstance(document, dict) and document.get("ok") is False:
        error = document.get("error")
        # Cut only after secrets are taken out of it: the first half of a secret is found by nobody.
        evidence["error"] = error if isinstance(error, str) else "the answer says ok: false"
        wait = retry_after(headers, now)
        result = SendResult.REFUSED if wait is None else SendResult.TRY_LATER
        return Answer(result=result, evidence=evidence, retry_after_seconds=wait)
    foreign = _at(document, pointer) if pointer else None
    if foreign is None:
        return Answer(result=SendResult.ANSWERED, proof=Proof.ACCEPTED, evidence=evidence)
    return Answer(result=SendResult.ANSWERED, proof=Proof.STORED, evidence={**evidence, "id": foreign})


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _at(document: object, pointer: str) -> str | None:
    """Return the text or number that a JSON Pointer (RFC 6901) leads to, as text; None for anything else."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    if isinstance(document, bool) or not isinstance(document, (str, int)):
        return None
    return str(document) or None
