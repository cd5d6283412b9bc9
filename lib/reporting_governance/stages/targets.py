"""The memory of a target (`core.target_memory`), as it is read, and as records consume it and make it anew."""

from dataclasses import dataclass

from reporting_governance.contracts.journal_line import Folder, ViewKey, ViewName
from reporting_governance.core.target_memory import NOTHING, Body, memory_id
from reporting_governance.storage.interface import Absence, Store


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one target, and the exact version that says so."""

    key: ViewKey
    body: Body
    name: ViewName | None  #: None: nothing was ever worth remembering
    seq: int  #: the end of the log before it was looked for

    @property
    def consumes(self) -> tuple[ViewName, ...]:
        """What a record consumes that builds on it."""
        return () if self.name is None else (self.name,)

    @property
    def absences(self) -> tuple[Absence, ...]:
        """What a group expects that makes the first version."""
        return (Absence(self.key.folder, self.key.id, self.seq),) if self.name is None else ()


def read_memory(store: Store, target: str) -> Memory:
    """Return what is remembered of a target `receiver/target`."""
    seq = store.head().seq
    key = ViewKey(Folder.PAST, memory_id(target), "")
    view = store.past(key.id)
    return Memory(key, NOTHING if view is None else view.body, None if view is None else view.name, seq)
