"""Whether the senders and task sources that a profile names are there, and take the parameters it gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from reporting_governance.adapters.senders import registry as senders
from reporting_governance.adapters.senders import rules as sender_rules
from reporting_governance.adapters.tasks import registry as sources
from reporting_governance.adapters.tasks import rules as source_rules
from reporting_governance.contracts.finding import FindingRule
from reporting_governance.contracts.problem import Problem, problems_of
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.errors import ContractError, GovernanceError


class Misnamed(NamedTuple):
    """One fault, and the rule it breaks."""

    rule: FindingRule
    problem: Problem


def adapter_problems(artifact: Mapping[str, Any]) -> Iterator[Misnamed]:
    """Yield what is wrong with the targets and sources of a `DeploymentProfileArtifact`.

    Nothing is opened: a sender and a source are only made, which looks at their parameters.
    """
    for receiver, told in artifact["spec"]["notification"]["receivers"].items():
        for name, target in told["targets"].items():
            place = f"/notification/receivers/{receiver}/targets/{name}"
            unknown, wrong = sender_rules.UNKNOWN_SENDER, sender_rules.WRONG_PARAMETERS
            yield from _of(target, place, "sender", senders.sender_class, senders.SENDERS, unknown, wrong)
    for index, source in enumerate(artifact["spec"]["sources"]):
        unknown, wrong = source_rules.UNKNOWN_SOURCE, source_rules.WRONG_PARAMETERS
        yield from _of(source, f"/sources/{index}", "source", sources.source_class, sources.SOURCES, unknown, wrong)


def proofs(artifact: Mapping[str, Any]) -> Mapping[tuple[str, str], Proof]:
    """Return, by receiver and target, how far each sender can prove what became of a message.

    A sender that is not there or does not take its parameters is left out; `adapter_problems` speaks of it.
    """
    found: dict[tuple[str, str], Proof] = {}
    for receiver, told in artifact["spec"]["notification"]["receivers"].items():
        for name, target in told["targets"].items():
            with suppress(GovernanceError):
                promises = senders.sender_class(target["sender"])(target["parameters"], state_folder="").promises
                asks_later = promises.polls_every_seconds is not None
                found[receiver, name] = Proof.PERSON if asks_later else promises.best_first_proof
    return found


def _of(
    named: Mapping[str, Any],
    place: str,
    kind: str,
    find: Callable[[str], Any],
    built_in: Iterable[str],
    unknown: FindingRule,
    wrong: FindingRule,
) -> Iterator[Misnamed]:
    try:
        adapter = find(named[kind])
    except GovernanceError as fault:
        yield Misnamed(unknown, Problem(f"{place}/{kind}", str(fault), did_you_mean(named[kind], built_in)))
        return
    try:
        adapter(named["parameters"], state_folder="")
    except ContractError as fault:
        for each in problems_of(fault):
            yield Misnamed(wrong, each._replace(pointer=f"{place}/parameters{each.pointer}"))
