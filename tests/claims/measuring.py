"""How well free text is read: the labelled messages, and the figures of each question.

A label is what a careful person would say of a message read alone: true, false, or unclear.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tabulate import tabulate

from reporting_governance.core.claim_reading import Read, ReportReading, read_report
from reporting_governance.core.fact_catalogue import REPORT_FIELDS

CASES = Path(__file__).parents[1] / "cases" / "claims"
PAGE = Path(__file__).parents[2] / "docs" / "claims.md"
HELD_OUT = "held_out"
BEGIN, END = "<!-- figures: python -m tests.claims -->", "<!-- end of the figures -->"
QUESTIONS = ("completion", "progress", "checks_passed", "dispatched", "failure_disclosed", "asks_back")
LANGUAGES = {"en": "English", "zh": "Chinese", "mixed": "mixed"}


@dataclass(frozen=True)
class Case:
    """One labelled message."""

    id: str
    theme: str
    language: str
    text: str
    expect: Mapping[str, object]

    def labels(self) -> Iterator[tuple[str, bool | None]]:
        """Yield each question that is labelled, with true, false, or None for unclear."""
        for name in QUESTIONS:
            if name in self.expect:  # the last two were not asked when the older messages were labelled
                yield name, _label(self.expect[name])
        fields = self.expect["fields"]
        assert isinstance(fields, dict)
        for name, label in fields.items():
            yield name, _label(label)


def _label(label: object) -> bool | None:
    assert label in (True, False, "unclear"), label
    return None if label == "unclear" else bool(label)


def cases() -> list[Case]:
    """Return every labelled message."""
    return [
        Case(row["id"], path.stem, row["language"], row["text"], row["expect"])
        for path in sorted(CASES.glob("*.jsonl"))
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def answer(reading: ReportReading, question: str) -> Read:
    """Return what was read to a question."""
    if question in REPORT_FIELDS:
        return reading.fields[question]
    read = getattr(reading, question)
    assert isinstance(read, Read)
    return read


@dataclass
class Figures:
    """Counts for one question over some messages."""

    messages: int = 0
    agree: int = 0
    unknown: int = 0
    said: int = 0  #: read as true
    right: int = 0  #: read as true, and labelled so
    true: int = 0  #: labelled true

    def add(self, label: bool | None, value: bool | None) -> None:
        self.messages += 1
        self.agree += label is value
        self.unknown += value is None
        self.said += value is True
        self.true += label is True
        self.right += value is True and label is True

    @property
    def precision(self) -> float:
        """Of what was read as true, the part that is."""
        return self.right / self.said if self.said else 1.0

    def row(self) -> tuple[str, ...]:
        return (
            str(self.messages),
            _share(self.right, self.said),
            _share(self.right, self.true),
            _share(self.unknown, self.messages),
            _share(self.agree, self.messages),
        )


def _share(part: int, whole: int) -> str:
    return f"{100 * part // whole} % ({part}/{whole})" if whole else "none"


@dataclass
class Measured:
    """The figures of one part of the messages: by question, and by language and question."""

    name: str
    by_question: dict[str, Figures] = field(default_factory=dict)
    by_language: dict[tuple[str, str], Figures] = field(default_factory=dict)


def measure(name: str, messages: Iterable[Case]) -> Measured:
    """Read the messages and count."""
    measured = Measured(name)
    for case in messages:
        reading = read_report(case.text)
        for question, label in case.labels():
            value = answer(reading, question).value
            measured.by_question.setdefault(question, Figures()).add(label, value)
            measured.by_language.setdefault((case.language, question), Figures()).add(label, value)
    return measured


def parts() -> tuple[Measured, Measured]:
    """Return the figures of the newest messages, and of the others."""
    every = cases()
    return (
        measure(
            "The newest messages, after the rules were changed by them",
            [e for e in every if e.theme == HELD_OUT],
        ),
        measure("Messages that the reader was made with before", [e for e in every if e.theme != HELD_OUT]),
    )


def figures() -> str:
    """Return the tables of the page."""
    return "\n\n".join(f"### {each.name}\n\n{_table(each)}" for each in parts())


def _table(measured: Measured) -> str:
    rows = [
        (question, LANGUAGES[language], *figures.row())
        for question in QUESTIONS
        for language in LANGUAGES
        if (figures := measured.by_language.get((language, question)))
    ]
    rows += [
        (f"field {question}", "all", *figures.row())
        for question in REPORT_FIELDS
        if (figures := measured.by_question.get(question))
    ]
    headers = ("question", "language", "messages", "precision of yes", "recall of yes", "not sure", "as labelled")
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)
