"""ntfy, hosted or of one's own: one POST of JSON to the server.

| ntfy | proves |
|---|---|
| 200, event `message`, `id` and `expires` | stored: the server keeps it until then; no phone is proven |
| 200 with `id`, no `expires` | accepted: the server keeps nothing, who was not connected gets nothing |
| 429, 507 and other 5xx | later; 504 in doubt |
| 400, 401, 403, 413 and other 4xx | refused |

What the server keeps could be read back, but that says no more than its first answer: nothing is polled.
Source: docs.ntfy.sh, "Publish as JSON", "Message priority", "Limitations"; its list of error codes.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Message
from reporting_governance.adapters.senders import api
from reporting_governance.adapters.senders.api_parameters import ApiParameters, schema_of, secret
from reporting_governance.adapters.senders.texts import clean, cut, one_line, utf8_bytes
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

NAME = "ntfy"
BASE_URL = "https://ntfy.sh"
LONGEST_MESSAGE = 4000  #: bytes; the server makes a file of more than 4,096
LONGEST_TITLE = 250  #: bytes; the server refuses more than 1,024
PRIORITIES = {"low": 2, "medium": 3, "high": 4, "critical": 5}

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = schema_of(
    {
        "topic": {
            "type": "string",
            "minLength": 1,
            "description": "The topic; where anybody may read it, its name is the secret: ${env:NAME} or ${file:path}.",
        },
        "token": {
            **secret("An access token, where the server wants one."),
            "type": ["string", "null"],
            "default": None,
        },
    },
    required=["topic"],
    base_url=BASE_URL,
)


@frozen(kw_only=True)
class Parameters(ApiParameters):
    """Which topic, on which server."""

    schema: ClassVar[str] = "parameters of sender ntfy"
    references: ClassVar[tuple[str, ...]] = ("token",)
    topic: str
    token: str | None = None
    base_url: str = BASE_URL


class NtfySender(api.ApiSender):
    """Publishes each message to one topic."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        super().__init__(self._parameters, best_first_proof=Proof.STORED)

    def call(self, message: Message) -> api.Call:
        """Return the call that publishes a message; in JSON no header of ntfy's can be slipped in."""
        document = {
            "topic": self.resolve(self._parameters.topic),
            "title": cut(one_line(message.subject), LONGEST_TITLE, utf8_bytes),
            "message": cut(clean(message.body), LONGEST_MESSAGE, utf8_bytes),
            "priority": PRIORITIES.get(message.urgency, 3),
        }
        return api.Call(path="/", headers=self._headers(), body=api.json_body(document))

    def health(self) -> api.Call:
        """Return the server's own health."""
        self.resolve(self._parameters.topic)
        return api.Call(path="/v1/health", method="GET", headers=self._headers())

    def is_healthy(self, said: api.Said) -> bool:
        """Tell whether the server calls itself healthy."""
        return said.document.get("healthy") is True

    def took(self, said: api.Said, message: Message) -> Answer:
        """Return what a 200 proves."""
        found = {key: api.text_of(said.document, key) for key in ("id", "time", "expires")}
        if said.document.get("event") != "message" or not found["id"]:
            return self.doubtful(said, "the answer names no message")
        proof = Proof.STORED if found["expires"] else Proof.ACCEPTED
        named = {key: text for key, text in found.items() if text}
        return self.answered(said, proof, **named, phone="not proven")

    def words(self, document: Mapping[str, Any]) -> str:
        """Return the error's number and text."""
        return f"{api.text_of(document, 'code')} {api.text_of(document, 'error')}".strip()

    def _headers(self) -> Mapping[str, str]:
        token = self._parameters.token
        return {} if token is None else {"Authorization": f"Bearer {self.resolve(token)}"}
