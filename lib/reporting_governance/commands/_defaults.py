"""Where a verb works when no option says so."""

import os

from reporting_governance.resources import checkout_root

DEFAULT_PROFILE = "minimal-solo-mode"


def default_state() -> str:
    """Return the state folder when no option names one."""
    named = os.environ.get("REPORTGOV_STATE")
    if named:
        return named
    root = checkout_root()
    if root is not None:
        return os.path.join(root, "state")
    return os.path.join(os.path.expanduser("~"), ".local", "state", "reporting-governance")


def default_profile(state: str) -> str:
    """Return which profile is meant when no option names one."""
    named = os.environ.get("REPORTGOV_PROFILE")
    if named:
        return named
    own = os.path.join(state, "profile.yaml")
    return own if os.path.exists(own) else DEFAULT_PROFILE
