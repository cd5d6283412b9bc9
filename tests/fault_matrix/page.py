"""docs/fault-matrix.md: the tables, for people.  Held equal to what was found by the tests beside this file."""

from collections.abc import Callable, Iterable

from tests.fault_matrix.tables import CANNOT, CELLS, FAULTS, SENDERS, TABLE
from tests.fault_matrix.words import HOLD, RESEND, Standing, story

MODES = (HOLD, RESEND)
_FAMILIES = (
    ("Files and programs", ("file", "command", "external", "openclaw")),
    ("Mail, a hook, Apprise", ("smtp", "webhook", "apprise")),
    ("Web services", ("slack", "telegram", "ntfy", "pushover", "pagerduty", "matrix")),
)
_SHORT = {"pending_external_send": "pending"}

HEAD = """# What becomes of a message when its channel fails

Each cell of these tables is played: a state folder, one notice, the real bridge, the real sender in its own process,
and a peer on loopback that fails in exactly this way and is healthy afterwards. What must come out was written down
first (`tests/fault_matrix/tables.py`); what came out is read from the journal by code that shares nothing with the
bridge, and counted at the peer. This page is made by `python -m tests.fault_matrix`, which plays every cell.

"""

LEGEND = """
## How to read a cell

`state (proof) reason ×got`: the delivery state of the notice (`pending` is `pending_external_send`), the best proof
that is recorded, the reason where there is one, and how often the peer truly has the message: whole, and not refused.
What a peer knows by its key (`pagerduty`, `matrix`) it has once, however often it was sent.

- **Right after** is when the run of the bridge in which the fault happened is over; of a killed bridge, when the next
  run has looked at what it left. In between the state is `dispatched`: the attempt stands in the journal, and nobody
  knows.
- **In the end** is when nothing is open any more: everything was tried when it was due (never before the time that was
  named), the peer being healthy, or the item's life is over. One table for each choice of `in_doubt`.
- `marked` says that this many of the messages at the peer begin with "possible repeat of". A message that is there
  twice is always marked.
- In doubt with `hold`: it is not sent again (a fallback receiver is told instead, by the next `enqueue`), and ends as
  `blocked (none) never_confirmed`, also where the peer has it, because nobody can know.
- In doubt, of a sender that knows repeats by a key (`pagerduty`, `matrix`): it is simply sent again in both modes.
- `file` looks at what is there, so a crash leaves nothing in doubt. `external` looks too; of a file that is not there
  nobody knows whether it was never put down, or taken since.
- `smtp`, `apprise` and `pushover` prove no more than `accepted`: a message that went well ends as `pending (accepted)`.
- Exit 0 of a program is its word and no more (`command`, "200 ok:false" and "HTML page"): let the program end with
  another code when it was refused. So is what Apprise calls a success.
- A hook whose receiver calls back, a program that reports late, and a mail server that sends a delivery report prove
  what was in doubt ("late answer"); then it is not sent again.

What cannot happen:
"""


def page(wrong: int, doubles: int) -> str:
    """Return the page.  `wrong`, `doubles`: what the whole matrix found."""
    parts = [HEAD]
    parts.append(
        f"{len(CELLS)} cells, each with `in_doubt: hold` and `in_doubt: resend_marked`. Wrong cells: **{wrong}**.\n"
        f"Messages that a peer has twice without a mark: **{doubles}**.\n"
    )
    parts.append("\n## The faults\n\n| fault | how it is brought about |\n|---|---|\n")
    parts += [f"| {fault} | {how} |\n" for fault, how in FAULTS.items()]
    for family, senders in _FAMILIES:
        parts.append(f"\n## {family}\n")
        parts.append(_table("Right after", senders, lambda s, f: [_shown(story(s, f, mode).after) for mode in MODES]))
        parts.append(_table("In the end, `in_doubt: hold`", senders, lambda s, f: [_end(s, f, HOLD)]))
        parts.append(_table("In the end, `in_doubt: resend_marked`", senders, lambda s, f: [_end(s, f, RESEND)]))
    parts.append(LEGEND)
    parts.append("\n")
    parts += [f"- `–{letter}` {why}\n" for letter, why in CANNOT.items()]
    return "".join(parts)


def _table(title: str, senders: Iterable[str], cell: Callable[[str, str], list[str]]) -> str:
    names = list(senders)
    lines = [f"\n### {title}\n", f"| fault | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for fault in FAULTS:
        row = []
        for sender in names:
            word = TABLE[sender, fault]
            row.append(f"–{word}" if word in CANNOT else " / ".join(dict.fromkeys(cell(sender, fault))))
        lines.append(f"| {fault} | {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def _end(sender: str, fault: str, in_doubt: str) -> str:
    found = story(sender, fault, in_doubt)
    beside = f"; the other {_shown(found.beside)}" if found.beside else ""
    return _shown(found.end) + beside


def _shown(standing: Standing) -> str:
    state = _SHORT.get(standing.state, standing.state)
    reason = f" {standing.reason}" if standing.reason else ""
    marked = f", {standing.marked} marked" if standing.marked else ""
    return f"{state} ({standing.proof}){reason} ×{standing.got}{marked}"


assert {each for _, senders in _FAMILIES for each in senders} == set(SENDERS)
