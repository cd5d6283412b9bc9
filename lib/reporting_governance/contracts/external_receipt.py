"""What somebody outside says about a send of ours, handed in by the inbox.  Shape: external-receipt.schema.json."""

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.record import Record


@frozen(kw_only=True)
class ExternalReceipt(Record):
    """A proof for one attempt, or the news that it will never arrive (a bounce).

    `id` is the outside's own name for it: handed in again, it counts once.
    """

    schema: ClassVar[str] = "external-receipt"
    attempt_id: str
    proof: Proof = Proof.NONE
    refused: str = ""  #: why it will never arrive, in the receiver's words; empty where something is proven
    id: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.proof is Proof.NONE) != bool(self.refused):
            raise ValueError("a receipt from outside proves something, or says why it will never arrive")
