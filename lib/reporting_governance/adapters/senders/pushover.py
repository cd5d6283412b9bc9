"""Pushover: messages, and the receipts of those that must be acknowledged.

| Pushover | proves |
|---|---|
| 200, `status: 1` with `request` | accepted: it is queued |
| 429 with `X-Limit-App-Reset` | later, not before the month's quota begins anew |
| 4xx with `status: 0` | refused: the same input is refused again |
| 5xx | later; 504 in doubt |
| a receipt with `acknowledged: 1` | a person acted: when, and on which device |
| a receipt with `expired: 1` and no acknowledgement | refused: nobody will confirm it any more |

What still rings when the end of its episodes is told is cancelled, once the answer to that message is sure.

`last_delivered_at` of a receipt is when Pushover last tried, so it proves no device.
Source: pushover.net/api ("Pushing Messages", "Message Priority", "Limitations", "Being Friendly to our API") and
pushover.net/api/receipts (also "Canceling Emergency Priority Retries").
"""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode

from reporting_governance.adapters.interface import Answer, Fence, Message, Proving, SendResult
from reporting_governance.adapters.senders import api
from reporting_governance.adapters.senders.answers import until
from reporting_governance.adapters.senders.api_parameters import ApiParameters, schema_of, secret
from reporting_governance.adapters.senders.texts import clean, cut, one_line
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

NAME = "pushover"
BASE_URL = "https://api.pushover.net"
LONGEST_MESSAGE = 1024  #: characters
LONGEST_TITLE = 250  #: characters
CANCEL_SECONDS = 5.0  #: for what still rings, of the time that the message left
POLL_SECONDS = 30  #: Pushover allows one every 5 seconds
PRIORITIES = {"low": -1, "medium": 0, "high": 1, "critical": 1}
EMERGENCY = 2
_FROM = {"critical": ("critical",), "high": ("critical", "high")}
_FORM = "application/x-www-form-urlencoded"
_RECEIPT = re.compile(r"[A-Za-z0-9]{1,64}")

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = schema_of(
    {
        "token": secret("The application's token."),
        "user": secret("The key of the user or group."),
        "device": {
            "type": ["string", "null"],
            "default": None,
            "description": "One device of the user's instead of all.",
        },
        "emergency_from": {
            "enum": ["critical", "high", None],
            "default": "critical",
            "description": "From this urgency on a message is repeated until somebody acknowledges it; null: never.",
        },
        "retry_seconds": {"type": "integer", "minimum": 30, "maximum": 10800, "default": 60},
        "expire_seconds": {"type": "integer", "minimum": 30, "maximum": 10800, "default": 3600},
    },
    required=["token", "user"],
    base_url=BASE_URL,
)


@frozen(kw_only=True)
class Parameters(ApiParameters):
    """Whose devices, and what must be acknowledged."""

    schema: ClassVar[str] = "parameters of sender pushover"
    references: ClassVar[tuple[str, ...]] = ("token", "user")
    token: str
    user: str
    device: str | None = None
    emergency_from: str | None = "critical"
    retry_seconds: int = 60
    expire_seconds: int = 3600
    base_url: str = BASE_URL

    def __post_init__(self) -> None:
        ApiParameters.__post_init__(self)
        if self.emergency_from not in (None, *_FROM):
            raise ValueError("emergency_from is critical, high or null")
        if not 30 <= self.retry_seconds <= self.expire_seconds <= 10_800:
            raise ValueError("retry_seconds is 30 or more, and expire_seconds is between it and 10800")


