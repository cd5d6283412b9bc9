"""Apprise, for the hundred services without a sender of their own: the extra `reporting-governance[apprise]`.

It returns no answer of any service, so a success proves `accepted` and never more.  Whether a failure was surely not
sent, or refused, is told by what left the process and what HTTP answers came (`apprise_wire`); else it is in doubt.
Loaded only in the sending process, which is killed at its limit: a thread of Apprise's outlives its own time limits.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.answers import failure
from reporting_governance.adapters.senders.cannot_look import CannotLook
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.adapters.senders.secrets import REFERENCE, SecretMissing, Secrets
from reporting_governance.adapters.senders.texts import clean, cut, one_line
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record

NAME = "apprise"
LIBRARY: Final = "apprise"
NOT_INSTALLED: Final = "Apprise is not installed: pip install 'reporting-governance[apprise]'"
OVERHEAD_SECONDS = 6  #: starting the sending process, loading every plugin (0.5 to 0.9 s measured, idle), reporting
SHORTEST_BODY = 100  #: of a service whose limit is less than that, the service itself cuts

PARAMETERS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "url": {
            "type": "string",
            "minLength": 1,
            "description": "One Apprise URL for one receiver; all of it, or what is secret in it, as ${env:NAME} or "
            "${file:path}.",
        },
        "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 300, "default": 30},
    },
    "required": ["url"],
    "additionalProperties": False,
}


@frozen(kw_only=True)
class Parameters(Record):
    """Where to, and for how long."""

    schema: ClassVar[str] = "parameters of sender apprise"
    url: str
    timeout_seconds: int = 30

    def __post_init__(self) -> None:
        if not REFERENCE.search(self.url):
            raise ValueError(
                "url holds no ${env:NAME} or ${file:path}; an Apprise URL opens a channel, and is a secret"
            )
        if not 1 <= self.timeout_seconds <= 300:
            raise ValueError("timeout_seconds is between 1 and 300")


class AppriseSender(CannotLook):
    """Sends each message through one Apprise URL: one call, no retries, no redirects."""

    name = NAME
    runs_in_child: ClassVar[bool] = True
    parameters_schema: ClassVar[Mapping[str, Any]] = PARAMETERS_SCHEMA

    def __init__(self, parameters: Mapping[str, Any], *, state_folder: str) -> None:
        self._parameters = Parameters.parse(parameters)
        self._secrets = Secrets()
        self.hide = self._secrets.hide
        self.promises = SenderPromises(
            best_first_proof=Proof.ACCEPTED,
            idempotent_by_key=False,
            can_look=False,
            limit_seconds=self._parameters.timeout_seconds + OVERHEAD_SECONDS,
        )

    def probe(self) -> Sequence[Finding]:
        """Check that Apprise is installed and secrets can be read; it is not loaded, and nothing is sent."""
        from importlib.util import find_spec

        if find_spec(LIBRARY) is None:
            return (UNREACHABLE.finding(file=NAME, message=NOT_INSTALLED),)
        try:
            self._secrets.resolve(self._parameters.url)
        except SecretMissing as fault:
            return (UNREACHABLE.finding(file=NAME, message=str(fault)),)
        return ()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Send one message.  Only for a process that ends afterwards: the library is watched, and not let go."""
        from contextlib import redirect_stdout
        from io import StringIO

        try:
            url = self._secrets.resolve(self._parameters.url)
        except SecretMissing as fault:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": str(fault)})
        with redirect_stdout(StringIO()):  # our own standard output is the line to whoever started us
            return self._send(url, message, may_start)

    def _send(self, url: str, message: Message, may_start: Fence) -> Answer:
        import logging
        from importlib import import_module

        from reporting_governance.adapters.senders.apprise_wire import watch

        logging.disable(logging.CRITICAL)  # at DEBUG it writes down tokens, and some it writes down at any level
        try:
            library = import_module(LIBRARY)
        except ImportError:
            return Answer(result=SendResult.NOT_SENT, evidence={"error": NOT_INSTALLED})
        service, problem = _service(library, url)
        if service is None:
            return Answer(result=SendResult.REFUSED, evidence={"error": problem})
        manager = library.Apprise(asset=service.asset)
        if not manager.add(service):
            return Answer(result=SendResult.REFUSED, evidence={"error": "Apprise does not take this URL"})
        given = _given(library, service, message)
        wire = watch()
        if not may_start():
            return Answer(result=SendResult.NOT_STARTED)
        result = manager.notify(**given, timeout=self._parameters.timeout_seconds)
        evidence = {"service": type(service).__name__, "result": result.status.name}
        if wire.answers:
            evidence["status"] = str(wire.answers[-1][0])
        return _judged(result.status.name, wire, evidence)


def _service(library: Any, url: str) -> tuple[Any, str]:
    """Return the service of a URL; or None, and why it cannot be used."""
    asset = library.AppriseAsset(http_redirects=False, default_service_retry=0, async_mode=False)
    try:
        service = library.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    except Exception as fault:  # of any of a hundred plugins; its text may hold what is secret
        return None, f"Apprise does not take this URL: {type(fault).__name__}"
    if service is None:
        return None, "Apprise does not take this URL: its form is wrong, or it has no such service"
    # What the URL itself asks for in its query wins over the asset, and must not win over us.
    service.retry, service.redirects = 0, False
    if getattr(service, "optional", False):
        return None, "the URL says optional: then Apprise calls every failure a success"
    if len(service) > 1:
        return (
            None,
            f"the URL names {len(service)} receivers: they would have one answer; give each a target of its own",
        )
    return service, ""


def _given(library: Any, service: Any, message: Message) -> dict[str, Any]:
    title = one_line(message.subject)
    room = service.body_maxlen - len(title) - 2
    body = clean(message.body)
    kind = library.NotifyType.SUCCESS if message.phase == "resolved" else library.NotifyType.WARNING
    return {
        "title": title,
        "body": cut(body, room) if room >= SHORTEST_BODY else body,
        "notify_type": kind,
        "body_format": library.NotifyFormat.TEXT,
        "interpret_escapes": False,
    }


def _judged(status: str, wire: Any, evidence: dict[str, str]) -> Answer:
    """Return what a result proves; unknown words, of which a later version may have more, prove nothing."""
    if status == "SUCCESS":
        return Answer(result=SendResult.ANSWERED, proof=Proof.ACCEPTED, evidence=evidence)
    if status == "NOMATCH":
        return Answer(result=SendResult.REFUSED, evidence={**evidence, "error": "Apprise found nothing to send to"})
    if status == "FAILURE" and wire.nothing_left:
        error = "no connection: the name, the address or TLS failed, and nothing was written"
        return Answer(result=SendResult.NOT_SENT, evidence={**evidence, "error": error})
    if status == "FAILURE" and wire.only_answer is not None:
        code, headers = wire.only_answer
        return failure(code, headers, evidence, time.time())
    error = "no answer within the limit" if status == "TIMEOUT" else "it failed, and something may have arrived"
    return Answer(result=SendResult.IN_DOUBT, evidence={**evidence, "error": error})
