"""The last good settings: kept beside the journal so that a tick reads them quickly, and found again in the journal.

What is kept is a cache and may be deleted at any time.  The lines `log.open` and `config.changed` name the same content
as a blob, under its digests, so what was in force can be proven, and be in force again when every file of it is gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from reporting_governance import __version__
from reporting_governance.commands import _settings
from reporting_governance.errors import ExitCode, GovernanceError, StorageError
from reporting_governance.file_modes import create

_CACHE = os.path.join("journal", "settings.json")


def read(state: str, reference: str) -> _settings.Settings | None:
    """Return what this version of the program kept, None when there is nothing."""
    try:
        with open(os.path.join(state, _CACHE), "rb") as file:
            content = json.loads(file.read())
        if content["version"] != __version__:
            return None
        return _settings.Settings.of_content(content, reference)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def still_true(kept: _settings.Settings, profile: _settings.Part) -> bool:
    """Tell whether all that the settings were made from is as it was, and the profile is the one that is asked for."""
    if kept.parts[0] != profile:
        return False
    try:
        others = (*kept.parts[1:], *kept.hosts)
        return all(_settings.digest_of(_settings.read_part(each.path)) == each.digest for each in others)
    except _settings.ProfileUnreadable:
        return False


def write(state: str, settings: _settings.Settings, *, make: bool = False) -> None:
    """Keep the settings for the next command.  Best effort: a folder that is not ours stays as it is.

    Args:
        make: whether to make the state's folder, as its first record would, where there is none.
    """
    path = os.path.join(state, _CACHE)
    try:
        if make and not os.path.isdir(os.path.dirname(path)):
            from reporting_governance.storage.files.layout import Layout, prepare_lock

            prepare_lock(Layout(state))
        if os.stat(os.path.dirname(path)).st_uid != os.geteuid():
            return
        temporary = f"{path}.{os.getpid()}.tmp"
        with open(create(temporary, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(encoded(settings))
        os.replace(temporary, path)
    except (OSError, StorageError):
        return


def encoded(settings: _settings.Settings) -> bytes:
    """Return settings as the bytes that are kept, beside the journal and in a blob."""
    return json.dumps(settings.content, sort_keys=True).encode("ascii")


def recovered(last_in_force: Callable[[], bytes | None], reference: str) -> _settings.Settings | None:
    """Return the settings that the journal names last; None when it names none, or none that can still be read.

    An older version of the program may have recorded them, so they are held against the types of this one.

    Args:
        last_in_force: reads them; see `_backend.Backend`.

    Raises: GovernanceError where the journal is away, or does not let us in.
    """
    from reporting_governance.storage.chain import UnknownVersion

    try:
        content = last_in_force()
        return None if content is None else _checked(json.loads(content), reference)
    except GovernanceError as fault:
        if isinstance(fault, StorageError) and fault.exit_code is not ExitCode.PARTIAL:
            raise
        return None
    except (OSError, UnknownVersion, ValueError, LookupError, TypeError):
        return None


def _checked(content: Mapping[str, Any], reference: str) -> _settings.Settings:
    from reporting_governance.contracts.deployment_profile import DeploymentProfileArtifact
    from reporting_governance.core.policy_compiling import compile_pack

    settings = _settings.Settings.of_content(content, reference)
    DeploymentProfileArtifact.parse(settings.artifact, source=reference)
    for pack in settings.packs:
        compile_pack(pack)
    return settings
