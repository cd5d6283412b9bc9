"""Claims held against observations and waivers: nothing unproven is ever taken for proven."""

import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.capability import POWERS, Observation, SupportLevel
from reporting_governance.contracts.finding import Severity
from reporting_governance.contracts.probe_observation import ProbedDescriptor, ProbeObservation, ProbePlace
from reporting_governance.contracts.waiver import WAIVABLE, Waiver
from reporting_governance.core.probing import (
    Judgement,
    Versions,
    claimed_levels,
    digest,
    judge,
    outcome_of,
    staleness,
    strangers,
)

TODAY = date(2027, 3, 1)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HERE = Versions(package="1.0.0", runtime="OpenClaw 1")
ALL = [f"{group}.{leaf}" for group, leaves in POWERS.items() for leaf in leaves]
PROOF, BLOCK, EVENTS = "notification_path.final_delivery_proof", "enforcement.block_transition", "storage.events"


def descriptor(**levels: str) -> dict[str, Any]:
    """Return what matters here of a descriptor; keys are powers with `__` for the dot."""
    groups: dict[str, dict[str, Any]] = {}
    for key, level in levels.items():
        group, _, leaf = key.replace("__", ".").partition(".")
        groups.setdefault(group, {})[leaf] = {"supported": level != "none", "level": level}
    return {"metadata": {"id": "d"}, "runtime": {"name": "r"}, "capabilities": groups}


def of(power: str, level: str) -> dict[str, Any]:
    return descriptor(**{power.replace(".", "__"): level})


def seen(power: str, claimed: str, outcome: str, found: str | None = None, **more: Any) -> ProbeObservation:
    conclusive = {} if found is None else {"evidence_sha256": "0" * 64, "started_at": NOW, "ended_at": NOW}
    return ProbeObservation(
        power=power,
        claimed=SupportLevel(claimed),
        outcome=Observation(outcome),
        found=None if found is None else SupportLevel(found),
        sentence="It was tried.",
        **{**conclusive, **more},
    )


def probed(document: dict[str, Any], *observations: ProbeObservation, **more: Any) -> ProbedDescriptor:
    return ProbedDescriptor(
        **{
            "descriptor": "d",
            "descriptor_sha256": digest(document),
            "package_version": "1.0.0",
            "runtime": "r",
            "runtime_version": "OpenClaw 1",
            "probed_at": NOW - timedelta(days=1),
            "expires_at": NOW + timedelta(days=29),
            "observations": observations,
            **more,
        }
    )


def waiver(rule: str, power: str, until: str = "2027-03-31", **more: str) -> Waiver:
    return Waiver(
        **{"rule": rule, "descriptor": "d", "power": power, "owner": "ops", "reason": "r", "until": until, **more}
    )


def judged(document: dict[str, Any], *observations: ProbeObservation, waivers: Any = (), **more: Any) -> Judgement:
    at_hand = probed(document, *observations)
    return judge(document, at_hand, waivers, today=TODAY, now=NOW, versions=HERE, **more)


def rules(judgement: Judgement) -> list[str]:
    return [each.rule.id for each in judgement.standing]


@pytest.mark.parametrize(
    ("claimed", "found", "honest", "expected"),
    [
        ("full", "full", True, "confirmed"),
        ("full", "partial", True, "contradicted"),
        ("full", "none", True, "contradicted"),
        ("partial", "full", True, "confirmed"),
        ("partial", "partial", True, "confirmed"),
        ("partial", "none", True, "contradicted"),
        ("none", "none", True, "confirmed"),
        ("none", "none", False, "contradicted"),
        ("none", "partial", True, "contradicted"),
        ("partial", "partial", False, "contradicted"),
        *((level, None, honest, "inconclusive") for level in SupportLevel for honest in (True, False)),
    ],
)
def test_the_ladder(claimed: str, found: str | None, honest: bool, expected: str) -> None:
    reach = None if found is None else SupportLevel(found)
    assert outcome_of(SupportLevel(claimed), reach, honest=honest) == expected


def test_a_contradicted_claim_is_an_error_at_its_level_with_the_other_place() -> None:
    place = ProbePlace(file="profile.yaml", pointer="/a", message="it only accepts")
    judgement = judged(of(PROOF, "full"), seen(PROOF, "full", "contradicted", "partial", related=(place,)))
    (problem,) = judgement.standing
    assert (problem.rule.id, problem.severity) == ("GOV401", Severity.ERROR)
    assert problem.pointer == "/capabilities/notification_path/final_delivery_proof/level"
    assert problem.related == (place,)
    assert "claimed full" in problem.message


