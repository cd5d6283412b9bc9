"""policy explain: a stored decision, read from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reporting_governance.contracts.decision_record_artifact import DecisionRecord
from reporting_governance.core.decision_account import DecisionAccount, account_of
from reporting_governance.core.policy_compiling import CompiledPack
from reporting_governance.errors import UsageError
from reporting_governance.stages.tracing import trace
from reporting_governance.storage.interface import Store, expand


class NoDecision(UsageError):
    """The journal has no decision of this id."""

    message = "{identity}: the journal has no decision of this id, and none about it"
    hint = "`reportgov explain` with the id of a task or event lists its decisions."


def run_policy_explain(store: Store, identity: str, packs: Iterable[CompiledPack]) -> Sequence[DecisionAccount]:
    """Return the decision of an id, or the decisions about an event or task, oldest first.

    Raises: NoDecision.
    """
    traced = trace(store, identity)
    recorded = [line for _, line in traced.lines if "record" in line]
    records = [line["record"] for line in recorded if line["record"]["kind"] == DecisionRecord.schema]
    own = [each for each in records if each["id"] == identity]
    wanted = {each["id"] for each in own or records}
    lines = [line for line in recorded if line["record"]["id"] in wanted]
    known = list(packs)
    accounts = [account_of(expand(store, line)["record"]["body"], known) for line in lines]
    if not accounts:
        raise NoDecision(identity=identity)
    return accounts
