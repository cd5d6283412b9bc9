"""What the records do not cover, and what was looked at to say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reporting_governance.core.audit_report.summary import found_in
from reporting_governance.core.audit_report.texts import cut, json_text
from reporting_governance.core.markup import Markup, element, join, value
from reporting_governance.core.page import badge, plural, table

_MOST_ROWS = 25
Document = Mapping[str, Any]
#: section of the coverage -> heading, what a finding means
_WORDS = {
    "unclean_stops": (
        "Stops in the middle",
        "The program was stopped while it wrote. What it had begun counts for nothing; what was acknowledged stands.",
    ),
    "silences": (
        "Long silences",
        "Nothing was written for more than two hours. Nobody was watching then, or the host was off.",
    ),
    "loss": (
        "Lost lines",
        "Lines that had been acknowledged were not there any more when the program next looked.",
    ),
    "torn": (
        "Torn lines",
        "Bytes that are no whole line. They are kept, and declared void by a later line.",
    ),
    "retired_segments": (
        "Retired lines",
        "Old lines that were removed on purpose. Their number and order can still be checked; what they said cannot.",
    ),
    "clock_steps": (
        "Clock moved",
        "The host's clock jumped, or the host slept. Times on both sides cannot be compared.",
    ),
    "notices_in_doubt": (
        "Notices in doubt",
        "A message was being sent and nobody knows whether it arrived.",
    ),
    "unsigned_tail": (
        "Not yet signed",
        "Lines after the newest signed state of the journal. Only the chain covers them.",
    ),
    "cannot_record": (
        "Cannot be seen here",
        "What this kind of agent does not show, or only in part, as its description says. No record can tell it.",
    ),
}


_WIDTHS = {"descriptor": "middle", "power": "middle", "limits": "wide"}  #: of columns; the others are narrow
_DIGEST_SHOWN = 12  #: digits; the whole of it stands in coverage.json


def gaps(coverage: Document) -> Markup:
    """Return the part about gaps: each section, found or not."""
    rows = []
    for name, section in coverage.items():
        heading, meaning = _WORDS.get(name, (name.replace("_", " "), ""))
        count = found_in(section)
        kind, none = ("", "") if name == "cannot_record" else ("warn", "good")
        rows.append((heading, badge(f"{count} found", kind) if count else badge("none found", none), meaning,
                     section["looked_at"]))  # fmt: skip
    columns = (
        ("Kind of gap", "middle"),
        ("Found", "middle"),
        ("What it means", "wide"),
        ("What was looked at", "wide"),
    )
    return join((table("Gaps, and what was looked at to find them", columns, rows, "gaps-table"), *_details(coverage)))


def _details(coverage: Document) -> Iterator[Markup]:
    for name, section in coverage.items():
        if not section["found"]:
            continue
        heading, _ = _WORDS.get(name, (name.replace("_", " "), ""))
        shown = section["found"][:_MOST_ROWS]
        keys = [
            key for key in dict.fromkeys(key for each in shown for key in each) if any(each.get(key) for each in shown)
        ]
        rows = [[_cell(each.get(key)) for key in keys] for each in shown]
        yield element("h3", heading)
        columns = [(_column(key), _WIDTHS.get(key, "narrow")) for key in keys]
        yield table(f"{heading}: what was found", columns, rows, f"gaps-{len(name)}-{name}")
        left = found_in(section) - len(shown)
        if left > 0:
            yield element("p", f"{plural(left, 'more is', 'more are')} listed in coverage.json.", class_="quiet")


def _column(key: str) -> str:
    return {"seq": "line", "from": "from line", "to": "to line"}.get(key, key.replace("_", " "))


def _cell(found: object) -> Markup | str:
    if found is None or found == [] or found == "":
        return "–"
    if isinstance(found, list):
        return value(cut("; ".join(each if isinstance(each, str) else json_text(each) for each in found)))
    text = found if isinstance(found, str) else json_text(found)
    return value(f"{text[:_DIGEST_SHOWN]}…" if _is_digest(text) else cut(text))


def _is_digest(text: str) -> bool:
    return len(text) == 64 and not text.strip("0123456789abcdef")
