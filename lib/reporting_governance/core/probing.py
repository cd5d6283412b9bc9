"""What observations say about the claims of a descriptor: which are false, which unproven, which somebody answers for.

The ladder is none < partial < full, and what was seen stands on it too: `none` means that the power was tried, that it
did nothing and that this was said honestly; `partial` that it works and ends somewhere; `full` that none of its known
ends was met.  A claim is contradicted when less was seen than it says, or when nothing was seen and nobody said so.
Sources: the specification's "What it should not overclaim"; OCI features (unknown is no denial), MCP conformance (what
is never exercised is not judged; an entry of a baseline that no longer fails, fails).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, TypeAlias

from reporting_governance.contracts.capability import Observation, SupportLevel
from reporting_governance.contracts.finding import FindingRule, Severity
from reporting_governance.contracts.finding_rules import (
    CLAIM_CONTRADICTED,
    FULL_NOT_PROBED,
    PROBE_INCONCLUSIVE,
    STALE_OBSERVATION,
    UNDERCLAIM,
    WAIVER_EXPIRED,
    WAIVER_IDLE,
)
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.probe_observation import ProbedDescriptor, ProbeObservation, ProbePlace
from reporting_governance.contracts.waiver import Waiver
from reporting_governance.core.descriptor_meaning import claims, place_of

Document: TypeAlias = Mapping[str, Any]


@frozen(kw_only=True)
class ProbeProblem:
    """One thing to say about a claim, or about a waiver."""

    rule: FindingRule
    severity: Severity
    pointer: str  #: in the descriptor; of a waiver's own fault, in the file of waivers
    message: str
    power: str
    in_waivers: bool = False  #: the place is one in the file of waivers
    related: tuple[ProbePlace, ...] = ()
    waived: Waiver | None = None  #: who answers for it; then it is shown and counts for nothing


@frozen(kw_only=True)
class Judgement:
    """All that observations and waivers say about one descriptor."""

    problems: tuple[ProbeProblem, ...]
    outcomes: Mapping[str, Observation]  #: by power, of every claimed leaf; what is stale is not probed
    undecided: tuple[Waiver, ...] = ()  #: nobody could see whether they are still needed

    @property
    def standing(self) -> tuple[ProbeProblem, ...]:
        """Problems that nobody answers for."""
        return tuple(each for each in self.problems if each.waived is None)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many leaves had each outcome, and how many problems are waived."""
        found = {each.value: 0 for each in Observation}
        for each in self.outcomes.values():
            found[each.value] += 1
        return {**found, "waived": sum(1 for each in self.problems if each.waived is not None)}


@frozen(kw_only=True)
class Versions:
    """What would be probed here and now; what cannot be known here is none, and then makes nothing stale."""

    package: str
    runtime: str | None = None


def digest(descriptor: Document) -> str:
    """Return the SHA-256 of a descriptor as canonical JSON; its layout and `$schema` do not change what it claims."""
    plain = {key: value for key, value in descriptor.items() if key != "$schema"}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def claimed_levels(descriptor: Document) -> Mapping[str, SupportLevel]:
    """Return what is claimed, by power.  A leaf that is absent claims nothing, and denies nothing."""
    return {
        power: SupportLevel(leaf["level"]) if leaf["supported"] else SupportLevel.NONE
        for power, leaf in claims(descriptor)
    }


def outcome_of(claimed: SupportLevel, found: SupportLevel | None, *, honest: bool = True) -> Observation:
    """Return what was seen of a claim.

    Args:
        claimed: by the descriptor.
        found: how far the power was seen to work; none: that could not be told.
        honest: what was not done was said to be not done.
    """
    if found is None:
        return Observation.INCONCLUSIVE
    if not honest:
        return Observation.CONTRADICTED
    if claimed is SupportLevel.NONE:
        return Observation.CONFIRMED if found is SupportLevel.NONE else Observation.CONTRADICTED
    return Observation.CONFIRMED if found >= claimed else Observation.CONTRADICTED


