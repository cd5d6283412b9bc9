"""What lies around OpenClaw's configuration: who may write it, and what changes of ours left beside it."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from reporting_governance.adapters.openclaw.config_locks import names
from reporting_governance.core.plugin_health import FileFacts


class Beside(NamedTuple):
    """Names in the configuration's folder."""

    backups: tuple[str, ...]  #: paths of what it was before changes of ours
    left_behind: tuple[str, ...]  #: paths of what a killed change left; the next change removes it


def file_facts(path: str) -> FileFacts | None:
    """Return what the file system says of the configuration; None when there is none."""
    try:
        facts, folder = os.stat(path), os.stat(os.path.dirname(path))
    except OSError:
        return None
    return FileFacts(
        path=path,
        mode=stat.S_IMODE(facts.st_mode),
        uid=facts.st_uid,
        folder_mode=stat.S_IMODE(folder.st_mode),
    )


def beside(path: str) -> Beside:
    """Return what changes of ours left beside the configuration."""
    folder, name = os.path.split(path)
    prefix = names(name)
    try:
        found = sorted(os.listdir(folder))
    except OSError:
        return Beside((), ())
    backups = [each for each in found if each.startswith(f"{name}.reportgov.bak")]
    left = [each for each in found if each.startswith(prefix) and each != f"{prefix}lock"]
    return Beside(*(tuple(os.path.join(folder, each) for each in those) for those in (backups, left)))
