"""One run of the bridge: its limits, what it does with each item, and what it has recorded so far."""

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from reporting_governance.adapters.interface import Answer, Message, Sender, SendResult
from reporting_governance.contracts.journal_line import Folder, ViewName
from reporting_governance.contracts.notification_settings import InDoubt
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.times import due_name, parse_time
from reporting_governance.core.awaiting import put_off
from reporting_governance.core.delivery import BRIDGE, DeliveryRules, Here, Powers, StepKind, next_step
from reporting_governance.core.settling import Place, Settlement, settle, settle_unsent
from reporting_governance.core.target_memory import Limit
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.bridge_gate import Gate, Verdict
from reporting_governance.stages.bridge_report import BridgeItem, BridgeReport, item_of
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.stages.host import Host
from reporting_governance.stages.message import message_of
from reporting_governance.stages.newest import read_all
from reporting_governance.stages.receipts import Result, record
from reporting_governance.stages.sending import Copies, Prepared, Work, powers_of, prepare, read_threads
from reporting_governance.stages.targets import targets_of
from reporting_governance.storage.interface import Listing, Store, View, expand

if TYPE_CHECKING:
    from reporting_governance.contracts.deployment_profile import ProfileSpec

_AT_TARGET = frozenset({StepKind.SEND, StepKind.LOOK, StepKind.POLL, StepKind.TAKE_BACK})
_GRACE = timedelta(hours=1)
_TARGET_IS_DOWN = frozenset({SendResult.NOT_SENT, SendResult.TRY_LATER})


