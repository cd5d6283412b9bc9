"""Whom a notice is for: the receivers that the routes name, and who is told instead that one of them is deaf."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.notification_settings import Notification
from reporting_governance.core.routing import RouteMatch, route
from reporting_governance.core.self_notices import CANARY, SELF, instead_of


def receivers_of(facts: Mapping[str, Any], notification: Notification) -> tuple[RouteMatch, ...]:
    """Return whom the routes name; that a test notice was lost is told to somebody else than its receiver.

    Args:
        facts: of the notice.
    """
    routed = route(facts, notification.routes)
    if facts.get("condition") != "canary" or facts.get("source") != SELF.rstrip(":"):
        return routed
    lost = str(facts.get("task_id", "")).removeprefix(f"{CANARY}/")
    return instead_of(lost, routed, notification.fallback, tuple(notification.receivers))