def test_what_works_and_is_claimed_none_is_a_warning() -> None:
    (problem,) = judged(of(BLOCK, "none"), seen(BLOCK, "none", "contradicted", "partial")).standing
    assert (problem.rule.id, problem.severity) == ("GOV402", Severity.WARNING)


def test_what_is_claimed_none_and_not_refused_honestly_is_an_error() -> None:
    assert rules(judged(of(BLOCK, "none"), seen(BLOCK, "none", "contradicted", "none"))) == ["GOV401"]


@pytest.mark.parametrize(("strict", "severity"), [(False, "warning"), (True, "error")])
def test_full_and_not_probed(strict: bool, severity: str) -> None:
    for observations in ((), (seen(EVENTS, "full", "not_probed"),)):
        (problem,) = judged(of(EVENTS, "full"), *observations, strict=strict).standing
        assert (problem.rule.id, problem.severity) == ("GOV403", severity)
    assert rules(judged(of(EVENTS, "partial"))) == []


STALE: list[dict[str, Any]] = [
    {"descriptor_sha256": "1" * 64},
    {"package_version": "0.9.0"},
    {"runtime_version": "OpenClaw 2"},
    {"expires_at": NOW},
    {"probed_at": NOW + timedelta(hours=1)},
]


@pytest.mark.parametrize("how", STALE, ids=lambda how: next(iter(how)))
def test_what_is_stale_counts_as_not_probed(how: dict[str, Any]) -> None:
    document = of(EVENTS, "full")
    old = probed(document, seen(EVENTS, "full", "confirmed", "full"), **how)
    judgement = judge(document, old, today=TODAY, now=NOW, versions=HERE)
    assert rules(judgement) == ["GOV404", "GOV403"]
    assert judgement.counts["not_probed"] == 1
    assert judgement.counts["confirmed"] == 0


def test_a_version_that_cannot_be_known_here_makes_nothing_stale() -> None:
    document = of(EVENTS, "full")
    fresh = probed(document, seen(EVENTS, "full", "confirmed", "full"))
    assert staleness(document, fresh, Versions(package="1.0.0"), NOW) is None
    assert digest({**document, "$schema": "x"}) == digest(document)


def test_an_edited_outcome_is_not_believed() -> None:
    assert rules(judged(of(EVENTS, "full"), seen(EVENTS, "full", "confirmed", "none"))) == ["GOV401"]


def test_a_waived_problem_is_shown_and_does_not_stand() -> None:
    mine = waiver("GOV401", PROOF)
    judgement = judged(of(PROOF, "full"), seen(PROOF, "full", "contradicted", "partial"), waivers=(mine,))
    assert judgement.standing == ()
    assert [each.waived for each in judgement.problems] == [mine]
    assert judgement.counts["waived"] == 1
    assert judgement.counts["contradicted"] == 1


def test_a_waiver_holds_to_the_end_of_its_last_day_and_not_longer() -> None:
    false = seen(PROOF, "full", "contradicted", "partial")
    assert rules(judged(of(PROOF, "full"), false, waivers=(waiver("GOV401", PROOF, "2027-03-01"),))) == []
    late = judged(of(PROOF, "full"), false, waivers=(waiver("GOV401", PROOF, "2027-02-28"),))
    assert rules(late) == ["GOV401", "GOV405"]
    assert (late.standing[1].pointer, late.standing[1].in_waivers) == ("/waivers/0/until", True)


def test_a_waiver_that_waives_nothing_is_an_error() -> None:
    true = seen(PROOF, "partial", "confirmed", "partial")
    idle = judged(of(PROOF, "partial"), true, waivers=(waiver("GOV402", BLOCK), waiver("GOV401", PROOF)))
    assert rules(idle) == ["GOV406", "GOV406"]
    assert [each.pointer for each in idle.standing] == ["/waivers/0", "/waivers/1"]
    assert all(each.severity is Severity.ERROR for each in idle.standing)


def test_whether_a_waiver_is_needed_is_not_known_where_nothing_was_probed() -> None:
    mine = waiver("GOV401", PROOF)
    judgement = judged(of(PROOF, "partial"), waivers=(mine,))
    assert rules(judgement) == []
    assert judgement.undecided == (mine,)


