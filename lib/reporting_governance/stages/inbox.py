"""inbox: what was dropped as files is recorded as if its owner had called `report`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.errors import Busy, ContractError, GovernanceError
from reporting_governance.stages.check_in_group import ArtifactReader
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.dropped import Dropped, Inbox
from reporting_governance.stages.intake import (
    FLOOD,
    REFUSED,
    UNSAFE_FILE,
    WRONG_SHAPE,
    Parsed,
    parse_one,
    read_check_in,
    shape_finding,
)
from reporting_governance.stages.report import run_report
from reporting_governance.storage.interface import Store

#: Does what a person (act) or a receiver (receipt) hands in: the document and the uid of its owner.  None: done before.
#: Raises GovernanceError for what is not to be done; Busy leaves the file for the next run.
Handler = Callable[[Mapping[str, Any], int], object]
#: Does what a mail says (a delivery report, a person's reply); None when there was nothing new.  Raises as above.
MailHandler = Callable[[bytes, int], object]


@frozen(kw_only=True)
class Handlers:
    """Who does what is no check-in; None: it is refused."""

    act: Handler | None = None
    receipt: Handler | None = None
    mail: MailHandler | None = None
    silence: Handler | None = None
    attempt: Handler | None = None


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


@dataclass(slots=True)
class _Run:
    store: Store
    inbox: Inbox
    profile: ProfileSpec
    clock: Clock
    artifacts: ArtifactReader | None
    operators: frozenset[int]
    handlers: Handlers
    recorded: int = 0
    already: int = 0
    refused: int = 0
    left: int = 0
    findings: list[Finding] = field(default_factory=list)

    def take(self, dropped: Dropped) -> tuple[CheckIn, Dropped] | None:
        """Deal with one thing; a check-in is returned, to be recorded together with others of its owner."""
        name = f"inbox/{dropped.name}"
        if dropped.problem:
            self.refuse(dropped, [UNSAFE_FILE.finding(file=name, message=dropped.problem)])
            return None
        if name.endswith(".eml"):
            self._mail(dropped, self.handlers.mail, name)
            return None
        parsed = parse_one(dropped.data, name=name)
        if parsed.value is None:
            self.refuse(dropped, list(parsed.findings))
            return None
        if "verb" in parsed.value:
            return self._check_in(dropped, parsed, name)
        if "what" in parsed.value:
            self._handle(dropped, parsed, self.handlers.act, name)
        elif "attempt_id" in parsed.value or "outcome" in parsed.value:
            self._handle(dropped, parsed, self.handlers.receipt, name)
        elif "matcher" in parsed.value:
            self._handle(dropped, parsed, self.handlers.silence, name)
        elif "session_id" in parsed.value:
            self._handle(dropped, parsed, self.handlers.attempt, name)
        else:
            fault = WRONG_SHAPE.finding(file=name, message="neither a check-in, an act, a silence nor a receipt")
            self.refuse(dropped, [fault])
        return None

    def _check_in(self, dropped: Dropped, parsed: Parsed, name: str) -> tuple[CheckIn, Dropped] | None:
        check_in, findings = read_check_in(parsed, name=name)
        if check_in is None:
            self.refuse(dropped, list(findings))
            return None
        return (check_in if check_in.id else replace(check_in, id=dropped.identity)), dropped

    def _mail(self, dropped: Dropped, handler: MailHandler | None, name: str) -> None:
        if handler is None:
            self.refuse(dropped, [REFUSED.finding(file=name, message="nobody takes mail in here")])
            return
        try:
            taken = handler(dropped.data, dropped.uid)
        except Busy:
            self.left += 1
        except GovernanceError as error:
            self.refuse(dropped, [REFUSED.finding(file=name, message=str(error), suggestion=error.advice() or None)])
        else:
            self.recorded += taken is not None
            self.already += taken is None
            self.inbox.done(dropped)

    def _handle(self, dropped: Dropped, parsed: Parsed, handler: Handler | None, name: str) -> None:
        if handler is None or parsed.value is None:
            self.refuse(dropped, [REFUSED.finding(file=name, message="nobody takes this in here")])
            return
        what = parsed.value.get("what")
        if what is not None and what not in set(ActKind):
            fault = f"{what!r} is none of {', '.join(ActKind)}"
            span = parsed.document.value_span("/what") if parsed.document else None
            self.refuse(dropped, [WRONG_SHAPE.finding(file=name, message=fault, pointer="/what", span=span)])
            return
        try:
            new = handler(parsed.value, dropped.uid) is not None
        except Busy:
            self.left += 1
        except ContractError as fault_of_shape:
            document = parsed.document
            found = (
                REFUSED.finding(file=name, message=str(fault_of_shape))
                if document is None
                else shape_finding(document, fault_of_shape, name=name)
            )
            self.refuse(dropped, [found])
        except GovernanceError as error:
            self.refuse(dropped, [REFUSED.finding(file=name, message=str(error), suggestion=error.advice() or None)])
        else:
            self.recorded += new
            self.already += not new
            self.inbox.done(dropped)

    def record(self, uid: int, check_ins: Sequence[tuple[CheckIn, Dropped]]) -> None:
        """Record the check-ins of one user; their files go only after that."""
        try:
            report = run_report(
                self.store,
                [check_in for check_in, _ in check_ins],
                uid=uid,
                profile=self.profile,
                clock=self.clock,
                artifacts=self.artifacts,
                operators=self.operators,
            )
        except Busy:
            self.left += len(check_ins)
            return
        for (_, dropped), result in zip(check_ins, report.results, strict=True):
            if result.refused:
                self.refuse(dropped, [REFUSED.finding(file=f"inbox/{dropped.name}", message=result.reason)])
                continue
            self.recorded += result.recorded
            self.already += not result.recorded
            self.inbox.done(dropped)

    def refuse(self, dropped: Dropped, findings: list[Finding]) -> None:
        """Put a file aside, with what is wrong with it."""
        self.inbox.refuse(dropped, [each.dump() for each in findings])
        self.findings.extend(findings)
        self.refused += 1


def run_inbox(
    store: Store,
    inbox: Inbox,
    *,
    profile: ProfileSpec,
    clock: Clock,
    artifacts: ArtifactReader | None = None,
    operators: frozenset[int] = frozenset(),
    handlers: Handlers | None = None,
) -> InboxReport:
    """Record what was dropped, oldest first.  Safe to start twice, and after a kill at any point.

    A file without an id of its own has that of its name, time and bytes; so what was recorded and could not be
    removed any more is known when it is read again.

    Args:
        operators: users who may check in for tasks of others; the state's owner is one.
        handlers: who does acts and takes receipts.
    """
    taken = inbox.take()
    if not taken.dropped and not taken.floods:
        return InboxReport()
    run = _Run(store, inbox, profile, clock, artifacts, operators, handlers or Handlers())
    by_user: dict[int, list[tuple[CheckIn, Dropped]]] = {}
    for dropped in taken.dropped:
        found = run.take(dropped)
        if found is not None:
            by_user.setdefault(dropped.uid, []).append(found)
    for uid, check_ins in by_user.items():
        run.record(uid, check_ins)
    for flood in taken.floods:
        run.left += flood.left
        message = f"{flood.left} more files of uid {flood.uid} wait for the next runs"
        run.findings.append(FLOOD.finding(file="inbox", message=message))
    return InboxReport(
        read=len(taken.dropped),
        recorded=run.recorded,
        already=run.already,
        refused=run.refused,
        left=run.left,
        findings=tuple(run.findings),
    )
