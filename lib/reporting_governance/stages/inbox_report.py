"""What one run took in from the inbox."""

from dataclasses import replace
from typing import Any, Final

from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen

_LONGEST: Final = 1_000  #: characters of what is said of a file: its owner's words may stand in it


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


def bounded(finding: Finding) -> Finding:
    """Return a finding without most of a long text: whoever drops a file must not decide how much the owner reads."""
    suggestion = None if finding.suggestion is None else _cut(finding.suggestion)
    return replace(finding, message=_cut(finding.message), pointer=_cut(finding.pointer), suggestion=suggestion)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
