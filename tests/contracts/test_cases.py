"""Each kind has documents that are right and documents that are wrong for exactly one reason."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reporting_governance.contracts.deployment_profile import DeploymentProfileArtifact
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.record import Record
from reporting_governance.contracts.registry import FORMS, KINDS, record_type, schema_name
from reporting_governance.contracts.shape import SchemaSet, check_shape
from reporting_governance.core.policy_pack import PolicyPack
from reporting_governance.errors import ContractError

CASES = Path(__file__).parents[1] / "cases/contracts"
SHIPPED = Path(__file__).parents[2]
SHAPES = SchemaSet(
    {path.name: json.loads(path.read_text()) for path in (SHIPPED / "schemas/reporting-governance").glob("*.json")}
)
VALID = sorted(CASES.glob("*/valid/*.json"))
INVALID = sorted(CASES.glob("*/invalid/*.json"))
DESCRIPTORS = sorted([*SHIPPED.glob("capabilities/*.json"), *SHIPPED.glob("examples/*.descriptor.*.json")])


def name_of(path: Path) -> str:
    """Return what a case is called in a report."""
    return f"{path.parent.parent.name}/{path.stem}"


def _type_of(kind: str, document: object) -> type[Record] | None:
    if kind == "deployment-profile" and isinstance(document, dict) and document["kind"].endswith("Artifact"):
        return DeploymentProfileArtifact
    if kind == "policy-pack":
        return PolicyPack
    return record_type(kind) if kind in KINDS else None


def test_every_kind_has_cases() -> None:
    for kind in (*KINDS, *FORMS):
        assert any(path.parent.parent.name == kind for path in VALID), kind
        assert any(path.parent.parent.name == kind for path in INVALID), kind


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_a_valid_document_is_accepted(path: Path, judges) -> None:
    kind = path.parent.parent.name
    document = json.loads(path.read_text())
    assert judges[kind].faults(document) == []
    reader = _type_of(kind, document)
    if reader is not None:
        record = reader.parse(document)
        assert reader.parse(record.dump()) == record
        assert judges[kind].faults(record.dump()) == []


@pytest.mark.parametrize("path", INVALID, ids=name_of)
def test_an_invalid_document_fails_for_one_named_reason(path: Path, judges) -> None:
    kind = path.parent.parent.name
    case = json.loads(path.read_text())
    document = case["document"]
    reader = _type_of(kind, document)
    if case["keyword"] == "meaning":
        assert judges[kind].faults(document) == []
        assert reader is not None
        with pytest.raises(ContractError, match=rf" {case['pointer'] or '/'}: "):
            reader.parse(document, source="case")
        return
    assert judges[kind].faults(document) == [(case["keyword"], case["pointer"])], case["why"]
    findings = list(_findings(kind, document))
    assert len(findings) == 1, findings
    assert findings[0].pointer.startswith(case["pointer"])


def _findings(kind: str, document: object) -> Iterator[Finding]:
    """Give what a person is told about a document."""
    read = read_documents(json.dumps(document).encode(), name="case.json")
    assert not read.findings
    for each in read.checkable:
        yield from check_shape(each, SHAPES.shape(schema_name(kind)), name="case.json")


@pytest.mark.parametrize("path", DESCRIPTORS, ids=lambda path: path.stem)
def test_shipped_descriptors_keep_their_shape(path: Path, judges) -> None:
    document = json.loads(path.read_text())
    assert judges["capability-descriptor"].faults(document) == []
    assert judges["adapter-capabilities"].faults(document) == []
    assert record_type("capability-descriptor").parse(document).dump() == document


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("profiles/*.yaml")), ids=lambda path: path.stem)
def test_shipped_profiles_keep_their_shape(path: Path, judges) -> None:
    assert judges["deployment-profile"].faults(yaml.safe_load(path.read_text())) == []


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("profiles/policy-packs/*.yaml")), ids=lambda path: path.stem)
def test_shipped_packs_keep_their_shape(path: Path, judges) -> None:
    assert judges["policy-pack"].faults(yaml.safe_load(path.read_text())) == []
