"""HTML and SVG as values: text becomes markup at one place, here, and nowhere else.

A `str` is always text: given as a child or an attribute it is escaped.  Markup is of a type of its own that no text
turns into by itself, and that cannot be added to text.  So what somebody forgets to escape is escaped all the same.

Text that may run from right to left is isolated, so that it cannot reorder what stands around it; characters that
nobody sees but that change what is seen are shown by their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import final

#: characters that steer text without being seen: C0 and C1 controls, bidirectional marks, zero-width and filler
#: characters, tags, and halves of a pair.  Written out, since Python versions know different Unicode versions.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_FIRST_FROM_RIGHT = "\u0590"  #: no script before it runs from right to left
_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*\Z")
_VOID = frozenset(("br", "hr", "link", "meta", "wbr"))
#: where neither an isolating element nor a mark may stand: it would be shown as it is written, or is not HTML
_PLAIN = frozenset(("desc", "text", "title", "tspan"))
#: attributes that fetch, run or style something; a page of ours has no use for them beyond its own parts
_REFUSED = frozenset(
    ("action", "background", "data", "formaction", "ping", "poster", "src", "srcdoc", "srcset", "style")
)


@final
class Markup:
    """A piece of HTML or SVG.  Made by `element`, `join` and the few functions below; never from text."""

    __slots__ = ("_written",)
    _written: str

    def __init__(self) -> None:
        raise TypeError("markup is made of elements; text becomes markup by `element` and `text`")

    def written(self) -> str:
        """Return it as it stands in a file."""
        return self._written


Child = Markup | str | int | None


def _markup(written: str) -> Markup:
    made = object.__new__(Markup)
    made._written = written
    return made


def escaped(value: str) -> str:
    """Return text so that it stands for itself in an element or a quoted attribute; what is unseen is named."""
    return _UNSEEN.sub(_named, value).translate(_SPECIAL)


def _named(match: re.Match[str]) -> str:
    return f"[U+{ord(match[0]):04X}]"


def text(value: str) -> Markup:
    """Return text as markup, isolated where it may run from right to left, and with what is unseen marked."""
    if value.isascii() and value.isprintable():
        return _markup(value.translate(_SPECIAL))
    pieces: list[str] = []
    end = 0
    for match in _UNSEEN.finditer(value):
        pieces.append(value[end : match.start()].translate(_SPECIAL))
        pieces.append(f'<span class="unseen">{_named(match)}</span>')
        end = match.end()
    written = "".join((*pieces, value[end:].translate(_SPECIAL)))
    isolated = any(each >= _FIRST_FROM_RIGHT for each in value)
    return _markup(f"<bdi>{written}</bdi>" if isolated else written)


def value(said: object) -> Markup:
    """Return what somebody else wrote, isolated whatever it holds."""
    return element("bdi", said if isinstance(said, str) else str(said), class_="value")


def element(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """Return an element.

    Args:
        name: of the element.
        children: text is escaped; None is left out.
        attributes: `class_` and `for_` lose their underscore, other underscores become hyphens; true stands without a
            value, false and None are left out.

    Raises: ValueError for a name that is none, an attribute that could fetch, run or style, or a reference that leads
        out of the page.
    """
    if not _NAME.match(name) or name in ("script", "iframe", "object", "embed", "base", "form"):
        raise ValueError(f"no element of ours: {name!r}")
    start = name + "".join(_attribute(key, given) for key, given in attributes.items())
    if name in _VOID:
        if children:
            raise ValueError(f"{name} holds nothing")
        return _markup(f"<{start}>")
    return _markup(f"<{start}>{''.join(_child(each, name) for each in children)}</{name}>")


def _child(each: Child, parent: str) -> str:
    if each is None:
        return ""
    if isinstance(each, Markup):
        return each.written()
    if isinstance(each, bool) or not isinstance(each, str | int):
        raise TypeError(f"neither text nor markup: {each!r}")
    return escaped(str(each)) if parent in _PLAIN else text(str(each)).written()


def _attribute(key: str, given: str | int | bool | None) -> str:
    if given is None or given is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    if not _NAME.match(name) or name.startswith("on") or name in _REFUSED:
        raise ValueError(f"no attribute of ours: {name!r}")
    if name == "href" and not str(given).startswith("#"):
        raise ValueError(f"a page of ours leads nowhere else: {given!r}")
    return f" {name}" if given is True else f' {name}="{escaped(str(given))}"'


def join(children: Iterable[Child], between: str = "") -> Markup:
    """Return pieces one after another."""
    return _markup(text(between).written().join(_child(each, "") for each in children if each is not None))


def style_sheet(rules: str) -> Markup:
    """Return a style element.  Raises: ValueError for rules that fetch something or could end the element."""
    if "<" in rules or "@import" in rules or "url(" in rules or "\\" in rules:
        raise ValueError("style rules of ours fetch nothing and hold no markup")
    return _markup(f"<style>{rules}</style>")


def document(root: Markup) -> str:
    """Return a whole page."""
    return f"<!DOCTYPE html>\n{root.written()}\n"
