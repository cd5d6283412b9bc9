"""Shares: "3 of 5", "40/80", "70%", "three of the five", "5 个完成了 3 个".  A share that is the whole is none."""

from __future__ import annotations

from reporting_governance.core.late_pattern import late

_WORDS = {
    word: number
    for number, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
#: characters of a clause in which a share is looked for
_LONGEST = 800
_PERCENT = late(r"(\d{1,9})(?:\.\d{1,4})? ?%")
_FRACTION = late(r"(?<![\d/.-])(\d{1,9}) ?/ ?(\d{1,9})(?![\d/])")
_COUNTED = frozenset("个項项条份封张集篇步页章轮台本")
_ARTICLES = frozenset(("the", "of", "my", "our", "these", "all"))


def is_share(text: str, start: int, end: int) -> bool | None:
    """Tell whether a share of less than the whole is named; False for the whole, None when none is named."""
    end = min(end, start + _LONGEST)
    shares = [int(each[1]) < 100 for each in _PERCENT.finditer(text, start, end)]
    shares += [int(each[1]) < int(each[2]) for each in _FRACTION.finditer(text, start, end) if int(each[2])]
    shares += _in_words(text[start:end].split())
    if not shares:
        shares += _in_counts(text[start:end])
    return any(shares) if shares else None


def share_before(text: str, start: int, end: int) -> bool | None:
    """Tell the same of the words right before a place."""
    return is_share(text, max(start, end - 40), end)


def _in_words(words: list[str]) -> list[bool]:
    """Read "3 of the 5" and "three out of five"."""
    shares = []
    for place, word in enumerate(words[1:-1], start=1):
        if word in ("of", "out"):
            part = _number(words[place - 1])
            following = next((each for each in words[place + 1 : place + 4] if each not in _ARTICLES), "")
            whole = _number(following)
            if part is not None and whole:
                shares.append(part < whole)
    return shares


def _in_counts(text: str) -> list[bool]:
    """Read Chinese counts: the number of all comes first."""
    counts: list[int] = []
    number = ""
    for letter in text:
        if letter.isascii() and letter.isdigit():
            number += letter
        elif letter in _COUNTED and 0 < len(number) <= 9:
            counts.append(int(number))
            number = ""
        elif letter != " ":
            number = ""
    return [counts[-1] < counts[0]] if len(counts) > 1 else []


def _number(word: str) -> int | None:
    word = word.strip("()[],.;:!~")
    if word.isascii() and word.isdigit() and len(word) <= 9:
        return int(word)
    return _WORDS.get(word)
