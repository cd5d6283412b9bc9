"""What we tell about ourselves: no pack judges it, so nothing a policy says can hide that we are blind."""

from collections.abc import Sequence

from reporting_governance.contracts.decision import (
    ActionKind,
    ActionTarget,
    Decision,
    DecisionKind,
    OperatorNotice,
    RequiredAction,
    Severity,
)
from reporting_governance.core.decision_merging import DEFAULT_CHANNEL, OperatorMessage
from reporting_governance.core.facts import Facts
from reporting_governance.core.policy_evaluator import Verdict
from reporting_governance.core.policy_templates import one_line
from reporting_governance.core.routing import RouteMatch
from reporting_governance.core.threads import ONLY_A_TEST

SELF = "self:"  #: task ids of what we watch about ourselves start so
DEFAULT_SELF = "default.self"
_LENGTH = 250  #: characters of a reason in a text
_LOG_LOSS = "log_loss"
_DRIFT = "plugin_drift"
_LONGER = 600  #: of one that names what is lost or was changed
_CLOCK_SKEW = "clock_skew"
_NO_HOST = "no_host"
_AT_LENGTH = (_LOG_LOSS, _DRIFT, _NO_HOST)
_PLUGINS = "plugins"  #: what is watched about OpenClaw's plugins; below it, of which installation
_SUBJECTS = {
    "source_unreadable": "cannot be read; its tasks are not watched",
    "profile_refused": "was refused; nothing new is decided",
    _LOG_LOSS: "lost lines that were acknowledged",
    _DRIFT: "of OpenClaw changed, and not through reportgov",
    "undeliverable": "cannot be told",
    _CLOCK_SKEW: "differs from the database's clock",
    _NO_HOST: "waits for hosts that are not at work",
    "canary": "did not arrive in time; what is told there may not arrive either",
}
_BLIND = "Until this is mended, silence about it proves nothing: episodes that were open stay as they are."
_CONSEQUENCES = {
    _LOG_LOSS: (
        "Check-ins, acknowledgements and deliveries that stood there are not known any more: a task may be called late "
        "that is not, and what was told may be told again. Ask why: a disk that lies about syncing, a power cut, a "
        "file that somebody cut or replaced. A copy of the journal, if there is one, says what was lost. "
        "`reportgov doctor` lists all losses; `reportgov ack self:journal` says that you know."
    ),
    _DRIFT: (
        "A file does not say who wrote it: OpenClaw itself, one of its agents, another program or a person. "
        "`reportgov plugins list` shows what is on now, and why. `reportgov plugins enable` or `disable` puts it back; "
        "`reportgov ack self:plugins` says that you know. It is told once."
    ),
    _CLOCK_SKEW: (
        "What is recorded bears the database's time, so nobody is called late for it. Heartbeats, files and logs of "
        "that host bear its own time: let one service set its clock. It is told once, and that it is over. "
        "`reportgov store status` shows the clocks of all hosts."
    ),
    _NO_HOST: (
        "Nothing is lost yet: what waits goes out when one of these hosts runs again, and is blocked at the end of its "
        "lifetime. Start `run` on one of them, or correct `hosts` of the target in the profile. It is told once, and "
        "that it is over."
    ),
}
TARGET = f"{SELF}target"  #: below it, by receiver and target, that none of its hosts is at work
CANARY = f"{SELF}canary"  #: the test notice; below it, by receiver, that it did not arrive


def self_verdict(facts: Facts, reason: str) -> Verdict:
    """Return the decision about an event of a task `self:<thing>`: the operator is told."""
    thing = str(facts.known("event.task_id")).removeprefix(SELF)
    condition = str(facts.known("event.condition"))
    if condition in ONLY_A_TEST:
        return _test_verdict(facts.event_type)
    what = _SUBJECTS.get(condition, condition)
    if thing.startswith(_PLUGINS) and condition == "source_unreadable":
        what = "of OpenClaw cannot be watched: what is on is not known"
    why = one_line(reason, _LONGER if condition in _AT_LENGTH else _LENGTH) or "no reason was given"
    message = OperatorMessage(
        subject=f"{thing} {what}",
        body=f"{thing} {what}.\n\nReason: {why}\n\n{_CONSEQUENCES.get(condition, _BLIND)}",
    )
    return _told(message, f"{message.subject}: {why}", Severity.HIGH, facts.event_type)


def _test_verdict(event_type: str) -> Verdict:
    """Return the decision to send a test notice."""
    body = (
        "This is sent from time to time to see whether notices arrive. There is nothing to do.\n\n"
        "When one does not arrive in time, somebody else is told."
    )
    message = OperatorMessage(subject="Test notice: nothing is wrong", body=body)
    return _told(message, "a test notice is due", Severity.INFO, event_type)


def _told(message: OperatorMessage, reason: str, severity: Severity, event_type: str) -> Verdict:
    """Return the decision that the operator is told, and nothing else."""
    decision = Decision(
        decision=DecisionKind.ALLOW,
        policy_id=DEFAULT_SELF,
        severity=severity,
        reason=reason,
        rewritten_message=None,
        suggested_status=None,
        required_actions=(
            RequiredAction(action=ActionKind.NOTIFY_OPERATOR, target=ActionTarget.OPERATOR_CHANNEL, mandatory=True),
        ),
        operator_notice=OperatorNotice(
            required=True,
            channel=DEFAULT_CHANNEL,
            urgency=severity,
            message=message.subject,
            must_reference=(event_type,),
            deadline=None,
        ),
    )
    return Verdict(decision, message, ())


def instead_of(
    lost: str, routed: Sequence[RouteMatch], fallback: Sequence[str], receivers: Sequence[str]
) -> tuple[RouteMatch, ...]:
    """Return who is told that a test notice to a receiver was lost: anybody but that receiver, if there is anybody.

    Args:
        lost: the receiver whose test notice did not arrive.
        routed: whom the routes name.
        fallback: who stands in, in order.
        receivers: all there are.
    """
    others = tuple(each for each in routed if each.receiver != lost)
    if others:
        return others
    place = routed[0].route if routed else 0
    names = [each for each in (*fallback, *receivers) if each != lost]
    return (RouteMatch(names[0] if names else lost, place),)
