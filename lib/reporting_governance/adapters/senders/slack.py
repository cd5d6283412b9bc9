"""Slack's Web API: `chat.postMessage`.  The answer is 200 also when it failed; `ok` says how it went.

| Slack | proves |
|---|---|
| `ok: true` with `ts` and `channel` | stored |
| `ok: false`, too many calls, or the workspace is being moved | surely not posted; later |
| `ok: false`, `fatal_error` or `internal_error` | in doubt: Slack says that a part may have succeeded |
| `ok: false` to a reply, since what it replies to is gone | surely not posted; posted again, beside the thread |
| `ok: false`, any other error | refused |
| 429 with `Retry-After` | later |

What is told later of an episode replies to the message that told it first: `thread_ts` is that one's `ts`.
Source: docs.slack.dev, chat.postMessage (arguments, errors), "Rate limits", "Formatting message text" (escaping).
`client_msg_id` is not sent: it stands in no documentation of arguments, so nothing may be built on it.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Fence, Message, SendResult
from reporting_governance.adapters.senders import api
from reporting_governance.adapters.senders.api_parameters import ApiParameters, schema_of, secret
from reporting_governance.adapters.senders.texts import cut, whole_text
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

NAME = "slack"
BASE_URL = "https://slack.com/api"
LONGEST_TEXT = 4000  #: characters as they are sent; longer messages are split by Slack
_PHASES = tuple(each.value for each in (Phase.REPEAT, Phase.ESCALATION, Phase.RESOLVED))

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = schema_of(
    {
        "token": secret("A bot's token with the scope chat:write."),
        "channel": {
            "type": "string",
            "minLength": 1,
            "description": "The channel's id, such as C0123456789; may be ${env:NAME} or ${file:path}.",
        },
        "in_thread": {
            "type": "boolean",
            "default": True,
            "description": "What is told later of an episode replies to its first message.",
        },
        "broadcast": {
            "type": "array",
            "items": {"enum": list(_PHASES)},
            "default": ["repeat", "escalation"],
            "description": "Which replies the channel shows too: who does not follow a thread is not told by it.",
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
#: The thread is gone or closed, and nothing was posted.
NO_THREAD = frozenset(
    {
        "thread_not_found",
        "message_not_found",
        "invalid_thread_ts",
        "cannot_reply_to_message",
        "restricted_action_thread_locked",
        "restricted_action_non_threadable_channel",
    }
)


@frozen(kw_only=True)
class Parameters(ApiParameters):
    """Which channel, with which token."""

    schema: ClassVar[str] = "parameters of sender slack"
    references: ClassVar[tuple[str, ...]] = ("token",)
    token: str
    channel: str
    in_thread: bool = True
    broadcast: tuple[str, ...] = (Phase.REPEAT.value, Phase.ESCALATION.value)
    base_url: str = BASE_URL

    def __post_init__(self) -> None:
        ApiParameters.__post_init__(self)
        if not set(self.broadcast) <= set(_PHASES):
            raise ValueError(f"broadcast lists some of {', '.join(_PHASES)}")


class SlackSender(api.ApiSender):
    """Posts each message into one channel, later ones of an episode as replies to its first."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        super().__init__(self._parameters, best_first_proof=Proof.STORED, joins_threads=self._parameters.in_thread)

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Post a message; beside its thread, when Slack says that the thread is gone."""
        ends_at = time.monotonic() + self._parameters.timeout_seconds
        said = self.ask(lambda: self.call(message), may_start)
        error = "" if isinstance(said, Answer) else self.words(said.document)
        if error not in NO_THREAD or self._begun(message) is None:
            return self.safe(said if isinstance(said, Answer) else self.judged(said, message))
        alone = replace(message, earlier={})
        said = self.ask(lambda: self.call(alone), api.always, seconds=max(0.0, ends_at - time.monotonic()))
        answer = said if isinstance(said, Answer) else self.judged(said, alone)
        return self.safe(replace(answer, evidence={**answer.evidence, "thread": error}))

    def call(self, message: Message) -> api.Call:
        """Return the call that posts a message, without links unfurled, names linked or markup read."""
        begun = self._begun(message)
        shown = message.phase in self._parameters.broadcast
        reply = {} if begun is None else {"thread_ts": begun, "reply_broadcast": shown}
        document = {
            "channel": self.resolve(self._parameters.channel),
            **reply,
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
        thread = api.text_of(said.document, "message", "thread_ts")
        return self.answered(said, Proof.STORED, ts=ts, channel=channel, **({"thread_ts": thread} if thread else {}))

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

    def _begun(self, message: Message) -> str | None:
        """Return the `ts` of the message to reply to; None when there is none, or it stands in another channel."""
        first = api.first_of(message, "ts") if self._parameters.in_thread else None
        here = self.hide(self.resolve(self._parameters.channel))  # as the evidence has it
        if first is None or first.get("channel") != here:
            return None
        return first.get("thread_ts", first["ts"])  # of a reply the first message counts

    def _headers(self) -> Mapping[str, str]:
        token = self.resolve(self._parameters.token)
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}


def escaped(text: str) -> str:
    """Return a text in which Slack reads no mention, link or entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped_length(text: str) -> int:
    return len(escaped(text))
