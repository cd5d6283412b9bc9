"""What every adapter refuses that starts a program of the operator's: one check, three places."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from reporting_governance.adapters.senders.command import CommandSender
from reporting_governance.adapters.senders.openclaw import OpenclawSender
from reporting_governance.adapters.tasks.command import CommandSource
from reporting_governance.errors import ContractError

PLACES: Mapping[str, Callable[[Sequence[str]], Any]] = {
    "sender command": lambda words: CommandSender({"argv": list(words)}, state_folder="/nonexistent"),
    "sender openclaw": lambda words: OpenclawSender(
        {"channel": "telegram", "to": "4242", "command": list(words)}, state_folder="/nonexistent"
    ),
    "source command": lambda words: CommandSource({"argv": list(words)}, state_folder="/nonexistent"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no program"),
        (("",), "no program"),
        (("/bin/pager", "--token", "${env:PAGER_TOKEN}"), "every user of the machine could see; use env"),
        (("/bin/pager", "--key=${file:/etc/key}"), "every user of the machine could see; use env"),
        (("/bin/pager", "a\0b"), "a zero byte"),
    ],
)
def test_words_that_cannot_be_used(place: str, words: Sequence[str], said: str) -> None:
    with pytest.raises(ContractError, match=said):
        PLACES[place](words)


@pytest.mark.parametrize("place", PLACES)
def test_words_that_can(place: str) -> None:
    assert PLACES[place](("/bin/pager", "--to", "$HOME {x}")).name
