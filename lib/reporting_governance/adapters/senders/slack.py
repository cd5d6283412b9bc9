"""Slack's Web API: `chat.postMessage`.  The answer is 200 also when it failed; `ok` says how it went.

| Slack | proves |
|---|---|
| `ok: true` with `ts` and `channel` | stored |
| `ok: false`, too many calls, or the workspace is being moved | surely not posted; later |
| `ok: false`, `fatal_error` or `internal_error` | in doubt: Slack says that a part may have succeeded |
| `ok: false`, any other error | refused |
| 429 with `Retry-After` | later |

Source: docs.slack.dev, chat.postMessage (errors), "Rate limits", "Formatting message text" (escaping).
`client_msg_id` is not sent: it stands in no documentation of arguments, so nothing may be built on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Message, SendResult
from reporting_governance.adapters.senders import api
from reporting_governance.adapters.senders.api_parameters import ApiParameters, schema_of, secret
from reporting_governance.adapters.senders.texts import cut, whole_text
from reporting_governance.contracts.receipt import Proof

NAME = "slack"
BASE_URL = "https://slack.com/api"
LONGEST_TEXT = 4000  #: characters as they are sent; longer messages are split by Slack

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = schema_of(
    {
        "token": secret("A bot's token with the scope chat:write."),
        "channel": {
            "type": "string",
            "minLength": 1,
            "description": "The channel's id, such as C0123456789; may be ${env:NAME} or ${file:path}.",
        },
    },
    required=["token", "channel"],
    base_url=BASE_URL,
)

#: Slack did nothing, and says or means: not now.
LATER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "request_timeout",  # what arrived of the call was not whole
        "service_unavailable",
        "team_added_to_org",  # the workspace is being moved
        "org_login_required",
        "external_channel_migrating",
    }
)
#: A part of the call may have succeeded before the error.
DOUBTFUL = frozenset({"fatal_error", "internal_error"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters(ApiParameters):
    """Which channel, with which token."""

    schema: ClassVar[str] = "parameters of sender slack"
    references: ClassVar[tuple[str, ...]] = ("token",)
    token: str
    channel: str
    base_url: str = BASE_URL


class SlackSender(api.ApiSender):
    """Posts each message into one channel."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        super().__init__(self._parameters, best_first_proof=Proof.STORED)

    def call(self, message: Message) -> api.Call:
        """Return the call that posts a message, without links unfurled, names linked or markup read."""
        document = {
            "channel": self.resolve(self._parameters.channel),
            "text": escaped(cut(whole_text(message.subject, message.body), LONGEST_TEXT, _escaped_length)),
            "mrkdwn": False,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        return api.Call(path="/chat.postMessage", headers=self._headers(), body=api.json_body(document))

    def health(self) -> api.Call:
        """Return `auth.test`."""
        return api.Call(path="/auth.test", headers=self._headers(), body=b"{}")

    def is_healthy(self, said: api.Said) -> bool:
        """Tell whether Slack knows the token."""
        return said.document.get("ok") is True

    def took(self, said: api.Said, message: Message) -> Answer:
        """Return what a 200 proves: only `ts` and `channel` prove that the message stands there."""
        if said.document.get("ok") is False:
            return self._not_ok(said)
        ts, channel = api.text_of(said.document, "ts"), api.text_of(said.document, "channel")
        if said.document.get("ok") is not True or not ts or not channel:
            return self.doubtful(said, "the answer names no message")
        return self.answered(said, Proof.STORED, ts=ts, channel=channel)

    def failed(self, said: api.Said) -> Answer:
        """Return what a status other than 2xx proves; an error of which Slack says that a part succeeded is one."""
        answer = super().failed(said)
        if said.document.get("error") in DOUBTFUL:
            return replace(answer, result=SendResult.IN_DOUBT, retry_after_seconds=None)
        return answer

    def words(self, document: Mapping[str, Any]) -> str:
        """Return the error's name."""
        return api.text_of(document, "error")

    def _not_ok(self, said: api.Said) -> Answer:
        error = self.words(said.document)
        evidence = {**said.evidence, "error": error or "the answer says ok: false"}
        if error in DOUBTFUL:
            return Answer(result=SendResult.IN_DOUBT, evidence=evidence)
        wait = self.wait_seconds(said)
        if error in LATER or wait is not None:
            return Answer(result=SendResult.TRY_LATER, evidence=evidence, retry_after_seconds=wait)
        return Answer(result=SendResult.REFUSED, evidence=evidence)

    def _headers(self) -> Mapping[str, str]:
        token = self.resolve(self._parameters.token)
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}


def escaped(text: str) -> str:
    """Return a text in which Slack reads no mention, link or entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped_length(text: str) -> int:
    return len(escaped(text))