def judge(
    descriptor: Document,
    probed: ProbedDescriptor | None,
    waivers: Sequence[Waiver] = (),
    *,
    today: date,
    versions: Versions,
    now: datetime | None = None,
    strict: bool = False,
) -> Judgement:
    """Hold the claims of a descriptor against what was observed, and both against what is waived.

    Args:
        descriptor: right in shape.
        probed: what is known of it; none: it was never probed.
        waivers: all of a file; those for other descriptors are passed over.
        today: in UTC.  A waiver holds to the end of its last day.
        versions: of what is here now.
        now: against which observations expire; default the first moment of `today`.
        strict: a full claim that was not probed is an error.
    """
    claims = claimed_levels(descriptor)
    stale = None if probed is None else staleness(descriptor, probed, versions, now or _first_moment(today))
    seen = {} if probed is None or stale else {each.power: each for each in probed.observations}
    outcomes = {power: _fresh_outcome(claimed, seen.get(power)) for power, claimed in claims.items()}
    found: list[ProbeProblem] = []
    if stale is not None:
        found += _stale(probed, claims, stale)
    for power, claimed in claims.items():
        found += _of_leaf(power, claimed, outcomes[power], seen.get(power), strict)
    identity = descriptor["metadata"]["id"]
    ours = [(place, each) for place, each in enumerate(waivers) if each.descriptor == identity]
    valid = {(each.rule, each.power): each for _, each in ours if today <= each.last_day}
    marked = [_marked(each, valid) for each in found]
    marked += [problem for place, each in ours if (problem := _of_waiver(place, each, found, outcomes, today))]
    undecided = tuple(each for _, each in ours if _is_undecided(each, found, outcomes))
    return Judgement(problems=tuple(marked), outcomes=outcomes, undecided=undecided)


def staleness(descriptor: Document, probed: ProbedDescriptor, versions: Versions, now: datetime) -> str | None:
    """Return why observations do not count here and now; none: they do."""
    if probed.descriptor_sha256 != digest(descriptor):
        return "the descriptor has changed since it was probed"
    if probed.package_version != versions.package:
        return f"version {probed.package_version} of this package was probed, and this is {versions.package}"
    if None not in (versions.runtime, probed.runtime_version) and versions.runtime != probed.runtime_version:
        return f"{probed.runtime_version} was probed, and here is {versions.runtime}"
    if now >= probed.expires_at:
        return f"it expired on {probed.expires_at:%Y-%m-%d}"
    if now < probed.probed_at:
        return f"it was made on {probed.probed_at:%Y-%m-%d}, which is yet to come"
    return None


def strangers(waivers: Iterable[Waiver], descriptors: Iterable[str]) -> Iterator[Waiver]:
    """Yield the waivers for descriptors that were not checked in this run; whether they are needed is not known."""
    known = frozenset(descriptors)
    return (each for each in waivers if each.descriptor not in known)


def _first_moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _fresh_outcome(claimed: SupportLevel, seen: ProbeObservation | None) -> Observation:
    """Return what counts.  The outcome that is written down is not taken on trust above what was found."""
    if seen is None or seen.outcome is Observation.NOT_PROBED:
        return Observation.NOT_PROBED
    if seen.outcome is Observation.CONFIRMED:
        return outcome_of(claimed, seen.found)
    return seen.outcome


def _problem(rule: FindingRule, power: str, message: str, **more: Any) -> ProbeProblem:
    fields: dict[str, Any] = {"severity": rule.severity, "pointer": place_of(power), **more}
    return ProbeProblem(rule=rule, power=power, message=message, **fields)


def _stale(probed: ProbedDescriptor | None, claims: Mapping[str, SupportLevel], why: str) -> Iterator[ProbeProblem]:
    """Yield one problem for each conclusive observation that does not count."""
    for each in probed.observations if probed else ():
        if each.found is not None and each.power in claims:
            yield _problem(STALE_OBSERVATION, each.power, f"the observation of {each.power} is stale: {why}")


