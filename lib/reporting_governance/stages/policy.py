"""What events are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_governance.contracts.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting_governance.contracts.capability import EffectiveCapabilities
    from reporting_governance.core.policy_compiling import CompiledPack


@frozen(kw_only=True)
class Policy:
    """What events are judged by, and where it came from; the planner reads only `powers`."""

    packs: Sequence[CompiledPack]
    powers: EffectiveCapabilities
    profile_digest: str
    descriptor_digest: str
    refused: str | None = None  #: why the profile or a pack was refused; then nothing new is decided
    effective_digest: str = ""  #: of `powers` as a document; made of it when left out

    def __post_init__(self) -> None:
        if not self.effective_digest:
            from reporting_governance.core.policy_compiling import document_digest

            object.__setattr__(self, "effective_digest", document_digest(self.powers.dump()))
