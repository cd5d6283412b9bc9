"""Whether profile, descriptor and packs can work together at all: the checks before anything is decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reporting_governance.contracts.capability import (
    EXPECTATIONS,
    PlannedAction,
    Requirement,
    SupportLevel,
)
from reporting_governance.contracts.capability_descriptor import PLUGIN_SPEC_VERSIONS
from reporting_governance.contracts.finding_rules import (
    ACTION_IN_NO_WAY,
    EXPECTATION_NOT_CLAIMED,
    OTHER_RUNTIME,
    UNKNOWN_SPECIFICATION,
    WRONG_SCHEMA_PATH,
)
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Elsewhere, Problem
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.core.actions import POWER_OF, is_weaker
from reporting_governance.core.canonical_schemas import SchemaCheck, check_schemas
from reporting_governance.core.decision_runner import plan_action
from reporting_governance.core.effective_capabilities import Document, effective_capabilities, settings_of

_DESCRIPTOR = "capability-descriptor"


@frozen
class ExpectationCheck:
    """Whether one expectation is met.  `matched_path` is none for a name nobody knows."""

    expectation: str
    supported: bool
    matched_path: str | None


@frozen
class Preflight:
    """Whether profile, descriptor and packs can work together.  With a refusal nothing may be decided."""

    legacy: bool
    schema_checks: tuple[SchemaCheck, ...]
    expectation_checks: tuple[ExpectationCheck, ...]
    problems: tuple[Problem, ...]  #: what is refused, with its place in the profile
    substitutions: tuple[PlannedAction, ...]  #: what packs may require and something else stands in for
    notes: tuple[str, ...]

    @property
    def refusals(self) -> tuple[str, ...]:
        """What is refused, in words."""
        return tuple(each.message for each in self.problems)

    @property
    def passed(self) -> bool:
        """Whether a runnable contract may be made of them."""
        return not self.problems


def preflight(
    profile: Document | None,
    descriptor: Document,
    actions: Iterable[str],
    *,
    plugin_spec_version: str | None = None,
    observations: Mapping[str, str] | None = None,
) -> Preflight:
    """Check schema paths, version, expectations and every action a pack may require.

    Args:
        profile: a deployment profile, or none.
        descriptor: a capability descriptor.
        actions: what the packs may require (`PolicyPack.required_actions`, and `force_checkpoint`), as the keys of a
            mapping where the ids of the packs are known.
        plugin_spec_version: the version the caller was built for; none takes the profile's.

    Without a profile and a version this is legacy mode: drift is noted as migration debt and refuses nothing.
    """
    settings = settings_of(profile)
    requires: Document = settings.get("requires") or {}
    pin = plugin_spec_version or requires.get("plugin_spec_version")
    legacy = profile is None and pin is None
    schemas = check_schemas(descriptor)
    expectations = _check_expectations(settings, descriptor, observations)
    problems = [
        *_refuse_schemas(schemas),
        *_refuse_version(pin, descriptor),
        *_refuse_runtime(requires.get("runtime"), descriptor),
        *_refuse_expectations(settings, expectations),
        *_refuse_fallbacks(settings),
    ]
    powers = effective_capabilities(profile, descriptor, observations)
    planned = [plan_action(each, powers) for each in sorted(set(actions))]
    for each in planned:
        if each.action is None:
            by = _packs_in_words(actions.get(each.wanted, ()) if isinstance(actions, Mapping) else ())
            message = f"{each.wanted} is required by {by}; it is not available and has no fallback that is"
            place = _place_of_gap(each.wanted, settings)
            problems.append(Problem(place, message, rule=ACTION_IN_NO_WAY, elsewhere=_claim(each.power)))
    notes = [*powers.notes]
    if pin is None:
        notes.append("no plugin_spec_version is pinned (migration debt)")
    if legacy:
        notes += [f"{each.message} (legacy)" for each in problems]
        problems = []
    standing_in = tuple(each for each in planned if each.action is not None and each.gap is not None)
    return Preflight(legacy, schemas, expectations, tuple(problems), standing_in, tuple(notes))


def _packs_in_words(packs: Sequence[str]) -> str:
    if not packs:
        return "a pack"
    return f"the pack {packs[0]}" if len(packs) == 1 else f"the packs {', '.join(packs)}"


def _place_of_gap(action: str, settings: Document) -> str:
    """Return what made an action impossible: that it was given no fallback, or that a power was turned off."""
    place = f"/fallbacks/{action}"
    instead = (settings.get("fallbacks") or {}).get(action)
    if instead is not None and not instead:
        return place
    could_do = {POWER_OF.get(each) for each in (action, *(instead or ()))}
    for name, wanted in (settings.get("expectations") or {}).items():
        if wanted == Requirement.OFF and EXPECTATIONS.get(name) in could_do:
            return f"/expectations/{name}"
    return place


def _check_expectations(
    settings: Document, descriptor: Document, observations: Mapping[str, str] | None
) -> tuple[ExpectationCheck, ...]:
    wanted: Document = settings.get("expectations") or {}
    powers = effective_capabilities(None, descriptor, observations)
    return tuple(
        ExpectationCheck(name, False, None)
        if name not in EXPECTATIONS
        else ExpectationCheck(
            name, powers.support(EXPECTATIONS[name]) is not SupportLevel.NONE, f"capabilities.{EXPECTATIONS[name]}"
        )
        for name in wanted
    )


def _refuse_schemas(checks: Sequence[SchemaCheck]) -> Iterable[Problem]:
    for each in checks:
        if not each.matches:
            message = f"{each.key}: {each.declared or 'nothing'} is not {each.canonical}"
            declared = Elsewhere(_DESCRIPTOR, f"/compatibility/{each.key}", "the descriptor declares it")
            yield Problem("/requires", message, rule=WRONG_SCHEMA_PATH, elsewhere=(declared,))


def _refuse_version(pin: str | None, descriptor: Document) -> Iterable[Problem]:
    if pin is None:
        return
    place = "/requires/plugin_spec_version"
    supported: Sequence[str] = (descriptor.get("compatibility") or {}).get("plugin_spec_versions") or ()
    if pin not in PLUGIN_SPEC_VERSIONS:
        message = f"plugin_spec_version {pin} is not known; known: {', '.join(PLUGIN_SPEC_VERSIONS)}"
        yield Problem(place, message, did_you_mean(pin, PLUGIN_SPEC_VERSIONS), rule=UNKNOWN_SPECIFICATION)
    elif pin not in supported:
        declared = ", ".join(supported) or "none"
        message = f"plugin_spec_version {pin} is required and the descriptor declares {declared}"
        there = Elsewhere(_DESCRIPTOR, "/compatibility/plugin_spec_versions", "the descriptor declares these")
        yield Problem(place, message, rule=UNKNOWN_SPECIFICATION, elsewhere=(there,))


def _refuse_runtime(runtime: str | None, descriptor: Document) -> Iterable[Problem]:
    found = descriptor["runtime"]["name"]
    if runtime is not None and runtime != found:
        message = f"the profile is for runtime {runtime}, the descriptor for {found}"
        there = Elsewhere(_DESCRIPTOR, "/runtime/name", "the descriptor's runtime")
        meant = did_you_mean(runtime, (found,))
        yield Problem("/requires/runtime", message, meant, rule=OTHER_RUNTIME, elsewhere=(there,))


def _refuse_expectations(settings: Document, checks: Sequence[ExpectationCheck]) -> Iterable[Problem]:
    wanted: Document = settings.get("expectations") or {}
    for each in checks:
        if wanted[each.expectation] == Requirement.REQUIRED and not each.supported:
            message = f"{each.expectation} is required and not available ({each.matched_path or 'unknown expectation'})"
            yield Problem(
                f"/expectations/{each.expectation}",
                message,
                rule=EXPECTATION_NOT_CLAIMED,
                elsewhere=_claim(EXPECTATIONS.get(each.expectation)),
            )


def _claim(power: str | None) -> tuple[Elsewhere, ...]:
    """Return the place of what a descriptor says about a power."""
    if power is None:
        return ()
    return (Elsewhere(_DESCRIPTOR, "/capabilities/" + power.replace(".", "/"), f"what is claimed of {power}"),)


def _refuse_fallbacks(settings: Document) -> Iterable[Problem]:
    for action, instead in (settings.get("fallbacks") or {}).items():
        for place, each in enumerate(instead):
            if not is_weaker(each, action):
                yield Problem(f"/fallbacks/{action}/{place}", f"fallback {each} is not weaker than {action}")
