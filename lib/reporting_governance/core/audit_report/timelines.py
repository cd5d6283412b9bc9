"""Every task from its beginning: a drawing, and the same in words."""

from __future__ import annotations

from collections.abc import Iterator

from reporting_governance.core.audit_report.drawing import LANES, drawing
from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.parts import Lane, Mark, Shape, TaskAccount
from reporting_governance.core.audit_report.texts import cut
from reporting_governance.core.markup import Child, Markup, element, join, value
from reporting_governance.core.page import badge, moment, number, plural, table

_COLUMNS = (
    ("Line", "number"),
    ("Recorded at", "narrow"),
    ("Worth", "middle"),
    ("What", "wide"),
    ("In their words", "wide"),
)


def timelines(report: ReportFold) -> Markup:
    """Return the part about tasks: those in which something was wrong first."""
    tasks = sorted(report.tasks.shown(), key=lambda each: each.quiet)
    if not tasks:
        return element("p", "No task is among these lines.")
    words = (
        "Tasks in which something was decided, missed or told come first. Above the line of time: what the agent said. "
        "Below it: what was proven or recorded."
    )
    return join(
        (element("p", words), *(piece for place, task in enumerate(tasks) for piece in _task(report, task, place)))
    )


def _task(report: ReportFold, task: TaskAccount, place: int) -> Iterator[Markup]:
    key = f"task-{place + 1}"
    marks = task.marks()
    yield element("h3", value(cut(task.title or task.task_id or task.key, 160)), id=key)
    yield element("p", *_about(report, task))
    picture = drawing(task, marks, key)
    if picture is not None:
        yield element("div", picture, class_="scroll", role="group", tabindex="0", aria_labelledby=f"{key} {key}-title")
    yield table("What happened, in the order of the journal", _COLUMNS, [_row(each) for each in marks], f"{key}-table")
    if task.left_out:
        yield element(
            "p", f"{plural(task.left_out, 'mark')} between the first and the newest left out.", class_="quiet"
        )


def _about(report: ReportFold, task: TaskAccount) -> Iterator[Child]:
    yield "Task "
    yield value(task.task_id or task.key)
    if task.agent_id:
        yield ", agent "
        yield value(task.agent_id)
    yield ". "
    if task.claims:
        kind = "bad" if task.unbacked else "good"
        yield badge(f"{plural(task.claims, 'claim')} of completion, {number(task.unbacked)} held back", kind)
    yield " "
    still = sum(each.ended_at is None for each in task.episodes)
    if task.episodes.total:
        broken = plural(task.episodes.total, "broken promise")
        yield badge(f"{broken}, {number(still)} not over at the last line", "warn" if still else "")
    if report.tasks.began_before(task.key):
        yield " Earlier lines of this task are not drawn here."


def _row(mark: Mark) -> tuple[str, Markup, Markup, Markup, Markup]:
    whose = join(
        (
            element("strong", _standing(mark)),
            element("br"),
            element("span", LANES[mark.lane], class_="quiet small"),
        )
    )
    when = "said to be at " if mark.lane is Lane.SAID else "due at "
    elsewhen = join((element("br"), element("span", when, moment(mark.said_at), class_="quiet small")))
    said = value(mark.said) if mark.said else element("span", "–", class_="quiet")
    what = join((mark.what, elsewhen if mark.said_at else None))
    return (number(mark.seq), moment(mark.at), whose, what, said)


def _standing(mark: Mark) -> str:
    """Return what a mark is worth: an agent's word, something that proves, or what the program itself wrote down."""
    if mark.lane is Lane.SAID:
        return "claimed"
    if mark.lane is Lane.EVIDENCE and mark.shape is not Shape.DIAMOND:
        return "proven" if mark.shape is Shape.SQUARE else "asserted"
    return "proven" if mark.lane is Lane.TOLD and mark.shape in (Shape.SQUARE, Shape.DIAMOND) else "recorded"
