"""How we are watched ourselves.  Shape: `self` in deployment-profile.schema.json."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar

from reporting_governance.contracts.addresses import address_problems, secret_problem
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.problem import Problem, refuse
from reporting_governance.contracts.record import Record

CANARY_LIMIT_SECONDS = 900
METRICS_ENDING = ".prom"  #: node_exporter reads no file with another
#: folders below the state folder in which we keep what is ours
_OURS = frozenset(
    (
        "journal", "inbox", "heartbeats", "blobs", "outbox", "corrupt",
        "operator-notify-sender-attempts", "operator-notify-bridge-receipts", *(folder.value for folder in Folder),
    )
)  # fmt: skip


class HeartbeatFailure(StrEnum):
    """What the outside is told about a run that did not succeed."""

    EXIT_CODE = "exit_code"  #: the address followed by `/` and the exit code
    FAIL = "fail"  #: the address followed by `/fail`
    NONE = "none"  #: nothing: the success that does not come says it


@frozen(kw_only=True)
class SelfWatch(Record):
    """How we are watched ourselves.  Everything is off unless a profile asks for it."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    metrics_path: str | None = None  #: absolute, or below the state folder
    heartbeat_url: str | None = None
    heartbeat_start: bool = False
    heartbeat_failure: HeartbeatFailure = HeartbeatFailure.EXIT_CODE
    heartbeat_networks: tuple[str, ...] = ()
    heartbeat_ca_file: str | None = None
    canary_seconds: int | None = None
    canary_within_seconds: int | None = None  #: None: see `canary_limit_seconds`

    def __post_init__(self) -> None:
        refuse(self._problems())

    @property
    def canary_limit_seconds(self) -> int:
        """Within how many seconds a canary must have reached its proof, however often one leaves."""
        if self.canary_within_seconds is not None:
            return self.canary_within_seconds
        return (
            CANARY_LIMIT_SECONDS if self.canary_seconds is None else min(CANARY_LIMIT_SECONDS, self.canary_seconds // 2)
        )

    def _problems(self) -> Iterator[Problem]:
        problem = address_problems(self.heartbeat_url) if self.heartbeat_url else None
        if problem:
            yield secret_problem("/heartbeat_url", problem)
        problem = metrics_path_problem(self.metrics_path) if self.metrics_path is not None else None
        if problem:
            yield Problem("/metrics_path", problem)
        for place, each in enumerate(self.heartbeat_networks):
            if not is_network(each):
                yield Problem(f"/heartbeat_networks/{place}", "a network is written as 10.1.0.0/16 or fd00::/8")
        if self.canary_seconds is not None and self.canary_limit_seconds >= self.canary_seconds:
            yield Problem("/canary_within_seconds", "a canary must have arrived before the next one leaves")


def metrics_path_problem(path: str) -> str | None:
    """Return why metrics must not be written to a path, None when its text is right.

    The file there is replaced at each run.  Its ending makes sure that no profile replaces a file of another kind.
    """
    if not path or "\0" in path or "\n" in path:
        return "a path is one line of text"
    parts = path.split("/")
    if ".." in parts:
        return "a path goes down only"
    if len(parts[-1]) <= len(METRICS_ENDING) or not parts[-1].endswith(METRICS_ENDING):
        return f"the file's name ends in {METRICS_ENDING}: node_exporter reads no other"
    if not path.startswith("/") and (path.startswith("~") or next(each for each in parts if each != ".") in _OURS):
        return "a relative path lies below the state folder, and in no folder that records are kept in"
    return None


def is_network(text: str) -> bool:
    """Tell whether a text is an IP network; host bits must be zero."""
    import ipaddress

    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
