"""How notices that go out as one message read.  Senders escape the text for their channel and cut it to its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.notice import Notice
from reporting_governance.contracts.spool_item import Rendered, Telling
from reporting_governance.core.policy_templates import VALUE_BYTES, cut_bytes, one_line

#: Facts that every message ends with, in this order, under the name a reader sees.
_FOOTER = (
    ("task_id", "Task"),
    ("agent_id", "Agent"),
    ("runtime", "Runtime"),
    ("condition", "Condition"),
    ("due_at", "Due at"),
    ("late_by_seconds", "Late by (seconds)"),
    ("last_sign_of_life_at", "Last sign of life"),
)
#: Facts that were true when the episode fired; a later notice would tell them as if they were still so.
_AS_OF_FIRING = frozenset({"late_by_seconds", "last_sign_of_life_at"})
_NAME_LENGTH = 60  #: characters of one task's name in a list of them
_SUBJECT_LENGTH = 160  #: characters of a subject that names several tasks
_DETAILS_LENGTH = 12_000  #: characters of details in one message; what does not fit is only listed
_RULE = "-" * 40


def render(notices: Sequence[Notice]) -> Rendered:
    """Return one message for notices that go out together.

    Of several it first lists every one, so that what a channel cuts off is detail, then tells the first ones in full.
    Each notice's id and references stand in the message, with its details or, where these are left out, in its line.
    """
    if len(notices) == 1:
        return Rendered(subject=notices[0].subject, body=_details(notices[0]))
    details: list[str] = []
    left = _DETAILS_LENGTH
    for each in notices:
        text = f"{each.subject}\n\n{_details(each)}"
        left -= len(text)
        if left < 0:
            break
        details.append(text)
    lines = [
        f"{number}. {_line(each)}" + ("" if number <= len(details) else f" [{', '.join(_references(each))}]")
        for number, each in enumerate(notices, 1)
    ]
    parts = ["\n".join(lines), *details]
    missing = len(notices) - len(details)
    if missing:
        whole = "reportgov explain with its notice's id tells the whole of it"
        parts.append(f"Cut here: {missing:,} of {len(notices):,} notices stand only in the list above; {whole}.")
    return Rendered(subject=_subject(notices), body=f"\n\n{_RULE}\n\n".join(parts))


def telling_of(notices: Sequence[Notice]) -> Telling:
    """Return what a message about notices of one phase says, for whoever does not read its text.

    Texts are cut to what may stand in a line: nothing is told here that could have been erased elsewhere.
    """
    facts: dict[str, Any] = {each.notice_id: _cut_texts(each.facts) for each in notices}
    return Telling(
        phase=notices[0].phase,
        urgency=max(each.urgency for each in notices),
        facts=facts if len(notices) > 1 else facts[notices[0].notice_id],
    )


def _cut_texts(value: Any) -> Any:
    if isinstance(value, str):
        return cut_bytes(value, VALUE_BYTES)
    if isinstance(value, Mapping):
        return {key: _cut_texts(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cut_texts(each) for each in value]
    return value


def _subject(notices: Sequence[Notice]) -> str:
    """Return how many notices about which tasks; a cut is marked by how many are not named."""
    names = list(dict.fromkeys(_name(each) for each in notices))
    opening = f"{len(notices):,} notices"
    if len(names) == 1:
        return f"{opening} about {names[0]}: {notices[0].subject}"
    named = 0
    text = f"{opening}: "
    while named < len(names) and len(text) + len(names[named]) <= _SUBJECT_LENGTH:
        text += f"{', ' if named else ''}{names[named]}"
        named += 1
    more = len(names) - named
    return text if not more else f"{text} and {more:,} more"


def _name(notice: Notice) -> str:
    return one_line(str(notice.facts.get("title") or notice.facts.get("task_id") or notice.subject), _NAME_LENGTH)


def _line(notice: Notice) -> str:
    name = _name(notice)
    return notice.subject if name in notice.subject else f"{name}: {notice.subject}"


def _details(notice: Notice) -> str:
    shown = [pair for pair in _FOOTER if notice.phase is Phase.FIRING or pair[0] not in _AS_OF_FIRING]
    facts = [f"{label}: {notice.facts[key]}" for key, label in shown if notice.facts.get(key) not in (None, "")]
    return "\n\n".join(part for part in (notice.body, "\n".join([*facts, *_references(notice)])) if part)


def _references(notice: Notice) -> list[str]:
    see = [f"See: {', '.join(notice.must_reference)}"] if notice.must_reference else []
    return [*see, f"Notice: {notice.notice_id}"]
