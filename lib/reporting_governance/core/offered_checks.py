"""What an agent's own word of a check or a change comes to: `supports.check` and `supports.change` of its evidence."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.check_in import OfferedEvidence
from reporting_governance.contracts.evidence import EvidenceClass

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"
MOST_PATHS = 32
_NO_CHECKS = frozenset(("true", ":", "echo", "printf", "exit", "cat", "ls", "pwd", "sleep", "date"))
_CHECKS_NOTHING = "it checks nothing"


def check_of(offered: OfferedEvidence, captured_at: datetime, last_change_at: datetime | None) -> dict[str, Any] | None:
    """Return what is known of the check whose output is offered; None: it is no output of a check.

    `after_last_change` is left out where no change is known: then there is nothing to date the check against, and its
    quality stays moderate.
    """
    if offered.evidence_class is not EvidenceClass.VERIFICATION_OUTPUT:
        return None
    status = offered.exit_status
    outcome = UNKNOWN if status is None else FAILED if status else PASSED
    runner, proves_nothing = _named(offered.command, status)
    if proves_nothing is not None and outcome == PASSED:
        outcome = UNKNOWN
    check = {"runner": runner, "exit_status": status, "outcome": outcome, "proves_nothing": proves_nothing}
    changes = [each for each in (offered.changed_at, last_change_at) if each is not None]
    return check | ({"after_last_change": captured_at >= max(changes)} if changes else {})


def _named(line: str, status: int | None) -> tuple[str, str | None]:
    """Return which checks a command line names, and why they prove nothing where that is so."""
    if not line:
        return "", None
    from reporting_governance.contracts.deed import Deed, DeedKind
    from reporting_governance.core.checks import checks_in
    from reporting_governance.core.command_words import base_name, commands_of

    commands = commands_of(line)
    deed = Deed(kind=DeedKind.RUN, at=None, id="", command=line, exit_status=status)
    found = checks_in(deed, commands)
    if found:
        reasons = [each.proves_nothing for each in found]
        return ", ".join(dict.fromkeys(each.runner for each in found)), None if None in reasons else reasons[0]
    names = [base_name(each.words[0]) for each in commands if each.words]
    return ", ".join(dict.fromkeys(names)), _CHECKS_NOTHING if set(names) <= _NO_CHECKS else None


def command_reference(line: str) -> dict[str, Any]:
    """Return a command line as evidence refers to it: its name and its digest, since it may hold secrets."""
    runner, _ = _named(line, None)
    return {"kind": "command", "ref": runner or "command", "sha256": sha256(line.encode()).hexdigest()}


def change_of(offered: OfferedEvidence) -> dict[str, Any] | None:
    """Return what a change of files comes to; None where no file is named."""
    from reporting_governance.core.code_changes import is_code

    paths = [str(ref["ref"]) for ref in offered.refs if ref["kind"] == "file"]
    return {"paths": paths[:MOST_PATHS], "code": any(map(is_code, paths))} if paths else None
