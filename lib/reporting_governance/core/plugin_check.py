"""What `plugins check` answers about one id: fit, unfit by a rule, refused for another reason, or not there."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Refusal, RefusalReason, RuleVerdict
from reporting_governance.core.plugin_choice import policy_id


class Fitness(StrEnum):
    """The answer about one id."""

    FIT = "fit"
    UNFIT = "unfit"  #: a rule about versions or the platform is not met
    REFUSED = "refused"  #: not taken, for a reason that is no such rule
    NOT_FOUND = "not_found"


@frozen(kw_only=True)
class Checked:
    """What is known of one id."""

    plugin_id: str
    fitness: Fitness
    reasons: tuple[str, ...]  #: for a person; empty when it is fit


#: Told of a plugin that is taken, or in whose place another is: no reason to say no.
_ONLY_TOLD = frozenset((RefusalReason.OVERRIDDEN, RefusalReason.WANTS_ANOTHER))


def check_all(taken: Sequence[tuple[str, Sequence[RuleVerdict]]], refusals: Iterable[Refusal]) -> list[Checked]:
    """Return the answer about every id that was found, and about everything refused that has none.

    Args:
        taken: id and verdicts of each plugin that is taken.
        refusals: what is told beside them.
    """
    refused = [each for each in refusals if each.reason not in _ONLY_TOLD]
    there = {policy_id(plugin_id) for plugin_id, _ in taken}
    answers = [_taken(plugin_id, verdicts) for plugin_id, verdicts in taken]
    groups: dict[str, list[Refusal]] = {}
    for each in refused:
        groups.setdefault(each.plugin_id or each.path, []).append(each)
    return answers + [_refused(name, group) for name, group in groups.items() if policy_id(name) not in there]


def check_one(wanted: str, taken: Sequence[tuple[str, Sequence[RuleVerdict]]], refusals: Iterable[Refusal]) -> Checked:
    """Return the answer about one id; ids that differ by case alone are one to OpenClaw."""
    for plugin_id, verdicts in taken:
        if policy_id(plugin_id) == policy_id(wanted):
            return _taken(plugin_id, verdicts)
    found = [each for each in refusals if policy_id(each.plugin_id) == policy_id(wanted) and each.plugin_id]
    if found:
        return _refused(wanted, found)
    return Checked(plugin_id=wanted, fitness=Fitness.NOT_FOUND, reasons=("no root has a plugin with this id",))


def _taken(plugin_id: str, verdicts: Sequence[RuleVerdict]) -> Checked:
    failing = tuple(sentence(each) for each in verdicts if not each.met)
    return Checked(plugin_id=plugin_id, fitness=Fitness.UNFIT if failing else Fitness.FIT, reasons=failing)


def _refused(name: str, refusals: Sequence[Refusal]) -> Checked:
    by_rule = [each for each in refusals if any(not verdict.met for verdict in each.verdicts)]
    fitness = Fitness.UNFIT if by_rule else Fitness.REFUSED
    reasons: dict[str, None] = {}
    for each in refusals:
        failing = [sentence(verdict) for verdict in each.verdicts if not verdict.met]
        reasons.update(dict.fromkeys(failing or [f"{each.path}: {each.detail}"]))
    return Checked(plugin_id=name, fitness=fitness, reasons=tuple(reasons))


def sentence(verdict: RuleVerdict) -> str:
    """Return what a rule says that is not met."""
    return f"{verdict.rule} {verdict.wanted}: {verdict.why}"
