"""What must hold of the chain after anything at all, re-derived from the journal's records and from what arrived.

Nothing of the product's projection or delivery code is used for what is derived here: a simple fold of its own.
`check` takes the lines, what each peer really received, and whether everything has come to rest.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from reporting_governance.storage.interface import Store
from tests.storage.back_ends import current

Document = Mapping[str, Any]
Body = Mapping[str, Any]

FAR = "99991231T235959.999Z"
PAST, SPOOL, QUEUE, THREADS, EVENTS = (
    "past",
    "operator-notify-dispatch-spool",
    "operator-notify-queue",
    "long-task-watchdog",
    "long-task-watchdog-events",
)
TROUBLE = ("firing", "review", "repeat", "fallback", "escalation")
ONE_SHOT = ("delivery_failed", "spawn_failed", "clock_skew", "no_host")
TOLD = ("acked", "pending_external_send")
#: Kinds of which no id is ever written twice.  (A checkpoint request is one at a time for a task, and comes back.)
ONCE = (
    "event-envelope",
    "evidence",
    "decision-record-artifact",
    "notice",
    "hold",
    "silence",
    "spool-item",
    "attempt",
    "receipt",
    "act",
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as a peer got it."""

    spool_id: str
    notice_ids: tuple[str, ...]
    marked: bool  #: it says that it may be a repeat
    place: str  #: what a receipt can point at: an offset, an id


@dataclass(frozen=True, slots=True)
class Version:
    """A view's open version, by this module's own fold."""

    folder: str
    id: str
    due: str
    seq: int

    def __str__(self) -> str:
        if self.folder == PAST:
            return f"past/{self.id}@{self.seq:012d}"
        return f"{self.folder}/{self.due}-{self.id}-{self.seq:012d}.json"


def _is_refusal(receipt: Body) -> bool:
    return receipt["outcome"] == "blocked" and receipt.get("reason") == "refused"


@dataclass(slots=True)
class Item:
    """A spool item's records."""

    body: Body
    seq: int
    attempts: list[Body] = field(default_factory=list)
    receipts: list[Body] = field(default_factory=list)

    def receipts_of(self, attempt: Body) -> list[Body]:
        return [each for each in self.receipts if each.get("attempt_id") == attempt["attempt_id"]]

    def came_back(self) -> set[str]:
        """Return the attempts whose message was given back after it had been taken: of it nobody learned anything."""
        return {str(each["attempt_id"]) for each in self.receipts if _is_refusal(each) and "attempt_id" in each}

    def state(self) -> str:
        """Acked once said so; else what was said last about the item or its newest attempt."""
        if any(each["outcome"] == "acked" for each in self.receipts):
            return "acked"
        newest = self.attempts[-1]["attempt_id"] if self.attempts else None
        said = [each["outcome"] for each in self.receipts if each.get("attempt_id") in (None, newest)]
        return "dispatched" if not said or said[-1] == "deferred" else str(said[-1])


@dataclass(slots=True)
class Notice:
    """A notice's records."""

    body: Body
    seq: int
    items: list[Item] = field(default_factory=list)
    receipts: list[Body] = field(default_factory=list)


@dataclass(slots=True)
class Derived:
    """Everything the records say."""

    head: int = 0
    versions: dict[str, Version] = field(default_factory=dict)  #: open ones, by name
    events: dict[str, Body] = field(default_factory=dict)
    decisions: dict[str, Body] = field(default_factory=dict)  #: by the event's id
    notices: dict[str, Notice] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    acts: list[Body] = field(default_factory=list)
    closes: dict[str, Body] = field(default_factory=dict)  #: by thread
    ids: dict[str, None] = field(default_factory=dict)  #: in order
    open_ids: dict[tuple[str, str], Version] = field(default_factory=dict)  #: the open version, by folder and id
    by_thread: dict[str, list[Notice]] = field(default_factory=dict)
    of_attempt: dict[str, Item] = field(default_factory=dict)

    def open_in(self, folder: str, prefix: str = "") -> list[Version]:
        return [each for each in self.versions.values() if each.folder == folder and each.id.startswith(prefix)]

    def state_of(self, notice_id: str) -> str:
        """Return the one state of a notice: where its views lie decides between queued and the rest."""
        notice = self.notices[notice_id]
        states = {item.state() for item in notice.items}
        for state in ("acked", "pending_external_send", "dispatched", "blocked"):
            if state in states:
                return state
        if (QUEUE, notice_id) in self.open_ids:
            return "queued"
        return "blocked" if any(each["outcome"] == "blocked" for each in notice.receipts) else "lost"

    def of_thread(self, thread: str) -> list[Notice]:
        return self.by_thread.get(thread, [])

    def threads(self) -> list[str]:
        return list(self.by_thread)

    def was_told(self, thread: str) -> bool:
        """Tell whether a receipt says that the trouble was told, or that it may have been, and it did not come back."""
        return any(
            receipt["outcome"] in TOLD and receipt.get("attempt_id") not in item.came_back()
            for notice in self.of_thread(thread)
            if notice.body["phase"] in TROUBLE
            for item in notice.items
            for receipt in item.receipts
        )

    def is_in_doubt(self, item: Item) -> bool:
        return any(each.get("reason") == "in_doubt" for each in item.receipts)


