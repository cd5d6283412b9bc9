"""Killing one act at one step after another, each time on a copy of what was there before it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reporting_governance.storage.interface import Store
from tests.crash.chain.processes import Told
from tests.storage.killing import Report, killed_everywhere


@dataclass(frozen=True, kw_only=True, slots=True)
class Killed:
    """What a kill has left."""

    event: int  #: the step at which the act was to be killed; the last one was over before
    root: str
    acknowledged: list[list[str]]  #: ids of the records that the killed process was told are added


def kills(
    folder: Path,
    before: Callable[[str], object],
    act: Callable[[str, Callable[[Store], Store]], object],
    *,
    first: int,
    stride: int,
) -> Iterator[Killed]:
    """Yield what each kill has left, until the act is over before its kill; fails when none met it.

    Args:
        before: makes the state, once; it may make nothing.
        act: what is killed, with the state folder and what its store is to be wrapped in.
        first, stride: steps of the act up to the first kill, and between two.
    """
    template = str(folder / "template")
    before(template)

    def scenario(root: str, report: Report) -> None:
        act(root, lambda store: Told(store, report))

    for event, root, outcome in killed_everywhere(template, str(folder), scenario, first=first, stride=stride):
        assert outcome.killed or event > first, "no kill met it"
        acknowledged = [[identity for report in outcome.reports for identity in report]]
        yield Killed(event=event, root=root, acknowledged=acknowledged)
