"""What most channels have in common: whoever sent something cannot find out later whether it arrived."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.adapters.interface import Answer, Message, SendResult


class CannotLook:
    """A sender whose `promises.can_look` is false."""

    def mark(self) -> Mapping[str, Any] | None:
        """Return nothing: there is nothing to look at later."""
        return None

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        """Say that nobody knows."""
        return Answer(result=SendResult.IN_DOUBT)
