"""Rights for tests of stages: those of a state's owner, who may do everything."""

from reporting_governance.contracts.role import Action
from reporting_governance.errors import PolicyBlockedError


class Everything:
    """Everybody may do everything, and is a sender."""

    def blocked(self, action: Action, uid: int) -> PolicyBlockedError | None:
        """Refuse nothing."""
        return None

    def is_sender(self, uid: int) -> bool:
        """Let everybody hand in receipts."""
        return True

    def name(self, uid: int) -> str:
        """Return a name."""
        return f"uid:{uid}"
