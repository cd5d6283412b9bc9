"""The anchors of a profile."""

from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.adapters.interface import Anchor
from reporting_governance.contracts.audit_settings import AnchorKind, AnchorSettings


def open_anchors(settings: Sequence[Mapping[str, Any]], *, state_folder: str) -> list[Anchor]:
    """Return the anchors that the section `audit.anchors` of a profile names, in its order.

    Two that would be called the same are numbered, since what is known of each is kept under its name.

    Raises: ContractError for settings that no profile can have.
    """
    anchors: list[Anchor] = []
    for each in settings:
        anchor = _opened(AnchorSettings.parse(each, source="profile"), state_folder)
        same = sum(other.name.partition(" #")[0] == anchor.name for other in anchors)
        if same:
            anchor.name = f"{anchor.name} #{same + 1}"
        anchors.append(anchor)
    return anchors


def _opened(settings: AnchorSettings, state_folder: str) -> Anchor:
    limit: dict[str, Any] = {} if settings.limit_seconds is None else {"limit_seconds": float(settings.limit_seconds)}
    match settings.kind:
        case AnchorKind.FILE:
            from reporting_governance.adapters.anchors.file import FileAnchor

            return FileAnchor(settings.path or "", state_folder=state_folder, **limit)
        case AnchorKind.GIT:
            from reporting_governance.adapters.anchors.git import GitAnchor

            return GitAnchor(settings.repository or "", push=settings.push, state_folder=state_folder, **limit)
        case AnchorKind.SYSLOG:
            from reporting_governance.adapters.anchors.syslog import SOCKET, SyslogAnchor

            return SyslogAnchor(settings.path or SOCKET, **limit)
        case AnchorKind.COMMAND:
            from reporting_governance.adapters.anchors.command import CommandAnchor

            return CommandAnchor(settings.command or (), state_folder=state_folder, **limit)
