"""Where a verb works when no option says so."""

import os

DEFAULT_PROFILE = "minimal-solo-mode"


def default_profile(state: str) -> str:
    """Return which profile is meant when no option names one."""
    return os.environ.get("REPORTGOV_PROFILE") or own_profile(state)


def own_profile(state: str) -> str:
    """Return the profile that a state has of its own, whatever an option or a variable says."""
    own = os.path.join(state, "profile.yaml")
    return own if os.path.exists(own) else DEFAULT_PROFILE
