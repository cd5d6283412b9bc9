"""The newest signed head on its way to the anchors, and what is known of them.

Nothing here fails a verb or changes how it ends.  `journal/checkpoints/anchors.json` is a cache: without it the newest
head is handed over once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reporting_governance.file_modes import create

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import Anchor
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.anchoring import AnchorState

_FOLDER = os.path.join("journal", "checkpoints")
_CACHE = "anchors.json"
_LOCK = "anchors.lock"


def wanted_anchors(context: CommandContext) -> Sequence[Mapping[str, Any]]:
    """Return the anchors of the profile as plain data; what an older version kept of it names none."""
    anchors: Sequence[Mapping[str, Any]] = context.settings.artifact["spec"].get("audit", {}).get("anchors", ())
    return anchors


def hand_over_newest(context: CommandContext) -> None:
    """Hand the newest signed head to the anchors that do not hold it yet; failures are said on stderr.

    Also called when nothing new was signed: an anchor that failed gets the head when it is back.
    """
    from reporting_governance.errors import GovernanceError

    try:
        _handed_over(context)
    except (OSError, ValueError, GovernanceError) as fault:
        _say(f"no anchor was handed the journal's newest head: {fault}")


def anchors_known(context: CommandContext) -> tuple[AnchorState, ...]:
    """Return what is known of each anchor of the profile, in its order.  Raises: ContractError."""
    if not wanted_anchors(context):
        return ()
    from reporting_governance.stages.anchoring import AnchorState

    kept = _kept(context)
    return tuple(kept.get(each.name, AnchorState(each.name)) for each in open_anchors(context))


def open_anchors(context: CommandContext) -> list[Anchor]:
    """Return the anchors of the profile.  Raises: ContractError."""
    from reporting_governance.adapters.anchors.registry import open_anchors

    return open_anchors(wanted_anchors(context), state_folder=context.state)


def _handed_over(context: CommandContext) -> None:
    from reporting_governance.errors import Busy
    from reporting_governance.storage.files.lock import held

    size = context.backend.newest_log_checkpoint()
    if not size:
        return
    with suppress(Busy), held(os.path.join(context.state, _FOLDER, _LOCK), wait_seconds=0):  # somebody else is at it
        _hand_over(context, size)


def _hand_over(context: CommandContext, size: int) -> None:
    from reporting_governance.stages.anchoring import AnchorState, anchor_head
    from reporting_governance.verifier.note import parse_head, parse_note

    anchors, known, now = open_anchors(context), _kept(context), context.clock.now()
    if not any(known.get(each.name, AnchorState(each.name)).is_due(size, now) for each in anchors):
        return
    note = context.backend.log_checkpoint(size)
    if note is None:
        return  # it was thinned out meanwhile; there is a newer one
    head = parse_head(parse_note(note).text)
    states = anchor_head(anchors, note, head, known=known, clock=context.clock)
    _keep(context, states)
    for each in states:
        if each.problem and each.tried_at is not None and each.tried_at >= now:
            held = f"it holds {each.size} of {size} lines" if each.size else "it never held a head"
            _say(f"anchor {each.name}: {each.problem}; {held}")


def _kept(context: CommandContext) -> dict[str, AnchorState]:
    from reporting_governance.stages.anchoring import AnchorState

    try:
        with open(os.path.join(context.state, _FOLDER, _CACHE), "rb") as file:
            states = [AnchorState.parse(each) for each in json.load(file)["anchors"]]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return {each.name: each for each in states}


def _keep(context: CommandContext, states: Sequence[AnchorState]) -> None:
    path = os.path.join(context.state, _FOLDER, _CACHE)
    unfinished = f"{path}.{os.getpid()}.tmp"
    with suppress(OSError):
        fd = create(unfinished, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
        with open(fd, "w", encoding="ascii") as file:
            json.dump({"anchors": [each.dump() for each in states]}, file)
        os.rename(unfinished, path)


def _say(text: str) -> None:
    from reporting_governance.commands._handler import say

    say(text)
