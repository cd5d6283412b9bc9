"""What the senders for web APIs share: one call under the rules of `http`, and what any API's answer proves.

A sender adds what only its vendor's documentation can say: the call, which 2xx answers prove what, and error names.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from hashlib import sha256
from typing import Any, ClassVar

from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.adapters.senders.answers import exchanged, failure, is_web_page, retry_after
from reporting_governance.adapters.senders.api_parameters import ApiParameters
from reporting_governance.adapters.senders.cannot_look import CannotLook
from reporting_governance.adapters.senders.rules import UNREACHABLE
from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets
from reporting_governance.adapters.senders.texts import one_line
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof

OVERHEAD_SECONDS = 3  #: for starting the sending process and reporting after the limit
LONGEST_EVIDENCE = 200  #: characters of one value
LONGEST_NUMBER = 12  #: digits of a wait or a moment, in seconds or milliseconds


@frozen(kw_only=True)
class Call:
    """One call of an API, secrets resolved.  `path` follows the base URL; its parts are quoted."""

    path: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str | None = None  #: of another API of the same vendor; not resolved


@frozen(kw_only=True)
class Said:
    """An answer that came.  `fault` says why it cannot be this API's; then `document` is empty."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    document: Mapping[str, Any]
    fault: str
    digest: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def evidence(self) -> dict[str, str]:
        return {"status": str(self.status), "body_sha256": self.digest}


def json_body(document: Mapping[str, Any]) -> bytes:
    """Return a document as ASCII JSON."""
    return json.dumps(document, separators=(",", ":")).encode("ascii")


