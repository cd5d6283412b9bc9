"""What an agent's report says and claims: the facts `message.*` and `claim.*`.

What a structured report leaves out is not there.  A free text is read by fixed phrases, and is unknown where those do
not tell; what an agent says of its claim in words of its own choosing (`claim`) goes before what its text says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

from reporting_governance.core.fact_catalogue import CHECKS_ASSERTED, CLAIM_KINDS, REPORT_FIELDS
from reporting_governance.core.fact_reading import Document, as_free_text, as_object, as_text, as_whole, group_unknown
from reporting_governance.core.policy_operators import Unknown

if TYPE_CHECKING:
    from reporting_governance.core.claim_reading import Read, ReportReading

#: events in which an agent says how the task stands
REPORTS = frozenset({"task_checkpoint_sent", "task_status_changed", "task_claimed_complete", "forced_operator_update"})
#: the fields that say what was done, and those that say what was handed on
DONE_FIELDS = ("current_status", "completed_this_segment")
HANDED_ON_FIELDS = (*DONE_FIELDS, "next_step")
_NO_MESSAGE = group_unknown("message.", "the event carries no report")
_NOT_COMPARED = Unknown("the report was not compared with the one before")
_UNCLEAR = "the text does not say clearly what it claims"


def add_message(values: dict[str, object], payload: Document) -> None:
    """Add what the report says."""
    text, report = as_free_text(payload.get("message")), payload.get("report")
    if text is None and not isinstance(report, Mapping):
        values.update(_NO_MESSAGE)
        return
    values["message.text"] = Unknown("the report holds fields and no text") if text is None else text
    if isinstance(report, Mapping):
        present: Mapping[str, object] = {name: _is_filled(report.get(name)) for name in REPORT_FIELDS}
    elif isinstance(text, str):
        reading = read_text(text)
        present = {name: value_of(reading.fields[name]) for name in REPORT_FIELDS}
    else:
        present = dict.fromkeys(REPORT_FIELDS, text)
    values.update({f"message.{name}_present": filled for name, filled in present.items()})
    values["message.has_required_checkpoint_fields"] = _all(present)


def _is_filled(value: object) -> bool:
    return type(value) is bool or (isinstance(value, str) and bool(value.strip()))


def _all(present: Mapping[str, object]) -> object:
    """Return whether everything is there: one that is missing decides, else one that is unknown."""
    if any(each is False for each in present.values()):
        return False
    return next((each for each in present.values() if isinstance(each, Unknown)), True)


def add_claim(values: dict[str, object], payload: Document) -> None:
    """Add what the report claims; needs the facts of event and message."""
    claim = payload.get("claim")
    stated = as_object(claim)
    kind = stated_kind(str(values["event.event_type"]), claim)
    values["claim.text_similarity_to_last"] = _similarity(stated)
    for key, names, asked in (
        ("checks_passed", DONE_FIELDS, attrgetter("checks_passed")),
        ("next_step_dispatched", HANDED_ON_FIELDS, attrgetter("dispatched")),
    ):
        said = stated.get(key)
        known = isinstance(said, bool)
        values[f"claim.{key}_asserted"] = said if known else _said_in(_texts(values, payload, names), asked)
    values["claim.checks_asserted"] = _checks_named(values, _texts(values, payload, DONE_FIELDS))
    values["claim.failure_disclosed"] = _discloses(_texts(values, payload, DONE_FIELDS))
    values["claim.asks_back"] = _said_in(_texts(values, payload, ()), attrgetter("asks_back"))
    if kind is None and values["event.event_type"] in REPORTS:
        text = values["message.text"]
        if isinstance(payload.get("report"), Mapping):
            kind = "progress" if values["message.completed_this_segment_present"] is True else "none"
        elif isinstance(text, str):
            _add_read_claim(values, read_text(text))
            return
        elif text is not _NO_MESSAGE["message.text"]:
            values.update(dict.fromkeys(("claim.kind", "claim.is_progress_bearing", "claim.completion_asserted"), text))
            return
    _add_kind(values, kind or "none")


def _add_kind(values: dict[str, object], kind: str) -> None:
    values["claim.kind"] = kind
    values["claim.is_progress_bearing"] = kind == "progress"
    values["claim.completion_asserted"] = kind == "completion"


def stated_kind(event_type: str, claim: object) -> str | None:
    """Return what an event claims by its type or in so many words; None: its text has to say."""
    if event_type == "task_claimed_complete":
        return "completion"
    if event_type == "subagent_result_forwarded":
        return "forwarding"
    kind = as_text(claim) or as_text(as_object(claim).get("kind"))
    return kind if kind in CLAIM_KINDS else None


def _add_read_claim(values: dict[str, object], reading: ReportReading) -> None:
    completion, progress = value_of(reading.completion), value_of(reading.progress)
    if reading.kind is not None:
        _add_kind(values, str(reading.kind))
        return
    why = next((each.reason for each in (completion, progress) if isinstance(each, Unknown)), _UNCLEAR)
    values["claim.kind"] = Unknown(why)
    values["claim.is_progress_bearing"] = progress
    values["claim.completion_asserted"] = completion


def value_of(read: Read) -> bool | Unknown:
    """Return what was read as the value of a fact."""
    return Unknown(read.reason or _UNCLEAR) if read.value is None else read.value


@lru_cache(maxsize=4)  # one report is asked several questions
def read_text(text: str) -> ReportReading:
    """Return what a free text says."""
    from reporting_governance.core.claim_reading import read_report

    return read_report(text)


def _texts(values: Mapping[str, object], payload: Document, names: Iterable[str]) -> list[str | Unknown]:
    """Return what a report says in words: its text, and those of its fields as one."""
    report = as_object(payload.get("report"))
    fields = [as_free_text(report.get(name)) for name in names]
    texts: list[str | Unknown] = [each for each in fields if isinstance(each, Unknown)]
    written = "\n".join(each for each in fields if isinstance(each, str))
    whole = values["message.text"]
    if isinstance(whole, (str, Unknown)) and as_free_text(payload.get("message")) is not None:
        texts.append(whole)
    return [*texts, written] if written else texts


def _said_in(texts: Iterable[str | Unknown], asked: Callable[[ReportReading], Read]) -> object:
    """Return whether one of the texts says so; what no text says is not asserted."""
    found = [each if isinstance(each, Unknown) else value_of(asked(read_text(each))) for each in texts]
    if any(each is True for each in found):
        return True
    return next((each for each in found if isinstance(each, Unknown)), False)


def _discloses(texts: Sequence[str | Unknown]) -> object:
    """Return whether a failure is told; what another part of the same report says to pass is not told plainly."""
    said = _said_in(texts, attrgetter("failure_disclosed"))
    if said is True and _said_in(texts, attrgetter("checks_passed")) is True and len(texts) > 1:
        return False
    return said


def _checks_named(values: Mapping[str, object], texts: Iterable[str | Unknown]) -> object:
    """Return which checks are said to pass by name; unknown where it is whether any are said to pass."""
    said = values["claim.checks_passed_asserted"]
    if isinstance(said, Unknown):
        return said
    named = {name for each in texts if isinstance(each, str) for name in read_text(each).checks_named}
    return tuple(each for each in CHECKS_ASSERTED if each in named)


def _similarity(stated: Document) -> object:
    percent = as_whole(stated.get("text_similarity_to_last"))
    return _NOT_COMPARED if percent is None else percent
