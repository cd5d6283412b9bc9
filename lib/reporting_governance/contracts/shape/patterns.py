"""Patterns of ECMA-262, as `pattern` and `patternProperties` hold them, written for Python's `re`."""

from __future__ import annotations

import re
from functools import cache

_SPACES = r" \t\n\r\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_PROPERTY = re.compile(r"\{(?:(?:General_Category|gc)=)?([A-Za-z_]+)\}")
_CATEGORIES = {
    "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M", "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd",
    "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc", "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs",
    "Private_Use": "Co", "Unassigned": "Cn",
}  # fmt: skip


def python_pattern(pattern: str) -> str:
    """Return a pattern for Python's `re` that means what jsonschema-rs, and nearly always ECMA-262, takes it to mean.

    `$` is the end of the text and not also the place before a last line break, `\\d` and `\\w` are ASCII, `\\s` is any
    space of Unicode, `\\p{...}` a general category of Unicode.  A dot matches everything but LF in both engines.

    Raises: ValueError for what Python cannot say: a property that is no general category, a part that is no pattern.
    """
    done: list[str] = []
    in_class = False
    place = 0
    while place < len(pattern):
        letter = pattern[place]
        place += 1
        if letter == "\\":
            letter = pattern[place : place + 1]
            place += 1
            if letter in ("p", "P"):
                named = _PROPERTY.match(pattern, place)
                if named is None:
                    raise ValueError("\\p{...} holds no general category of Unicode")
                place = named.end()
                done.append(_characters(named[1], letter == "P", in_class))
            else:
                done.append(_escape(letter, in_class))
            continue
        if not in_class and letter == "$":
            letter = r"\Z"
        in_class = letter != "]" if in_class else letter == "["
        done.append(letter)
    translated = f"(?a:{''.join(done)})"
    try:
        re.compile(translated)
    except (re.error, OverflowError, RecursionError) as fault:
        raise ValueError(str(fault)) from None
    return translated


def _escape(letter: str, in_class: bool) -> str:
    if letter == "s":
        return _SPACES if in_class else f"[{_SPACES}]"
    return f"[^{_SPACES}]" if letter == "S" else "\\" + letter


def _characters(name: str, is_negated: bool, in_class: bool) -> str:
    ranges = _ranges(_CATEGORIES.get(name, name), is_negated)
    return ranges if in_class else f"[{ranges}]"


@cache
def _ranges(category: str, is_negated: bool) -> str:
    """Return the characters of a category, or all others, as the inside of a class."""
    import sys
    import unicodedata

    if category not in _CATEGORIES.values():
        raise ValueError(f"{category} is no general category of Unicode")
    wanted = ("Lu", "Ll", "Lt") if category == "LC" else category
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(wanted) is is_negated:
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
