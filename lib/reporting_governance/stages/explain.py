"""explain: the whole story of one id, from the journal."""

from dataclasses import dataclass

from reporting_governance.core.story import Told, related, tell
from reporting_governance.errors import UsageError
from reporting_governance.storage.interface import Store, expand


class UnknownId(UsageError):
    """The journal has no record of this id."""

    message = "{identity}: the journal has no record of this id"
    hint = "`reportgov status` lists what is open, with its ids."


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainReport:
    """The steps of a story, oldest first."""

    identity: str
    steps: tuple[Told, ...]


def run_explain(store: Store, identity: str) -> ExplainReport:
    """Tell what the journal knows of an id: a task's own id or key, an event, episode, decision, notice, item ...

    Raises: UnknownId.
    """
    store.ready()
    lines = [(line.seq, line.document) for line in store.replay() if "record" in line.document]
    found = related(lines, identity)
    if not found:
        keys = {
            line["record"]["about"][0]
            for _, line in lines
            if line["record"]["about"] and line["record"]["body"].get("task_id") == identity
        }
        if not keys:
            raise UnknownId(identity=identity)
        found = [each for each in lines if keys & set(each[1]["record"]["about"])]
    return ExplainReport(identity=identity, steps=tuple(tell(seq, expand(store, line)) for seq, line in found))
