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
    "commands._gate_input",
    "commands._health_check",
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
    return dict(sorted(found.items()))
