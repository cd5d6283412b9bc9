"""PagerDuty: Events API v2; with a REST token, also what became of the incident.

Each thread of a message is one event with the thread as its `dedup_key`: what fires opens an alert or joins the open
one, what is resolved closes it.  We never acknowledge; people do.

| PagerDuty | proves |
|---|---|
| 202, `status: success` | accepted; the same event again joins the same alert |
| 429, 5xx | later; 504 in doubt, and so sent again with the same key |
| 400 and other 4xx | refused |
| some of several events accepted, then anything else | in doubt, and so all are sent again with the same keys |
| with `api_token`: an incident with that key | stored |
| ... that is acknowledged, or that a user resolved | a person acted: who, and when |

Source: the OpenAPI descriptions of Events API v2 ("API Response Codes & Retry Logic") and of the REST API (`GET
/incidents`, `incident_key`).
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from reporting_governance.adapters.interface import Answer, Fence, Message, SendResult
from reporting_governance.adapters.senders import api
from reporting_governance.adapters.senders.api_parameters import ApiParameters, schema_of, secret
from reporting_governance.adapters.senders.texts import clean, cut, one_line
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

NAME = "pagerduty"
BASE_URL = "https://events.pagerduty.com"
API_URL = "https://api.pagerduty.com"
LONGEST_SUMMARY = 1024  #: characters
LONGEST_BODY = 20_000  #: characters; a whole event holds 512 KB
POLL_SECONDS = 60
SEVERITIES = {"low": "info", "medium": "warning", "high": "error", "critical": "critical"}

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = schema_of(
    {
        "routing_key": secret("The integration key of a service (Events API v2)."),
        "api_token": {
            **secret("A REST API key (read-only is enough), to ask who acknowledged."),
            "type": ["string", "null"],
            "default": None,
        },
        "api_url": {"type": "string", "default": API_URL, "description": "Where the REST API is."},
        "source": {
            "type": "string",
            "minLength": 1,
            "default": "reporting-governance",
            "description": "What PagerDuty shows as the affected system.",
        },
    },
    required=["routing_key"],
    base_url=BASE_URL,
)


@frozen(kw_only=True)
class Parameters(ApiParameters):
    """Which service, and whether to ask who acknowledged."""

    schema: ClassVar[str] = "parameters of sender pagerduty"
    references: ClassVar[tuple[str, ...]] = ("routing_key", "api_token")
    routing_key: str
    api_token: str | None = None
    api_url: str = API_URL
    source: str = "reporting-governance"
    base_url: str = BASE_URL


class PagerdutySender(api.ApiSender):
    """Opens and closes an alert for each thread."""

    name = NAME
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        polls = POLL_SECONDS if self._parameters.api_token else None
        super().__init__(
            self._parameters, best_first_proof=Proof.ACCEPTED, idempotent_by_key=True, polls_every_seconds=polls
        )

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Send an event for each thread, one after the other, within one limit."""
        ends_at = time.monotonic() + self._parameters.timeout_seconds
        answer = Answer(result=SendResult.REFUSED, evidence={"error": "the message belongs to no thread"})
        events = tuple(self._events(message))
        for number, event in enumerate(events):
            answer = self._sent(event, message, may_start if number == 0 else api.always, ends_at - time.monotonic())
            if answer.result is not SendResult.ANSWERED:
                return self.safe(_after(number, len(events), answer))
        return self.safe(answer)

    def health(self) -> api.Call | None:
        """Return a small question to the REST API; without its token there is none, and only the address is tried."""
        self.resolve(self._parameters.routing_key)
        return self._asked({"limit": "1"}) if self._parameters.api_token else None

    def took(self, said: api.Said, message: Message) -> Answer:
        """Return what a 2xx proves."""
        if said.document.get("status") != "success":
            return self.doubtful(said, "the answer does not say success")
        return self.answered(said, Proof.ACCEPTED, dedup_key=api.text_of(said.document, "dedup_key"))

    def words(self, document: Mapping[str, Any]) -> str:
        """Return the message and its details."""
        errors = document.get("errors")
        found = errors if isinstance(errors, list) else []
        texts = (api.text_of(document, "message"), api.text_of(document, "error", "message"), *found)
        return "; ".join(each for each in texts if isinstance(each, str) and each)

    def poll(self, message: Message, evidence: Mapping[str, str]) -> Answer | None:
        """Ask what became of the incidents; what is true of all threads counts."""
        if not self._parameters.api_token:
            return None
        ends_at = time.monotonic() + self._parameters.timeout_seconds
        least: Answer | None = None
        for key in dict.fromkeys(message.thread_keys):
            became = self._became(key, message, max(0.0, ends_at - time.monotonic()))
            if became is None:
                return None
            least = became if least is None or became.proof < least.proof else least
        return None if least is None else self.safe(least)

    def can_ask(self, evidence: Mapping[str, str]) -> bool:
        """Tell that incidents are found by the message's threads, whatever the first answer said."""
        return self._parameters.api_token is not None

    def _events(self, message: Message) -> Iterator[Mapping[str, Any]]:
        # A message whose phase is unknown opens: an alert too many is seen, one closed by mistake is not.
        action = "resolve" if message.phase == Phase.RESOLVED else "trigger"
        for thread, notice in dict(zip(message.thread_keys, message.notice_ids, strict=False)).items():
            event: dict[str, Any] = {"event_action": action, "dedup_key": thread}
            if action == "trigger":
                event |= {"client": "reporting-governance", "payload": self._payload(message, notice)}
            yield event

    def _payload(self, message: Message, notice: str) -> Mapping[str, Any]:
        facts = message.facts if len(message.notice_ids) == 1 else message.facts.get(notice, {})
        task, condition = api.text_of(facts, "task_id"), api.text_of(facts, "condition")
        subject = message.subject
        if len(message.notice_ids) > 1 and task and condition:
            subject = f"{task}: {condition}"
        return {
            "summary": cut(one_line(subject), LONGEST_SUMMARY),
            "source": self._parameters.source,
            "severity": SEVERITIES.get(message.urgency, "warning"),
            "component": cut(one_line(task), LONGEST_SUMMARY) or "-",
            "custom_details": {"text": cut(clean(message.body), LONGEST_BODY), "notice_id": notice},
        }

    def _sent(self, event: Mapping[str, Any], message: Message, may_start: Fence, seconds: float) -> Answer:
        said = self.ask(lambda: self._enqueued(event), may_start, seconds=max(0.0, seconds))
        return said if isinstance(said, Answer) else self.judged(said, message)

    def _enqueued(self, event: Mapping[str, Any]) -> api.Call:
        document = {"routing_key": self.resolve(self._parameters.routing_key), **event}
        return api.Call(path="/v2/enqueue", body=api.json_body(document))

    def _asked(self, query: Mapping[str, str]) -> api.Call:
        token = self.resolve(self._parameters.api_token or "")
        headers = {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}
        return api.Call(
            path=f"/incidents?{urlencode(query)}", method="GET", headers=headers, base_url=self._parameters.api_url
        )

    def _became(self, key: str, message: Message, seconds: float) -> Answer | None:
        query = {"incident_key": key, "sort_by": "created_at:desc", "limit": "1", "date_range": "all"}
        said = self.ask(lambda: self._asked(query), api.always, seconds=seconds)
        if isinstance(said, Answer) or said.fault or not said.is_success:
            return None
        incidents = said.document.get("incidents")
        if not isinstance(incidents, list) or not incidents or not isinstance(incidents[0], dict):
            return None
        incident = incidents[0]
        over = incident.get("status") == "resolved"
        if message.phase == Phase.RESOLVED and not over:
            return None
        acted = _acted(incident)
        proof = Proof.PERSON if acted else Proof.STORED
        return self.answered(said, proof, incident=api.text_of(incident, "id"), dedup_key=key, **acted)


