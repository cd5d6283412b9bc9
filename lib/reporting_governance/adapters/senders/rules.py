"""What a sender's probe, or the attempt to open a sender, can have to say."""

from reporting_governance.contracts.finding import FindingRule, Severity

UNKNOWN_SENDER = FindingRule(
    id="GOV701",
    severity=Severity.ERROR,
    sentence="A target names a sender that is not installed.",
    help="Correct the name, or install the package that brings the sender.",
)
WRONG_PARAMETERS = FindingRule(
    id="GOV702",
    severity=Severity.ERROR,
    sentence="The parameters of a target do not fit its sender.",
    help="docs/senders.md lists the parameters of each sender.",
)
UNREACHABLE = FindingRule(
    id="GOV703",
    severity=Severity.WARNING,
    sentence="A sender could not be reached, or lacks what it needs.",
    help="Notices to this target wait and are tried again; nothing is lost.",
)
