"""What one run of the bridge did."""

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Outcome, Proof, Reason
from reporting_governance.core.delivery import StepKind
from reporting_governance.stages.receipts import Result


@frozen(kw_only=True)
class BridgeItem:
    """What this run did with one item."""

    spool_id: str
    target: str
    step: StepKind
    outcome: Outcome
    proof: Proof
    reason: Reason | None
    attempt_id: str | None
    evidence: Mapping[str, str]

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "spool_id": self.spool_id,
            "target": self.target,
            "step": self.step.value,
            "outcome": self.outcome.value,
            "proof": self.proof.value,
            "reason": self.reason.value if self.reason else None,
            "attempt_id": self.attempt_id,
            "evidence": dict(self.evidence),
        }


@frozen(kw_only=True)
class BridgeReport:
    """What one run of the bridge did."""

    items: tuple[BridgeItem, ...] = ()
    sent: int = 0  #: attempts recorded
    refused: int = 0  #: somebody else took the item first
    left: int = 0  #: due items that this run did not get to
    cold_targets: tuple[str, ...] = ()  #: targets that could not be reached, and got no more in this run

    def count(self, outcome: Outcome, *, in_doubt: bool | None = None) -> int:
        """Return how many items ended so; `in_doubt` narrows to those that are, or are not, in doubt."""
        return sum(
            each.outcome is outcome and (in_doubt is None or (each.reason is Reason.IN_DOUBT) == in_doubt)
            for each in self.items
        )

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {
            "sent": self.sent,
            "acked": self.count(Outcome.ACKED),
            "pending_external_send": self.count(Outcome.PENDING_EXTERNAL_SEND, in_doubt=False),
            "in_doubt": self.count(Outcome.PENDING_EXTERNAL_SEND, in_doubt=True),
            "blocked": self.count(Outcome.BLOCKED),
            "deferred": self.count(Outcome.DEFERRED),
            "refused": self.refused,
            "left": self.left,
            "cold_targets": list(self.cold_targets),
            "items": [each.dump() for each in self.items],
        }


def item_of(result: Result) -> BridgeItem:
    """Return what a report says of one result."""
    receipt = result.settlement.receipt
    return BridgeItem(
        spool_id=result.work.name.id,
        target=result.work.target,
        step=result.work.step.kind,
        outcome=receipt.outcome,
        proof=receipt.proof,
        reason=receipt.reason,
        attempt_id=receipt.attempt_id,
        evidence=receipt.evidence,
    )
