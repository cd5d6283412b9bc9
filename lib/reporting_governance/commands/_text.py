"""Text from agents must not move the cursor, or forge a line, for whoever reads it."""


def one_line(text: str) -> str:
    """Return text with everything that is no printable character replaced by a space."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
