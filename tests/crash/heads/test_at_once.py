"""Many who sign and rotate at once: one first key, one chain of keys, and every head by the key of its time."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reporting_governance.adapters.interface import CannotSign
from reporting_governance.commands import _heads, _keys
from reporting_governance.errors import Busy
from tests.acceptance.test_signed_heads import checked_heads, documents
from tests.acceptance.verbs import Verbs
from tests.crash.heads.test_killed_heads import context_of, grow, is_whole, settled


def at_once(*works: Callable[[], None]) -> None:
    children = []
    for work in works:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work()
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * len(works)


def signing(root: str, first: int, rounds: int) -> Callable[[], None]:
    def work() -> None:
        for number in range(first, first + rounds):
            grow(root, number)
            with suppress(Busy):
                _heads.sign_head(context_of(root))

    return work


def rotating(root: str, rounds: int) -> Callable[[], None]:
    def work() -> None:
        for _ in range(rounds):
            context = context_of(root)
            with suppress(Busy, CannotSign):  # before the first key there is none to rotate
                _keys.rotate(context, _heads.signer_of(context), None, lost_because=None)

    return work


def key_lines(root: str) -> int:
    return sum(each["type"] == "log.key" for each in documents(Verbs(Path(root))))


def test_many_first_heads_bring_one_key(tmp_path: Path) -> None:
    root = str(tmp_path / "state")
    at_once(*(signing(root, first, 5) for first in range(0, 40, 10)))
    assert key_lines(root) == 1
    assert len(checked_heads(Verbs(Path(root)))) > 1
    settled(root)


def test_heads_and_rotations_at_once(tmp_path: Path) -> None:
    root = str(tmp_path / "state")
    grow(root, 1)
    _heads.sign_head(context_of(root))
    at_once(signing(root, 10, 8), rotating(root, 6), signing(root, 30, 8), rotating(root, 6))
    assert key_lines(root) > 2
    is_whole(root)
    settled(root)
    assert os.listdir(f"{root}/keys") == ["log.key"]
