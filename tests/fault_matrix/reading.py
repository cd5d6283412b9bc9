"""How things stand by the journal alone, read by the oracle, and by what peers really have."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.fault_matrix.peer import Got
from tests.fault_matrix.words import Standing
from tests.oracle import checker
from tests.oracle.checker import Arrival, Derived, Item

_RANK = ("none", "accepted", "stored", "delivered", "person")


@dataclass(kw_only=True)
class Reading:
    """A state folder, read without the code that wrote it."""

    derived: Derived
    items: Mapping[str, str]  #: by target
    got: Mapping[str, Sequence[Got]]  #: by target; a repeat that the peer knows by its key is left out
    wrong: list[str] = field(default_factory=list)  #: what breaks an invariant

    @property
    def sends(self) -> int:
        return sum(len(each.attempts) for each in self.derived.items.values())

    def attempts(self, target: str) -> list[str]:
        """Return the ids of a target's attempts, oldest first."""
        return [str(each["attempt_id"]) for each in self._item(target).attempts]

    def first_evidence(self, target: str) -> Mapping[str, str]:
        """Return what the first receipt says of a target's item."""
        receipts = self._item(target).receipts
        return dict(receipts[0]["evidence"]) if receipts else {}

    def standing(self, target: str) -> Standing:
        item = self._item(target)
        proofs = [_RANK.index(each["proof"]) for each in item.receipts]
        got = self.got[target]
        return Standing(
            state=item.state(),
            proof=_RANK[max(proofs, default=0)],
            reason=str(item.receipts[-1].get("reason") or "") if item.receipts else "",
            got=len(got),
            marked=sum(each.marked for each in got),
        )

    def unmarked_doubles(self) -> int:
        """Return how many messages a peer has again without being told that it may."""
        return sum(max(0, len(got) - 1 - sum(each.marked for each in got)) for got in self.got.values())

    def _item(self, target: str) -> Item:
        return self.derived.items[self.items[target]]


def read(root: str, peers: Mapping[str, tuple[str, Sequence[Got]]]) -> Reading:
    """Read a state folder.  `peers`: for each target its item's id, and what the peer has got."""
    derived = checker.derive(checker.lines_of_folder(root))
    got = {target: _known_once(each) for target, (_, each) in peers.items()}
    reading = Reading(derived=derived, items={target: item for target, (item, _) in peers.items()}, got=got)
    arrived = {target: _arrivals(reading, target, peers[target][0]) for target in peers}
    try:
        checker.check_notices(derived)
        checker.check_sends(derived, arrived)
    except AssertionError as error:
        reading.wrong.append(str(error))
    reading.wrong += [fault for target in peers for fault in _unproven(reading, target)]
    (notice,) = derived.notices
    states = {item.state() for item in derived.items.values()}
    if derived.state_of(notice) not in states:
        reading.wrong.append(f"the notice is {derived.state_of(notice)}, its items are {states}")
    return reading


def _known_once(got: Sequence[Got]) -> list[Got]:
    """Return what a peer has that drops what it knows by its key."""
    keys = Counter(each.key for each in got if each.key)
    first = {key: next(each for each in got if each.key == key) for key in keys}
    return [*first.values(), *(each for each in got if not each.key)]


def _arrivals(reading: Reading, target: str, item: str) -> list[Arrival]:
    notices = tuple(reading.derived.items[item].body["notice_ids"])
    return [Arrival(item, notices, each.marked, each.place) for each in reading.got[target]]


def _unproven(reading: Reading, target: str) -> list[str]:
    """Nothing is acked without its proof: what the receipt names is what the peer gave, and the peer has the item."""
    item = reading.derived.items[reading.items[target]]
    places = {each.place for each in reading.got[target]}
    faults = []
    for receipt in item.receipts:
        if receipt["outcome"] != "acked":
            continue
        if _RANK.index(receipt["proof"]) < _RANK.index("stored"):
            faults.append(f"{target} is acked by {receipt['proof']}")
        named = places & set(receipt["evidence"].values()) or receipt["proof"] == "delivered"
        if not places or not named:
            faults.append(f"{target} is acked, and the peer knows nothing of it")
    return faults