class PushoverSender(api.ApiSender, Proving):
    """Pushes each message to a user's devices; asks later whether an urgent one was acknowledged."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        polls = POLL_SECONDS if self._parameters.emergency_from else None
        super().__init__(
            self._parameters,
            best_first_proof=Proof.ACCEPTED,
            polls_every_seconds=polls,
            joins_threads=polls is not None,
        )

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Push a message; when it tells the end, what still rings of the same episodes is cancelled after it."""
        ends_at = time.monotonic() + self._parameters.timeout_seconds
        answer = super().send(message, may_start=may_start)
        ringing = _ringing(message) if answer.result is SendResult.ANSWERED else ()
        if not ringing:
            return answer
        self.proven(answer)
        ends_at = min(ends_at, time.monotonic() + CANCEL_SECONDS)
        cancelled = [each for each in ringing if self._cancelled(each, ends_at - time.monotonic())]
        return replace(answer, evidence={**answer.evidence, "cancelled": f"{len(cancelled)} of {len(ringing)}"})

    def call(self, message: Message) -> api.Call:
        """Return the call that pushes a message, as plain text."""
        form = {
            **self._credentials(),
            "title": cut(one_line(message.subject), LONGEST_TITLE),
            "message": cut(clean(message.body), LONGEST_MESSAGE),
            "priority": str(PRIORITIES.get(message.urgency, 0)),
        }
        if self._parameters.device is not None:
            form["device"] = self.resolve(self._parameters.device)
        if self._is_emergency(message):
            form |= {
                "priority": str(EMERGENCY),
                "retry": str(self._parameters.retry_seconds),
                "expire": str(self._parameters.expire_seconds),
            }
        return _posted("/1/messages.json", form)

    def health(self) -> api.Call:
        """Return the validation of the user's key, which needs the token too."""
        return _posted("/1/users/validate.json", self._credentials())

    def is_healthy(self, said: api.Said) -> bool:
        """Tell whether token and user are known."""
        return said.document.get("status") == 1

    def took(self, said: api.Said, message: Message) -> Answer:
        """Return what a 200 proves."""
        if said.document.get("status") == 0:
            evidence = {**said.evidence, "error": self.words(said.document) or "the answer says status: 0"}
            return Answer(result=SendResult.REFUSED, evidence=evidence)
        request = api.text_of(said.document, "request")
        if said.document.get("status") != 1 or not request:
            return self.doubtful(said, "the answer names no request")
        receipt = api.text_of(said.document, "receipt")
        threads = len(set(message.thread_keys))
        rings = {"receipt": receipt, **({"episodes": str(threads)} if threads > 1 else {})} if receipt else {}
        return self.answered(said, Proof.ACCEPTED, request=request, **rings)

    def words(self, document: Mapping[str, Any]) -> str:
        """Return the errors."""
        errors = document.get("errors")
        return "; ".join(each for each in errors if isinstance(each, str)) if isinstance(errors, list) else ""

    def wait_seconds(self, said: api.Said) -> int | None:
        """Return how long it is until the quota begins anew."""
        asked = super().wait_seconds(said)
        reset = api.number_of(said.headers.get("x-limit-app-reset", "").strip())
        if asked is not None or reset is None or said.status != 429:
            return asked
        return until(reset, said.headers, time.time())

    def poll(self, message: Message, evidence: Mapping[str, str]) -> Answer | None:
        """Ask whether somebody acknowledged a message; a receipt that ran out says that nobody will."""
        receipt = evidence.get("receipt", "")
        if _RECEIPT.fullmatch(receipt) is None:
            return None
        said = self.ask(lambda: self._asked(receipt), lambda: True)
        if isinstance(said, Answer) or said.fault or not said.is_success or said.document.get("status") != 1:
            return None
        if said.document.get("acknowledged") == 1:
            return self.safe(self.answered(said, Proof.PERSON, receipt=receipt, **_acted(said.document)))
        if said.document.get("expired") != 1:
            return None
        error = "expired, and nobody had acknowledged it"
        return Answer(result=SendResult.REFUSED, evidence={**said.evidence, "receipt": receipt, "error": error})

    def can_ask(self, evidence: Mapping[str, str]) -> bool:
        """Tell whether Pushover gave a receipt: it does for what rings until somebody acknowledges it."""
        return _RECEIPT.fullmatch(evidence.get("receipt", "")) is not None

    def _cancelled(self, receipt: str, seconds: float) -> bool:
        """Stop the ringing of one message; false when nobody knows whether it has stopped."""
        form = {"token": self.resolve(self._parameters.token)}
        call = _posted(f"/1/receipts/{receipt}/cancel.json", form)
        said = self.ask(lambda: call, api.always, seconds=max(0.0, seconds))
        return not isinstance(said, Answer) and said.is_success and said.document.get("status") == 1

    def _asked(self, receipt: str) -> api.Call:
        token = quote(self.resolve(self._parameters.token), safe="")
        return api.Call(path=f"/1/receipts/{receipt}.json?token={token}", method="GET")

    def _credentials(self) -> dict[str, str]:
        return {"token": self.resolve(self._parameters.token), "user": self.resolve(self._parameters.user)}

    def _is_emergency(self, message: Message) -> bool:
        # What is over is never rung until somebody answers.
        urgent = _FROM.get(self._parameters.emergency_from or "", ())
        return message.urgency in urgent and message.phase != Phase.RESOLVED


def _ringing(message: Message) -> tuple[str, ...]:
    """Return the receipts of what a message ends and nobody acknowledged, newest first.

    What rings for other episodes too rings on: they may not be over.
    """
    if message.phase != Phase.RESOLVED:
        return ()
    ended: dict[str, set[str]] = {}  #: receipt -> threads of this message
    needed: dict[str, int] = {}  #: receipt -> how many threads it rings for; 0: it rings no more
    for thread in message.thread_keys:
        for each in reversed(message.earlier.get(thread, ())):
            receipt = each.get("receipt", "")
            if _RECEIPT.fullmatch(receipt) is None:
                continue
            ended.setdefault(receipt, set()).add(thread)
            if each.get("acknowledged_at"):
                needed[receipt] = 0
            elif "episodes" in each:
                needed.setdefault(receipt, api.number_of(each["episodes"]) or 1)
    return tuple(each for each, threads in ended.items() if 0 < needed.get(each, 1) <= len(threads))


def _posted(path: str, form: Mapping[str, str]) -> api.Call:
    return api.Call(path=path, headers={"Content-Type": _FORM}, body=urlencode(form).encode())


def _acted(document: Mapping[str, Any]) -> dict[str, str]:
    """Return who acknowledged, and when; a user's key is an address, so only its digest is kept."""
    by = api.text_of(document, "acknowledged_by")
    found = {
        "acknowledged_at": api.text_of(document, "acknowledged_at"),
        "acknowledged_by_sha256": sha256(by.encode()).hexdigest() if by else "",
        "acknowledged_by_device": api.text_of(document, "acknowledged_by_device"),
    }
    return {key: text for key, text in found.items() if text}
