"""Which stories there are for which runtime.  A power for whose runtime no story looks at it cannot be probed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from reporting_governance.adapters.probes.interface import Story

#: what only the host's own program can show; without it the answers of our gate prove little
SHOWN_BY_OPENCLAW = frozenset(
    {
        "observation.task_lifecycle",
        "observation.outgoing_report_attempts",
        "enforcement.block_transition",
        "enforcement.rewrite_message",
    }
)


def _local_host() -> Iterable[Story]:
    from reporting_governance.adapters.probes.local_enforcing import EnforcingStory
    from reporting_governance.adapters.probes.local_host import ChainStory

    return ChainStory(), EnforcingStory()


def _generic_gate() -> Iterable[Story]:
    from reporting_governance.adapters.probes.gates import GateStory
    from reporting_governance.adapters.probes.voices import Generic

    return (GateStory(name="a gate asked in our own JSON", voice=Generic),)


def _claude_code() -> Iterable[Story]:
    from reporting_governance.adapters.probes.gates import GateStory
    from reporting_governance.adapters.probes.voices import ClaudeCode

    return (GateStory(name="a gate asked by Claude Code's hooks", voice=ClaudeCode),)


def _openclaw_plugin() -> Iterable[Story]:
    from reporting_governance.adapters.probes.gates import GateStory
    from reporting_governance.adapters.probes.openclaw_gateway import GatewayStory
    from reporting_governance.adapters.probes.voices import OpenClaw

    gate = GateStory(name="a gate asked by OpenClaw's plugin", voice=OpenClaw, without=SHOWN_BY_OPENCLAW)
    return gate, GatewayStory()


def _openclaw_watchdog() -> Iterable[Story]:
    from reporting_governance.adapters.probes.openclaw_gateway import OwnRecordsStory
    from reporting_governance.adapters.probes.openclaw_watchdog import RecordsStory

    return RecordsStory(), OwnRecordsStory()


#: runtime and mode of a descriptor -> its stories
_STORIES: Mapping[tuple[str, str], Callable[[], Iterable[Story]]] = {
    ("local-host", "hybrid"): _local_host,
    ("local-host", "hook"): _generic_gate,
    ("claude-code", "hook"): _claude_code,
    ("openclaw", "hook"): _openclaw_plugin,
    ("openclaw", "hybrid"): _openclaw_watchdog,
}


def stories_of(runtime: str, mode: str) -> Sequence[Story]:
    """Return the stories of a runtime, none for one that is not known here."""
    made = _STORIES.get((runtime, mode))
    return () if made is None else tuple(made())


def known_runtimes() -> Iterable[tuple[str, str]]:
    """Return every runtime and mode that has stories."""
    return tuple(_STORIES)
