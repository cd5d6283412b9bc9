"""What an agent's own word of a check or a change comes to: `supports.check` and `supports.change` of its evidence."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.check_in import OfferedEvidence
from reporting_governance.contracts.evidence import CheckKind, EvidenceClass

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"
MOST_PATHS = 32
_NO_CHECKS = frozenset(("true", ":", "echo", "printf", "exit", "cat", "ls", "pwd", "sleep", "date"))
_SOME_TESTS = "only some of its tests"  #: the words of a command line may hold secrets
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
    runner, kind, part, proves_nothing = _named(offered.command, status)
    if proves_nothing is not None and outcome == PASSED:
        outcome = UNKNOWN
    check = {"runner": runner, "exit_status": status, "outcome": outcome, "proves_nothing": proves_nothing}
    if kind is not None:
        check |= {"kind": kind, "part": part}
    changes = [each for each in (offered.changed_at, last_change_at) if each is not None]
    return check | ({"after_last_change": captured_at >= max(changes)} if changes else {})


def _named(line: str, status: int | None) -> tuple[str, str | None, str | None, str | None]:
    """Return which checks a command line names, of what kind, their part, and why they prove nothing."""
    if not line:
        return "", None, None, None
    from reporting_governance.contracts.deed import Deed, DeedKind
    from reporting_governance.core.checks import checks_in
    from reporting_governance.core.command_words import base_name, commands_of

    commands = commands_of(line)
    deed = Deed(kind=DeedKind.RUN, at=None, id="", command=line, exit_status=status)
    found = checks_in(deed, commands)
    if found:
        reasons = [each.proves_nothing for each in found]
        telling = [each for each in found if each.proves_nothing is None] or list(found)
        kinds = {each.kind.value for each in telling}
        kind = kinds.pop() if len(kinds) == 1 else CheckKind.ANY.value
        tests = [each for each in telling if each.kind in (CheckKind.TEST, CheckKind.ANY)]
        part = _SOME_TESTS if tests and all(each.part for each in tests) else None
        runner = ", ".join(dict.fromkeys(each.runner for each in found))
        return runner, kind, part, None if None in reasons else reasons[0]
    names = [base_name(each.words[0]) for each in commands if each.words]
    return ", ".join(dict.fromkeys(names)), None, None, _CHECKS_NOTHING if set(names) <= _NO_CHECKS else None


def command_reference(line: str) -> dict[str, Any]:
    """Return a command line as evidence refers to it: its name and its digest, since it may hold secrets."""
    runner = _named(line, None)[0]
    return {"kind": "command", "ref": runner or "command", "sha256": sha256(line.encode()).hexdigest()}


def change_of(offered: OfferedEvidence) -> dict[str, Any] | None:
    """Return what a change of files comes to; None where no file is named."""
    from reporting_governance.core.file_kinds import FileKind, kind_of_file

    paths = [str(ref["ref"]) for ref in offered.refs if ref["kind"] == "file"]
    if not paths:
        return None
    kinds = {kind_of_file(path) for path in paths}
    change: dict[str, Any] = {"paths": paths[:MOST_PATHS], "code": FileKind.CODE in kinds}
    return change | ({"configuration": True} if FileKind.CONFIGURATION in kinds else {})
