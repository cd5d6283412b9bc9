"""Which events we say about ourselves.  An agent may call its task `self:` too, and is nobody special."""

from collections.abc import Mapping
from typing import Any


def is_about_us(event: Mapping[str, Any]) -> bool:
    """Tell whether an event is ours about ourselves: who says it counts, not only how its task is called."""
    return event["payload"].get("source") == "self" and str(event["task_id"]).startswith("self:")
