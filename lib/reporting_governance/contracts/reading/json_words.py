"""Says what is wrong with a text that should have been a JSON value, in words a person can act upon."""

from reporting_governance.contracts.finding import shown
from reporting_governance.contracts.suggest import nearest

_WORDS = ("true", "false", "null")
_OTHER_LANGUAGES = {"none": "null", "nil": "null", "undefined": "null", "yes": "true", "no": "false"}
_NUMBER_STARTS = frozenset("+-.0123456789")

NO_COMMENTS = "JSON has no comments"
REMOVE_COMMENT = "remove the comment"


def starts_comment(text: str, start: int) -> bool:
    """Tell whether a comment of some other language starts here."""
    return text.startswith(("#", "//", "/*"), start)


def mistake_in_value(text: str, start: int, word: str) -> tuple[str, str | None, int]:
    """Return the message, a suggestion and the length of the mistake at `text[start]`.

    Args:
        word: the letters, digits, signs and dots that stand there; may be empty.
    """
    if start == len(text):
        return "the text ends where a value is expected", None, 0
    if word:
        return _wrong_word(word)
    letter = text[start]
    if letter == "'":
        return "a string stands in double quotes", "use double quotes", 1
    if starts_comment(text, start):
        return NO_COMMENTS, REMOVE_COMMENT, 1
    return f"a value cannot start with {shown(letter)}", None, 1


def _wrong_word(word: str) -> tuple[str, str | None, int]:
    if word[0] in _NUMBER_STARTS:
        return f"{shown(word)} is not a JSON number", None, len(word)
    lowered = word.lower()
    meant = lowered if lowered in _WORDS else _OTHER_LANGUAGES.get(lowered) or nearest(lowered, _WORDS)
    suggestion = f"write {meant}, or quote it" if meant else "quote it"
    return f"{shown(word)} is not a JSON value", suggestion, len(word)
