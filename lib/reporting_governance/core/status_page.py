"""The operator's page: what is open now, who was told, and who watches the watchdog.

Made of the document that `status --format json` prints, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.markup import Child, Markup, element, join, value
from reporting_governance.core.page import badge, facts, moment, number, page, plural, table
from reporting_governance.core.policy_templates import duration_words

_MOST_ROWS = 200  #: of one table
Document = Mapping[str, Any]


@frozen(kw_only=True)
class Surroundings:
    """What the page says beside the status document."""

    host: str
    tick_seconds: int  #: how often a run is expected
    targets: Sequence[tuple[str, str]] = ()  #: `receiver/target` and its sender, as the profile has them
    heartbeat: bool = False  #: a service outside is told of each run, and tells somebody when none comes
    canary_seconds: int | None = None  #: how often a test notice goes out
    metrics: bool = False  #: figures are written for a monitoring system
    last_exit_code: int | None = None
    rewritten: bool = False  #: by every run; else the page was asked for once


def render_status(status: Document, around: Surroundings) -> str:
    """Return the page.

    Args:
        status: the status report as plain JSON data.
    """
    header = join(
        (
            element("h1", "What is open, and who was told"),
            element("p", "Host ", value(around.host), ", as of ", moment(status["at"]), " UTC. ", _until(around)),
        )
    )
    parts = (
        ("now", "Now", _now(status)),
        ("episodes", "Broken promises that are still open", _episodes(status["episodes"])),
        ("people", "What waits for a person", _people(status)),
        ("queue", "Notices on their way", _queue(status)),
        ("senders", "Ways to people", _targets(status, around)),
        ("watching", "Who watches the watchdog", _watching(status, around)),
        ("sources", "What is watched", _sources(status)),
    )
    footer = element(
        "p",
        "It loads and runs nothing. `reportgov status` prints the same; `reportgov explain ID` tells one story.",
    )
    return page("Status of the watch", header, parts, footer, refresh=_refresh(around))


def render_trouble(at: str, sentences: Sequence[str], around: Surroundings) -> str:
    """Return the page of a run that could not even say what is open.

    Args:
        at: when that was seen.
        sentences: what is wrong and what to do, as stderr has it.
    """
    header = join(
        (
            element("h1", "What is open, and who was told"),
            element("p", "Host ", value(around.host), ", as of ", moment(at), " UTC. ", _until(around)),
        )
    )
    inside = element(
        "div",
        element("p", badge("The watch itself is not well: what is open cannot be said", "bad")),
        *(element("p", value(each)) for each in sentences),
        class_="panel bad",
    )
    footer = element("p", "It loads and runs nothing. `reportgov doctor` looks at what is wrong.")
    return page("Status of the watch", header, [("now", "Now", inside)], footer, refresh=_refresh(around))


def _refresh(around: Surroundings) -> int:
    return min(max(around.tick_seconds, 15), 300) if around.rewritten else 0


def _until(around: Surroundings) -> str:
    if not around.rewritten:
        return "It was asked for once and does not change."
    late = duration_words(3 * around.tick_seconds)
    return f"Each run writes it anew. If that time is more than {late} ago, runs have stopped and nobody is watching."


def _now(status: Document) -> Markup:
    bad = [each for each in (status["run_trouble"], status["profile_refused"]) if each]
    if status["log_loss"]:
        bad.append(f"The journal lost what was acknowledged: {status['log_loss']['what']}")
    stuck, open_now = len(status["stuck"]), len(status["episodes"])
    if bad:
        kind, words = "bad", "The watch itself is not well"
    elif stuck or open_now:
        kind, words = (
            "warn",
            f"{plural(open_now, 'broken promise')} open; {plural(stuck, 'notice')} in need of a person",
        )
    else:
        kind, words = "good", "Nothing is open"
    oldest = status["oldest_pending_seconds"]
    tiles = (
        (number(open_now), "broken promises open"),
        (number(len(status["reviews"]) + stuck), "things that wait for a person"),
        (number(sum(status["notices"].values())), "notices not settled"),
        ("–" if oldest is None else duration_words(oldest), "age of the oldest notice on its way"),
        (number(status["native_tasks"] + status["foreign_tasks"]), "tasks watched"),
    )
    return join(
        (
            element(
                "div",
                element("p", badge(words, kind)),
                *(element("p", value(each)) for each in bad),
                class_=f"panel {kind}",
            ),
            element("ul", *(_tile(*each) for each in tiles), class_="tiles"),
        )
    )


def _tile(count: str, what: str) -> Markup:
    return element("li", element("span", count, class_="number"), element("span", what, class_="what"))


def _episodes(episodes: Sequence[Document]) -> Markup:
    if not episodes:
        return element("p", "None.")
    columns = (
        ("Task", "middle"),
        ("What", "middle"),
        ("Due at", "narrow"),
        ("Late", "narrow"),
        ("Who was told, and the proof", "wide"),
    )
    rows = (
        (
            join(
                (
                    value(each["title"] or each["task_id"]),
                    element("br"),
                    element("span", value(each["task_id"]), " by ", value(each["agent_id"]), class_="quiet small"),
                )
            ),
            each["condition"].replace("_", " "),
            moment(each["due_at"]),
            join(("not known: ", value(each["unknown"])))
            if each["unknown"]
            else duration_words(each["late_by_seconds"]),
            _tellings(each["tellings"]),
        )
        for each in episodes[:_MOST_ROWS]
    )
    return join((table("Broken promises, the oldest first", columns, rows, "episodes-table"), _more(episodes)))


def _tellings(tellings: Sequence[Document]) -> Markup:
    if not tellings:
        return badge("nobody yet", "bad")
    return join([element("p", *_telling(each)) for each in tellings])


def _telling(telling: Document) -> Iterator[Child]:
    yield value(telling["receiver"])
    yield ": "
    yield _proof(telling["proof"])
    if telling["told_at"]:
        yield join((" ", moment(telling["told_at"])))
    if telling["acked_by"]:
        yield join((", acknowledged by ", value(telling["acked_by"])))
    elif telling["next_at"]:
        yield join((", told again at ", moment(telling["next_at"])))


def _proof(proof: str) -> Markup:
    kind = {"none": "bad", "accepted": "warn"}.get(proof, "good")
    return badge("no proof" if proof == "none" else proof, kind)


def _people(status: Document) -> Markup:
    pieces: list[Markup] = []
    if status["reviews"]:
        columns = (("Question", "wide"), ("About", "middle"), ("Asked at", "narrow"), ("To answer it", "middle"))
        rows = (
            (value(_review(each)["question"]), value(_review(each)["subject"]), moment(_review(each)["requested_at"]),
             element("code", f"reportgov review {_review(each)['review_id']}"))
            for each in status["reviews"][:_MOST_ROWS]
        )  # fmt: skip
        pieces.append(table("Questions that nobody has answered", columns, rows, "reviews-table"))
    if status["stuck"]:
        columns = (("Notice", "wide"), ("For", "middle"), ("State", "middle"), ("To send it again", "middle"))
        stuck = (
            (value(each["subject"]), value(each["target"]), f"{each['state']} {each['reason']}".replace("_", " "),
             element("code", f"reportgov retry {each['id']}"))
            for each in status["stuck"][:_MOST_ROWS]
        )  # fmt: skip
        pieces.append(table("Notices that will not go out by themselves", columns, stuck, "stuck-table"))
        pieces.append(_more(status["stuck"]))
    return join(pieces) if pieces else element("p", "Nothing.")


def _review(review: Document) -> Document:
    """Return the review itself, which may lie beside what is known of its telling."""
    inside = review.get("review")
    return inside if isinstance(inside, Mapping) else review


_STATES = (
    ("queued", "goes out with the next run"),
    ("held", "kept back: muted, silenced, or explained by another"),
    ("dispatched", "written, not yet sent"),
    ("pending_external_send", "sent, and the proof that was wanted is still out"),
    ("blocked", "not sent, and not tried again"),
)


def _queue(status: Document) -> Markup:
    counts = status["notices"]
    rows = [(name.replace("_", " "), number(counts.get(name, 0)), meaning) for name, meaning in _STATES]
    columns = (("State", "middle"), ("Notices", "number"), ("Meaning", "wide"))
    pieces = [table("Notices that are not settled, by state", columns, rows, "queue-table")]
    if status["waiting"]:
        waiting = (
            (value(each["subject"]), value(each["receiver"]), moment(each["since"]), value(each["sentence"]))
            for each in status["waiting"][:_MOST_ROWS]
        )
        headings = (("Notice", "wide"), ("For", "middle"), ("Waits since", "narrow"), ("Why", "wide"))
        pieces += [table("In the queue", headings, waiting, "waiting-table"), _more(status["waiting"])]
    return join(pieces)


def _targets(status: Document, around: Surroundings) -> Markup:
    trouble = {each["target"]: each for each in status["targets"]}
    named = dict(around.targets)
    rows = []
    for target in dict.fromkeys((*named, *trouble)):
        found = trouble.get(target)
        state = (
            badge("no trouble known", "good")
            if found is None
            else badge(str(found["trouble"]).replace("_", " "), "bad")
        )
        why: Child = "–"
        if found is not None:
            why = join(("since ", moment(found["since"]), ": ", value(found["why"] or "no reason given"),
                        join((", tried again at ", moment(found["until"]))) if found["until"] else None))  # fmt: skip
        rows.append((value(target), value(named.get(target, "–")), state, why))
    if not rows:
        return element("p", "The profile names no receiver.")
    columns = (("Receiver and target", "middle"), ("Sender", "narrow"), ("State", "middle"), ("Why", "wide"))
    return table("Every way to a person, and what is wrong with it", columns, rows, "targets-table")


def _watching(status: Document, around: Surroundings) -> Markup:
    pairs: list[tuple[str, Child]] = [
        ("Last run began", _at_or(status["last_run_at"], "never, as far as is known")),
        ("Last run without trouble", _at_or(status["last_success_at"], "none yet")),
        ("Last run ended with", "not known" if around.last_exit_code is None else f"exit code {around.last_exit_code}"),
        ("Expected", f"every {duration_words(around.tick_seconds)}"),
        ("Watched from outside", _outside(around)),
        ("Test notices", "none are sent" if around.canary_seconds is None
         else f"one every {duration_words(around.canary_seconds)}"),
        ("Figures for monitoring", "written by every run" if around.metrics else "not written"),
        ("Journal", f"{plural(status['lines'], 'line')}"),
        ("Signed heads held elsewhere", _anchors(status.get("anchors") or ())),
    ]  # fmt: skip
    if status["gap"]:
        gap = status["gap"]
        pairs.append(("Nobody watched", join(("from ", moment(gap["began_at"]), " to ", moment(gap["ended_at"])))))
    if status["clock_set_at"]:
        pairs.append(("Clock set, or host asleep", moment(status["clock_set_at"])))
    return facts(pairs)


def _at_or(at: str | None, otherwise: str) -> Child:
    return moment(at) if at else otherwise


def _outside(around: Surroundings) -> Child:
    if around.heartbeat:
        return "a service elsewhere is told of every run, and tells somebody when none comes"
    return join(
        (
            badge("nobody", "warn"),
            " when runs stop, nobody is told. `self.heartbeat_url` of the profile names a service.",
        )
    )


def _anchors(anchors: Sequence[Document]) -> Child:
    if not anchors:
        return "by nobody but those who got a notice"
    pieces: list[Child] = []
    for each in anchors:
        held = f"{plural(each['size'], 'line')}" if each["size"] else "nothing yet"
        pieces += [
            value(each["name"]),
            f": {held} ",
            badge("fails", "bad") if each.get("problem") else None,
            element("br"),
        ]
    return join(pieces)


def _sources(status: Document) -> Markup:
    rows: list[tuple[Child, ...]] = [
        (
            "check-ins of agents",
            number(status["native_tasks"]),
            badge("read", "good"),
            _blind(status["native_cannot_see"]),
        )
    ]
    for each in status["sources"]:
        state = badge("cannot be read", "bad") if each["unreadable"] else badge("read", "good")
        blind = value(each["unreadable"]) if each["unreadable"] else _blind(each["cannot_see"])
        rows.append((value(each["source"]), "–" if each["tasks"] is None else number(each["tasks"]), state, blind))
    columns = (("Source", "middle"), ("Tasks", "number"), ("State", "middle"), ("What it cannot show", "wide"))
    return table("Where tasks are looked at", columns, rows, "sources-table")


def _blind(cannot_see: Mapping[str, str]) -> Child:
    said = "; ".join(f"{condition.replace('_', ' ')}: {why}" for condition, why in cannot_see.items())
    return value(said) if said else "nothing is hidden"


def _more(rows: Sequence[object]) -> Markup:
    left = len(rows) - _MOST_ROWS
    return (
        element("p", f"{plural(left, 'more is', 'more are')} not shown here.", class_="quiet") if left > 0 else join(())
    )
