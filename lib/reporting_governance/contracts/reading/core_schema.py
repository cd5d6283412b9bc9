"""What a plain YAML scalar means: the core schema of YAML 1.2.2, section 10.3.2, with one difference.

Only null, true, false, integers and floats are not strings; `yes`, `on`, dates and `12:30:45` are.
The difference: a number with leading zeros (`0777`, `007.5`) stays a string.  YAML 1.1 reads 0777 as 511, YAML 1.2 as
777 and JSON not at all, so whichever was meant, guessing would be wrong for somebody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeAlias

Scalar: TypeAlias = "bool | int | float | str | None"

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def plain_value(written: str) -> Scalar:
    """Return what an unquoted scalar without a tag stands for.  A number too large to hold comes back as infinity."""
    if written in _WORDS:
        return _WORDS[written]
    if written[0] not in _NUMBER_STARTS:
        return written
    if _DECIMAL.fullmatch(written):
        return _whole(written, 10)
    if _OCTAL.fullmatch(written):
        return _whole(written[2:], 8)
    if _HEXADECIMAL.fullmatch(written):
        return _whole(written[2:], 16)
    return float(written) if _FLOAT.fullmatch(written) else written


def _whole(digits: str, base: int) -> int | float:
    try:
        value = int(digits, base)
        str(value)  # octal and hexadecimal digits are converted without limit, but could never be written again
    except ValueError:  # more digits than Python converts (sys.get_int_max_str_digits)
        return math.inf
    return value


def _is_whole(value: Scalar) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TAGS: dict[str, Callable[[Scalar], bool]] = {
    "tag:yaml.org,2002:null": lambda value: value is None,
    "tag:yaml.org,2002:bool": lambda value: isinstance(value, bool),
    "tag:yaml.org,2002:int": _is_whole,
    "tag:yaml.org,2002:float": lambda value: isinstance(value, float) or _is_whole(value),
}
STRING_TAGS = frozenset(("!", "tag:yaml.org,2002:str"))
LIST_TAGS = frozenset(("!", "tag:yaml.org,2002:seq"))
OBJECT_TAGS = frozenset(("!", "tag:yaml.org,2002:map"))


def tagged_value(written: str, tag: str) -> Scalar:
    """Return what a scalar with one of the core schema's own tags stands for.

    Raises: ValueError when the tag is another one, or when the text is no such value.
    """
    if tag in STRING_TAGS:
        return written
    fits = _TAGS.get(tag)
    if fits is None:
        raise ValueError(f"the tag {short_tag(tag)} is not known")
    value = plain_value(written)
    if not fits(value):
        raise ValueError(f"the text is no {short_tag(tag)}")
    return _as_float(value) if tag.endswith(":float") and isinstance(value, int) else value


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def short_tag(tag: str) -> str:
    """Return a tag as people write it: `!!binary` for tag:yaml.org,2002:binary."""
    return tag.replace("tag:yaml.org,2002:", "!!", 1)
