"""Checks the files that settings are made from, and collects every finding instead of stopping at the first."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from reporting_governance.contracts.finding import Finding, FindingRule, Related, has_errors
from reporting_governance.contracts.finding_rules import WRONG_MEANING
from reporting_governance.contracts.problem import Elsewhere, Problem, problems_of
from reporting_governance.contracts.reading import Document, read_documents
from reporting_governance.contracts.shape import SchemaSet, Shape, check_shape
from reporting_governance.errors import ContractError
from reporting_governance.resources import resource_path

if TYPE_CHECKING:
    from reporting_governance.contracts.check_in import CheckIn
    from reporting_governance.core.capability_profile_compatibility import Preflight

SCHEMA_FOLDER = "reporting-governance"
#: `kind` of a document that people write -> its schema, and what checks it
KINDS: Mapping[str, tuple[str, str]] = {
    "AdapterCapabilities": ("capability-descriptor", "verify-descriptor"),
    "DeploymentProfile": ("deployment-profile", "verify-profile"),
    "PolicyPack": ("policy-pack", "verify-policy"),
    "Waivers": ("waivers", "verify-descriptor --waivers"),
    "ProbeObservations": ("probe-observations", "verify-descriptor --observations"),
}
_NOTHING: Mapping[str, tuple[Document, str]] = {}


def shipped_schemas() -> SchemaSet:
    """Return the project's schemas as one closed set."""
    folder = resource_path("schemas", SCHEMA_FOLDER)
    schemas: dict[str, Mapping[str, Any]] = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".schema.json"):
            with open(os.path.join(folder, name), "rb") as file:
                schemas[name] = json.loads(file.read())
    return SchemaSet(schemas)


def other_kind(document: Document, kind: str) -> str | None:
    """Return the `kind` of a document that says it is of another one which is known."""
    said = document.value.get("kind") if isinstance(document.value, dict) else None
    return said if isinstance(said, str) and KINDS.get(said, (kind,))[0] != kind else None


def faults_of_shape(document: Document, shape: Shape, kind: str, *, name: str) -> list[Finding]:
    """Return every fault of a document's shape; of a pack with what the language of conditions has to say of it.

    A document of another kind has one fault: its keys are right for what it is.
    """
    faults = check_shape(document, shape, name=name)
    if (other := other_kind(document, kind)) is not None:
        advice = f"check it with {KINDS[other][1]}"
        return [replace(each, suggestion=advice) for each in faults if each.pointer == "/kind"] or faults
    if kind != "policy-pack" or not faults:
        return faults
    from reporting_governance.core.policy_advice import advise

    return advise(faults, document.value)


def schemas_digest() -> str:
    """Return the SHA-256 of the project's schemas files (JSON: name to SHA-256, keys sorted), in hexadecimal."""
    folder = resource_path("schemas", SCHEMA_FOLDER)
    schemas = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".schema.json"):
            with open(os.path.join(folder, name), "rb") as file:
                schemas[name] = sha256(file.read()).hexdigest()
    return sha256(json.dumps(schemas, sort_keys=True).encode("ascii")).hexdigest()


