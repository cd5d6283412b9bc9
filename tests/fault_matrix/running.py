"""The bridge, run as it is: with its real senders and their processes, and another bridge beside it where wanted."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from reporting_governance.adapters.senders import registry
from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.storage.interface import Answer, Group, Store
from tests.adapters.senders.api_cells import SECRETS
from tests.stages.bridge_world import HERE, HandClock, profile

_HURRIED = "tests.adapters.senders.openclaw_peer:HurriedSender"


@contextmanager
def hurried() -> Iterator[None]:
    """Let OpenClaw's sender have limits that a test can wait for, and the web services their secrets."""
    own = registry.SENDERS["openclaw"]
    before = {name: os.environ.get(name) for name in SECRETS}
    registry.SENDERS["openclaw"] = _HURRIED  # type: ignore[index]
    os.environ |= SECRETS
    try:
        yield
    finally:
        registry.SENDERS["openclaw"] = own  # type: ignore[index]
        for name, value in before.items():
            os.environ.pop(name)
            os.environ |= {} if value is None else {name: value}


def bridge(store: Store, root: str, notification: Mapping[str, Any], seconds: float) -> BridgeReport:
    """Run the bridge once, so long after the start."""
    settings = profile(**notification)
    senders = Senders(settings.notification.receivers, state_folder=root)
    clock = HandClock()
    clock.pass_by(seconds)
    return run_bridge(store, senders, settings, clock=clock, host=HERE)


class Meanwhile:
    """A store whose owner is overtaken: somebody acts once, just before or just after an attempt is recorded."""

    def __init__(self, store: Store, act: Callable[[], object], *, before: bool) -> None:
        self._store = store
        self._act = [act]
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, groups: Sequence[Group], **given: Any) -> list[Answer]:
        is_ours = any(each.record and each.record.kind == "attempt" for group in groups for each in group.additions)
        act = self._act.pop() if is_ours and self._act else None
        if act and self._before:
            act()
        answers = self._store.commit(groups, **given)
        if act and not self._before:
            act()
        return answers
