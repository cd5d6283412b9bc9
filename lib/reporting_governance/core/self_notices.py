"""What we tell about ourselves: no pack judges it, so nothing a policy says can hide that we are blind."""

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

SELF = "self:"  #: task ids of what we watch about ourselves start so
DEFAULT_SELF = "default.self"
_LENGTH = 250  #: characters of a reason in a text
_SUBJECTS = {
    "source_unreadable": "cannot be read; its tasks are not watched",
    "profile_refused": "was refused; nothing new is decided",
    "log_loss": "lost lines that were acknowledged",
    "undeliverable": "cannot be told",
}


def self_verdict(facts: Facts, reason: str) -> Verdict:
    """Return the decision about an event of a task `self:<thing>`: the operator is told."""
    thing = str(facts.known("event.task_id")).removeprefix(SELF)
    condition = str(facts.known("event.condition"))
    what = _SUBJECTS.get(condition, condition)
    why = one_line(reason, _LENGTH) or "no reason was given"
    decision = Decision(
        decision=DecisionKind.ALLOW,
        policy_id=DEFAULT_SELF,
        severity=Severity.HIGH,
        reason=f"{thing} {what}: {why}",
        rewritten_message=None,
        suggested_status=None,
        required_actions=(
            RequiredAction(action=ActionKind.NOTIFY_OPERATOR, target=ActionTarget.OPERATOR_CHANNEL, mandatory=True),
        ),
        operator_notice=OperatorNotice(
            required=True,
            channel=DEFAULT_CHANNEL,
            urgency=Severity.HIGH,
            message=f"{thing} {what}",
            must_reference=(facts.event_type,),
            deadline=None,
        ),
    )
    body = (
        f"{thing} {what}.\n\nReason: {why}\n\n"
        "Until this is mended, silence about it proves nothing: episodes that were open stay as they are."
    )
    return Verdict(decision, OperatorMessage(subject=f"{thing} {what}", body=body), ())
