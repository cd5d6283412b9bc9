"""Which of the plugins that were found OpenClaw takes: by the host's version, and one for each id.

Of two with the same id the one goes first that `plugins.load.paths` names, then a recorded install, then OpenClaw's
own, then one of the workspace, then any other; among equals the one found first.  Of ids that differ only by case none
is taken, not even OpenClaw's own.
"""

from collections.abc import Iterable, Sequence

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Candidate, Origin, Refusal, RefusalReason
from reporting_governance.core.plugin_compatibility import floor_refusal, rule_verdicts
from reporting_governance.core.plugin_versions import WHITE

#: Of two that are one and the same folder, this order decides by which root it counts as found.
_ONE_FOLDER = (Origin.CONFIG, Origin.WORKSPACE, Origin.GLOBAL, Origin.BUNDLED)


@frozen(kw_only=True)
class Choice:
    """The plugins that are taken, in the order in which they were found, and what is told of the others."""

    taken: tuple[Candidate, ...]
    refusals: tuple[Refusal, ...]


def policy_id(plugin_id: str) -> str:
    """Return the form in which ids are compared: without white space around, in lower case."""
    return plugin_id.strip(WHITE).lower()


def choose(found: Iterable[Candidate], host: str) -> Choice:
    """Choose among candidates.

    Args:
        found: in the order in which OpenClaw looks.
        host: the version of OpenClaw, as it says it itself.
    """
    refusals: list[Refusal] = []
    winners: dict[str, Candidate] = {}
    for each in found:
        refused = refuse_for_host(each, host)
        if refused is not None:
            refusals.append(refused)
        elif (first := winners.get(each.id)) is None:
            winners[each.id] = each
        else:
            winners[each.id] = _winner(first, each, refusals)
    taken = _without_collisions(list(winners.values()), refusals)
    return Choice(taken=tuple(taken), refusals=tuple(refusals))


def refuse_for_host(candidate: Candidate, host: str) -> Refusal | None:
    """Return why the host's version refuses a candidate; OpenClaw's own plugins are not asked."""
    if candidate.origin is Origin.BUNDLED:
        return None
    bare = candidate.tracked and candidate.origin is Origin.GLOBAL
    reason = floor_refusal(candidate.package, host, bare=bare)
    if reason is None:
        return None
    verdicts = rule_verdicts(candidate.manifest, candidate.package, candidate.origin, host, bare=bare)
    return Refusal(
        reason=reason,
        path=candidate.package_path,
        plugin_id=candidate.id,
        detail="; ".join(f"{each.rule} {each.wanted}: {each.why}" for each in verdicts if not each.met),
        origin=candidate.origin,
        verdicts=verdicts,
    )


def _winner(first: Candidate, second: Candidate, refusals: list[Refusal]) -> Candidate:
    if first.root == second.root:
        ranks = _ONE_FOLDER.index(second.origin), _ONE_FOLDER.index(first.origin)
        return second if ranks[0] < ranks[1] else first
    winner, loser = (second, first) if _rank(second) < _rank(first) else (first, second)
    installed_over_own = {first.origin, second.origin} == {Origin.GLOBAL, Origin.BUNDLED} and (
        first.tracked or second.tracked
    )
    if not installed_over_own and not _same_package(first, second):
        refusals.append(
            Refusal(
                reason=RefusalReason.OVERRIDDEN,
                path=loser.source,
                plugin_id=loser.id,
                detail=f"the {loser.origin} plugin gives way to the {winner.origin} plugin {winner.source}",
                origin=loser.origin,
            )
        )
    return winner


def _rank(candidate: Candidate) -> int:
    if candidate.named or candidate.origin is Origin.CONFIG:
        return 0
    if candidate.origin is Origin.GLOBAL and candidate.tracked:
        return 1
    return {Origin.BUNDLED: 2, Origin.WORKSPACE: 3}.get(candidate.origin, 4)


def _same_package(one: Candidate, two: Candidate) -> bool:
    """Tell whether two loose plugins are one package at one version twice: nobody needs to be told."""
    if not (one.origin is two.origin is Origin.GLOBAL and one.package.name and one.package.version):
        return False
    return (one.package.name, one.package.version) == (two.package.name, two.package.version)


def _without_collisions(winners: Sequence[Candidate], refusals: list[Refusal]) -> list[Candidate]:
    groups: dict[str, list[Candidate]] = {}
    for each in winners:
        groups.setdefault(policy_id(each.id), []).append(each)
    taken = []
    for each in winners:
        group = groups[policy_id(each.id)]
        if len(group) == 1:
            taken.append(each)
            continue
        others = ", ".join(sorted(other.id for other in group if other is not each))
        refusals.append(
            Refusal(
                reason=RefusalReason.IDS_COLLIDE,
                path=each.source,
                plugin_id=each.id,
                detail=f"only case parts its id from {others}; of such plugins none is taken",
                origin=each.origin,
            )
        )
    return taken


@frozen(kw_only=True)
class Wish:
    """A plugin that wants others beside it."""

    plugin_id: str
    origin: Origin
    path: str  #: of the manifest that says so
    wanted: tuple[str, ...]


def unmet_wishes(wishes: Iterable[Wish], there: Iterable[str]) -> list[Refusal]:
    """Return what is told of plugins that want another which was not found; `there` are the ids that were."""
    found = {policy_id(each) for each in there}
    told: dict[tuple[str, str], Refusal] = {}
    for each in wishes:
        for wanted in each.wanted:
            if policy_id(wanted) in found:
                continue
            refusal = Refusal(
                reason=RefusalReason.WANTS_ANOTHER,
                path=each.path,
                plugin_id=each.plugin_id,
                detail=f"it requires {wanted}, which is not there; it is taken all the same",
                origin=each.origin,
            )
            told.setdefault((policy_id(each.plugin_id), policy_id(wanted)), refusal)
    return list(told.values())
