"""What one run took in from the inbox."""

from typing import Any

from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen


@frozen(kw_only=True)
class InboxReport:
    """What one run took in."""

    read: int = 0
    recorded: int = 0
    already: int = 0  #: recorded before a crash, or handed in twice
    refused: int = 0  #: moved to `corrupt/`
    left: int = 0  #: for the next run
    findings: tuple[Finding, ...] = ()

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "read": self.read,
            "recorded": self.recorded,
            "already_recorded": self.already,
            "refused": self.refused,
            "left": self.left,
            "findings": [each.dump() for each in self.findings],
        }