def _of_leaf(
    power: str, claimed: SupportLevel, outcome: Observation, seen: ProbeObservation | None, strict: bool
) -> Iterator[ProbeProblem]:
    if seen is not None and outcome is Observation.CONTRADICTED:
        if claimed is SupportLevel.NONE and seen.found is not SupportLevel.NONE:
            message = f"{power} is claimed none, and it works: {seen.sentence}"
            yield _problem(UNDERCLAIM, power, message, related=seen.related)
        else:
            message = f"{power} is claimed {claimed}, and its probe saw {_reach(claimed, seen)}: {seen.sentence}"
            yield _problem(CLAIM_CONTRADICTED, power, message, pointer=f"{place_of(power)}/level", related=seen.related)
    elif seen is not None and outcome is Observation.INCONCLUSIVE:
        yield _problem(PROBE_INCONCLUSIVE, power, f"the probe of {power} tells nothing: {seen.sentence}")
    elif outcome is Observation.NOT_PROBED and claimed is SupportLevel.FULL:
        why = f": {seen.sentence.removeprefix('Not probed: ')}" if seen is not None else ""
        severity = Severity.ERROR if strict else FULL_NOT_PROBED.severity
        yield _problem(FULL_NOT_PROBED, power, f"{power} is claimed full and was not probed{why}", severity=severity)


def _reach(claimed: SupportLevel, seen: ProbeObservation) -> str:
    if seen.found is SupportLevel.NONE:
        return "no honest refusal" if claimed is SupportLevel.NONE else "nothing of it"
    if seen.found is not None and seen.found >= claimed:
        return "that it does not say truly what it does"
    return f"it work no further than {seen.found}"


def _marked(problem: ProbeProblem, waivers: Mapping[tuple[str, str], Waiver]) -> ProbeProblem:
    return replace(problem, waived=waivers.get((problem.rule.id, problem.power)))


def _fails(waiver: Waiver, found: Iterable[ProbeProblem]) -> bool:
    return any((each.rule.id, each.power) == (waiver.rule, waiver.power) for each in found)


def _is_undecided(waiver: Waiver, found: Iterable[ProbeProblem], outcomes: Mapping[str, Observation]) -> bool:
    """Whether nobody could see if a waiver is still needed: its probe did not run to an end here."""
    if _fails(waiver, found) or waiver.power not in outcomes:
        return False
    needs_an_end = (CLAIM_CONTRADICTED.id, UNDERCLAIM.id)
    if outcomes[waiver.power] is Observation.NOT_PROBED:
        return waiver.rule in (*needs_an_end, PROBE_INCONCLUSIVE.id)
    return outcomes[waiver.power] is Observation.INCONCLUSIVE and waiver.rule in needs_an_end


def _of_waiver(
    place: int,
    waiver: Waiver,
    found: Sequence[ProbeProblem],
    outcomes: Mapping[str, Observation],
    today: date,
) -> ProbeProblem | None:
    """Return what is wrong with a waiver itself; nothing of that can be waived."""
    about = f"the waiver of {waiver.rule} for {waiver.power} by {waiver.owner}"
    if today > waiver.last_day:
        message = f"{about} ended on {waiver.until}"
        return _problem(WAIVER_EXPIRED, waiver.power, message, pointer=f"/waivers/{place}/until", in_waivers=True)
    if not _fails(waiver, found) and not _is_undecided(waiver, found, outcomes):
        message = f"{about} waives nothing: {_why_idle(waiver, outcomes)}"
        return _problem(WAIVER_IDLE, waiver.power, message, pointer=f"/waivers/{place}", in_waivers=True)
    return None


def _why_idle(waiver: Waiver, outcomes: Mapping[str, Observation]) -> str:
    outcome = outcomes.get(waiver.power)
    return "nothing is claimed there" if outcome is None else f"the claim is {outcome.value.replace('_', ' ')}"
