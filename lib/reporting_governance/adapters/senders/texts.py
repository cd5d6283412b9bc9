"""Texts for channels that people read.  A part of a message may come from an agent, so nothing in it is trusted."""

import re
from collections.abc import Callable

#: Controls but line end and tab; what turns the direction of text, so that it reads other than it is; half pairs.
_NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_END = re.compile("\r\n?|[\u2028\u2029]")
_SHOWN_INSTEAD = "\ufffd"


def clean(text: str) -> str:
    """Return a text with nothing in it that a screen does not show, and line ends of one kind."""
    return _NOT_SHOWN.sub(_SHOWN_INSTEAD, _LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """Return a text as one clean line."""
    return " ".join(clean(text).split())


def whole_text(subject: str, body: str) -> str:
    """Return subject and body as one clean text, for channels without a subject."""
    return f"{one_line(subject)}\n\n{clean(body)}"


def cut(text: str, longest: int, size: Callable[[str], int] = len) -> str:
    """Return a text that is not longer than a channel takes, with a mark where something was left out.

    It is cut in its middle: the facts and the notice's id stand at its end, and a long text of an agent's must not
    push them out.

    Args:
        longest: in the units of `size`.
        size: how the channel counts, of the text as it is before any escaping.
    """
    if size(text) <= longest:
        return text
    most, least = len(text) // 2, 0
    while least < most:
        kept = (least + most + 1) // 2
        if size(_without_middle(text, kept)) <= longest:
            least = kept
        else:
            most = kept - 1
    return _without_middle(text, least)


def _without_middle(text: str, kept: int) -> str:
    left_out = len(text) - 2 * kept
    return f"{text[:kept]} [… {left_out} characters left out …] {text[len(text) - kept :]}"


def utf8_bytes(text: str) -> int:
    """Return how long a text is in UTF-8."""
    return len(text.encode())


def utf16_units(text: str) -> int:
    """Return how long a text is as UTF-16 counts."""
    return len(text.encode("utf-16-le")) // 2
