"""Every document that tests and the package hold, with the schema it is meant for."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from reporting_governance.contracts.reading import read_documents
from tests.verify.checking import CASES, ROOT, every_case

SCHEMAS = ROOT / "schemas" / "reporting-governance"
#: verb -> stem of the schema that its documents are held against
KINDS = {
    "verify-descriptor": "capability-descriptor",
    "verify-profile": "deployment-profile",
    "verify-policy": "policy-pack",
}


class Fixture(NamedTuple):
    """One document."""

    name: str
    kind: str
    value: Any


@cache
def fixtures() -> tuple[Fixture, ...]:
    """Return all of them."""
    return (*_of_cases(), *_of_contracts(), *_shipped())


def _of_cases() -> Iterator[Fixture]:
    for case in every_case():
        for syntax in case.syntaxes:
            path = case.folder / f"given.{syntax}"
            result = read_documents(path.read_bytes(), name=path.name)
            # What is wrong with the text is no matter of shape.
            for document in result.documents:
                yield Fixture(
                    f"{case.verb}/{case.folder.name}-{syntax}-{document.index}", KINDS[case.verb], document.value
                )


def _of_contracts() -> Iterator[Fixture]:
    for path in sorted((CASES / "contracts").glob("*/*/*.json")):
        kind, side = path.parent.parent.name, path.parent.name
        if (SCHEMAS / f"{kind}.schema.json").exists():
            value = json.loads(path.read_text())
            yield Fixture(f"{kind}/{path.stem}", kind, value if side == "valid" else value["document"])


def _shipped() -> Iterator[Fixture]:
    folders = (
        ("capabilities/*.json", "capability-descriptor"),
        ("profiles/*.yaml", "deployment-profile"),
        ("profiles/policy-packs/*.yaml", "policy-pack"),
    )
    for pattern, kind in folders:
        for path in sorted(ROOT.glob(pattern)):
            for document in read_documents(path.read_bytes(), name=path.name).documents:
                yield Fixture(f"shipped/{path.name}", kind, document.value)
