"""Which hosts a gate can stand in."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporting_governance.adapters.hosts.interface import Host

HOSTS: Mapping[str, str] = {
    "generic": "reporting_governance.adapters.hosts.generic:GenericHost",
    "claude-code": "reporting_governance.adapters.hosts.claude_code.hook:ClaudeCodeHost",
    "openclaw": "reporting_governance.adapters.hosts.openclaw.hook:OpenClawHost",
}


def open_host(name: str) -> Host:
    """Return a host.  Raises LookupError for a name that is not in `HOSTS`."""
    module, _, attribute = HOSTS[name].partition(":")
    host: Host = getattr(import_module(module), attribute)()
    return host
