"""Text as it comes from a command line, and as it may be shown."""

import os


def as_typed(text: str) -> str:
    """Return an argument as the UTF-8 it was given as, also where the locale knows no such letters."""
    if text.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in text):
        return text
    return os.fsencode(text).decode("utf-8", "replace")


def exactly_typed(text: str) -> str:
    """Return an argument as the UTF-8 it was given as; bytes that are none stay marks, which no record takes."""
    return text if text.isascii() else os.fsencode(text).decode("utf-8", "surrogateescape")


def one_line(text: str) -> str:
    """Return text with everything that is no printable character replaced by a space.

    Text from agents must not move the cursor, or forge a line, for whoever reads it.
    """
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