def test_waivers_of_other_descriptors_are_theirs() -> None:
    other = waiver("GOV401", PROOF, descriptor="other")
    assert rules(judged(of(PROOF, "partial"), waivers=(other,))) == []
    assert list(strangers([other, waiver("GOV401", PROOF)], ["d"])) == [other]


def test_a_leaf_that_is_absent_claims_nothing_and_denies_nothing() -> None:
    assert claimed_levels(of(EVENTS, "full")) == {EVENTS: SupportLevel.FULL}
    assert rules(judged(of(EVENTS, "partial"), seen(BLOCK, "none", "contradicted", "full"))) == []


LEVELS = st.sampled_from([each.value for each in SupportLevel])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, Any], list[ProbeObservation], list[Waiver]]:
    """Draw a descriptor, what was seen of it, and waivers."""
    powers = draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=6, unique=True))
    document = descriptor(**{power.replace(".", "__"): draw(LEVELS) for power in powers})
    claims = claimed_levels(document)
    observations = []
    for power in powers:
        outcome = draw(st.sampled_from([None, *Observation]))
        if outcome is not None:
            found = draw(LEVELS) if outcome in (Observation.CONFIRMED, Observation.CONTRADICTED) else None
            observations.append(seen(power, claims[power].value, outcome.value, found))
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from(WAIVABLE), st.sampled_from(ALL), st.integers(-3, 3)),
            max_size=4,
            unique_by=lambda each: each[:2],
        )
    )
    waivers = [waiver(rule, power, (TODAY + timedelta(days=days)).isoformat()) for rule, power, days in drawn]
    return document, observations, waivers


@given(world=worlds(), strict=st.booleans())
def test_what_is_not_confirmed_is_never_counted_so(world: Any, strict: bool) -> None:
    document, observations, waivers = world
    judgement = judged(document, *observations, waivers=waivers, strict=strict)
    by_power = {each.power: each for each in observations}
    claims = claimed_levels(document)
    assert set(judgement.outcomes) == set(claims)
    for power, outcome in judgement.outcomes.items():
        if outcome is Observation.CONFIRMED:
            assert by_power[power].outcome is Observation.CONFIRMED
            found = by_power[power].found
            assert found is not None
            assert found >= claims[power]
        if power not in by_power:
            assert outcome is Observation.NOT_PROBED
    counts = judgement.counts
    assert sum(counts[each] for each in Observation) == len(claims)


@given(world=worlds(), strict=st.booleans(), how=st.sampled_from(STALE))
def test_stale_is_not_probed_whatever_was_seen(world: Any, strict: bool, how: dict[str, Any]) -> None:
    document, observations, _ = world
    old = probed(document, *observations, **how)
    judgement = judge(document, old, today=TODAY, now=NOW, versions=HERE, strict=strict)
    assert set(judgement.outcomes.values()) == {Observation.NOT_PROBED}
    never = judge(document, None, today=TODAY, now=NOW, versions=HERE, strict=strict)
    assert [each for each in rules(judgement) if each != "GOV404"] == rules(never)


@given(world=worlds(), strict=st.booleans())
def test_a_waiver_is_used_or_an_error_or_undecided(world: Any, strict: bool) -> None:
    document, observations, waivers = world
    judgement = judged(document, *observations, waivers=waivers, strict=strict)
    bare = judged(document, *observations, strict=strict)
    failing = {(each.rule.id, each.power) for each in bare.problems}
    faults = {(each.rule.id, each.pointer) for each in judgement.problems if each.in_waivers}
    assert all(each.waived is None for each in judgement.problems if each.in_waivers)
    for place, each in enumerate(waivers):
        used = any(problem.waived == each for problem in judgement.problems)
        expired = ("GOV405", f"/waivers/{place}/until") in faults
        idle = ("GOV406", f"/waivers/{place}") in faults
        assert expired == (each.last_day < TODAY)
        if used:
            assert not expired
            assert not idle
        elif not expired:
            assert (each.rule, each.power) not in failing
            assert idle != (each in judgement.undecided)
            if each in judgement.undecided:
                assert judgement.outcomes[each.power] in (Observation.NOT_PROBED, Observation.INCONCLUSIVE)
    assert len(judgement.standing) + judgement.counts["waived"] == len(judgement.problems)


@given(world=worlds())
def test_judging_changes_nothing(world: Any) -> None:
    document, observations, waivers = world
    before = copy.deepcopy(document)
    first = judged(document, *observations, waivers=waivers)
    assert document == before
    assert judged(document, *observations, waivers=waivers) == first
