"""From tries to a sight: which tries a power must stand, which only a full one stands, what an honest refusal says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from reporting_governance.adapters.probes.interface import Place, Sight
from reporting_governance.contracts.capability import SupportLevel

World = TypeVar("World")


@dataclass(frozen=True, slots=True)
class Try(Generic[World]):
    """One thing that was tried.  `saw` raises LookupError, TypeError or ValueError where the answer is unknown."""

    what: str  #: that which is so when `saw` is true, as a clause
    saw: Callable[[World], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial(Generic[World]):
    """All that is tried of one power."""

    works: Sequence[Try[World]]  #: what any runtime that has the power stands
    beyond: Sequence[Try[World]] = ()  #: what only a full one stands
    refused: Sequence[Try[World]] = ()  #: what is so where the power is absent and that is said honestly
    places: Callable[[World], tuple[Place, ...]] | None = None  #: what explains that it is not full


def look(trials: Mapping[str, Trial[World]], world: World) -> list[Sight]:
    """Return the sight of every power."""
    return [sight(power, trial, world) for power, trial in trials.items()]


def sight(power: str, trial: Trial[World], world: World) -> Sight:
    """Judge one power by its tries.

    A power that stands some of its basic tries only is none that could be counted on; a power that stands all of them
    and not all of the further ones has its limits there.
    """
    try:
        failed = next((each for each in trial.works if not each.saw(world)), None)
        if failed is not None:  # one clear failure decides, whatever the others would have shown
            dishonest = [each for each in trial.refused if not each.saw(world)]
            return _absent(power, trial, failed, dishonest)
        short = [each for each in trial.beyond if not each.saw(world)]
    except (LookupError, TypeError, ValueError, AttributeError) as fault:
        return Sight(
            power=power, found=None, sentence=f"What was seen cannot be read ({type(fault).__name__}: {fault})."
        )
    shown = "; ".join(each.what for each in trial.works)
    if not short:
        return Sight(power=power, found=SupportLevel.FULL, sentence=f"Seen: {shown}.")
    missed = "; ".join(each.what for each in short)
    places = () if trial.places is None else trial.places(world)
    sentence = f"Seen: {shown}. Not seen: {missed}."
    return Sight(power=power, found=SupportLevel.PARTIAL, sentence=sentence, places=places)


def _absent(power: str, trial: Trial[World], failed: Try[World], dishonest: Sequence[Try[World]]) -> Sight:
    if dishonest:
        sentence = f"Not seen: {failed.what}; and not said honestly: {dishonest[0].what}."
        return Sight(power=power, found=SupportLevel.NONE, honest=False, sentence=sentence)
    honestly = "".join(f"; seen instead: {each.what}" for each in trial.refused)
    return Sight(power=power, found=SupportLevel.NONE, sentence=f"Not seen: {failed.what}{honestly}.")
