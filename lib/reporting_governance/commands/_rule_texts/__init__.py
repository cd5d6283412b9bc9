"""What a person wants to know of a rule beyond its sentence: why there is one, a bad and a good example, what to do.

Long, and so for `rule`, docs/rules.md and the help in SARIF only: no check imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from reporting_governance.commands._rule_texts.example import RuleText

_MODULES = ("reading", "shape", "descriptors", "profiles", "probes", "running", "health")


@cache
def rule_texts() -> Mapping[str, RuleText]:
    """Return what is said about each rule, by id, in order."""
    found: dict[str, RuleText] = {}
    for name in _MODULES:
        found |= import_module(f"reporting_governance.commands._rule_texts.{name}").TEXTS
    return dict(sorted(found.items()))
