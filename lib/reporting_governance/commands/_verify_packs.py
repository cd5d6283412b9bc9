"""The meaning of policy packs, for `verify-policy`."""

from __future__ import annotations

from reporting_governance.commands._checking import Checker
from reporting_governance.commands._policy_test import example_problems
from reporting_governance.contracts.reading import Document


class PackMeaning:
    """Compiles packs and runs their examples."""

    def check(self, document: Document, path: str, checker: Checker, *, has_shape: bool) -> None:
        """Look at one pack."""
        content = checker.pack(document, path) if has_shape else None
        if content is not None:
            checker.refuse_at(document, path, example_problems(content))
