"""What one look of `doctor` says."""

from __future__ import annotations

from enum import StrEnum

from reporting_governance.contracts.frozen import frozen


class Verdict(StrEnum):
    """How one check came out."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """The checks by id.  An id is never given a second meaning; docs/operating.md says more of each."""

    FOLDER = "GOV901"
    PERMISSIONS = "GOV902"
    SPACE = "GOV903"
    PROFILE = "GOV904"
    CAPABILITIES = "GOV905"
    SECRETS = "GOV906"
    JOURNAL = "GOV907"
    CLOCK = "GOV908"
    ZONES = "GOV909"
    RUNS = "GOV910"
    TARGET = "GOV911"
    SOURCE = "GOV912"
    METRICS = "GOV913"
    HEARTBEAT = "GOV914"
    SIGNER = "GOV915"
    ANCHOR = "GOV916"
    PLUGINS = "GOV917"
    ROLES = "GOV918"
    DATABASE = "GOV919"


_NAMES = {
    Rule.FOLDER: "state folder",
    Rule.PERMISSIONS: "permissions",
    Rule.SPACE: "disk",
    Rule.PROFILE: "profile",
    Rule.CAPABILITIES: "capabilities",
    Rule.SECRETS: "secrets",
    Rule.JOURNAL: "journal",
    Rule.CLOCK: "clock",
    Rule.ZONES: "time zones",
    Rule.RUNS: "last run",
    Rule.TARGET: "target",
    Rule.SOURCE: "source",
    Rule.METRICS: "metrics",
    Rule.HEARTBEAT: "heartbeat",
    Rule.SIGNER: "signer",
    Rule.ANCHOR: "anchor",
    Rule.PLUGINS: "plugins",
    Rule.ROLES: "roles",
    Rule.DATABASE: "database",
}


@frozen
class Check:
    """One thing that was looked at.  What is not ok has an advice."""

    rule: Rule
    verdict: Verdict
    seen: str
    advice: str = ""
    subject: str = ""  #: which target or source

    @property
    def name(self) -> str:
        """What was looked at, in words."""
        return f"{_NAMES[self.rule]} {self.subject}".rstrip()

    def dump(self) -> dict[str, str]:
        """Return it as plain JSON data."""
        return {
            "rule": self.rule.value,
            "name": self.name,
            "verdict": self.verdict.value,
            "seen": self.seen,
            "advice": self.advice,
        }
