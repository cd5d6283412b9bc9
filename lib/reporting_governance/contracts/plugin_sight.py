"""What one look at an installation of OpenClaw saw of its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import Origin


@frozen(kw_only=True)
class SeenPlugin:
    """One plugin that OpenClaw takes."""

    enabled: bool
    origin: Origin
    version: str | None
    why: str  #: what decides that it is on or off


@frozen(kw_only=True)
class PluginSight:
    """What was seen.  With a `problem` nothing can be said about what is on."""

    instance: str  #: which installation
    task_id: str  #: under which name it is spoken of: `self:plugins`, and the folder when the profile names one
    config: str  #: absolute path of its configuration, also where there is none
    config_sha256: str | None  #: None: there is no configuration
    written_at: datetime | None  #: when the configuration was last written, by its own time
    owner: str | None  #: the account that the configuration belongs to; whoever wrote it may be another
    package: str | None  #: folder of OpenClaw's own package; None: not found
    is_whole: bool  #: nothing that decides was out of sight; else what is missing may be there
    plugins: Mapping[str, SeenPlugin]  #: by id
    refused: Mapping[str, str]  #: why one that looks like a plugin is not taken, by id
    problem: str = ""