# -- reading


def lines_of_folder(root: str) -> list[Document]:
    """Return a state folder's valid lines; every byte of the log has been looked at."""
    return current().lines(root)


def lines_of_store(store: Store) -> list[Document]:
    """Return any back end's lines, with the chain of hashes made again from their text."""
    documents: list[Document] = []
    before, prev = 0, "0" * 64
    for line in store.replay():
        # Void lines are hashed too and not replayed: behind them only `lines_of_folder` can tell.
        assert line.document["prev"] == prev or line.seq != before + 1, f"line {line.seq} does not chain"
        text = json.dumps(line.document, sort_keys=True, separators=(",", ":"))
        before, prev = line.seq, sha256(b"\x00" + text.encode("ascii")).hexdigest()
        assert line.leaf == prev, f"line {line.seq} has another hash than it says"
        documents.append(line.document)
    return documents


def arrivals_in(path: str) -> list[Arrival]:
    """Return what stands in a file of JSON lines, an outbox or a program's own log; a torn line is no message."""
    found: list[Arrival] = []
    offset = 0
    if not os.path.exists(path):
        return found
    with open(path, "rb") as file:
        for raw in file:
            try:
                document = json.loads(raw)
            except ValueError:
                document = None
            if isinstance(document, dict):
                marked = bool(document.get("possible_repeat_of")) or "[possible repeat" in document["subject"]
                found.append(Arrival(document["spool_id"], tuple(document["notice_ids"]), marked, str(offset)))
            offset += len(raw)
    return found


# -- the fold


def derive(documents: Sequence[Document]) -> Derived:
    """Fold the records; fails on what no order of events explains."""
    derived = Derived()
    group: list[Document] = []
    for document in documents:
        assert document["seq"] > derived.head, "seqs only rise"
        derived.head = document["seq"]
        if document["type"] == "log.segment_open":
            _forget_past(derived, document["meta"].get("past_before", 0))
        if "record" in document:
            _fold_record(derived, document)
        group.append(document)
        if document["g"][0] == document["g"][1]:
            _fold_versions(derived, [each for each in group if "record" in each])
            group = []
    assert not group, "a group is added whole or not at all"
    return derived


def _forget_past(derived: Derived, before: int) -> None:
    for name, version in list(derived.versions.items()):
        if version.folder == PAST and version.seq < before:
            _close(derived, name)


def _close(derived: Derived, name: str) -> None:
    version = derived.versions.pop(name)
    del derived.open_ids[version.folder, version.id]


