"""The shell of our pages: one file that loads nothing, runs nothing, and says so to the browser."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256

from reporting_governance.core.markup import Child, Markup, document, element, join, style_sheet, value
from reporting_governance.core.page_style import RULES


def page(title: str, header: Markup, parts: Sequence[tuple[str, str, Markup]], footer: Markup, refresh: int = 0) -> str:
    """Return a whole page.

    Args:
        title: of the window.
        header: what stands above the list of parts, its main heading included.
        parts: `(id, heading, what stands under it)`, in order.
        refresh: seconds after which a browser reads it again; 0: never.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", http_equiv="refresh", content=str(refresh)) if refresh else None,
        element("title", title),
        style_sheet(RULES),
    )
    entries = (element("li", element("a", heading, href=f"#{key}")) for key, heading, _ in parts)
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        element("header", header),
        element("nav", element("ul", *entries), aria_label="Parts of this page"),
        element("main", *(_part(*each) for each in parts), id="content", tabindex="-1"),
        element("footer", footer),
    )
    return document(element("html", head, body, lang="en", dir="ltr"))


def _policy() -> str:
    digest = b64encode(sha256(RULES.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _part(key: str, heading: str, inside: Markup) -> Markup:
    return element("section", element("h2", heading, id=key), inside, aria_labelledby=key)


def table(caption: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Child]], key: str) -> Markup:
    """Return a table that scrolls by itself where it is too wide.

    Args:
        columns: `(heading, class)`; a class is one of the sheet's widths.  The first cell of a row is its heading.
        key: an id that nothing else on the page has.
    """
    head = element("tr", *(element("th", heading, scope="col", class_=kind or None) for heading, kind in columns))
    body = []
    for row in rows:
        first, *rest = (
            element("td" if place else "th", cell, scope=None if place else "row", class_=kind or None)
            for place, (cell, (_, kind)) in enumerate(zip(row, columns, strict=True))
        )
        body.append(element("tr", first, *rest))
    whole = element("table", element("caption", caption, id=key), element("thead", head), element("tbody", *body))
    return element("div", whole, class_="scroll", role="group", aria_labelledby=key, tabindex="0")


def facts(pairs: Iterable[tuple[str, Child]]) -> Markup:
    """Return a list of names and what they are."""
    return element("dl", *(join((element("dt", name), element("dd", found))) for name, found in pairs), class_="facts")


def badge(words: str, kind: str = "") -> Markup:
    """Return a few words in a frame.  `kind`: good, warn, bad or nothing; a sign says the same as the colour."""
    sign = {"good": "✓ ", "warn": "! ", "bad": "✗ "}.get(kind, "")
    return element("span", f"{sign}{words}", class_=f"badge {kind}".rstrip())


def moment(at: str | None) -> Markup:
    """Return a time of a record as people read it, to the second."""
    if at is None:
        return element("span", "not known", class_="quiet")
    if len(at) < 19 or at[10] not in "Tt":
        return value(at)
    return join((element("span", at[:10], class_="time"), " ", element("span", at[11:19], class_="time")))


def number(count: int) -> str:
    """Return a number with thin groups of three, the same in every country."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its word."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"
