"""What a host of agents is to the gate: its words read, and its words answered.  One package or file a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from reporting_governance.errors import GovernanceError

if TYPE_CHECKING:
    from datetime import datetime

    from reporting_governance.contracts.deed import Deed
    from reporting_governance.contracts.gate_answer import GateAnswer
    from reporting_governance.contracts.report_attempt import HookPoint, ReportAttempt


class HookRefused(GovernanceError):
    """What a host handed over cannot be judged: it is not what its hook says, or what it names cannot be read."""

    message = "{problem}"
    hint = "{suggestion}"

    def __init__(self, *, problem: str, pointer: str = "", suggestion: str = "", at_key: bool = False) -> None:
        self.pointer, self.at_key = pointer, at_key  #: the place in the document; at_key: its name, not its value
        super().__init__(problem=problem, suggestion=suggestion)


_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


def unlike(key: str, wanted: str, found: object, *, pointer: str, suggestion: str) -> HookRefused:
    """Return the refusal of a value of another kind than its key has; its words name the kind, never the value."""
    kind = _KINDS.get(type(found), "a number")
    return HookRefused(problem=f"{key}: expected {wanted}, found {kind}", pointer=pointer, suggestion=suggestion)


def hook_point(hooks: Mapping[str, HookPoint], name: str, *, pointer: str, suggestion: str) -> HookPoint:
    """Return the point that a host's own name of a hook means.  Raises: HookRefused for any other name."""
    hook = hooks.get(name)
    if hook is None:
        problem = f"the hook {name!r} is not one of {', '.join(hooks)}"
        raise HookRefused(problem=problem, pointer=pointer, suggestion=suggestion)
    return hook


class Seen(NamedTuple):
    """What the host shows of the agent's work since the newest request."""

    deeds: tuple[Deed, ...]
    complete: bool  #: nothing before the first deed belongs to it
    request_id: str = ""  #: what began it
    began_at: datetime | None = None
    last_text: str = ""  #: what the agent said last, for hosts whose hook does not say it


class Reading(NamedTuple):
    """One attempt as a host tells of it.  `seen` is None where the host shows nothing."""

    attempt: ReportAttempt
    seen: Seen | None = None


class Spoken(NamedTuple):
    """An answer in a host's words."""

    text: str  #: for standard output, without a line end; empty: nothing is said
    exit_code: int


class Host(Protocol):
    """One host.  Its reading is bounded in bytes and raises HookRefused, and nothing else, for whatever it is given."""

    @property
    def name(self) -> str:
        """The name after `--host`; sessions are tasks by it."""
        ...

    @property
    def runtime(self) -> str:
        """The runtime that events name."""
        ...

    @property
    def descriptor(self) -> str:
        """The id of its capability descriptor."""
        ...

    @property
    def tells_by_code(self) -> bool:
        """Whether the exit status says that the input was wrong; other hosts read an answer with 0 only."""
        ...

    def read(self, document: Mapping[str, Any]) -> Reading:
        """Return what is asked.  Raises: HookRefused, ContractError."""
        ...

    def look(self, attempt: ReportAttempt) -> Seen | None:
        """Return what the host shows of the work behind an attempt; asked for only where it matters.

        Raises: HookRefused for a record that cannot be read.
        """
        ...

    def answer(self, answer: GateAnswer, hook: HookPoint | None) -> Spoken:
        """Return the answer in the host's words.  `hook` is None when it could not be read what was asked."""
        ...
