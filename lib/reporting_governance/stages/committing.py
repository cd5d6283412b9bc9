"""Groups of any number, in commits of the size that a store takes."""

from collections.abc import Sequence
from datetime import datetime

from reporting_governance.stages.commit_size import COMMIT
from reporting_governance.storage.interface import Added, Answer, Group, Store


def commit_all(store: Store, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
    """Commit groups, as many at a time as go into one; return the answers in the order of the groups."""
    answers: list[Answer] = []
    part: list[Group] = []
    size = 0
    for group in groups:
        lines = max(len(group.additions), len(group.otherwise))
        if part and size + lines > COMMIT:
            answers += store.commit(part, now=now)
            part, size = [], 0
        part.append(group)
        size += lines
    if part:
        answers += store.commit(part, now=now)
    return answers


def commit_in_turn(store: Store, groups: Sequence[Group], *, now: datetime) -> list[Answer]:
    """Commit groups one by one, each only after all before it were added; return the answers, a refusal as the last."""
    answers: list[Answer] = []
    for group in groups:
        answers += store.commit([group], now=now)
        if not isinstance(answers[-1], Added):
            break
    return answers
