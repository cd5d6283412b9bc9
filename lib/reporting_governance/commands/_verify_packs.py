"""The meaning of policy packs, for `verify-policy`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporting_governance.commands._checking import Checker
from reporting_governance.commands._policy_test import example_problems
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.problem import Problem, problems_of
from reporting_governance.contracts.reading import Document
from reporting_governance.core.policy_compiling import PolicyRefused, compile_pack
from reporting_governance.core.policy_parts import PackParts
from reporting_governance.core.policy_reach import check_meaning
from reporting_governance.errors import ContractError


class PackMeaning:
    """Compiles packs and runs their examples."""

    def check(self, document: Document, path: str, checker: Checker, faults: Sequence[Finding]) -> None:
        """Look at one pack; rules that have faults are left out, so that the others are judged in the same run."""
        written = document.value
        if not isinstance(written, dict):
            return
        parts = PackParts(written)
        parts.leave_out(each.pointer for each in faults)
        content = self._compiled(parts, document, path, checker)
        if content is None:
            return
        wrong = [Problem(*each) for each in check_meaning(content)]
        checker.refuse_at(document, path, map(parts.as_written, wrong))
        # Another rule may be what decides an example, so examples are only asked of a pack that is whole.
        if parts.is_whole and not wrong:
            checker.refuse_at(document, path, example_problems(content))

    def _compiled(self, parts: PackParts, document: Document, path: str, checker: Checker) -> Mapping[str, Any] | None:
        """Return what compiles of a pack; what is wrong with the rest becomes findings."""
        while parts.can_be_judged:
            content = parts.document
            try:
                compile_pack(content, source=path)
            except PolicyRefused as refused:
                problems: Iterable[Problem] = [Problem(*each) for each in refused.problems]
            except ContractError as fault:
                problems = problems_of(fault)
            else:
                return content
            here = [parts.as_written(each) for each in problems]
            checker.refuse_at(document, path, here)
            if not parts.leave_out(each.pointer for each in here):
                return None
        return None
