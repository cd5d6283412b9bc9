"""What one run of scan did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from reporting_governance.contracts.finding import Finding


class Said(NamedTuple):
    """One thing that scan said."""

    task_id: str
    condition: str
    phase: str
    episode: str
    source: str
    reason: str


class NotJudged(NamedTuple):
    """A condition that could not be judged; its episode stays as it is."""

    task_id: str
    source: str
    condition: str
    reason: str


class ScanReport(NamedTuple):
    """What one run of scan did."""

    looked_at: int = 0  #: tasks whose state was read
    due: int = 0  #: check-ins that are owed now, told to the agent at its next contact
    fired: int = 0
    resolved: int = 0
    dated_anew: int = 0  #: tasks whose next look was moved, since the settings changed
    refused: int = 0  #: somebody else was faster
    said: tuple[Said, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    findings: tuple[Finding, ...] = ()
    unreadable: tuple[str, ...] = ()  #: sources that could not be read
    stale: int = 0  #: reports that are older than what is still remembered; never told

    def with_said(self, said: tuple[Said, ...]) -> ScanReport:
        """Return the same with more that was said."""
        fired, resolved = ([each.phase for each in said].count(phase) for phase in ("firing", "resolved"))
        return self._replace(said=self.said + said, fired=self.fired + fired, resolved=self.resolved + resolved)

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "looked_at": self.looked_at,
            "due": self.due,
            "fired": self.fired,
            "resolved": self.resolved,
            "dated_anew": self.dated_anew,
            "refused": self.refused,
            "stale": self.stale,
            "unreadable": list(self.unreadable),
            "said": [
                {
                    "task_id": each.task_id,
                    "condition": each.condition,
                    "phase": each.phase,
                    "episode": each.episode,
                    "source": each.source,
                    "reason": each.reason,
                }
                for each in self.said
            ],
            "not_judged": [
                {
                    "task_id": each.task_id,
                    "source": each.source,
                    "condition": each.condition,
                    "reason": each.reason,
                }
                for each in self.not_judged
            ],
            "findings": [each.dump() for each in self.findings],
        }
