"""Which senders there are, and the one that belongs to a target.

A sender is a class with `name`, `promises`, `runs_in_child`, `parameters_schema`, and a constructor that takes its
parameters as the profile writes them.  docs/senders.md says how to add one.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from reporting_governance.adapters.interface import Answer, Fence, Message, Sender, SenderPromises, SendResult
from reporting_governance.adapters.senders.rules import UNKNOWN_SENDER, WRONG_PARAMETERS
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.notification_settings import Receiver
from reporting_governance.contracts.receipt import Proof
from reporting_governance.errors import ContractError, GovernanceError

ENTRY_POINTS = "reporting_governance.senders"  #: the group in which other packages name theirs

SENDERS: Mapping[str, str] = {
    "apprise": "reporting_governance.adapters.senders.apprise:AppriseSender",
    "command": "reporting_governance.adapters.senders.command:CommandSender",
    "external": "reporting_governance.adapters.senders.external:ExternalSender",
    "file": "reporting_governance.adapters.senders.file:FileSender",
    "matrix": "reporting_governance.adapters.senders.matrix:MatrixSender",
    "ntfy": "reporting_governance.adapters.senders.ntfy:NtfySender",
    "openclaw": "reporting_governance.adapters.senders.openclaw:OpenclawSender",
    "pagerduty": "reporting_governance.adapters.senders.pagerduty:PagerdutySender",
    "pushover": "reporting_governance.adapters.senders.pushover:PushoverSender",
    "slack": "reporting_governance.adapters.senders.slack:SlackSender",
    "smtp": "reporting_governance.adapters.senders.smtp:SmtpSender",
    "telegram": "reporting_governance.adapters.senders.telegram:TelegramSender",
    "webhook": "reporting_governance.adapters.senders.webhook:WebhookSender",
}


class UnknownSender(GovernanceError):
    """No sender has this name."""

    message = "{name}: no sender has this name; built in: {known}"
    hint = "Correct the name in the profile, or install the package that brings the sender."


def sender_class(name: str) -> Any:
    """Return the class of a sender.  Raises: UnknownSender."""
    place = SENDERS.get(name)
    if place is None:
        return _of_strangers(name)
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def _of_strangers(name: str) -> Any:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=name):
        return point.load()
    raise UnknownSender(name=name, known=", ".join(sorted(SENDERS)))


def open_sender(name: str, parameters: Mapping[str, Any], *, state_folder: str) -> Sender:
    """Return the sender of one target.

    Raises: UnknownSender; ContractError for wrong parameters.
    """
    kind = sender_class(name)
    sender: Sender = kind(parameters, state_folder=state_folder)
    if not kind.runs_in_child:
        return sender
    from reporting_governance.adapters.senders.child import SenderInChild

    return SenderInChild(sender, parameters, state_folder=state_folder)


class Senders(Mapping[str, Sender]):
    """The senders of a profile, by `receiver/target`; each is opened when it is first asked for."""

    def __init__(self, receivers: Mapping[str, Receiver], *, state_folder: str) -> None:
        self._targets = {
            f"{receiver}/{name}": target
            for receiver, each in receivers.items()
            for name, target in each.targets.items()
        }
        self._state_folder = state_folder
        self._open: dict[str, Sender] = {}
        self.findings: list[Finding] = []  #: about targets that could not be opened

    def __getitem__(self, name: str) -> Sender:
        if name not in self._open:
            target = self._targets[name]
            self._open[name] = self._opened(name, target.sender, target.parameters)
        return self._open[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)

    def _opened(self, target: str, name: str, parameters: Mapping[str, Any]) -> Sender:
        try:
            return open_sender(name, parameters, state_folder=self._state_folder)
        except UnknownSender as fault:
            self.findings.append(UNKNOWN_SENDER.finding(file="profile", message=f"{target}: {fault}"))
        except ContractError as fault:
            self.findings.append(WRONG_PARAMETERS.finding(file="profile", message=f"{target}: {fault}"))
        return BrokenSender(name, self.findings[-1])


class BrokenSender:
    """Stands for a sender that cannot be opened: nothing is sent, and everything waits until it can."""

    promises = SenderPromises(best_first_proof=Proof.NONE, idempotent_by_key=False, can_look=False, limit_seconds=1)

    def __init__(self, name: str, finding: Finding) -> None:
        self.name = name
        self._finding = finding

    def mark(self) -> Mapping[str, Any] | None:
        """Return nothing: nothing is sent."""
        return None

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        """Say why nothing was sent."""
        return Answer(result=SendResult.NOT_SENT, evidence={"error": self._finding.message[:200]})

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """Say that nobody knows."""
        return Answer(result=SendResult.IN_DOUBT, evidence={"error": self._finding.message[:200]})

    def probe(self) -> Sequence[Finding]:
        """Return why it cannot be opened."""
        return (self._finding,)
