"""From all that a report says to one answer for each question; what contradicts itself is not sure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reporting_governance.core.fact_catalogue import REPORT_FIELDS
from reporting_governance.core.reading_claims.asking import asks_back
from reporting_governance.core.reading_claims.checking import OTHERS
from reporting_governance.core.reading_claims.findings import Finding, Saying
from reporting_governance.core.reading_claims.reads import Read
from reporting_governance.core.reading_claims.said import MOST_OF_IT, Said
from reporting_governance.core.reading_claims.walking import Walk

_PAST = (Saying.WHOLE, Saying.THING, Saying.SHARE, Saying.CHANGE, Saying.LOOK)


class Findings:
    """The findings of a report, by what they are about and how it is said."""

    def __init__(self, walk: Walk, *, whole: bool) -> None:
        self._findings = walk.findings
        self._whole = whole

    def first(self, said: Said, *sayings: Saying) -> Finding | None:
        """Return the first finding of these."""
        for finding in self._findings:
            if finding.said is said and finding.saying in sayings:
                return finding
        return None

    def so(self, *sayings: Saying) -> Finding | None:
        """Return the first of these that is asserted."""
        return self.first(Said.SO, *sayings)

    def standing_failure(self) -> Finding | None:
        """Return the first failure of a check that is not said later to be over; one that is counted goes first."""
        failures = [each for each in self._findings if _fails(each) and not self._is_over(each)]
        counted = (each for each in failures if each.saying is Saying.SOME_FAIL)
        return next(counted, failures[0] if failures else None)

    def _is_over(self, failure: Finding) -> bool:
        return any(
            each.start > failure.start and each.wholly and _passes(each) and _is_same_check(each, failure)
            for each in self._findings
        )

    def contradiction(self, failure: Finding) -> Finding | None:
        """Return where the report says that just such checks pass as the failure speaks of."""
        return next((each for each in self._findings if _passes(each) and _is_same_check(each, failure)), None)

    def nothing(self, reason: str) -> Read:
        """Return a no for which nothing in the text speaks; no such no is possible while part of it was not read."""
        if not self._whole:
            return Read(None, "the middle of a long text was not read", None)
        return Read(False, reason, None)


def _fails(finding: Finding) -> bool:
    if finding.saying is Saying.CHECKS:
        return finding.said is Said.NOT_SO
    return finding.said is Said.SO and finding.saying in (Saying.CHECKS_FAIL, Saying.SOME_FAIL)


def _passes(finding: Finding) -> bool:
    return finding.saying is Saying.CHECKS and finding.said is Said.SO


def _is_same_check(one: Finding, other: Finding) -> bool:
    """Tell whether a pass and a failure may speak of one check; "tests" may be those of every kind."""
    if OTHERS in (one.check, other.check):
        return False
    return one.check.startswith(other.check) or other.check.startswith(one.check)


def _read(value: bool | None, reason: str, finding: Finding) -> Read:
    return Read(value, reason, (finding.start, finding.end))


def completion(found: Findings) -> Read:
    """Tell whether the report says that the task is complete."""
    task, thing = found.so(Saying.WHOLE), found.so(Saying.THING)
    left = found.so(Saying.OPEN, Saying.ONGOING, Saying.PLAN, Saying.SHARE) or found.first(
        Said.NOT_SO, Saying.WHOLE, Saying.THING
    )
    if task is not None:
        if left is not None:
            return _read(None, "it says that the task is done, and also that work is left", left)
        return _read(True, "it says that the task is done", task)
    doubted = found.first(Said.PERHAPS, Saying.WHOLE, Saying.THING)
    if thing is not None and left is None:
        if doubted is not None:
            return _read(None, "part of what is said to be done is said with reserve", doubted)
        return _read(True, "it says that what was wanted is done, and names nothing that is left", thing)
    if doubted is not None and (left is None or left.saying in (Saying.ONGOING, Saying.PLAN)):
        return _read(None, f"it may say that the task is done: {doubted.reason}", doubted)
    if left is not None:
        return _read(False, "it says that work is left", left)
    changed = found.so(Saying.CHANGE)
    if changed is not None and (failed := found.standing_failure()) is not None:
        return _read(False, "it says what was changed, and that a check fails", failed)
    if changed is not None:
        return _read(None, "it says what was changed, and not whether that is all", changed)
    return found.nothing("it does not say that the task is done")


def progress(found: Findings) -> Read:
    """Tell whether the report says that work was done or goes on."""
    if (finding := found.so(*_PAST, Saying.ONGOING, Saying.FORWARD)) is not None:
        return _read(True, "it says what was done or goes on", finding)
    if (finding := found.first(Said.PERHAPS, *_PAST, Saying.ONGOING)) is not None:
        if finding.reason == MOST_OF_IT[1]:
            return _read(True, "it says that most is done", finding)
        return _read(None, f"it may say that work was done: {finding.reason}", finding)
    return found.nothing("it does not say that work was done")


def checks_passed(found: Findings) -> Read:
    """Tell whether the report says that tests or checks pass."""
    passed = found.so(Saying.CHECKS)
    failed = found.standing_failure()
    if failed is not None and failed.saying is Saying.SOME_FAIL:
        return _read(False, "it says how many of them fail", failed)
    if passed is not None and failed is not None and passed.check == OTHERS:
        return _read(False, "it says that the others pass, and that some do not", failed)
    if passed is not None and failed is not None and _is_same_check(passed, failed):
        return _read(None, "it says that some pass and that some do not", failed)
    if passed is not None:
        return _read(True, "it says that they pass", passed)
    if failed is not None:
        return _read(False, "it says that they do not pass", failed)
    if (doubted := found.first(Said.PERHAPS, Saying.CHECKS)) is not None:
        return _read(None, f"it may say that they pass: {doubted.reason}", doubted)
    return found.nothing("it does not say that checks pass")


def failure_disclosed(found: Findings) -> Read:
    """Tell whether the report says plainly that a check fails; what it also says to pass is not said plainly."""
    failed = found.standing_failure()
    if failed is None:
        return found.nothing("it does not say that a check fails")
    if (passed := found.contradiction(failed)) is not None:
        return _read(False, "it says that a check fails, and also that such checks pass", passed)
    return _read(True, "it says that a check fails", failed)


def dispatched(found: Findings) -> Read:
    """Tell whether the report says that something was already handed on to somebody who works on it."""
    if (finding := found.so(Saying.DISPATCH)) is not None:
        return _read(True, "it says that something was handed on", finding)
    if (finding := found.first(Said.PERHAPS, Saying.DISPATCH)) is not None:
        return _read(None, f"it may say that something was handed on: {finding.reason}", finding)
    return found.nothing("it does not say that anything was handed on")


def forwarded(found: Findings) -> Finding | None:
    """Return where the report says that a child's result was passed on, if it does."""
    return found.so(Saying.FORWARD)