@dataclass(kw_only=True, slots=True)
class BridgeRun:
    """One run: its settings and what it has done so far."""

    store: Store
    senders: Mapping[str, Sender]
    profile: "ProfileSpec"
    clock: Clock
    host: Host
    limit: int
    ends_at: float
    max_seconds: float
    parallel: int
    stop: Callable[[], bool]
    copies: Copies | None
    items: list[BridgeItem] = field(default_factory=list)
    sent: int = 0
    refused: int = 0
    looked_at: set[ViewName] = field(default_factory=set)  #: versions this run has nothing more to do with
    idle: set[ViewName] = field(default_factory=set)  #: of those, the ones that only wait
    tried: set[str] = field(default_factory=set)  #: items sent by this run: once is enough, whatever became of it
    cold: set[str] = field(default_factory=set)
    is_late: bool = False  #: a send would have ended after the end of this run
    gate: Gate = field(init=False)
    elsewhere: frozenset[str] = field(init=False)  #: targets that only other hosts reach
    _made: dict[str, ViewName] = field(default_factory=dict)  #: threads that receipts of this pass have left

    def __post_init__(self) -> None:
        limit = self.profile.notification.rate_limit
        in_force = Limit(limit.messages, limit.per_seconds) if limit else None
        self.gate = Gate(self.store, in_force, self.rules(), self.clock)
        named = targets_of(self.profile.notification)
        self.elsewhere = frozenset(name for name, each in named if not each.is_sent_from(self.host.name))

    def goes_on(self) -> bool:
        return not self.stop() and self.sent < self.limit and self.clock.monotonic() < self.ends_at

    def threads(self) -> Listing:
        """Begin a pass: return the threads there are, from now on with what this run makes of them."""
        self._made.clear()
        listed = self.store.listing(Folder.EPISODES)
        return replace(listed, names=ChainMap(self._made, cast(dict[str, ViewName], listed.names)))  # only looked up in

    def may_begin(self, sender: Sender) -> bool:
        """A send begins when it will have ended in time; one that always takes longer may be the first."""
        limit = sender.promises.limit_seconds
        fits = self.clock.monotonic() + limit <= self.ends_at or (self.sent == 0 and limit > self.max_seconds)
        self.is_late |= not fits
        return self.goes_on() and fits

    def rules(self) -> DeliveryRules:
        notification = self.profile.notification
        return DeliveryRules(
            # Held items need somebody else to be told; without one, telling twice is better than perhaps never.
            resend_marked=notification.in_doubt is InDoubt.RESEND_MARKED or not notification.fallback,
            first_seconds=notification.retry.first_seconds,
            ceiling_seconds=notification.retry.ceiling_seconds,
        )

    def load(self, names: Sequence[ViewName], threads: Listing) -> Iterator[Work]:
        """Yield what there is to do for each name; what only waits is left out."""
        self.looked_at.update(names)
        views = read_all(self.store, names)
        self._foresee_threads(views, threads)
        now = self.clock.now()
        here = Here(host=self.host.name, boot_id=self.host.boot_id, monotonic_ms=int(self.clock.monotonic() * 1000))
        rules = self.rules()
        for view in views:
            name = view.name
            work = self.decide(view, threads, now, here, rules)
            if work.step.kind in (StepKind.WAIT, StepKind.HOLD) or not self._is_time_to_ask(work, now):
                self.idle.add(name)
            elif work.step.kind in _AT_TARGET and work.target in self.elsewhere:
                self.idle.add(name)  # given back; what needs no target any host does, so that no item stays for ever
            elif work.step.kind is not StepKind.SEND or name.id not in self.tried:
                yield work

    def _foresee_threads(self, views: Sequence[View], threads: Listing) -> None:
        keys = dict.fromkeys(key for view in views for key in view.body["item"]["thread_keys"])
        self.store.foresee(list(threads.several(keys).values()))

    def _is_time_to_ask(self, work: Work, now: datetime) -> bool:
        """Tell whether a sender that would be asked again may be: not more often than it promises to stand.

        When it was asked last is a hint that no record keeps: without it, it is asked once more.
        """
        if work.step.kind is not StepKind.POLL or work.sender is None:
            return True
        asked = self.store.heartbeats([work.name.id]).get(work.name.id)
        newest = parse_time(work.body["receipts"][-1]["settled_at"])
        every = timedelta(seconds=work.sender.promises.polls_every_seconds or 0)
        return all(not timedelta(0) <= now - moment < every for moment in (asked, newest) if moment is not None)

    def decide(self, view: View, threads: Listing, now: datetime, here: Here, rules: DeliveryRules) -> Work:
        body = view.body
        item = body["item"]
        if any(isinstance(each, Mapping) for each in item["rendered"].values()):
            body = {**body, "item": {**item, "rendered": expand(self.store, item["rendered"])}}
        sender = self.senders.get(item["target"])
        of_item = read_threads(self.store, item, threads)
        step = next_step(
            body,
            [each.body for each in of_item],
            now=now,
            here=here,
            powers=self._powers(item, sender, now),
            rules=rules,
        )
        return Work(name=view.name, body=body, threads=of_item, step=step, sender=sender)

    def _powers(self, item: Mapping[str, Any], sender: Sender | None, now: datetime) -> Powers | None:
        """Return what can be done at an item's target.

        Long after the item's lifetime nobody waits any more for a host that could have looked there.
        """
        powers = powers_of(sender) if sender else None
        if powers is None or item["target"] not in self.elsewhere or now < parse_time(item["not_after"]) + _GRACE:
            return powers
        return replace(powers, can_look=False, polls_every_seconds=None, waits_for_others=False)

    def settle_unsent(self, works: Sequence[Work]) -> None:
        """Withdraw, block, and say in doubt: steps that need no sender's answer."""
        now = self.clock.now()
        results = []
        for work in works:
            if work.step.kind in (StepKind.WITHDRAW, StepKind.BLOCK):
                settlement = settle_unsent(work.body, work.step, now=now)
                results.append(Result(work=work, name=work.name, settlement=settlement, own=False))
            elif work.step.kind is StepKind.SETTLE_IN_DOUBT:
                answer = Answer(result=SendResult.IN_DOUBT, evidence={"attempt": "over without an answer"})
                settlement = self.settle(work, answer, str(work.step.attempt_id), BRIDGE)
                results.append(Result(work=work, name=work.name, settlement=settlement, own=False))
        self.record(results)

    def settle(self, work: Work, answer: Answer, attempt_id: str, settled_by: str) -> Settlement:
        rules = self.rules()
        powers = work.powers
        if powers is not None and powers.polls_every_seconds is not None:
            can_ask = getattr(work.sender, "can_ask", None)
            if can_ask is not None and not can_ask(answer.evidence):
                powers = replace(powers, polls_every_seconds=None)
        return settle(
            answer,
            work.body,
            attempt_id,
            now=self.clock.now(),
            ack_requires=Proof(work.body["item"]["expects_proof"]),
            powers=powers,
            rules=rules,
            settled_by=settled_by,
            # The same for one attempt in every run, different between attempts: a crowd does not return at once.
            jitter_seconds=int(attempt_id[-6:], 16) % (rules.first_seconds // 4 + 1),
        )

    def record(self, results: Sequence[Result]) -> None:
        for start in range(0, len(results), COMMIT):
            part = results[start : start + COMMIT]
            rules = rules_of(self.profile.notification)
            refused = record(self.store, part, rules, clock=self.clock, copies=self.copies, made=self._made)
            self.refused += len(refused)
            recorded = [each for each in part if each.work.name.id not in refused]
            self.items += [item_of(each) for each in recorded]
            for each in recorded:
                if each.work.body["receipts"] and each.settlement.place is not Place.OPEN:  # it may have been asked for
                    self.store.forget_heartbeat(each.work.name.id)

    def looked(self, work: Work, look: Callable[[Message, Mapping[str, Any] | None], Answer | None]) -> Result:
        """Return what a look at the target proves about the attempt in question."""
        attempts = work.body["attempts"]
        attempt = next(each for each in attempts if each["attempt_id"] == work.step.attempt_id)
        try:
            found = look(message_of(self.store, work, number=attempt["number"]), attempt.get("target_mark"))
        except Exception as fault:  # as in guarded_send: a look that fails proves nothing
            found = Answer(result=SendResult.IN_DOUBT, evidence={"error": type(fault).__name__})
        answer = found or Answer(result=SendResult.NOT_SENT, evidence={"look": "not there"})
        settlement = self.settle(work, answer, attempt["attempt_id"], BRIDGE)
        return Result(work=work, name=work.name, settlement=settlement, own=False)

    def put_off(self, verdicts: Sequence[tuple[Work, Verdict]]) -> None:
        """Record why items are not sent now; one whose records say so already simply stays due."""
        now = self.clock.now()
        results = []
        for work, verdict in verdicts:
            assert verdict.reason is not None
            settlement = put_off(work.body, verdict.reason, until=verdict.until or now, now=now)
            if settlement is None:
                self.idle.add(work.name)
            else:
                results.append(Result(work=work, name=work.name, settlement=settlement, own=False))
        self.record(results)

    def prepare(self, works: Sequence[Work], mark: Callable[[Work], Mapping[str, Any] | None]) -> list[Prepared]:
        gate = self.gate
        prepared = prepare(
            self.store,
            works,
            mark,
            host=self.host,
            clock=self.clock,
            copies=self.copies,
            limit=gate.limit,
            reserved=gate.reserved,
        )
        for target in {work.target for work in works}:
            gate.forget(target)
        self.sent += len(prepared)
        self.tried.update(work.name.id for work in works)
        self.refused += len(works) - len(prepared)
        return prepared

    def receive(self, answered: Sequence[tuple[Prepared, Answer]]) -> None:
        """Record the answers to our own sends, and remember targets that are down."""
        results = []
        for prepared, answer in answered:
            work = prepared.work
            if answer.result in _TARGET_IS_DOWN:
                self.cold.add(work.target)
            settlement = self.settle(work, answer, prepared.attempt.attempt_id, prepared.attempt.sender)
            results.append(Result(work=work, name=prepared.name, settlement=settlement, own=True))
        self.record(results)
        for prepared, _ in answered:
            self.gate.forget(prepared.work.target)

    def report(self) -> BridgeReport:
        left = 0
        if self.looked_at:  # else nothing was due, and a second listing would say so again
            due = self.store.listing(Folder.SPOOL).due(due_name(self.clock.now()))
            left = sum(each not in self.idle for each in due)
        return BridgeReport(
            items=tuple(self.items),
            sent=self.sent,
            refused=self.refused,
            left=left,
            cold_targets=tuple(sorted(self.cold)),
        )