def _fold_record(derived: Derived, document: Document) -> None:
    record = document["record"]
    kind, body = record["kind"], record["body"]
    if kind in ONCE:
        assert record["id"] not in derived.ids, f"{kind} {record['id']} stands twice in the log"
        derived.ids[record["id"]] = None
    if kind == "event-envelope":
        derived.events[body["event_id"]] = body
        waits = any(view[0] == EVENTS for view in record["views"])
        assert not (waits and "caused_by" in body["payload"]), f"{record['id']} followed from a decision, and waits"
    elif kind == "decision-record-artifact":
        event = body["metadata"]["event_id"]
        assert event in derived.events, "a decision follows its event"
        assert "caused_by" not in derived.events[event]["payload"], f"{event} followed from a decision, and has one"
        assert event not in derived.decisions, f"{event} was decided twice"
        derived.decisions[event] = body
    elif kind == "notice":
        notice = derived.notices[body["notice_id"]] = Notice(body, document["seq"])
        derived.by_thread.setdefault(body["thread_key"], []).append(notice)
    elif kind == "spool-item":
        item = derived.items[body["spool_id"]] = Item(body, document["seq"])
        for identity in body["notice_ids"]:
            derived.notices[identity].items.append(item)
    elif kind == "attempt":
        item = derived.of_attempt[body["attempt_id"]] = derived.items[body["spool_id"]]
        item.attempts.append(body)
    elif kind == "receipt":
        _fold_receipt(derived, body)
    elif kind == "act":
        derived.acts.append(body)
    elif kind == "thread-close":
        derived.closes[body["thread"]] = body


def _fold_receipt(derived: Derived, receipt: Body) -> None:
    if "notice_id" in receipt:
        derived.notices[receipt["notice_id"]].receipts.append(receipt)
        return
    if "spool_id" in receipt:
        derived.items[receipt["spool_id"]].receipts.append(receipt)
        return
    owner = derived.of_attempt.get(receipt["attempt_id"])
    assert owner is not None, f"receipt {receipt['receipt_id']} is about no attempt that was recorded before it"
    owner.receipts.append(receipt)


def _fold_versions(derived: Derived, group: Sequence[Document]) -> None:
    """Every consumed version is there, once; every id has one open version in a folder."""
    consumed = dict.fromkeys(name for document in group for name in document["record"]["consumes"])
    for name in consumed:
        assert name in derived.versions, f"line {group[0]['seq']} consumes {name}, which is gone or never was"
        _close(derived, name)
    made: dict[tuple[str, str], Version] = {}
    for document in group:
        for folder, identity, due in document["record"]["views"]:
            made[folder, identity] = Version(folder, identity, "" if folder == PAST else due, document["seq"])
    for version in made.values():
        twin = derived.open_ids.get((version.folder, version.id))
        assert twin is None, f"{version} is born while {twin} is open"
        derived.versions[str(version)] = derived.open_ids[version.folder, version.id] = version


# -- the oracle


def check(
    documents: Sequence[Document],
    arrived: Mapping[str, Sequence[Arrival]],
    *,
    at_rest: bool = True,
    acknowledged: Iterable[Sequence[str]] = (),
) -> Derived:
    """Check everything that must hold; return what was derived.

    Args:
        arrived: what each target (`receiver/target`) really got.
        at_rest: nothing runs any more and every stage found nothing to do: then nothing may be left stuck.
        acknowledged: for each writer, the ids of its records in the order in which it was told *added*.
    """
    derived = derive(documents)
    for told in acknowledged:
        _check_acknowledged(documents, told)
    _check_episodes(derived)
    check_notices(derived)
    check_sends(derived, arrived)
    _check_proofs(derived, arrived)
    if at_rest:
        _check_nothing_is_stuck(derived)
        _check_resolved_is_told(derived, arrived)
    return derived


def _check_acknowledged(documents: Sequence[Document], told: Sequence[str]) -> None:
    """Acknowledged means present, in order, once.  (An id that comes back later, such as a request's, counts first.)"""
    wanted = set(told)
    ids = [document["record"]["id"] for document in documents if "record" in document]
    present = list(dict.fromkeys(each for each in ids if each in wanted))
    assert present == list(dict.fromkeys(told)), "what was acknowledged is not present, in order, once"


def _check_episodes(derived: Derived) -> None:
    """An episode fires once and ends once, in that order."""
    said: dict[str, list[str]] = {}
    for event in derived.events.values():
        payload = event["payload"]
        if "episode" in payload:
            said.setdefault(payload["episode"], []).append(payload["phase"])
    for episode, phases in said.items():
        wanted = [each for each in ("due", "firing", "resolved") if each in phases]
        assert phases == wanted, f"{episode} says {phases}"
        assert "resolved" not in phases or "firing" in phases, f"{episode} ended without having begun"


