"""Every rule that a finding can carry, from the rooms that know them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from reporting_governance.contracts.finding import FindingRule

#: modules that define rules beside the catalogue: what only one room can find has its rule there
_MODULES = (
    "contracts.finding_rules",
    "adapters.senders.rules",
    "adapters.tasks.rules",
    "stages.intake",
    "commands._policy_facts",
    "commands._policy_test",
)


@cache
def every_rule() -> Mapping[str, FindingRule]:
    """Return all rules by id, in order."""
    found: dict[str, FindingRule] = {}
    for name in _MODULES:
        for each in vars(import_module(f"reporting_governance.{name}")).values():
            if isinstance(each, FindingRule):
                found[each.id] = each
    # The gate makes its rule only when there is something to refuse: an agent waits for its answer.
    wrong_input = import_module("reporting_governance.commands._gate_input").rule()
    found[wrong_input.id] = wrong_input
    return dict(sorted(found.items()))


@cache
def catalogue() -> Mapping[str, FindingRule]:
    """Return all rules by id, in order, those of `doctor` too, whose answers are checks and no findings."""
    from reporting_governance.commands._rule_texts.health import RULES

    return dict(sorted({**every_rule(), **{each.id: each for each in RULES}}.items()))
