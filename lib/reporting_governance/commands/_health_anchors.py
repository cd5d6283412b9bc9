"""What `doctor` says of those who hold signed heads of the journal beside us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reporting_governance.commands._health_check import Check, Rule, Verdict

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Anchor
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.anchoring import AnchorState

_NOBODY = "nobody beside this host is handed signed heads; whoever got a notice holds the mark in it"
_NAME_ONE = "Nothing is wrong.  `audit.anchors` in the profile names who else shall hold them; docs/operating.md."
_MEND = "Mend what it complains of; the next `reportgov run` hands it the newest head."
_SHORTER = (
    "Lines are gone that it can prove were there, or the state is an older copy that was put back.  Compare with "
    "another copy before you go on."
)


def anchors(context: CommandContext) -> Iterator[Check]:
    """Yield what is known of each anchor of the profile; none at all is a fact, and no fault."""
    from reporting_governance.commands._anchoring import anchors_known, open_anchors

    opened = open_anchors(context)
    if not opened:
        yield Check(Rule.ANCHOR, Verdict.OK, _NOBODY, _NAME_ONE)
    for anchor, state in zip(opened, anchors_known(context), strict=True):
        yield _check(context, anchor, state)


def _check(context: CommandContext, anchor: Anchor, state: AnchorState) -> Check:
    lines = context.store.ready().seq
    if state.size > lines:
        seen = f"holds a head of {state.size} lines, and the journal has {lines}"
        return Check(Rule.ANCHOR, Verdict.BAD, seen, _SHORTER, anchor.name)
    holds = f"holds the head of {state.size} of {lines} lines" if state.size else "never held a head"
    if state.failed_since is not None:
        seen = f"{holds}, fails since {state.failed_since:%Y-%m-%dT%H:%M:%SZ}: {state.problem}"
        verdict = Verdict.BAD if state.is_bad(context.clock.now()) else Verdict.WARNING
        return Check(Rule.ANCHOR, verdict, seen, _MEND, anchor.name)
    if problem := anchor.probe():
        return Check(Rule.ANCHOR, Verdict.WARNING, f"{holds}: {problem}", _MEND, anchor.name)
    return Check(Rule.ANCHOR, Verdict.OK, holds + _nearness(anchor), subject=anchor.name)


def _nearness(anchor: Anchor) -> str:
    from reporting_governance.adapters.anchors.file import FileAnchor

    is_near = isinstance(anchor, FileAnchor) and anchor.is_beside_the_state()
    return "; it lies on the same file system as the journal" if is_near else ""