def fields(found: Findings, walk: Walk) -> Mapping[str, Read]:
    """Tell which of the five fields the report says: by its labels, else by what it says strongly."""
    prose = {name: _FROM_PROSE[name](found) for name in REPORT_FIELDS}
    asked = asks_back(walk.sentences)
    if asked.value:
        prose["operator_intervention_needed"] = asked
    return {name: _labelled(walk, name) or prose[name] for name in REPORT_FIELDS}


def _labelled(walk: Walk, name: str) -> Read | None:
    known = walk.labelled.get(name)
    if known is None:
        return None
    says, span = known
    return Read(says, "a label says so" if says else "its label has nothing behind it", span)


def _status(found: Findings) -> Read:
    strong = found.so(Saying.STATE, Saying.ONGOING, Saying.WHOLE, Saying.SHARE, Saying.OPEN)
    if strong is not None:
        return _read(True, "it says where the work stands", strong)
    weak = found.so(*_PAST) or found.first(Said.PERHAPS, *_PAST)
    if weak is not None:
        return _read(None, "it says what was done, and not where the task stands", weak)
    return found.nothing("it does not say where the work stands")


def _completed(found: Findings) -> Read:
    strong = found.so(*_PAST)
    if strong is not None:
        return _read(True, "it says what was done", strong)
    weak = found.first(Said.PERHAPS, *_PAST)
    if weak is not None:
        return _read(None, f"it may say what was done: {weak.reason}", weak)
    return found.nothing("it does not say what was done")


def _next(found: Findings) -> Read:
    if (plan := found.so(Saying.PLAN)) is not None:
        return _read(True, "it says what comes next", plan)
    if (left := found.so(Saying.OPEN, Saying.ONGOING)) is not None:
        return _read(None, "it says that work is left, and not what comes next", left)
    return found.nothing("it does not say what comes next")


def _again(found: Findings) -> Read:
    if (finding := found.so(Saying.AGAIN)) is not None:
        return _read(True, "it says when it reports again", finding)
    return found.nothing("it does not say when it reports again")


def _needed(found: Findings) -> Read:
    if (finding := found.so(Saying.NEED)) is not None:
        return _read(True, "it says whether a person is needed", finding)
    return found.nothing("it does not say whether a person is needed")


_FROM_PROSE: Mapping[str, Callable[[Findings], Read]] = {
    "current_status": _status,
    "completed_this_segment": _completed,
    "next_step": _next,
    "next_report_condition": _again,
    "operator_intervention_needed": _needed,
}
