"""Matrix: the client-server API's PUT of a room message, with the item's key as transaction id.

| the homeserver | proves |
|---|---|
| 200 with `event_id` | stored; sent again with the same transaction id, it gives the same event |
| 429 `M_LIMIT_EXCEEDED` with `retry_after_ms` or `Retry-After` | later |
| 401 `M_UNKNOWN_TOKEN`, 403 `M_FORBIDDEN`, 404, 413 `M_TOO_LARGE` and other 4xx | refused |
| 5xx | later; 504 in doubt, and so sent again with the same id |

How long a homeserver remembers a transaction id is its own choice (Synapse: about a day); it knows them by device, so
a new token of another device starts anew.
Source: spec.matrix.org, client-server API, "Transaction identifiers", "Standard error response", "Rate limiting",
"User and room mentions".
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

from reporting_governance.adapters.interface import Answer, Message
from reporting_governance.adapters.senders import api
from reporting_governance.adapters.senders.api_parameters import ApiParameters, schema_of, secret
from reporting_governance.adapters.senders.texts import cut, whole_text
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

NAME = "matrix"
LONGEST_TEXT = 32_000  #: bytes as JSON; an event with all that the server adds holds 65,536
MESSAGE_TYPES = ("m.text", "m.notice")

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = schema_of(
    {
        "token": secret("The access token of the account that writes."),
        "room_id": {
            "type": "string",
            "pattern": r"^(!|\$\{)",
            "description": "The room's id, such as !abc:example.org (no alias); may be ${env:NAME} or ${file:path}.",
        },
        "message_type": {
            "enum": list(MESSAGE_TYPES),
            "default": "m.text",
            "description": "What clients take it for; m.notice notifies nobody by default.",
        },
    },
    required=["token", "room_id", "base_url"],
    base_url=None,
)


@frozen(kw_only=True)
class Parameters(ApiParameters):
    """Which room, on which homeserver, as whom."""

    schema: ClassVar[str] = "parameters of sender matrix"
    references: ClassVar[tuple[str, ...]] = ("token",)
    token: str
    room_id: str
    message_type: str = "m.text"

    def __post_init__(self) -> None:
        ApiParameters.__post_init__(self)
        if not self.room_id.startswith(("!", "${")):
            raise ValueError("room_id is a room's id, which begins with !, not an alias")
        if self.message_type not in MESSAGE_TYPES:
            raise ValueError("message_type is m.text or m.notice")


class MatrixSender(api.ApiSender):
    """Sends each message into one room."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        super().__init__(self._parameters, best_first_proof=Proof.STORED, idempotent_by_key=True)

    def call(self, message: Message) -> api.Call:
        """Return the call that sends a message: plain, without HTML, and mentioning nobody.

        An empty `m.mentions` also ends the older search for names and `@room` in the text.
        """
        document = {
            "msgtype": self._parameters.message_type,
            "body": cut(whole_text(message.subject, message.body), LONGEST_TEXT, _json_bytes),
            "m.mentions": {},
        }
        room, key = self.resolve(self._parameters.room_id), message.idempotency_key
        path = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/send/m.room.message/{quote(key, safe='')}"
        return api.Call(path=path, method="PUT", headers=self._headers(), body=api.json_body(document))

    def health(self) -> api.Call:
        """Return `whoami`."""
        self.resolve(self._parameters.room_id)
        return api.Call(path="/_matrix/client/v3/account/whoami", method="GET", headers=self._headers())

    def is_healthy(self, said: api.Said) -> bool:
        """Tell whether the homeserver knows whose token it is."""
        return bool(api.text_of(said.document, "user_id"))

    def took(self, said: api.Said, message: Message) -> Answer:
        """Return what a 200 proves: only an event's id proves that it stands in the room."""
        event = api.text_of(said.document, "event_id")
        if not event:
            return self.doubtful(said, "the answer names no event")
        return self.answered(said, Proof.STORED, event_id=event)

    def words(self, document: Mapping[str, Any]) -> str:
        """Return the error's code and text."""
        return f"{api.text_of(document, 'errcode')} {api.text_of(document, 'error')}".strip()

    def wait_seconds(self, said: api.Said) -> int | None:
        """Return the wait that the homeserver asks for, in whole seconds, rounded up."""
        asked = super().wait_seconds(said)
        older = api.number_of(api.text_of(said.document, "retry_after_ms"))
        return -(-older // 1000) if asked is None and older is not None else asked

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.resolve(self._parameters.token)}"}


def _json_bytes(text: str) -> int:
    return len(api.json_body({"": text}))