class ApiSender(CannotLook):
    """A sender that makes one call a message.  Subclasses bring `call`, `took`, `words` and `health`."""

    name: ClassVar[str]
    runs_in_child: ClassVar[bool] = True
    parameters_schema: ClassVar[Mapping[str, Any]]

    def __init__(
        self,
        common: ApiParameters,
        *,
        best_first_proof: Proof,
        idempotent_by_key: bool = False,
        polls_every_seconds: int | None = None,
        joins_threads: bool = False,
    ) -> None:
        self._common = common
        self._secrets = Secrets()
        self.hide = self._secrets.hide
        self.promises = SenderPromises(
            best_first_proof=best_first_proof,
            idempotent_by_key=idempotent_by_key,
            can_look=False,
            limit_seconds=common.timeout_seconds + OVERHEAD_SECONDS,
            polls_every_seconds=polls_every_seconds,
            joins_threads=joins_threads,
        )

    def call(self, message: Message) -> Call:
        """Return the call that sends a message.  Raises: SecretMissing."""
        raise NotImplementedError

    def took(self, said: Said, message: Message) -> Answer:
        """Return what a 2xx answer in this API's form proves."""
        raise NotImplementedError

    def words(self, document: Mapping[str, Any]) -> str:
        """Return what an answer says about an error; empty when nothing."""
        raise NotImplementedError

    def health(self) -> Call | None:
        """Return a call that sends nothing and needs the credentials; None when there is none.

        Raises: SecretMissing.
        """
        return None

    def wait_seconds(self, said: Said) -> int | None:
        """Return the wait that an answer asks for."""
        return retry_after(said.headers, time.time())

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Make the call, and judge what was answered."""
        said = self.ask(lambda: self.call(message), may_start)
        return self.safe(said if isinstance(said, Answer) else self.judged(said, message))

    def probe(self) -> Sequence[Finding]:
        """Check that secrets can be read, the API answers, and knows the credentials; nothing is sent."""
        try:
            problem = self._problem(self.health())
        except SecretMissing as fault:
            problem = str(fault)
        return (UNREACHABLE.finding(file=self.name, message=self.hide(problem)),) if problem else ()

    def ask(self, call: Callable[[], Call], may_start: Fence, *, seconds: float | None = None) -> Said | Answer:
        """Make one call within `seconds`; return what was said, or what it proves that nothing was."""

        def connected() -> tuple[Any, bytes]:
            made = call()
            exchange = self._exchange(made, seconds)
            exchange.connect(_headers(made), len(made.body))
            return exchange, made.body

        reply = exchanged(connected, may_start)
        if isinstance(reply, Answer):
            return reply
        document, problem = _read(reply.body, whole=reply.whole, complete=reply.complete)
        digest = sha256(reply.body).hexdigest()
        return Said(status=reply.status, headers=reply.headers, document=document, fault=problem, digest=digest)

    def judged(self, said: Said, message: Message) -> Answer:
        """Return what an answer proves."""
        if not said.is_success:
            return self.failed(said)
        return self.doubtful(said, said.fault) if said.fault else self.took(said, message)

    def failed(self, said: Said) -> Answer:
        """Return what an answer other than 2xx proves, by its status."""
        words = self.words(said.document)
        evidence = {**said.evidence, "error": words} if words else said.evidence
        answer = failure(said.status, said.headers, evidence, time.time())
        if answer.result is not SendResult.TRY_LATER:
            return answer
        return replace(answer, retry_after_seconds=self.wait_seconds(said))

    def doubtful(self, said: Said, error: str) -> Answer:
        """Return that an answer proves nothing: it is not what this API answers."""
        return Answer(result=SendResult.IN_DOUBT, evidence={**said.evidence, "error": error})

    def answered(self, said: Said, proof: Proof, **evidence: str) -> Answer:
        """Return that the receiver took it, with the ids it gave."""
        return Answer(result=SendResult.ANSWERED, proof=proof, evidence={**said.evidence, **evidence})

    def safe(self, answer: Answer) -> Answer:
        """Return an answer without secrets.  Cut afterwards: the first half of a secret is found by nobody."""
        evidence = {key: one_line(self.hide(text))[:LONGEST_EVIDENCE] for key, text in answer.evidence.items()}
        return replace(answer, evidence=evidence)

    def resolve(self, text: str) -> str:
        """Return a parameter with its references replaced.  Raises: SecretMissing."""
        return self._secrets.resolve(text)

    def _problem(self, call: Call | None) -> str:
        from reporting_governance.adapters.senders.http import NotConnected

        if call is None:
            try:
                exchange = self._exchange(Call(path="/", method="GET"), None)
                exchange.connect({}, 0)
                exchange.close()
            except NotConnected as fault:
                return str(fault)
            return ""
        said = self.ask(lambda: call, lambda: True)
        if isinstance(said, Answer):
            return said.evidence["error"]
        if said.fault or not said.is_success or not self.is_healthy(said):
            return f"it answered {said.status}: {self.words(said.document) or said.fault or 'no reason given'}"
        return ""

    def is_healthy(self, said: Said) -> bool:
        """Tell whether a 2xx answer to the health call says that all is well."""
        return True

    def _exchange(self, call: Call, seconds: float | None) -> Any:
        from reporting_governance.adapters.senders.http import Exchange, Rules, networks

        wanted = self._common
        rules = Rules(
            plain_http=wanted.plain_http,
            private_networks=networks(wanted.private_networks),
            ca_file=wanted.ca_file,
        )
        url = self.resolve(call.base_url or wanted.base_url).rstrip("/") + call.path
        limit = wanted.timeout_seconds if seconds is None else seconds
        return Exchange(url, rules=rules, seconds=limit, method=call.method)


def _headers(call: Call) -> dict[str, str]:
    kind = {"Content-Type": "application/json"} if call.body else {}
    return {
        "User-Agent": "reporting-governance",
        "Accept": "application/json",
        "Connection": "close",
        **kind,
        **call.headers,
    }


def _read(body: bytes, *, whole: bool, complete: bool) -> tuple[Mapping[str, Any], str]:
    """Return the JSON object that a body is, or why it is none."""
    if not complete:
        return {}, "the answer broke off"
    if is_web_page(body):
        return {}, "a web page, not an answer"
    if not whole:
        return {}, "the answer is longer than any of this API"
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}, "the answer is no JSON"
    return (document, "") if isinstance(document, dict) else ({}, "the answer is no JSON object")


def first_of(message: Message, key: str) -> Mapping[str, str] | None:
    """Return the evidence of the first message with `key` that began all threads of a message; None: not one did."""
    begun = [
        next((each for each in message.earlier.get(thread, ()) if each.get(key)), None)
        for thread in dict.fromkeys(message.thread_keys)
    ]
    first = begun[0] if begun else None
    return first if first is not None and all(each and each[key] == first[key] for each in begun) else None


def always() -> bool:
    """Say that a send may go on: it was asked before its first call."""
    return True


def text_of(document: Mapping[str, Any], *path: str) -> str:
    """Return the text or number at a path of keys, as text; empty for anything else."""
    value: Any = document
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def number_of(text: str) -> int | None:
    """Return the whole number from 0 that a text is; None for anything else, or one that is too long to mean a wait."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None