class Checker:
    """Reads documents, checks shape and meaning, keeps all findings."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.texts: dict[str, str] = {}  #: of files with findings that were read here, by name
        self._schemas = shipped_schemas()

    def shape(self, kind: str) -> Shape:
        """Return the shape that documents of a kind have."""
        return self._schemas.shape(f"{kind}.schema.json")

    def summary(self) -> str | None:
        """Return why the files may not decide anything, None when they may."""
        errors = [each for each in self.findings if has_errors([each])]
        if not errors:
            return None
        first = errors[0]
        place = f"{first.file}:{first.line}:{first.column}" if first.line else first.file
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"{place}: {first.message}{more}"

    def document(self, data: bytes, path: str, kind: str) -> Document | None:
        """Return the one document of a file when text and shape are right; findings otherwise.  It is an object."""
        result = read_documents(data, name=path)
        self.findings += result.findings
        shape = self.shape(kind)
        faults = [each for document in result.checkable for each in faults_of_shape(document, shape, kind, name=path)]
        self.findings += faults
        if faults or result.findings:
            self.texts[path] = data.decode("utf-8", "replace").removeprefix("\ufeff")
        if has_errors([*result.findings, *faults]):
            return None
        first, *more = result.documents
        if more:
            message = f"expected one {kind} in the file, found {len(result.documents)} documents"
            self.refuse_at(more[0], path, [Problem("", message)])
            return None
        return first

    def profile(self, document: Document, path: str, *, digest: str) -> Mapping[str, Any] | None:
        """Return the artifact that a profile makes, when it is right in meaning; what it names is not looked at."""
        from reporting_governance.commands._clock import SystemClock
        from reporting_governance.core.profile_compile import compile_profile

        try:
            return compile_profile(object_of(document), digest=digest, now=SystemClock().now()).dump()
        except ContractError as fault:
            self.refuse_at(document, path, problems_of(fault))
            return None

    def pack(self, document: Document, path: str) -> Mapping[str, Any] | None:
        """Return a policy pack that is right in meaning."""
        from reporting_governance.core.policy_compiling import PolicyRefused, compile_pack
        from reporting_governance.core.policy_reach import check_meaning

        try:
            compile_pack(object_of(document), source=path)
        except PolicyRefused as refused:
            self.refuse_at(document, path, [Problem(*each) for each in refused.problems])
            return None
        except ContractError as fault:
            self.refuse_at(document, path, problems_of(fault))
            return None
        problems = [Problem(*each) for each in check_meaning(object_of(document))]
        self.refuse_at(document, path, problems)
        return None if problems else object_of(document)

    def together(self, packs: Sequence[tuple[Document, str]]) -> None:
        """Look at what only shows when packs, each right by itself, are used together."""
        from reporting_governance.core.policy_compiling import check_together, compile_pack

        for index, problem in check_together([compile_pack(object_of(document)) for document, _ in packs]):
            self.refuse_at(*packs[index], [Problem(*problem)])

    def preflight(
        self,
        artifact: Mapping[str, Any],
        descriptor: tuple[Document, str],
        packs: Sequence[Mapping[str, Any]],
        document: Document,
        path: str,
        *,
        observations: Mapping[str, str] | None = None,
    ) -> Preflight:
        """Hold a profile against what the runtime can do; what is refused becomes findings.

        Args:
            descriptor: the document of the descriptor, and its file.
            observations: what probes saw of it, by power.
        """
        from reporting_governance.core.capability_profile_compatibility import preflight
        from reporting_governance.core.policy_compiling import compile_pack

        actions: dict[str, list[str]] = {}
        for pack in packs:
            for each in compile_pack(pack).pack.required_actions():
                actions.setdefault(each, []).append(pack["metadata"]["id"])
        checked = preflight(artifact, object_of(descriptor[0]), actions, observations=observations)
        self.refuse_at(document, path, checked.problems, beside={"capability-descriptor": descriptor})
        return checked

    def refuse_at(
        self,
        document: Document,
        path: str,
        problems: Iterable[Problem],
        *,
        rule: FindingRule = WRONG_MEANING,
        beside: Mapping[str, tuple[Document, str]] = _NOTHING,
    ) -> None:
        """Keep faults of meaning, each with its place in the text.

        Args:
            rule: that of a problem which names none.
            beside: the documents it is held against, with their files, by kind.
        """
        for each in problems:
            self.texts.setdefault(path, document.places.text)
            pointer, span = document.nearest(each.pointer, at_key=each.at_key)
            self.findings.append(
                (each.rule or rule).finding(
                    file=path,
                    message=each.message,
                    document=document.index,
                    pointer=pointer,
                    span=span,
                    suggestion=each.suggestion,
                    related=tuple(
                        _related(place, *beside.get(place.kind, (document, path))) for place in each.elsewhere
                    ),
                )
            )


def _related(place: Elsewhere, document: Document, path: str) -> Related:
    pointer, span = document.nearest(place.pointer, at_key=True)
    return Related.at(span, file=path, message=place.message, document=document.index, pointer=pointer)


def object_of(document: Document) -> Mapping[str, Any]:
    """Return the value of a document that is an object."""
    return cast("Mapping[str, Any]", document.value)


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
