"""Telegram's Bot API: `sendMessage`, as plain text.

| Telegram | proves |
|---|---|
| `ok: true` with `message_id` and the chat's id | stored; that nobody read it, a bot cannot know |
| 429 with `parameters.retry_after` | later |
| 400 (such as "chat not found"), 401, 403 ("bot was blocked by the user"), 404 | refused |
| 400 with `parameters.migrate_to_chat_id` | refused; the evidence names the chat's new id |
| 400 to a reply | surely not sent; sent again without what it replies to |
| 5xx | later; 504 in doubt |

What is told later of an episode replies to the message that told it first.
The token stands in the path, so no error may ever repeat a URL.
Source: core.telegram.org/bots/api, "Making requests", "ResponseParameters", "sendMessage", "ReplyParameters".
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import quote

from reporting_governance.adapters.interface import Answer, Fence, Message, SendResult
from reporting_governance.adapters.senders import api
from reporting_governance.adapters.senders.api_parameters import ApiParameters, schema_of, secret
from reporting_governance.adapters.senders.texts import cut, utf16_units, whole_text
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

NAME = "telegram"
BASE_URL = "https://api.telegram.org"
LONGEST_TEXT = 4096  #: UTF-16 units
_WORD_JOINER = "\u2060"  #: shows nothing, and ends what Telegram takes for a name

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = schema_of(
    {
        "token": secret("The bot's token."),
        "chat_id": {
            "type": "string",
            "minLength": 1,
            "description": "The chat's id, or @name of a channel; may be ${env:NAME} or ${file:path}.",
        },
        "message_thread_id": {
            "type": ["integer", "null"],
            "default": None,
            "description": "The topic of a forum, when the chat is one.",
        },
        "replies": {
            "type": "boolean",
            "default": True,
            "description": "What is told later of an episode replies to its first message.",
        },
    },
    required=["token", "chat_id"],
    base_url=BASE_URL,
)


@frozen(kw_only=True)
class Parameters(ApiParameters):
    """Which chat, with which bot."""

    schema: ClassVar[str] = "parameters of sender telegram"
    references: ClassVar[tuple[str, ...]] = ("token",)
    token: str
    chat_id: str
    message_thread_id: int | None = None
    replies: bool = True
    base_url: str = BASE_URL


class TelegramSender(api.ApiSender):
    """Sends each message to one chat, later ones of an episode as replies to its first."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        super().__init__(self._parameters, best_first_proof=Proof.STORED, joins_threads=self._parameters.replies)

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Send a message; without what it replies to, when Telegram refuses it so."""
        ends_at = time.monotonic() + self._parameters.timeout_seconds
        said = self.ask(lambda: self.call(message), may_start)
        if isinstance(said, Answer):
            return self.safe(said)
        moved = api.text_of(said.document, "parameters", "migrate_to_chat_id")
        if said.status != 400 or said.fault or moved or self._begun(message) is None:
            return self.safe(self.judged(said, message))
        error = self.words(said.document)
        alone = replace(message, earlier={})
        said = self.ask(lambda: self.call(alone), api.always, seconds=max(0.0, ends_at - time.monotonic()))
        answer = said if isinstance(said, Answer) else self.judged(said, alone)
        return self.safe(replace(answer, evidence={**answer.evidence, "reply": error}))

    def call(self, message: Message) -> api.Call:
        """Return the call that sends a message; without `parse_mode` no markup is read."""
        text = cut(whole_text(message.subject, message.body), LONGEST_TEXT, _length)
        document: dict[str, Any] = {
            "chat_id": self.resolve(self._parameters.chat_id),
            "text": without_mentions(text),
            "link_preview_options": {"is_disabled": True},
        }
        if self._parameters.message_thread_id is not None:
            document["message_thread_id"] = self._parameters.message_thread_id
        begun = self._begun(message)
        if begun is not None:
            document["reply_parameters"] = {"message_id": begun, "allow_sending_without_reply": True}
        return api.Call(path=self._path("sendMessage"), body=api.json_body(document))

    def health(self) -> api.Call:
        """Return `getChat`: it needs a token that is right, as `getMe` does, and a chat that the bot may write to."""
        document = {"chat_id": self.resolve(self._parameters.chat_id)}
        return api.Call(path=self._path("getChat"), body=api.json_body(document))

    def is_healthy(self, said: api.Said) -> bool:
        """Tell whether Telegram knows bot and chat."""
        return said.document.get("ok") is True

    def took(self, said: api.Said, message: Message) -> Answer:
        """Return what a 200 proves: only a message's id proves that it stands in the chat."""
        if said.document.get("ok") is False:
            evidence = {**said.evidence, "error": self.words(said.document) or "the answer says ok: false"}
            return Answer(result=SendResult.REFUSED, evidence=evidence)
        number = api.text_of(said.document, "result", "message_id")
        chat = api.text_of(said.document, "result", "chat", "id")
        if said.document.get("ok") is not True or not number or not chat:
            return self.doubtful(said, "the answer names no message")
        return self.answered(said, Proof.STORED, message_id=number, chat_id=chat)

    def failed(self, said: api.Said) -> Answer:
        """Return what a status other than 2xx proves, with the new id of a chat that has moved."""
        answer = super().failed(said)
        moved_to = api.text_of(said.document, "parameters", "migrate_to_chat_id")
        return replace(answer, evidence={**answer.evidence, "migrate_to_chat_id": moved_to}) if moved_to else answer

    def words(self, document: Mapping[str, Any]) -> str:
        """Return the description of an error."""
        return api.text_of(document, "description")

    def wait_seconds(self, said: api.Said) -> int | None:
        """Return `retry_after`, in seconds."""
        asked = api.number_of(api.text_of(said.document, "parameters", "retry_after"))
        return super().wait_seconds(said) if asked is None else asked

    def _begun(self, message: Message) -> int | None:
        """Return the id of the message to reply to; None when there is none, or it stands in another chat.

        A number means another message in another chat, so a channel that is given by its name gets no replies.
        """
        first = api.first_of(message, "message_id") if self._parameters.replies else None
        here = self.hide(self.resolve(self._parameters.chat_id))  # as the evidence has it
        return api.number_of(first["message_id"]) if first is not None and first.get("chat_id") == here else None

    def _path(self, method: str) -> str:
        return f"/bot{quote(self.resolve(self._parameters.token), safe=':')}/{method}"


def without_mentions(text: str) -> str:
    """Return a text in which `@name` notifies nobody: Telegram looks for names in plain text too."""
    return text.replace("@", f"@{_WORD_JOINER}")


def _length(text: str) -> int:
    return utf16_units(without_mentions(text))