def check_notices(derived: Derived) -> None:
    """One firing notice a receiver and episode, then repeats by number; the end at most once, and told last.

    Who only stands in for somebody was never told the firing itself.
    """
    for thread in derived.threads():
        notices = derived.of_thread(thread)
        phases = [(each.body["phase"], each.body["number"]) for each in notices]
        trouble = [each for each in phases if each[0] in TROUBLE]
        own = [each for each in trouble if each[0] in ("firing", "review", "repeat")]  # others may be told at any time
        first = [each for each in own[:1] if each in (("firing", 1), ("review", 1))]
        wanted = [*first, *(("repeat", number) for number in range(2, len(own) - len(first) + 2))]
        assert own == wanted, f"{thread} tells {phases}"
        begins = trouble[0][0] in ("escalation", "fallback") or trouble[0] in (("firing", 1), ("review", 1))
        assert begins, f"{thread} tells {phases}"
        steps = [number for phase, number in trouble if phase == "escalation"]
        assert steps == sorted(set(steps)), f"{thread} takes steps {steps}"
        assert phases[len(trouble) :] in ([], [("resolved", 1)]), f"{thread} tells {phases}"
    for notice in derived.notices:
        assert derived.state_of(notice) != "lost", f"{notice} has no state at all"
    for notice in derived.notices.values():
        targets = [(item.body["target"], item.body["round"]) for item in notice.items]
        assert len(targets) == len(set(targets)), f"{notice.body['notice_id']} goes twice to {targets}"


def check_sends(derived: Derived, arrived: Mapping[str, Sequence[Arrival]]) -> None:
    """Nothing leaves without an attempt before it; nothing arrives twice unless it says so and a receipt did."""
    for target, arrivals in arrived.items():
        for arrival in arrivals:
            item = derived.items.get(arrival.spool_id)
            assert item is not None, f"{target} got {arrival.spool_id}, of which the log knows nothing"
            assert item.body["target"] == target, f"{arrival.spool_id} went to the wrong place"
            assert tuple(item.body["notice_ids"]) == arrival.notice_ids
    by_item = _by_item(arrived)
    for identity, item in derived.items.items():
        came = by_item.get((item.body["target"], identity), [])
        assert len(came) <= len(item.attempts), f"{identity} arrived {len(came)} times in {len(item.attempts)} attempts"
        surely_not = [each for each in item.attempts if _surely_not_sent(item, each)]
        assert len(came) <= len(item.attempts) - len(surely_not), f"{identity} arrived, and its receipt says it did not"
        if len(came) > 1:
            doubts = [each for each in item.receipts if each.get("reason") == "in_doubt"]
            assert len(doubts) >= len(came) - 1, f"{identity} arrived {len(came)} times, and nobody was in doubt"
            assert sum(each.marked for each in came) >= len(came) - 1, f"{identity} arrived again without a mark"


def _by_item(arrived: Mapping[str, Sequence[Arrival]]) -> dict[tuple[str, str], list[Arrival]]:
    """Return what arrived by target and item."""
    found: dict[tuple[str, str], list[Arrival]] = {}
    for target, arrivals in arrived.items():
        for each in arrivals:
            found.setdefault((target, each.spool_id), []).append(each)
    return found


def _surely_not_sent(item: Item, attempt: Body) -> bool:
    receipts = item.receipts_of(attempt)
    return bool(receipts) and all(
        each["outcome"] in ("deferred", "blocked") and each.get("reason") != "never_confirmed" for each in receipts
    )


def _check_proofs(derived: Derived, arrived: Mapping[str, Sequence[Arrival]]) -> None:
    """No acked without its proof: what the receipt points at is there, and is this item."""
    by_item = _by_item(arrived)
    for identity, item in derived.items.items():
        for receipt in item.receipts:
            if receipt["outcome"] != "acked" or receipt["proof"] == "person":
                continue
            assert receipt["proof"] in ("stored", "delivered"), f"{identity} is acked by {receipt['proof']}"
            pointed = receipt["evidence"].get("offset") or receipt["evidence"].get("id")
            came = by_item.get((item.body["target"], identity), [])
            assert pointed, f"{identity} is acked, and its receipt points at nothing"
            assert any(pointed in (each.place, each.spool_id) for each in came), (
                f"{identity} is acked, and is not there"
            )


