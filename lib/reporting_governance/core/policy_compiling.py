"""Packs made ready to be evaluated: checked, parsed, and known by the digest of the document they were made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar

from reporting_governance.contracts.decision import Severity
from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.fact_catalogue import LABEL_PREFIX
from reporting_governance.core.facts import Facts
from reporting_governance.core.policy_check import Problem, check_pack, describe
from reporting_governance.core.policy_language import CompiledCondition, Leaf, compile_condition
from reporting_governance.core.policy_pack import PolicyPack, Rule
from reporting_governance.core.policy_templates import Template, parse_templates
from reporting_governance.errors import ExitCode, GovernanceError


class PolicyRefused(GovernanceError):
    """A pack that cannot mean what it says; nothing is decided by it."""

    exit_code: ClassVar[ExitCode] = ExitCode.NO
    message: ClassVar[str] = "{source}: policy pack refused: {reason}"
    hint: ClassVar[str] = "`reportgov policy test FILE` shows each fault with its line."

    def __init__(self, problems: Sequence[Problem], *, source: str) -> None:
        self.problems = tuple(problems)
        super().__init__(source=source, reason=describe(problems))


@frozen
class CompiledRule:
    """A rule ready to be evaluated."""

    rule: Rule
    severity: Severity
    condition: CompiledCondition
    templates: Mapping[str, Template]
    event_types: frozenset[str]
    signals: frozenset[str]
    claim_types: frozenset[str]

    def looks_at(self, facts: Facts) -> bool:
        """Whether any trigger of the rule is there."""
        return (
            facts.event_type in self.event_types
            or not self.signals.isdisjoint(facts.signals)
            or not self.claim_types.isdisjoint(facts.claim_types)
        )


@frozen
class CompiledPack:
    """A pack ready to be evaluated.  Compile once per process and use for every event."""

    pack: PolicyPack
    digest: str  #: SHA-256 of the document it was compiled from, as canonical JSON
    rules: tuple[CompiledRule, ...]
    labels: tuple[str, ...]  #: label facts that its rules look at


def compile_pack(document: Mapping[str, Any], *, source: str = "policy pack") -> CompiledPack:
    """Return a pack ready to be evaluated.

    Args:
        document: the pack as plain JSON data.
        source: its file, for the error's text.

    Raises: PolicyRefused naming every fault of meaning; ContractError when the shape is wrong.
    """
    problems = check_pack(document)
    if problems:
        raise PolicyRefused(problems, source=source)
    return _compiled(PolicyPack.parse(document, source=source), document_digest(document))


def compile_known_pack(document: Mapping[str, Any]) -> CompiledPack:
    """Return a pack that `compile_pack` took before, under the same digest, without examples: these judge nothing.

    To check it again and to read its examples takes as long as all the rest, and an agent waits for it at every turn.
    """
    rules = [{key: rule[key] for key in rule if key != "examples"} for rule in document["spec"]["rules"]]
    bare = {**document, "spec": {**document["spec"], "rules": rules}}
    return _compiled(PolicyPack.parse(bare), document_digest(document))


def _compiled(pack: PolicyPack, digest: str) -> CompiledPack:
    leaves: dict[str, Leaf] = {}  # the same leaf in several rules is one object, so that a record makes it once
    rules = tuple(_compile_rule(rule, pack, leaves) for rule in pack.spec.rules)
    labels = {leaf.fact for rule in rules for leaf in rule.condition.leaves if leaf.fact.startswith(LABEL_PREFIX)}
    return CompiledPack(pack, digest, rules, tuple(sorted(labels)))


def check_together(packs: Sequence[CompiledPack]) -> tuple[tuple[int, Problem], ...]:
    """Return the faults that only show when packs are used together, two rules with one id, and of which pack each is.

    A pack is named by its place among `packs`; pointers start at that pack.
    """
    owner: dict[str, str] = {}
    problems: list[tuple[int, Problem]] = []
    for index, pack in enumerate(packs):
        pack_id = pack.pack.metadata.id
        for place, rule in enumerate(pack.rules):
            if owner.setdefault(rule.rule.id, pack_id) != pack_id:
                message = f"rule {rule.rule.id} of pack {pack_id} is in pack {owner[rule.rule.id]} too"
                problems.append((index, (f"/spec/rules/{place}/id", message, None)))
    return tuple(problems)


def document_digest(document: object) -> str:
    """Return the SHA-256 of a plain document as canonical JSON, in hexadecimal."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()


def _compile_rule(rule: Rule, pack: PolicyPack, leaves: dict[str, Leaf]) -> CompiledRule:
    compiled = compile_condition(rule.conditions)
    shared = tuple(leaves.setdefault(repr((each.fact, each.operator, each.operand)), each) for each in compiled.leaves)
    return CompiledRule(
        rule,
        rule.decision_output.severity or pack.metadata.severity_default,
        CompiledCondition(compiled.test, shared),
        parse_templates(rule.operator_message_templates),
        frozenset(each.value for each in rule.triggers.event_types),
        frozenset(rule.triggers.derived_signals),
        frozenset(rule.triggers.claim_types),
    )
