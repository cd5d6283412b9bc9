"""What one piece of evidence says, as facts are computed from it: its check, its change, and whether it counts.

A document is read as it stands: `supports.check`, `supports.change` and `supports.segment` where they are there, else
the class and `supports.exit_status`.  The shape: evidence.schema.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.fact_reading import Document, as_object, as_text, as_time, as_whole

CHECK_CLASS = "verification_output"
CHANGE_CLASS = "file_change"
#: tools whose other checks compile first
_COMPILES = frozenset("cargo go mvn gradle dotnet swift sbt zig stack cabal tsc flutter xcodebuild forge".split())


@frozen
class Check:
    """One check that ran."""

    runner: str
    folder: str
    scope: frozenset[str]  #: what it was narrowed to; empty: everything
    passed: bool | None  #: None: its outcome is not known
    proves_nothing: str | None
    ran: int | None  #: tests
    is_after_change: bool | None  #: what was said of it when it was graded; None: nothing
    kind: str | None = None  #: what it looks at; None: nobody said, and it may be anything
    part: str | None = None  #: what of its tests it was narrowed to; None: nothing says that it was

    @property
    def shows(self) -> frozenset[str]:
        """What its passing shows: names of `CHECKS_ASSERTED`."""
        tool, _, goal = self.runner.partition(" ")
        shown = {self.kind} if self.kind in ("static", "build") else {"tests"}
        if self.kind in (None, "any"):
            shown |= {"static", "build"}
        if tool in _COMPILES or goal == "build":
            shown.add("build")
        if "tests" in shown and self.part is None:
            shown.add("all_tests")
        return frozenset(shown)

    def makes_up_for(self, failed: Check) -> bool:
        """Tell whether this later check shows that what failed works now: the same check, and no smaller one."""
        if self.passed is not True or self.proves_nothing is not None:
            return False
        if (self.runner, self.folder) != (failed.runner, failed.folder):
            return False
        if self.scope and not (failed.scope and failed.scope <= self.scope):
            return False
        return self.ran is None or failed.ran is None or self.ran >= failed.ran


@frozen
class Item:
    """One piece of evidence."""

    identity: str | None
    evidence_class: str | None
    quality: str | None
    captured_at: object  #: a time; null or unknown where the document has none that can be read
    claims: tuple[str, ...]
    since: object  #: the check-in that it names as the one it is new against
    segment: str | None  #: the request in answer to which it was made
    event: str | None  #: the event it came with
    is_own: bool  #: that is the event that is judged
    is_dispatch: bool  #: it shows that work was handed on
    is_change: bool
    changes_code: bool | None  #: None: what was changed is not said
    changes_settings: bool  #: settings or data are among what was changed
    check: Check | None

    @property
    def time(self) -> datetime | None:
        """When it was captured, where that is known."""
        return self.captured_at if isinstance(self.captured_at, datetime) else None

    @property
    def proves_completion(self) -> bool:
        """Whether it may be counted for a claim of completion: no failed check and none that proves nothing."""
        check = self.check
        return "completion" in self.claims and (
            check is None or (check.passed is not False and check.proves_nothing is None)
        )

    def as_fact(self) -> Document:
        """Return it as rules see it."""
        return {
            "class": self.evidence_class,
            "quality": self.quality,
            "captured_at": self.captured_at,
            "claims": self.claims,
        }


def read_items(evidence: Iterable[Document], own: frozenset[str]) -> list[Item]:
    """Return the items, each id once: what came with the event stands first and is the whole document."""
    items: list[Item] = []
    seen: set[str] = set()
    for document in evidence:
        identity = as_text(document.get("evidence_id"))
        if identity is not None:
            if identity in seen:
                continue
            seen.add(identity)
        items.append(_item(document, identity, own))
    return items


def of_segment(
    items: Sequence[Item], segment: str | None, *, began_at: datetime | None = None, is_whole: bool = False
) -> list[Item]:
    """Return the items that count: a pass from an earlier request is evidence of nothing for this one.

    Args:
        segment: the request that the event answers; None: the one the newest item names.  Where none is named,
            everything counts.
        began_at: when the request was made; None: with the first thing that was made for it.  What names no request
            counts from then on.
        is_whole: what came with the event is everything that was done in the segment; then what an earlier event
            brought from the same segment is the same once more.
    """
    named = [item for item in items if item.segment is not None]
    if segment is None and named:
        dated = [(item.time, item.segment) for item in named if item.time is not None]
        segment = max(dated, key=itemgetter(0))[1] if dated else named[-1].segment
    if segment is None:
        return list(items)
    times = [item.time for item in named if item.segment == segment and item.time is not None]
    begins = began_at or min(times, default=None)
    return [
        item
        for item in items
        if item.is_own
        or (item.segment == segment and not is_whole)
        or (item.segment is None and begins is not None and item.time is not None and item.time >= begins)
    ]


def _item(document: Document, identity: str | None, own: frozenset[str]) -> Item:
    supports = as_object(document.get("supports"))
    claims = supports.get("claims")
    kind = as_text(document.get("class"))
    change = supports.get("change")
    code = as_object(change).get("code")
    return Item(
        identity=identity,
        evidence_class=kind,
        quality=as_text(document.get("quality")),
        captured_at=as_time(document.get("captured_at")),
        claims=tuple(str(each) for each in claims) if isinstance(claims, (list, tuple)) else (),
        since=as_time(supports.get("since")),
        segment=as_text(supports.get("segment")),
        event=as_text(document.get("source_event_id")),
        is_own=identity in own,
        is_dispatch=bool(as_object(supports.get("dispatch"))),
        is_change=kind == CHANGE_CLASS or bool(as_object(change)),
        changes_code=code if isinstance(code, bool) else None,
        changes_settings=as_object(change).get("configuration") is True,
        check=_check(kind, supports),
    )


def _check(kind: str | None, supports: Document) -> Check | None:
    stated = as_object(supports.get("check"))
    if not stated and kind != CHECK_CLASS:
        return None
    status = as_whole(stated.get("exit_status"))
    if status is None:
        status = as_whole(supports.get("exit_status"))
    outcome = stated.get("outcome")
    passed = {"passed": True, "failed": False}.get(str(outcome))
    if outcome is None and status is not None:
        passed = status == 0
    after, scope = stated.get("after_last_change"), stated.get("scope")
    return Check(
        runner=as_text(stated.get("runner")) or "",
        folder=as_text(stated.get("folder")) or "",
        scope=frozenset(str(each) for each in scope) if isinstance(scope, (list, tuple)) else frozenset(),
        passed=passed,
        proves_nothing=as_text(stated.get("proves_nothing")),
        ran=as_whole(stated.get("ran")),
        is_after_change=after if isinstance(after, bool) else None,
        kind=as_text(stated.get("kind")),
        part=as_text(stated.get("part")),
    )
