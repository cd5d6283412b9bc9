"""What is done with mail that was dropped in the inbox: delivery reports prove, replies of people acknowledge."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from reporting_governance.contracts.notification_settings import Receiver
from reporting_governance.errors import ExitCode, GovernanceError, UsageError

SENDER = "smtp"  #: whose targets say which replies count


class MailNotUsed(GovernanceError):
    """A mail that says nothing that is recorded."""

    exit_code = ExitCode.NO
    message = "this mail is not used: {reason}"
    hint = "Deliver only what comes to the bounce address into the inbox."


class NotVouchedFor(MailNotUsed):
    """A reply that anybody may have written."""

    hint = "Who wants to take over runs `reportgov ack`; docs/senders.md says which replies count."


class Vouched(NamedTuple):
    """Who wrote a reply, and who says so on what ground."""

    address: str
    vouched_by: str  #: the mail server's name, and the checks that passed: `mx.example.org: dmarc, dkim`


def take_mail(
    data: bytes,
    receivers: Mapping[str, Receiver],
    *,
    receipt: Callable[[Mapping[str, Any]], object],
    acknowledge: Callable[[str, Vouched], object],
) -> object:
    """Do what a mail says; None when there was nothing new in it.

    Args:
        receivers: of the profile; their mail targets say whose replies count, and which server vouches for them.
        receipt: records what a delivery report proves.
        acknowledge: does a person's ack, given what it is about and who replied.

    Raises: MailNotUsed; what `receipt` and `acknowledge` raise.
    """
    from reporting_governance.adapters.senders.dsn import DeliveryReport, MailedReply, read_mail
    from reporting_governance.adapters.senders.dsn_parts import NoMail

    try:
        said = read_mail(data)
    except NoMail as fault:
        raise MailNotUsed(reason=str(fault)) from None
    if isinstance(said, DeliveryReport):
        return receipt(said.receipt())
    assert isinstance(said, MailedReply)
    if said.automatic:
        return None  # somebody is away: nobody acted
    person = _person(said, receivers)
    done, left = 0, None
    for subject in said.subjects:
        try:
            acknowledge(subject, person)
            done += 1
        except UsageError as fault:  # it is over by now; of several others may be open
            left = fault
    if not done and left is not None:
        raise left
    return done


def _person(reply: Any, receivers: Mapping[str, Receiver]) -> Vouched:
    """Return who replied.  Raises: NotVouchedFor."""
    from reporting_governance.adapters.senders.dsn_reply import is_from_one_of, vouching, writer

    targets = [each for receiver in receivers.values() for each in receiver.targets.values() if each.sender == SENDER]
    known = [
        each.parameters
        for each in targets
        if is_from_one_of(reply.mail, _resolved(each.parameters.get("replies_from")))
    ]
    if not known:
        raise NotVouchedFor(reason="a reply of somebody whose replies do not count")
    for server in (str(each.get("replies_vouched_by", "")) for each in known):
        if checks := vouching(reply.mail, by=server):
            return Vouched(writer(reply.mail), f"{server}: {', '.join(checks)}")
    raise NotVouchedFor(reason="a reply that our own mail server does not vouch for")


def _resolved(addresses: Any) -> list[str]:
    """Return addresses with their references resolved; one whose reference leads nowhere counts for nothing."""
    from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets

    found = []
    for each in addresses or ():
        try:
            found.append(Secrets().resolve(str(each)))
        except SecretMissing:
            continue
    return found
