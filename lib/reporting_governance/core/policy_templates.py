"""Texts with `{{slot}}`s for operators.  A slot names a fact; nothing in a text is ever evaluated.

What a fact's value holds is text and nothing else: braces in it stay braces.  A slot that names no fact stays visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.fact_catalogue import LABEL_PREFIX, fact_spec
from reporting_governance.core.facts import Facts
from reporting_governance.core.policy_operators import ABSENT, Unknown

SUBJECT_LENGTH = 200  #: characters of a subject line
VALUE_BYTES = 256  #: of one value in a text; more of it could not be erased, since a text stays in its line
_GROUPS = ("task", "event", "checkpoint", "claim", "evidence", "message", "children", "operator_context")
#: what a notice says about a task, in this order; names as a person would say them
_SHOWN = (
    ("task.status", "status"),
    ("task.started_at", "started"),
    ("task.last_checkpoint_at", "last check-in"),
    ("task.last_activity_at", "last activity seen"),
    ("task.last_evidence_at", "last evidence"),
    ("task.deadline_at", "deadline"),
    ("children.open", "children still open"),
)
_ALWAYS_SHOWN = frozenset({"task.last_checkpoint_at"})  #: "none" is news here; elsewhere it is left out
SPECIAL_SLOTS = ("known", "not_known")


@frozen
class Slot:
    """A place in a text.  `fact` is none when the name stands for no fact."""

    name: str
    fact: str | None
    unit: str | None = None


Template = tuple[str | Slot, ...]


@lru_cache(maxsize=512)
def parse_template(text: str) -> Template:
    """Return the pieces of a text: plain ones and slots.  A slot is closed on the line it was opened on."""
    pieces: list[str | Slot] = []
    plain, rest = "", text
    while rest:
        before, opened, after = rest.partition("{{")
        name, closed, behind = after.partition("}}")
        if not opened or not closed or "\n" in name:
            plain += before + opened
            rest = after
            continue
        if plain or before:
            pieces.append(plain + before)
        pieces.append(_slot(name.strip()))
        plain, rest = "", behind
    return (*pieces, plain) if plain else tuple(pieces)


def unknown_slots(template: Template) -> tuple[str, ...]:
    """Return the names of slots that stand for no fact."""
    return tuple(
        piece.name
        for piece in template
        if isinstance(piece, Slot) and piece.fact is None and piece.name not in SPECIAL_SLOTS
    )


def _slot(name: str) -> Slot:
    """Return the slot of a name: a fact's path, or its last part where that is plain (`task_id`)."""
    for path in (name, *(f"{group}.{name}" for group in _GROUPS)):
        spec = fact_spec(path)
        if spec is not None:
            return Slot(name, path, spec.unit)
    return Slot(name, None)


def render(template: Template, facts: Facts) -> str:
    """Fill a text with facts.  Where a slot left empty lines behind, one remains."""
    text = "".join(piece if isinstance(piece, str) else _fill(piece, facts) for piece in template)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


def render_subject(template: Template, facts: Facts) -> str:
    """Fill a text with facts, as one line of bounded length."""
    return one_line(render(template, facts), SUBJECT_LENGTH)


def _fill(slot: Slot, facts: Facts) -> str:
    if slot.fact is None:
        if slot.name == "known":
            return known_lines(facts)
        if slot.name == "not_known":
            return unknown_lines(facts)
        return f"[no such fact: {one_line(slot.name, 60)}]"
    unset = None if slot.fact.startswith(LABEL_PREFIX) else ABSENT
    return _words(facts.values.get(slot.fact, unset), slot.unit)


def _words(value: object, unit: str | None) -> str:
    if isinstance(value, Unknown):
        return "not known"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return duration_words(value) if unit == "seconds" else str(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, (list, tuple)):
        return ", ".join(_words(each, None) for each in value) or "none"
    return cut_bytes(one_line(str(value), VALUE_BYTES), VALUE_BYTES)


def cut_bytes(text: str, most: int) -> str:
    """Return a text of at most so many bytes of UTF-8; a cut is marked."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= most else data[: most - len(_MARK.encode())].decode("utf-8", "ignore") + _MARK


_MARK = "…"


def known_lines(facts: Facts) -> str:
    """Say what is known about the task, one line each."""
    return "\n".join(
        f"- {label}: {_words(value, None)}{_ago(value, facts.now)}"
        for path, label in _SHOWN
        if not isinstance(value := facts.values.get(path, ABSENT), Unknown) and (value or path in _ALWAYS_SHOWN)
    )


def unknown_lines(facts: Facts) -> str:
    """Say what is not known about the task and why, one line each; empty when nothing is missing."""
    return "\n".join(
        f"- {label}: {value.reason}"
        for path, label in _SHOWN
        if isinstance(value := facts.values.get(path, ABSENT), Unknown)
    )


def _ago(value: object, now: datetime) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        return ""
    seconds = int((now - value).total_seconds())
    return f" ({duration_words(seconds)} ago)" if seconds >= 0 else f" (in {duration_words(-seconds)})"


def duration_words(seconds: int) -> str:
    """Return a duration in its two largest units, such as `2 h 5 min`."""
    parts = []
    rest = abs(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return ("-" if seconds < 0 else "") + (" ".join(parts[:2]) or "0 s")


def one_line(text: str, length: int) -> str:
    """Return a text on one line: runs of blanks and control characters become one blank; a cut is marked."""
    if len(text) <= length and text.isprintable() and "  " not in text:
        return text.strip()
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: length * 4]).split())
    return line if len(line) <= length and len(text) <= length * 4 else f"{line[: length - 1]}…"


def parse_templates(texts: Mapping[str, str] | None) -> Mapping[str, Template]:
    """Return the pieces of each text of a rule."""
    return {name: parse_template(text) for name, text in (texts or {}).items()}
