"""The first screen: what was checked and by whom, of which lines, and what is missing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.parts import Standing
from reporting_governance.core.audit_report.texts import cut
from reporting_governance.core.markup import Child, Markup, element, join, value
from reporting_governance.core.page import badge, facts, moment, number, plural
from reporting_governance.verifier.note import parse_vkey

Document = Mapping[str, Any]
_NO_GAP = frozenset(("cannot_record",))  #: sections of the coverage that say what cannot be seen, not what is missing


@frozen
class Check:
    """Something that the exporter looked at.  `held`: true, false, or None where it was not checked."""

    what: str
    held: bool | None


#: what no export does without: it ends without a bundle when one of these does not hold
ALWAYS_CHECKED = (
    Check("Every line that is shown holds the fingerprint of the line before it.", held=True),
    Check("The number of lines and the fingerprint of all of them (the root) are those of this page.", held=True),
    Check("Every text that lies apart from its line has the fingerprint that the line names, or is listed as missing.",
          held=True),
)  # fmt: skip


def summary(
    report: ReportFold, manifest: Document, coverage: Document, redactions: Mapping[str, int], checks: Sequence[Check]
) -> Markup:
    """Return the first part of the page."""
    return join(
        (
            _verdict(checks, gaps_in(coverage)),
            element("ul", *_tiles(report, manifest, coverage), class_="tiles"),
            facts(_facts(manifest, coverage, redactions)),
            _how_to_verify(manifest),
        )
    )


def gaps_in(coverage: Document) -> int:
    """Return how many gaps a coverage names."""
    return sum(found_in(section) for name, section in coverage.items() if name not in _NO_GAP)


def found_in(section: Document) -> int:
    """Return how many things a section of the coverage counts."""
    return int(section.get("count", len(section["found"])))


def _verdict(checks: Sequence[Check], gaps: int) -> Markup:
    failed = [each for each in checks if each.held is False]
    if failed:
        head, kind = badge(f"{plural(len(failed), 'check')} did not hold", "bad"), "bad"
    elif gaps:
        head, kind = badge(f"The lines fit together; {plural(gaps, 'gap is', 'gaps are')} named below", "warn"), "warn"
    else:
        head, kind = badge("The lines fit together; no gap was found", "good"), "good"
    return element(
        "div",
        element("p", element("strong", "What the exporting program found: "), head),
        element("ul", *(element("li", _held(each), " ", each.what) for each in checks), class_="checks"),
        element(
            "p",
            element("strong", "This page is not the verdict. "),
            "It was written by the program whose records it shows. Whoever could change the records could have "
            "changed this page. The verdict is what the verifier says on your own machine; how to run it stands "
            "further down.",
        ),
        class_=f"panel {kind}",
    )


def _held(check: Check) -> Markup:
    if check.held is None:
        return badge("not checked", "warn")
    return badge("held", "good") if check.held else badge("did not hold", "bad")


def _tiles(report: ReportFold, manifest: Document, coverage: Document) -> Iterator[Markup]:
    standing = standing_of_claims(report)
    backed = standing[Standing.BACKED] + standing[Standing.APPROVED]
    told = report.notices.standing()
    reached = sum(told[each] for each in ("stored", "delivered", "person"))
    tasks = number(report.tasks.total) + ("" if report.tasks.is_counted else " or more")
    yield _tile(number(manifest["selected"]), f"lines shown, of {number(manifest['size'])} in the journal")
    yield _tile(tasks, "task that agents worked on" if report.tasks.total == 1 else "tasks that agents worked on")
    yield _tile(f"{number(backed)} of {number(report.claims.total)}", "claims of completion with evidence, or approved")
    yield _tile(
        f"{number(reached)} of {number(report.notices.total)}", "notices with proof that they were stored or seen"
    )
    gaps = gaps_in(coverage)
    yield _tile(number(gaps), "gap in the records" if gaps == 1 else "gaps in the records")


def standing_of_claims(report: ReportFold) -> Counter[str]:
    """Return how many claims stand how."""
    return report.claim_counts + Counter(each.standing.value for each in report.claims)


def _tile(count: str, what: str) -> Markup:
    return element("li", element("span", count, class_="number"), element("span", what, class_="what"))


def _facts(manifest: Document, coverage: Document, redactions: Mapping[str, int]) -> Iterator[tuple[str, Child]]:
    yield (
        "Period",
        join((moment(manifest["first_ts"]), " to ", moment(manifest["last_ts"]), " (UTC, the host's clock)")),
    )
    yield "Journal", element("code", manifest["log_id"])
    yield "Lines", _lines(manifest)
    yield "Chosen by", _filter(manifest["filter"])
    yield "Gaps", _gaps(coverage)
    yield "Taken out", _redactions(redactions, manifest.get("redaction"))
    yield "Fingerprint of all lines", element("code", manifest["root"])
    yield "Signing key", _keys(manifest.get("keys") or ())


def _lines(manifest: Document) -> str:
    parts = [f"{number(manifest['from'])} to {number(manifest['to'])}: {number(manifest['selected'])} shown"]
    withheld = manifest["withheld"]
    parts.append(f"{number(withheld)} withheld, present by their fingerprints" if withheld else "none withheld")
    if manifest["void"]:
        parts.append(f"{number(manifest['void'])} void, left by a writer that was stopped in the middle")
    if manifest.get("retired"):
        parts.append(f"{plural(len(manifest['retired']), 'stretch', 'stretches')} of old lines retired")
    return "; ".join(parts)


def _filter(chosen: Document) -> Markup:
    asked = {key: found for key, found in chosen.items() if found}
    if not asked:
        return join(("No filter: every line of the stretch.",))
    words = "; ".join(f"{key}: {found if isinstance(found, str) else ', '.join(found)}" for key, found in asked.items())
    return join(("Only what fits this filter: ", value(cut(words))))


def _gaps(coverage: Document) -> Markup:
    named = [f"{name.replace('_', ' ')}: {number(found_in(each))}" for name, each in coverage.items()
             if found_in(each) and name not in _NO_GAP]  # fmt: skip
    link = element("a", "what was looked at", href="#gaps")
    return join((f"{'; '.join(named)} (" if named else "None found (", link, ")"))


def _redactions(redactions: Mapping[str, int], policy: object) -> str:
    named = [f"{key.replace('_', ' ')}: {number(count)}" for key, count in sorted(redactions.items()) if count]
    rule = (
        f" Policy of the export: {policy if isinstance(policy, str) else json.dumps(policy, sort_keys=True)}."
        if policy
        else ""
    )
    return f"{'; '.join(named) or 'Nothing is listed as taken out'}.{rule}"


def _keys(keys: Sequence[str]) -> Markup:
    if not keys:
        return join((badge("no key", "bad"), " No signing key is named: nothing ties these lines to their writer."))
    pieces: list[Child] = []
    for each in keys:
        try:
            digest = sha256(parse_vkey(each).public).hexdigest()
        except ValueError:
            digest = "not a key that this page can read"
        pieces.append(element("p", value(cut(each)), class_="id"))
        pieces.append(element("p", "SHA-256 of the key: ", element("code", digest), class_="small"))
    pieces.append(
        element("p", "A key that comes with the records proves nothing. Compare it with one that you were given by "
                "another way.", class_="quiet small")
    )  # fmt: skip
    return join(pieces)


def _how_to_verify(manifest: Document) -> Markup:
    bundle = f"{manifest['log_id'][:8]}-{manifest['from']:012d}-{manifest['to']:012d}.zip"
    command = f"python3 -I -S verify.py {bundle} \\\n    --key 'THE KEY YOU WERE GIVEN' --anchor AN-OLD-NOTICE.txt"
    return join(
        (
            element("h3", "How to get the verdict"),
            element(
                "p",
                "Take verify.py from the program's own release or from somebody you trust, and the key and an old "
                "notice from anywhere but the machine in question. Every notice that the program sends ends in a line "
                "that begins with “Journal:”; whoever kept one is a witness. Then run:",
            ),
            element("pre", command),
            element(
                "p",
                "It needs nothing but Python and opens no connection. Exit code 0: all that was asked is proven. "
                "1: something is wrong, and each fault is named. 3: nothing is wrong, but less is proven than asked.",
            ),
        )
    )
