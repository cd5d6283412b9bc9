"""explain: the whole story of one id, from the journal."""

from dataclasses import dataclass

from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.core.story import Told, related, tell
from reporting_governance.errors import UsageError
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.waiting import WaitingNotice, waiting_notices
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
    waiting: tuple[WaitingNotice, ...] = ()  #: its notices that are in the queue, and why


def run_explain(
    store: Store, identity: str, *, profile: ProfileSpec | None = None, clock: Clock | None = None
) -> ExplainReport:
    """Tell what the journal knows of an id: a task's own id or key, an event, episode, decision, notice, item ...

    Args:
        profile, clock: what queued notices are judged by; None: it is not said why they wait.

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
    steps = tuple(tell(seq, expand(store, line)) for seq, line in found)
    if profile is None or clock is None:
        return ExplainReport(identity=identity, steps=steps)
    notices = {step.id for step in steps if step.kind == "notice"}
    waiting = waiting_notices(store, profile, now=clock.now(), wanted=notices)
    return ExplainReport(identity=identity, steps=steps, waiting=waiting)
