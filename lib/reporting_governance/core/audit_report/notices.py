"""Who was told what, and how well that is proven: each notice with every attempt and every answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.legend import PROOFS
from reporting_governance.core.audit_report.parts import Answer, Item, NoticeAccount
from reporting_governance.core.audit_report.telling import answers_of
from reporting_governance.core.audit_report.texts import cut
from reporting_governance.core.audit_report.words import PHASES
from reporting_governance.core.markup import Child, Markup, element, join, value
from reporting_governance.core.page import badge, moment, number, plural, table

_STANDINGS = (
    ("person", "a person acted on it"),
    ("delivered", "in a mailbox or on a device"),
    ("stored", "kept by the final service"),
    ("accepted", "taken by a next hop; it may not have arrived"),
    ("nothing", "no proof that anybody got it"),
    ("refused", "surely not sent, or given up"),
)
_BADGES = {
    "person": "good",
    "delivered": "good",
    "stored": "good",
    "accepted": "warn",
    "nothing": "bad",
    "refused": "bad",
}
_OUTCOMES = {
    "acked": "settled",
    "pending_external_send": "handed over; the proof that was wanted is still out",
    "blocked": "not sent, and not tried again",
    "deferred": "not sent yet",
}


def notices(report: ReportFold) -> Markup:
    """Return the part about notices."""
    if not report.notices.total:
        return element("p", "No notice is among these lines.")
    counted = report.notices.standing()
    rows = [(badge(word, _BADGES[word]), number(counted[word]), meaning) for word, meaning in _STANDINGS]
    columns = (("Best proof", "middle"), ("Notices", "number"), ("Meaning", "wide"))
    left = report.notices.total - len(report.notices.shown())
    intro = (
        f"{plural(report.notices.total, 'notice')}, as {plural(report.notices.items, 'message')} to single addresses, "
        f"with {plural(report.notices.attempts, 'attempt')} to send them."
    )
    return join(
        (
            element("p", intro),
            table("Notices by the best proof that somebody got them", columns, rows, "told-table"),
            element("p", f"{plural(left, 'notice')} not shown one by one; they are counted above.") if left else None,
            *(_notice(each, place) for place, each in enumerate(report.notices.shown())),
        )
    )


def _notice(notice: NoticeAccount, place: int) -> Markup:
    key = f"notice-{place + 1}"
    standing = notice.standing
    about: list[Child] = [
        value(notice.receiver),
        f": {PHASES.get(notice.phase, notice.phase)}, number {number(notice.number)}, urgency {notice.urgency}",
    ]
    if notice.task_id:
        about += [", about task ", value(notice.task_id)]
    return element(
        "article",
        element("h3", value(cut(notice.subject or "(no subject)", 160)), id=key),
        element("p", "For ", *about, ". ", badge(f"best proof: {standing}", _BADGES[standing])),
        _proofs({each.proof for each in answers_of(notice)}),
        element("ol", *_way(notice), class_="way"),
        aria_labelledby=key,
    )


def _proofs(reached: Collection[str]) -> Markup:
    """Return the steps of proof; a step below the best one that no answer named stays open."""
    steps = []
    for name, _ in PROOFS:
        got = name in reached
        words = join(
            ("● " if got else "○ ", name, element("span", " proven" if got else " not proven", class_="hidden"))
        )
        steps.append(element("li", words, class_="reached" if got else None))
    return element("ol", *steps, class_="proofs", aria_label="Steps of proof")


def _way(notice: NoticeAccount) -> Iterator[Markup]:
    route = f", for whom route {notice.route} of the settings names" if notice.route else ""
    yield _step(notice.seq, notice.at, f"made{route}")
    for seq, at, reason, cause in notice.holds:
        yield _step(seq, at, f"kept back ({reason}): ", value(cause))
    for item in notice.items:
        yield from _item(item)
    for answer in notice.answers:
        yield _answer(answer)


def _item(item: Item) -> Iterator[Markup]:
    words = (f"written for {item.target} by sender {item.sender}; proof that would settle it: {item.wanted}",)
    yield element("li", f"Line {number(item.seq)}: ", *words)
    steps: list[tuple[int, Markup]] = [
        (each.seq, _step(each.seq, each.at, f"attempt {number(each.number)} began on host ", value(each.host)))
        for each in item.attempts
    ]
    steps += [(each.seq, _answer(each)) for each in item.answers]
    yield from (step for _, step in sorted(steps, key=lambda each: each[0]))
    left = item.attempts.left_out + item.answers.left_out
    if left:
        yield element("li", f"{plural(left, 'attempt or answer', 'attempts or answers')} between these left out")


def _answer(answer: Answer) -> Markup:
    outcome = _OUTCOMES.get(answer.outcome, answer.outcome)
    why = f" ({answer.reason.replace('_', ' ')})" if answer.reason else ""
    pieces: list[Child] = [element("strong", f"proof: {answer.proof}"), f"; {outcome}{why}, says ", value(answer.by)]
    for name, said in answer.evidence:
        pieces += ["; ", value(name), ": ", value(said)]
    if answer.retry_at:
        pieces += ["; tried again at ", moment(answer.retry_at)]
    return _step(answer.seq, answer.at, *pieces)


def _step(seq: int, at: str, *words: Child) -> Markup:
    return element("li", f"Line {number(seq)}, ", moment(at), ": ", *words)
