"""inbox: what was dropped as files is recorded as if its owner had called `report`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.blocked_note import BlockedNote
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.role import Action
from reporting_governance.errors import Busy, ContractError, GovernanceError, PolicyBlockedError
from reporting_governance.stages.check_in_group import ArtifactReader
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.denials import ACTION_OF, Denials, Nobody, NotASender, Rights
from reporting_governance.stages.dropped import Dropped, Inbox
from reporting_governance.stages.inbox_report import InboxReport, bounded
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
from reporting_governance.storage.interface import Group, Store

_MOST_TOLD: Final = 50  #: files of one user that a report names

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


@dataclass(slots=True)
class _Run:
    store: Store
    inbox: Inbox
    profile: ProfileSpec
    clock: Clock
    artifacts: ArtifactReader | None
    denials: Denials
    handlers: Handlers
    recorded: int = 0
    already: int = 0
    refused: int = 0
    left: int = 0
    findings: list[Finding] = field(default_factory=list)
    aside: list[tuple[Dropped, Finding | None]] = field(default_factory=list)  #: to go when their lines are there
    refused_of: dict[int, int] = field(default_factory=dict)  #: user -> files that were put aside

    def take(self, dropped: Dropped) -> tuple[CheckIn, Dropped] | None:
        """Deal with one thing; a check-in is returned, to be recorded together with others of its owner."""
        name = f"inbox/{dropped.name}"
        if dropped.problem:
            self.refuse(dropped, [UNSAFE_FILE.finding(file=name, message=dropped.problem)])
            return None
        if name.endswith(".eml"):
            if not self._denied(dropped, self.denials.unless_sender(dropped.uid, "mail")):
                self._mail(dropped, self.handlers.mail, name)
            return None
        parsed = parse_one(dropped.data, name=name)
        if parsed.value is None:
            self.refuse(dropped, list(parsed.findings))
            return None
        if "verb" in parsed.value:
            return self._check_in(dropped, parsed, name)
        if "what" in parsed.value:
            kind = _act_kind(parsed.value["what"])
            self._handle(dropped, parsed, self.handlers.act, name, None if kind is None else ACTION_OF[kind])
        elif "attempt_id" in parsed.value or "outcome" in parsed.value:
            if not self._denied(dropped, self.denials.unless_sender(dropped.uid, "receipts")):
                self._handle(dropped, parsed, self.handlers.receipt, name)
        elif "matcher" in parsed.value:
            self._handle(dropped, parsed, self.handlers.silence, name, Action.SILENCE)
        elif "session_id" in parsed.value:
            self._handle(dropped, parsed, self.handlers.attempt, name)
        elif "blocked" in parsed.value:
            self._note(dropped, parsed, name)
        else:
            fault = WRONG_SHAPE.finding(file=name, message="neither a check-in, an act, a silence nor a receipt")
            self.refuse(dropped, [fault])
        return None

    def _denied(self, dropped: Dropped, fault: PolicyBlockedError | NotASender | None) -> bool:
        """Count a refusal, and put the file aside once its line is there; False when there is none."""
        if fault is None:
            return False
        self.denials.add(fault, dropped.uid, file=dropped.identity[:16])
        message, suggestion = str(fault), fault.advice() or None
        self.aside.append(
            (dropped, REFUSED.finding(file=f"inbox/{dropped.name}", message=message, suggestion=suggestion))
        )
        return True

    def _note(self, dropped: Dropped, parsed: Parsed, name: str) -> None:
        """Take in that somebody was refused something.  Only who wrote the file is believed, and looked up again."""
        if parsed.value is None or parsed.document is None:
            return
        try:
            action = BlockedNote.parse(parsed.value, source=name).blocked
        except ContractError as fault:
            self.refuse(dropped, [shape_finding(parsed.document, fault, name=name)])
            return
        blocked = self.denials.of(action, dropped.uid)
        if blocked is not None:  # else his role would do, and only his process was not the owner's
            self.denials.add(blocked, dropped.uid, by="note")
        self.aside.append((dropped, None))

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

    def _handle(
        self, dropped: Dropped, parsed: Parsed, handler: Handler | None, name: str, action: Action | None = None
    ) -> None:
        """Do what a document asks; `action`: what its owner needs a role for."""
        if action is not None and self._denied(dropped, self.denials.of(action, dropped.uid)):
            return
        if handler is None or parsed.value is None:
            self.refuse(dropped, [REFUSED.finding(file=name, message="nobody takes this in here")])
            return
        what = parsed.value.get("what")
        if what is not None and _act_kind(what) is None:
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
        blocked = self.denials.of(Action.REPORT_FOR_OTHERS, uid)
        try:
            report = run_report(
                self.store,
                [check_in for check_in, _ in check_ins],
                uid=uid,
                profile=self.profile,
                clock=self.clock,
                artifacts=self.artifacts,
                operators=frozenset((uid,)) if blocked is None else frozenset(),
            )
        except Busy:
            self.left += len(check_ins)
            return
        for (_, dropped), result in zip(check_ins, report.results, strict=True):
            if result.of_another and blocked is not None:
                self.denials.add(blocked, uid, file=dropped.identity[:16])
                self.aside.append((dropped, REFUSED.finding(file=f"inbox/{dropped.name}", message=result.reason)))
                continue
            if result.refused:
                self.refuse(dropped, [REFUSED.finding(file=f"inbox/{dropped.name}", message=result.reason)])
                continue
            self.recorded += result.recorded
            self.already += not result.recorded
            self.inbox.done(dropped)

    def settle_denials(self) -> None:
        """Record what was refused for who asked; only then the files go, so that no attempt is lost by a kill."""
        lines = self.denials.lines()
        for start in range(0, len(lines), COMMIT):
            self.store.commit(
                [Group(additions=(each,)) for each in lines[start : start + COMMIT]], now=self.clock.now()
            )
        for dropped, finding in self.aside:
            if finding is None:
                self.recorded += 1
                self.inbox.done(dropped)
            else:
                self.refuse(dropped, [finding])

    def refuse(self, dropped: Dropped, findings: list[Finding]) -> None:
        """Put a file aside, with what is wrong with it; of one user who floods the inbox only so many are named."""
        told = [bounded(each) for each in findings]
        self.inbox.refuse(dropped, [each.dump() for each in told])
        number = self.refused_of[dropped.uid] = self.refused_of.get(dropped.uid, 0) + 1
        if number <= _MOST_TOLD:
            self.findings.extend(told)
        self.refused += 1

    def sum_up(self) -> None:
        """Say how many more were refused than are named."""
        for uid, number in self.refused_of.items():
            if number > _MOST_TOLD:
                message = f"{number - _MOST_TOLD} more files of uid {uid} were put aside; corrupt/ says why"
                self.findings.append(REFUSED.finding(file="inbox", message=message))


def _act_kind(what: object) -> ActKind | None:
    return ActKind(what) if isinstance(what, str) and what in set(ActKind) else None


def run_inbox(
    store: Store,
    inbox: Inbox,
    *,
    profile: ProfileSpec,
    clock: Clock,
    artifacts: ArtifactReader | None = None,
    rights: Rights | None = None,
    handlers: Handlers | None = None,
) -> InboxReport:
    """Record what was dropped, oldest first.  Safe to start twice, and after a kill at any point.

    A file without an id of its own has that of its name, time and bytes; so what was recorded and could not be
    removed any more is known when it is read again.

    Args:
        rights: who may act, check in for tasks of others, and hand in receipts; None: nobody.
        handlers: who does acts and takes receipts.

    Raises: Busy when refusals could not be recorded; their files stay.
    """
    taken = inbox.take()
    if not taken.dropped and not taken.floods:
        return InboxReport()
    run = _Run(store, inbox, profile, clock, artifacts, Denials(rights or Nobody()), handlers or Handlers())
    by_user: dict[int, list[tuple[CheckIn, Dropped]]] = {}
    for dropped in taken.dropped:
        found = run.take(dropped)
        if found is not None:
            by_user.setdefault(dropped.uid, []).append(found)
    for uid, check_ins in by_user.items():
        run.record(uid, check_ins)
    run.settle_denials()
    run.sum_up()
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
