"""Where a verb works when no option says so."""

import os

DEFAULT_PROFILE = "minimal-solo-mode"


def default_profile(state: str) -> str:
    """Return which profile is meant when no option names one."""
    named = os.environ.get("REPORTGOV_PROFILE")
    if named:
        return named
    own = os.path.join(state, "profile.yaml")
    return own if os.path.exists(own) else DEFAULT_PROFILE
