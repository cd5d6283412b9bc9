"""What each word of the tables means: how things stand after the fault, and where they end when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tests.fault_matrix.tables import TABLE

HOLD: Final = "hold"
RESEND: Final = "resend_marked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How things stand with an item, by its records and by its peer."""

    state: str
    proof: str = "none"
    reason: str = ""  #: of the newest receipt
    got: int = 0  #: how often the peer truly has it; what it knows by a key it has once
    marked: int = 0  #: of those, how many say that they may be a repeat


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """An item's way.  `wait`: it is not tried again for so many seconds.  `beside`: the second target's item."""

    after: Standing
    end: Standing
    wait: int = 0
    beside: Standing | None = None  #: in the end


_STORED = Standing(state="acked", proof="stored", got=1)
_ACCEPTED = Standing(state="pending_external_send", proof="accepted", got=1)
#: What a send that went well is: at once, and in the end, when the receiver was asked or somebody handed in a receipt.
_TOLD: Mapping[str, tuple[Standing, Standing]] = {
    "smtp": (_ACCEPTED, _ACCEPTED),
    "apprise": (_ACCEPTED, _ACCEPTED),
    "pushover": (_ACCEPTED, _ACCEPTED),  # what does not ring has no receipt to ask for
    "pagerduty": (_ACCEPTED, _STORED),
    "external": (Standing(state="pending_external_send"), _STORED),
}
_BLOCKED = Standing(state="blocked", reason="never_confirmed")
_FIRST_WAIT: Final = 30  #: retry.first_seconds


def told(sender: str) -> tuple[Standing, Standing]:
    """Return how a send that went well stands at once, and in the end."""
    return _TOLD.get(sender, (_STORED, _STORED))


def story(sender: str, fault: str, in_doubt: str) -> Story:
    """Return what must become of the item of a cell.  `in_doubt`: the profile's choice."""
    word, _, number = TABLE[sender, fault].partition(" ")
    at_once, in_the_end = told(sender)
    beside = in_the_end if fault == "one of two" else None
    match word:
        case "told":
            found = Story(after=at_once, end=in_the_end)
        case "not" if number == "begun":  # who woke up too late knows that nothing left, and says so
            found = Story(after=Standing(state="dispatched", reason="not_started"), end=in_the_end)
        case "not":  # surely nothing left: tried again
            found = Story(after=Standing(state="dispatched", reason="not_sent"), end=in_the_end, wait=_FIRST_WAIT)
        case "untouched":  # somebody else has the target: nothing is even tried
            found = Story(after=Standing(state="dispatched"), end=in_the_end)
        case "later":
            after = Standing(state="dispatched", reason="try_later")
            found = Story(after=after, end=in_the_end, wait=max(_FIRST_WAIT, int(number or 0)))
        case "refused":  # it stays so until a person does something
            no = Standing(state="blocked", reason="refused")
            found = Story(after=no, end=no)
        case "bounced":  # put down, taken, and a receipt from outside says that it never arrives
            found = Story(after=at_once, end=Standing(state="blocked", reason="refused"))
        case "weak":  # exit 0 is the program's word, and no more than that
            found = Story(after=replace(_ACCEPTED, got=int(number or 1)), end=replace(_ACCEPTED, got=int(number or 1)))
        case "doubt":
            found = _doubtful(int(number), in_doubt, in_the_end)
        case "again":  # known by its key: simply sent again, and the receiver has it once
            doubt = Standing(state="pending_external_send", reason="in_doubt", got=int(number))
            found = Story(after=doubt, end=in_the_end, wait=_FIRST_WAIT)
        case "late":  # in doubt, and then proof comes from outside: it is not sent again
            doubt = Standing(state="pending_external_send", reason="in_doubt", got=1)
            proof = "delivered" if sender == "smtp" else "stored"
            found = Story(after=doubt, end=replace(_STORED, proof=proof))
        case "unclaimed":  # put down, and nobody takes it: taken back at the end of its life
            found = Story(after=at_once, end=_BLOCKED)
        case "too":  # taken, and its receipt comes when its life is over
            over = replace(_BLOCKED, proof="accepted", got=1)
            found = Story(after=over, end=_STORED)
        case _:
            raise AssertionError(f"no such word: {word}")
    return replace(found, beside=beside)


def _doubtful(got: int, in_doubt: str, in_the_end: Standing) -> Story:
    doubt = Standing(state="pending_external_send", reason="in_doubt", got=got)
    if in_doubt == HOLD:
        return Story(after=doubt, end=replace(_BLOCKED, got=got))
    return Story(after=doubt, end=replace(in_the_end, got=got + 1, marked=1), wait=_FIRST_WAIT)
