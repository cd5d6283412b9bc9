"""Words and signs of the page for somebody who has never seen the program; and what the page leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from reporting_governance.core.audit_report.drawing import sign
from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.parts import Lane, Shape
from reporting_governance.core.markup import Markup, element, join
from reporting_governance.core.page import facts, moment, number, plural, table

_WORDS = (
    ("Agent", "A program that works on a task by itself and reports on it in words."),
    ("Claimed", "An agent said so. Nothing more is known from that."),
    ("Proven", "Something that can be looked at again says so: a file, the output of a check, an answer of a service."),
    ("Asserted", "Handed in as evidence, and nothing in it can be looked at again. It is worth no more than a claim."),
    ("Recorded", "The program that keeps the journal wrote down what it noticed, decided or sent."),
    ("Line", "One entry of the journal. Lines are only ever added. Each holds the fingerprint of the line before it."),
    ("Rule", "A condition that the operator has written down. When what is known fits it, it says what has to happen."),
    ("Promise broken", "A task owed a sign of life or a result at a time, and it did not come."),
    ("Notice", "A message to the people who are responsible, by mail, chat or a file."),
    ("Recorded at", "When the line was written, by the host's clock. Times that an agent gave are marked as said."),
)  # fmt: skip
_SIGNS = (
    (Lane.SAID, Shape.DOT, "Agent claimed: a report"),
    (Lane.SAID, Shape.FLAG, "Agent claimed: the task is complete"),
    (Lane.EVIDENCE, Shape.SQUARE, "Evidence kept: it can be checked (moderate, strong or decisive)"),
    (Lane.EVIDENCE, Shape.RING, "Evidence kept: weak, or a bare assertion"),
    (Lane.EVIDENCE, Shape.DIAMOND, "Evidence kept: the task's state, as the watcher saw it"),
    (Lane.WATCH, Shape.RING, "Promise: a check-in fell due"),
    (Lane.WATCH, Shape.TRIANGLE, "Promise broken: noticed. The bar runs from when it was due to its end"),
    (Lane.WATCH, Shape.DOT, "Promise broken: over"),
    (Lane.RULES, Shape.DIAMOND, "Rules: one asked for something"),
    (Lane.RULES, Shape.CROSS, "Rules: a claim or step was not let pass as it was"),
    (Lane.RULES, Shape.RING, "Rules: what followed from a decision"),
    (Lane.TOLD, Shape.RING, "People told: a notice was made or kept back"),
    (Lane.TOLD, Shape.CROSS, "People told: an answer that proves nothing"),
    (Lane.TOLD, Shape.DIAMOND, "People told: some proof, not yet the one that was wanted"),
    (Lane.TOLD, Shape.SQUARE, "People told: proven as far as was wanted"),
    (Lane.PERSON, Shape.RING, "People: somebody was asked"),
    (Lane.PERSON, Shape.SQUARE, "People: somebody acted"),
)
PROOFS = (
    ("accepted", "a next hop took it, such as a mail server; it may still not have arrived"),
    ("stored", "the final service kept it and gave it a number, or it lies in the file it was meant for"),
    ("delivered", "a mailbox or a device has it"),
    ("person", "a person acted on it"),
)


def legend() -> Markup:
    """Return the part that explains words and signs."""
    proofs = [(name, meaning) for name, meaning in (("none", "it was tried; nobody knows more"), *PROOFS)]
    columns = (("Proof", "narrow"), ("What it is worth", "wide"))
    return join(
        (
            facts(_WORDS),
            element("h3", "Signs on the timelines"),
            element("ul", *(element("li", sign(shape, lane), words) for lane, shape, words in _SIGNS), class_="legend"),
            element(
                "p",
                "Marks that fall together stand side by side, and a number says how many more there are.",
                class_="quiet",
            ),
            element("h3", "How well a notice is proven"),
            table("The five steps of proof, from nothing to a person", columns, proofs, "proofs-table"),
        )
    )


def left_out(report: ReportFold) -> Markup:
    """Return what the page does not show, and what it does not know how to read."""
    missing = list(_missing(report))
    said = (
        element("ul", *(element("li", each) for each in missing)) if missing else element("p", "Nothing is left out.")
    )
    kinds = sorted(report.kinds.items())
    rows = [(name.replace("-", " ").replace("_", " "), number(count)) for name, count in kinds]
    changes = [(number(seq), moment(at), what) for seq, at, what in report.changes]
    return join(
        (
            element(
                "p",
                "Of a long journal this page shows a part, and counts the rest. The lines themselves are whole.",
            ),
            said,
            element("h3", "What the journal says about itself"),
            table(
                "Lines about the journal, its keys and the rules in force",
                (("Line", "number"), ("Recorded at", "middle"), ("What", "wide")),
                changes,
                "changes-table",
            ),
            _more(report.changes.left_out),
            element("h3", "All lines, counted"),
            table("Lines shown, by kind", (("Kind", "middle"), ("Lines", "number")), rows, "kinds-table"),
        )
    )


def _more(count: int) -> Markup | None:
    return element("p", f"{plural(count, 'line', 'lines')} between these left out.", class_="quiet") if count else None


def _missing(report: ReportFold) -> Iterator[str]:
    tasks = report.tasks.total - len(report.tasks.shown())
    if tasks > 0:
        more = "" if report.tasks.is_counted else "at least "
        yield f"{more}{plural(tasks, 'task')} in which least went wrong, or that came late in a long journal."
    marks = sum(task.left_out for task in report.tasks.shown())
    if marks:
        yield f"{plural(marks, 'mark')} between the first and the newest on the timelines."
    for words, count in (
        ("claim", report.claims.left_out),
        ("decision", report.decisions.left_out),
        ("notice", report.notices.total - len(report.notices.shown())),
    ):
        if count:
            yield f"{plural(count, words)}; the counts above include them."
    if report.by_default:
        yield f"{plural(report.by_default, 'decision')} that no rule asked for: nothing was against what was reported."
    if report.texts.erased or report.texts.withheld:
        yield f"{plural(report.texts.erased, 'text')} erased and {number(report.texts.withheld)} not exported."
    if report.kinds["not understood"]:
        yield f"{plural(report.kinds['not understood'], 'record')} that this page does not know how to read."
