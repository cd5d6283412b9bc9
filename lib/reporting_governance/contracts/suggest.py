"""Did you mean: the known word nearest to one that is not known."""

from collections.abc import Iterable

_LONGEST = 64  #: longer words are not compared: the cost grows with the product of both lengths
_SEPARATORS = str.maketrans("", "", "_- .")


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` most probably stands for, or None.

    Case and separators do not count (`taskId` stands for `task_id`).  Else at most one slip in a word of up to four
    letters, two in a longer one; a slip is a letter too many, too few, wrong, or two swapped.
    Of equally near candidates the first is taken.
    """
    if not 1 < len(word) <= _LONGEST:
        return None
    plain = _plain(word)
    slips_allowed = 1 if len(word) <= 4 else 2
    best: str | None = None
    fewest = slips_allowed + 1
    for candidate in candidates:
        if candidate == word or not 1 < len(candidate) <= _LONGEST:
            continue
        slips = slips_between(plain, _plain(candidate), slips_allowed)
        if slips < fewest and slips < len(candidate):
            best, fewest = candidate, slips
    return best


def slips_between(left: str, right: str, limit: int) -> int:
    """Return how many slips turn `left` into `right`, or `limit` + 1 when there are more.

    Source: the optimal string alignment distance, Damerau 1964.
    """
    if left == right:
        return 0
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, letter in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            cost = min(
                previous[column] + 1,
                current[column - 1] + 1,
                previous[column - 1] + (letter != other),
            )
            if row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """Return the question to put to a person, or None when no candidate is near."""
    return meant(nearest(word, candidates))


def meant(word: str | None) -> str | None:
    """Return the question whether a word was meant, or None for none."""
    return None if word is None else f'did you mean "{word}"?'


def _plain(word: str) -> str:
    return word.lower().translate(_SEPARATORS)