def _check_nothing_is_stuck(derived: Derived) -> None:
    """Every open piece of work has a way forward."""
    assert not derived.open_in(QUEUE), f"queued and never looked at again: {derived.open_in(QUEUE)}"
    assert not derived.open_in(EVENTS), f"undecided: {derived.open_in(EVENTS)}"
    judged = {key for key, event in derived.events.items() if "caused_by" not in event["payload"]}
    assert set(derived.decisions) == judged, "every event that nothing caused has its decision"
    for version in derived.open_in(SPOOL):
        assert version.due != FAR, f"{version} is never due"
        assert derived.is_in_doubt(derived.items[version.id]), f"{version} is left, and not in doubt"
    episodes = {each.id for each in derived.open_in(THREADS, "epi_")}
    fired = {event["payload"]["episode"] for event in derived.events.values() if _phase(event) == "firing"}
    ended = {event["payload"]["episode"] for event in derived.events.values() if _phase(event) == "resolved"}
    ended |= _answered(derived)
    assert episodes == fired - ended, "the open episodes are those that fired and did not end"
    for version in derived.open_in(THREADS, "thr_"):
        _check_thread(derived, version, ended)
    closed = {thread for thread in derived.threads() if (THREADS, thread) not in derived.open_ids}
    assert closed == set(derived.closes), "a thread is closed by a line that says why"


def _answered(derived: Derived) -> set[str]:
    """What was asked of a person, and a person has answered."""
    return {act["subject"] for act in derived.acts if act["what"] in ("approve", "reject")}


def _check_thread(derived: Derived, version: Version, ended: set[str]) -> None:
    newest = derived.of_thread(version.id)[-1]
    if any((SPOOL, item.body["spool_id"]) in derived.open_ids for item in newest.items):
        return
    state = derived.state_of(newest.body["notice_id"])
    assert state in ("acked", "pending_external_send", "blocked"), f"{version} waits for a notice that is {state}"
    assert newest.body.get("episode_id") not in ended, f"{version} is over, and nobody closes it"
    quiet = any(act["what"] == "ack" for act in derived.acts) or newest.body["facts"].get("condition") in ONE_SHOT
    assert quiet or version.due != FAR, f"{version} is open, and nobody will look at it again"


def _check_resolved_is_told(derived: Derived, arrived: Mapping[str, Sequence[Arrival]]) -> None:
    """The end is told to exactly those who were told of the trouble, by receipts and by what really arrived."""
    ended = {event["payload"]["episode"] for event in derived.events.values() if _phase(event) == "resolved"}
    ended |= _answered(derived)
    back = {spool_id for spool_id, item in derived.items.items() if item.came_back()}
    came = {
        notice
        for arrivals in arrived.values()
        for arrival in arrivals
        if arrival.spool_id not in back
        for notice in arrival.notice_ids
    }
    for thread in derived.threads():
        notices = derived.of_thread(thread)
        told_of_end = any(each.body["phase"] == "resolved" for each in notices)
        of_trouble = [each.body["notice_id"] for each in notices if each.body["phase"] in TROUBLE]
        if notices[0].body["facts"].get("condition") == "canary_notice":
            assert not told_of_end, f"{thread}: nobody needs the end of a test"
        elif not _is_over(notices[0], ended):
            assert not told_of_end, f"{thread} tells an end that has not come"
        elif not any((SPOOL, item.body["spool_id"]) in derived.open_ids for each in notices for item in each.items):
            assert told_of_end == derived.was_told(thread), (
                f"{thread}: told {derived.was_told(thread)}, end {told_of_end}"
            )
            assert told_of_end or not came & set(of_trouble), f"{thread}: trouble arrived, its end was never told"


def _is_over(notice: Notice, ended: set[str]) -> bool:
    return notice.body.get("episode_id") in ended


def _phase(event: Body) -> object:
    return event["payload"].get("phase")


def tellings(derived: Derived) -> dict[tuple[str, str, str], list[tuple[str, int]]]:
    """Return what each receiver was told about each condition of each task: what two runs can be compared by."""
    told: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    for notice in derived.notices.values():
        facts = notice.body["facts"]
        key = (str(facts.get("task_id")), str(facts.get("condition")), notice.body["receiver"])
        told.setdefault(key, []).append((notice.body["phase"], notice.body["number"]))
    return told
