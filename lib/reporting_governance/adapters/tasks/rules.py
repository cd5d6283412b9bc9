"""What reading a task source can have to say."""

from reporting_governance.contracts.finding import FindingRule, Severity

UNKNOWN_SOURCE = FindingRule(
    id="GOV601",
    severity=Severity.ERROR,
    sentence="The profile names a task source that is not installed.",
    help="Correct the name, or install the package that brings the source.",
)
WRONG_PARAMETERS = FindingRule(
    id="GOV602",
    severity=Severity.ERROR,
    sentence="The parameters of a task source do not fit it.",
    help="docs/sources.md lists the parameters of each source.",
)
UNREADABLE = FindingRule(
    id="GOV603",
    severity=Severity.ERROR,
    sentence="A task source could not be read.",
    help="Until it can be read again nothing is known about its tasks; open alarms stay as they are.",
)
OTHER_VERSION = FindingRule(
    id="GOV604",
    severity=Severity.WARNING,
    sentence="A task source has another schema version than the one this reader was tried against.",
    help="It is read as far as its tables go; what could not be judged is named.  Look for a newer version of ours.",
)
MISSING_PART = FindingRule(
    id="GOV605",
    severity=Severity.WARNING,
    sentence="A table or column that a task source used to have is not there.",
    help="The conditions that need it are unknown, and their alarms stay as they are.",
)
BAD_ENTRY = FindingRule(
    id="GOV606",
    severity=Severity.ERROR,
    sentence="One entry of a task source cannot be understood.",
    help="The other entries are read.  Nothing is said about this task until its entry can be read.",
)
ODD_VALUE = FindingRule(
    id="GOV607",
    severity=Severity.WARNING,
    sentence="One value of an entry in a task source cannot be understood and was left out.",
    help="Correct the value; the rest of the entry is used.",
)
CUT_SHORT = FindingRule(
    id="GOV608",
    severity=Severity.WARNING,
    sentence="A task source holds more than is read at once.",
    help="What is listed is correct, but tasks may be missing.  Clean up the source, or split it.",
)
SECOND_ENTRY = FindingRule(
    id="GOV609",
    severity=Severity.ERROR,
    sentence="Two entries of a task source are about the same task.",
    help="The one that is named first counts.  Remove one of the two.",
)
