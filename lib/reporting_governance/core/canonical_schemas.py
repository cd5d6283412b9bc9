"""The schemas that a capability descriptor names, and whether they are the canonical ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reporting_governance.contracts.frozen import frozen

#: canonical name of each schema a descriptor names
SCHEMA_NAMES: Mapping[str, str] = {
    "event_schema": "event-envelope.schema.json",
    "evidence_schema": "evidence.schema.json",
    "decision_schema": "decision.schema.json",
    "capabilities_schema": "capability-descriptor.schema.json",
}
_SCHEMA_FOLDER = "schemas/reporting-governance/"
#: the resource that the descriptor reuses; a descriptor may name it as well
_ALSO_CANONICAL = {"capabilities_schema": "adapter-capabilities.schema.json"}


@frozen
class SchemaCheck:
    """Whether a descriptor names the canonical schema; `declared` is none when it names none."""

    key: str
    declared: str | None
    canonical: str
    matches: bool


def check_schemas(descriptor: Mapping[str, Any]) -> tuple[SchemaCheck, ...]:
    """Return, for each schema that a descriptor may name, whether it names the canonical one."""
    declared: Mapping[str, Any] = descriptor.get("compatibility") or {}
    return tuple(
        SchemaCheck(key, declared.get(key), _SCHEMA_FOLDER + name, _is_canonical(key, declared.get(key)))
        for key, name in SCHEMA_NAMES.items()
    )


def _is_canonical(key: str, declared: object) -> bool:
    """Whether a path names the canonical schema; a descriptor that names none is not wrong about it."""
    names = {_SCHEMA_FOLDER + name for name in (SCHEMA_NAMES[key], _ALSO_CANONICAL.get(key)) if name}
    return declared is None or declared in names