def _after(accepted: int, of: int, answer: Answer) -> Answer:
    """Return the answer to several events when the first that was not accepted follows others that were."""
    if accepted == 0:
        return answer
    error = f"{accepted} of {of} events were accepted, then: {answer.evidence.get('error', answer.result.value)}"
    return replace(
        answer, result=SendResult.IN_DOUBT, retry_after_seconds=None, evidence={**answer.evidence, "error": error}
    )


def _acted(incident: Mapping[str, Any]) -> dict[str, str]:
    """Return who took an incident over, and when; nothing when only programs did."""
    if incident.get("status") == "acknowledged":
        taken = incident.get("acknowledgements")
        by_users = [each for each in (taken if isinstance(taken, list) else []) if _is_user(each, "acknowledger")]
        if not by_users:
            return {}
        return {
            "acknowledged_by": api.text_of(by_users[-1], "acknowledger", "summary") or "unnamed",
            "acknowledged_at": api.text_of(by_users[-1], "at") or "unknown",
        }
    if incident.get("status") != "resolved" or not _is_user(incident, "last_status_change_by"):
        return {}
    return {
        "resolved_by": api.text_of(incident, "last_status_change_by", "summary") or "unnamed",
        "resolved_at": api.text_of(incident, "last_status_change_at") or "unknown",
    }


def _is_user(document: object, key: str) -> bool:
    """Tell whether a key leads to a user; services and integrations acknowledge and resolve too."""
    return isinstance(document, Mapping) and api.text_of(document, key, "type") in ("user", "user_reference")
