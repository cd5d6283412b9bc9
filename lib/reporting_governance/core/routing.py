"""Who is told: routes of the profile, matched against the facts of a notice."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.notification_settings import Route


@frozen
class RouteMatch:
    """One receiver, and the place of the route that named it (for `routes test` and `explain`)."""

    receiver: str
    route: int


def route(facts: Mapping[str, Any], routes: Sequence[Route]) -> tuple[RouteMatch, ...]:
    """Return the receivers of a notice, in the order of the routes, each once.

    A route matches when every key of its `match` does: a text is compared as a glob (`*` and `?`), a list matches
    when one of its texts does, an absent fact never matches.  The first route that matches ends the search unless it
    goes on (`continue: true` in the profile).

    Args:
        facts: of the notice: task_id, agent_id, runtime, severity, condition, and `labels.<name>`.
        routes: of the profile, in their order.
    """
    found: dict[str, RouteMatch] = {}
    for place, each in enumerate(routes):
        if not matches(facts, each.match):
            continue
        for receiver in each.receivers:
            found.setdefault(receiver, RouteMatch(receiver, place))
        if not each.goes_on:
            break
    return tuple(found.values())


def matches(facts: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether every wanted key is matched by its fact."""
    return all(_matches_one(fact_of(facts, key), value) for key, value in wanted.items())


def _matches_one(fact: object, wanted: object) -> bool:
    if fact is None:
        return False
    patterns = wanted if isinstance(wanted, (list, tuple)) else (wanted,)
    return any(fnmatchcase(str(fact), str(pattern)) for pattern in patterns)


def fact_of(facts: Mapping[str, Any], key: str) -> object:
    """Return a fact of a notice by the name that profiles write, `labels.<name>` too; None where it has none."""
    if key.startswith("labels."):
        labels = facts.get("labels")
        return labels.get(key.removeprefix("labels.")) if isinstance(labels, Mapping) else None
    return facts.get(key)
