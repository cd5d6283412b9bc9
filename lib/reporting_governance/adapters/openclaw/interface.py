"""Seeing an installation of OpenClaw, and changing its configuration.  Stages know this file alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from reporting_governance.contracts.config_edit import ConfigChanged, ConfigEdit, Switch
from reporting_governance.contracts.plugin import Candidate, Refusal, RuleVerdict
from reporting_governance.core.plugin_changes import Configured
from reporting_governance.errors import ExitCode, GovernanceError

#: The document that the file holds, as it is written (no variable filled in, no default put in; empty when there is no
#: file) -> the edits that it needs.  Called anew when another writer was quicker: it may raise a GovernanceError when
#: what is there now needs more than was agreed to; then nothing is changed.  Pure, for it may be called several times.
Plan = Callable[[Mapping[str, Any]], Sequence[ConfigEdit]]


class ConfigNotChanged(GovernanceError):
    """The configuration is as it was."""

    exit_code = ExitCode.NO
    message = "{path}: {reason}"
    hint = "Nothing was changed.  {advice}"

    def __init__(self, *, path: str, reason: str, advice: str = "") -> None:
        super().__init__(path=path, reason=reason, advice=advice)

    def advice(self) -> str:
        """Return what to do."""
        return super().advice().strip()


class KeepsChanging(GovernanceError):
    """Others were quicker each time; nothing was changed by us."""

    exit_code = ExitCode.TRY_LATER
    message = "{path}: another writer changed it in the meantime, {times} times in a row"
    hint = "Nothing was changed.  The same call may work later."


class ConfigInDoubt(GovernanceError):
    """The new configuration was put in its place, and then something went wrong."""

    exit_code = ExitCode.PARTIAL
    message = "{path}: it was changed, but {reason}"
    hint = "Look at what it says now; what it said before is in {backup}."


class ConfigChanger(Protocol):
    """One installation's configuration, to be changed as a whole or not at all."""

    def __call__(self, switches: Sequence[Switch], plan: Plan) -> ConfigChanged:
        """Make the edits that a plan asks for.

        All of them are done or none; whatever is killed meanwhile, the file holds the old bytes or the new ones.  No
        other byte is touched.  When the plan asks for nothing that is not so already, nothing is written.

        Args:
            switches: what the edits are for: OpenClaw's own program, where there is one, is asked to do just this to a
                copy, and what comes of it is held against the edits.

        Raises: ConfigNotChanged with the reason: the file cannot be understood, is no plain file, takes a part from
            elsewhere that would have to change, may not be written, or OpenClaw refuses; Busy when others hold its
            lock; KeepsChanging; ConfigInDoubt when it was changed but not all is well.
        """
        ...


class Seen(NamedTuple):
    """What an installation has, at one look."""

    host: str  #: its version; `unknown` when nothing says it
    taken: tuple[tuple[Candidate, tuple[RuleVerdict, ...]], ...]  #: the plugins, and what each rule says about them
    refusals: tuple[Refusal, ...]
    configured: Configured
    problem: str  #: why it cannot be said which plugins are taken, or what is on; empty when it can


class Installation(Protocol):
    """One installation of OpenClaw."""

    platform: str  #: as Node.js names it

    def look(self) -> Seen:
        """Look at its plugins and its configuration as they are now."""
        ...

    def understand(self, document: Mapping[str, Any]) -> Configured:
        """Return what a configuration says, as it is written; of an installation that was looked at.

        Raises: ConfigNotUnderstood.
        """
        ...

    def missing_settings(self, plugin: Candidate, configured: Configured) -> Sequence[str]:
        """Return the settings that a plugin requires and does not have: with them missing, OpenClaw refuses the whole
        configuration as soon as the plugin is on."""
        ...

    def change(self, switches: Sequence[Switch], plan: Plan) -> ConfigChanged:
        """Change its configuration, as a `ConfigChanger` does."""
        ...
