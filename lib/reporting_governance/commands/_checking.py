"""Checks the files that settings are made from, and collects every finding instead of stopping at the first."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.finding import Finding, FindingRule, Severity, has_errors
from reporting_governance.contracts.reading import Document, read_documents
from reporting_governance.contracts.shape import SchemaSet, check_shape
from reporting_governance.errors import GovernanceError
from reporting_governance.resources import resource_path

T = TypeVar("T")
SCHEMA_FOLDER = "reporting-governance"
WRONG_MEANING = FindingRule(
    id="GOV201",
    severity=Severity.ERROR,
    sentence="A profile, pack or descriptor has the right shape and cannot mean what it says.",
    help="Correct what the message names; until then the last good profile is in force and nothing new is decided.",
)


def shipped_schemas() -> SchemaSet:
    """Return the project's schemas as one closed set."""
    folder = resource_path("schemas", SCHEMA_FOLDER)
    schemas: dict[str, Mapping[str, Any]] = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".schema.json"):
            with open(os.path.join(folder, name), "rb") as file:
                schemas[name] = json.loads(file.read())
    return SchemaSet(schemas)


class Checker:
    """Reads documents, checks shape and meaning, keeps all findings."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._schemas = shipped_schemas()

    def summary(self) -> str | None:
        """Return why the files may not decide anything, None when they may."""
        errors = [each for each in self.findings if has_errors([each])]
        if not errors:
            return None
        first = errors[0]
        place = f"{first.file}:{first.line}:{first.column}" if first.line else first.file
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"{place}: {first.message}{more}"

    def read(self, data: bytes, path: str, kind: str) -> Mapping[str, Any] | None:
        """Return what the one document of a file holds when nothing is wrong with it; findings otherwise."""
        document = self._one(data, path, kind)
        return None if document is None else cast("Mapping[str, Any]", document.value)

    def _one(self, data: bytes, path: str, kind: str) -> Document | None:
        result = read_documents(data, name=path)
        self.findings += result.findings
        shape = self._schemas.shape(f"{kind}.schema.json")
        faults = [each for document in result.checkable for each in check_shape(document, shape, name=path)]
        self.findings += faults
        if has_errors([*result.findings, *faults]):
            return None
        if len(result.documents) != 1 or not isinstance(result.documents[0].value, Mapping):
            self.refuse(path, f"expected one {kind} in the file, found {len(result.documents)} documents")
            return None
        return result.documents[0]

    def pack(self, data: bytes, path: str) -> Mapping[str, Any] | None:
        """Return a policy pack that is right in shape and meaning."""
        from reporting_governance.core.policy_evaluator import PolicyRefused, compile_pack

        document = self._one(data, path, "policy-pack")
        if document is None:
            return None
        value = cast("Mapping[str, Any]", document.value)
        try:
            compile_pack(value, source=path)
        except PolicyRefused as refused:
            for pointer, message, suggestion in refused.problems:
                span = document.value_span(pointer) or document.owner_span(pointer)
                self.findings.append(
                    WRONG_MEANING.finding(file=path, message=message, pointer=pointer, span=span, suggestion=suggestion)
                )
            return None
        except GovernanceError as fault:
            self.refuse(path, str(fault))
            return None
        return value

    def preflight(
        self,
        profile: Mapping[str, Any],
        descriptor: Mapping[str, Any],
        packs: Sequence[Mapping[str, Any]],
        path: str,
    ) -> None:
        """Hold the profile against what the runtime can do."""
        from reporting_governance.core.capability_profile_compatibility import preflight
        from reporting_governance.core.policy_evaluator import check_together, compile_pack

        compiled = [compile_pack(pack) for pack in packs]
        for _, message, _ in check_together(compiled):
            self.refuse(path, message)
        actions = {each for pack in compiled for each in pack.pack.required_actions()}
        for refusal in preflight(profile, descriptor, actions).refusals:
            self.refuse(path, refusal)

    def guarded(self, path: str, call: Callable[[], T]) -> T | None:
        """Return what a call returns; when it raises an error of ours, keep it as a finding and return None."""
        try:
            return call()
        except GovernanceError as fault:
            self.refuse(path, str(fault))
            return None

    def refuse(self, path: str, message: str) -> None:
        """Keep a fault of meaning."""
        self.findings.append(WRONG_MEANING.finding(file=path, message=message))


def read_check_ins(data: bytes, *, name: str) -> tuple[list[CheckIn], list[Finding]]:
    """Return the check-ins of JSON lines, and what is wrong with the other lines.

    Each line stands for itself: a bad one hides no good one.  A finding names the line in its file's name, since the
    line and column it carries are those inside that line.
    """
    from reporting_governance.stages.intake import parse_one, read_check_in

    check_ins: list[CheckIn] = []
    findings: list[Finding] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"{name}, line {number}"
        check_in, faults = read_check_in(parse_one(line, name=place), name=place)
        findings += faults
        if check_in is not None:
            check_ins.append(check_in)
    return check_ins, findings
