"""What is wrong with the words of a pack: slots that name no fact, and examples that cannot be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.fact_catalogue import CATALOGUE
from reporting_governance.core.policy_check import Problem
from reporting_governance.core.policy_templates import SPECIAL_SLOTS, parse_template, unknown_slots

_EVENT_TYPES = CATALOGUE["event.event_type"].choices
_DEFAULTS = ("default.allow", "default.resolved", "default.caused")


def check_texts(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield each fault of the texts and examples of a pack that has its shape."""
    own = {rule["id"] for rule in document["spec"]["rules"]}
    pack_id = document["metadata"]["id"]
    for place, rule in enumerate(document["spec"]["rules"]):
        pointer = f"/spec/rules/{place}"
        for below, text in _texts(rule):
            for name in unknown_slots(parse_template(text)):
                yield f"{pointer}{below}", f"there is no fact {name!r} to fill this slot with", _slot_meant(name)
        for number, example in enumerate(rule.get("examples") or ()):
            yield from _check_example(example, f"{pointer}/examples/{number}", own, pack_id)


def _texts(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    output = rule["decision_output"]
    yield "/decision_output/reason", output["reason"]
    if output.get("rewritten_message"):
        yield "/decision_output/rewritten_message", output["rewritten_message"]
    if (output.get("operator_notice") or {}).get("message"):
        yield "/decision_output/operator_notice/message", output["operator_notice"]["message"]
    for name, text in (rule.get("operator_message_templates") or {}).items():
        yield f"/operator_message_templates/{name}", text


def _slot_meant(name: str) -> str | None:
    return did_you_mean(name, (*CATALOGUE, *(path.rpartition(".")[2] for path in CATALOGUE), *SPECIAL_SLOTS))


def _check_example(example: Mapping[str, Any], pointer: str, own: set[str], pack_id: str) -> Iterator[Problem]:
    kind = example["event"].get("event_type", _EVENT_TYPES[0])
    if kind not in _EVENT_TYPES:
        meant = did_you_mean(str(kind), _EVENT_TYPES)
        yield f"{pointer}/event/event_type", f"there is no event type {kind!r}", meant
    at = example["event"].get("timestamp")
    if at is not None and not _is_time(at):
        message = "this is no time such as 2026-01-05T09:00:00.000Z, so the example cannot be run"
        yield f"{pointer}/event/timestamp", message, None
    policy = example["expect"]["policy_id"]
    is_ours = policy.startswith(f"{pack_id}.") and policy not in own
    if is_ours or (policy.startswith("default.") and policy not in _DEFAULTS):
        meant = did_you_mean(policy, (*sorted(own), *_DEFAULTS))
        yield f"{pointer}/expect/policy_id", f"there is no rule {policy!r}", meant


def _is_time(text: object) -> bool:
    try:
        return isinstance(text, str) and parse_time(text) is not None
    except ValueError:
        return False
