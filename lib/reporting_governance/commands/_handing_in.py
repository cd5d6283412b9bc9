"""What is done with files that were dropped in the inbox.  Who wrote a file is its owner, never a field inside it."""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reporting_governance.commands._artifacts import AllowedRoots, deployment_folder
from reporting_governance.commands._identity import account_name
from reporting_governance.commands._mail_in import Vouched, take_mail
from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.report_attempt import GENERIC
from reporting_governance.contracts.role import Action
from reporting_governance.contracts.silence import Silence
from reporting_governance.contracts.times import format_time
from reporting_governance.core.threads import rules_of
from reporting_governance.errors import ExitCode, GovernanceError, PolicyBlockedError
from reporting_governance.stages.acts import run_ack, run_unack
from reporting_governance.stages.dropped import Dropped, Inbox, Taken
from reporting_governance.stages.inbox import Handlers, run_inbox
from reporting_governance.stages.inbox_report import InboxReport
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.stages.retrying import run_retry
from reporting_governance.stages.reviewing import run_review
from reporting_governance.stages.silencing import add_silence, end_silence, new_id
from reporting_governance.storage.files.inbox import FilesInbox

if TYPE_CHECKING:
    from reporting_governance.commands._roles import RolesInForce
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.policy import Policy


class NotTaken(GovernanceError):
    """An act that the inbox does not take."""

    message = "the inbox takes ack, unack, retry, approve, reject and silence_end; not {what}"


class LookedAt:
    """An inbox for a dry run: everything in it is read, and stays where it is."""

    def __init__(self, inbox: FilesInbox) -> None:
        self._inbox = inbox

    def take(self) -> Taken:
        """Return what lies in the inbox."""
        return self._inbox.take()

    def done(self, dropped: Dropped) -> None:
        """Leave a file where it is."""

    def refuse(self, dropped: Dropped, findings: Sequence[Mapping[str, Any]]) -> str:
        """Leave a file where it is."""
        return dropped.name


class InboxRights:
    """Who may do what, by the roles file and the profile that the state has of its own.

    The owner is not looked up: he has every role, and an inbox that holds only his files costs nothing more.
    """

    def __init__(self, context: "CommandContext", state_owner: int) -> None:
        self._context = context
        self._owner = state_owner
        self._known: dict[tuple[Action, int], PolicyBlockedError | None] = {}

    def blocked(self, action: Action, uid: int) -> PolicyBlockedError | None:
        """Return why a user may not do something, None when he may."""
        if uid == self._owner:
            return None
        if (action, uid) not in self._known:
            from reporting_governance.commands._role_gate import blocked_error

            verdict = self._roles.judge(action, uid)
            error = None if verdict.is_allowed else blocked_error(self._roles, verdict, uid, is_another=False)
            self._known[action, uid] = error
        return self._known[action, uid]

    def is_sender(self, uid: int) -> bool:
        """Tell whether a user may hand in receipts."""
        return uid == self._owner or self._roles.standing(uid).is_sender

    def name(self, uid: int) -> str:
        """Return a user's account name."""
        return account_name(uid)

    @cached_property
    def _roles(self) -> "RolesInForce":
        return self._context.roles


def take_in(context: "CommandContext", inbox: Inbox) -> InboxReport:
    """Record check-ins, acts and receipts, each as far as its owner may: everybody may check in for what he started."""
    owner = os.stat(context.state).st_uid
    profile = context.settings.profile

    def act(document: Mapping[str, Any], uid: int) -> object:
        what, subject = document.get("what"), str(document.get("subject", ""))
        comment = str(document.get("comment", ""))
        if what in (ActKind.ACK, ActKind.UNACK):
            acknowledge = run_ack if what == ActKind.ACK else run_unack
            rules = rules_of(profile.notification)
            return acknowledge(
                context.store, subject, actor=account_name(uid), comment=comment, clock=context.clock, rules=rules
            )
        if what == ActKind.SILENCE_END:
            return end_silence(context.store, subject, actor=account_name(uid), comment=comment, clock=context.clock)
        if what in (ActKind.APPROVE, ActKind.REJECT):
            return run_review(
                context.store,
                subject,
                ActKind(what),
                actor=account_name(uid),
                comment=comment,
                watchdog=profile.watchdog,
                rules=rules_of(profile.notification),
                clock=context.clock,
            )
        if what != ActKind.RETRY:
            raise NotTaken(what=what)
        return run_retry(
            context.store,
            subject,
            actor=account_name(uid),
            comment=comment,
            lifetime_seconds=profile.notification.retry.lifetime_seconds,
            clock=context.clock,
        )

    def silence(document: Mapping[str, Any], uid: int) -> object:
        now = format_time(context.clock.now())
        given = {"silence_id": new_id(), "starts_at": now, **document, "created_by": account_name(uid)}
        return add_silence(context.store, Silence.parse(given, source="silence"), clock=context.clock)

    def receipt(document: Mapping[str, Any], uid: int) -> object:
        return run_late_receipt(
            context.store,
            document,
            settled_by=account_name(uid),
            rules=rules_of(profile.notification),
            clock=context.clock,
            at_most=None if uid == owner else most_proof,
        )

    def most_proof(target: str) -> Proof:
        from reporting_governance.adapters.senders.external import NAME, RECEIPT_AT_MOST

        receiver, _, name = target.partition("/")
        known = profile.notification.receivers.get(receiver)
        found = None if known is None else known.targets.get(name)
        if found is None or found.sender != NAME:
            return RECEIPT_AT_MOST
        return Proof(found.parameters.get("proof_at_most", RECEIPT_AT_MOST))

    def mail(data: bytes, uid: int) -> object:

        def acknowledge(subject: str, person: Vouched) -> object:
            return run_ack(
                context.store,
                subject,
                actor=person.address,
                vouched_by=person.vouched_by,
                comment="reply by mail",
                clock=context.clock,
                rules=rules_of(profile.notification),
            )

        receivers = profile.notification.receivers
        return take_mail(data, receivers, receipt=lambda document: receipt(document, uid), acknowledge=acknowledge)

    def attempt(document: Mapping[str, Any], uid: int) -> object:
        from reporting_governance.adapters.hosts.registry import HOSTS, open_host
        from reporting_governance.stages.gate_late import run_late_attempt

        named = str(document.get("host", GENERIC))
        host = open_host(named if named in HOSTS else GENERIC)
        return run_late_attempt(
            context.store,
            document,
            host=host,
            uid=uid,
            policy=_policy_of(context, host.descriptor),
            profile=profile,
            artifacts=AllowedRoots(profile.artifact_roots, folder=deployment_folder(context.state)),
            clock=context.clock,
        )

    return run_inbox(
        context.store,
        inbox,
        profile=profile,
        clock=context.clock,
        artifacts=AllowedRoots(profile.artifact_roots, folder=deployment_folder(context.state)),
        rights=InboxRights(context, owner),
        handlers=Handlers(act=act, receipt=receipt, silence=silence, mail=mail, attempt=attempt),
    )


def _policy_of(context: "CommandContext", descriptor: str) -> "Policy":
    """Return the packs with what a host can do; settings of an older version may not know the host."""
    try:
        return context.settings.policy_of(descriptor)
    except LookupError:
        return context.settings.policy


def describe(report: InboxReport) -> str:
    """Return what a person should know; empty when everything was recorded."""
    if not report.findings:
        return ""
    from reporting_governance.commands._tables import findings

    return findings(report.findings)


def exit_code_of(report: InboxReport) -> ExitCode:
    """A file that was put aside is an answer: no."""
    return ExitCode.NO if report.refused else ExitCode.DONE
