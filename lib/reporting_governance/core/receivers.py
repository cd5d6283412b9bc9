"""Whom a notice is for: the receivers that the routes name, and who is told instead that one of them is deaf."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.notification_settings import Notification
from reporting_governance.core.routing import RouteMatch, route
from reporting_governance.core.self_notices import CANARY, SELF, TARGET, instead_of


def receivers_of(facts: Mapping[str, Any], notification: Notification) -> tuple[RouteMatch, ...]:
    """Return whom the routes name; that somebody cannot be reached is told to somebody else, if there is anybody.

    Args:
        facts: of the notice.
    """
    routed = route(facts, notification.routes)
    below = {"canary": CANARY, "no_host": TARGET}.get(str(facts.get("condition")))
    if below is None or facts.get("source") != SELF.rstrip(":"):
        return routed
    lost = str(facts.get("task_id", "")).removeprefix(f"{below}/").partition("/")[0]
    return instead_of(lost, routed, notification.fallback, tuple(notification.receivers))
