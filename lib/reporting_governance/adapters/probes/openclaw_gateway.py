"""The stories that only a real gateway of OpenClaw can tell."""

from __future__ import annotations

from collections.abc import Sequence

from reporting_governance.adapters.probes.interface import NotHere, Seen, Setting

PLUGIN_POWERS = (
    "observation.task_lifecycle",
    "observation.outgoing_report_attempts",
    "enforcement.block_transition",
    "enforcement.rewrite_message",
    "enforcement.force_checkpoint",
)
RECORD_POWERS = (
    "observation.task_lifecycle",
    "observation.subagent_lifecycle",
    "observation.checkpoint_obligations",
    "observation.outgoing_report_attempts",
)


class GatewayStory:
    """A gateway with our plugin, a scripted model and a Telegram on loopback."""

    name = "a gateway of OpenClaw with the plugin"
    limit_seconds = 900

    @property
    def powers(self) -> Sequence[str]:
        """Its powers."""
        return PLUGIN_POWERS

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        raise NotHere(reason="OpenClaw's program is not on this machine, or not named")


class OwnRecordsStory:
    """A gateway whose own records are read."""

    name = "a gateway of OpenClaw and its records"
    limit_seconds = 900

    @property
    def powers(self) -> Sequence[str]:
        """Its powers."""
        return RECORD_POWERS

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        raise NotHere(reason="OpenClaw's program is not on this machine, or not named")
