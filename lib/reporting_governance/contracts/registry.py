"""Every kind of document: which type reads it, and which schema says its shape.

Types are imported when they are asked for, so that a command pays only for the kinds it meets.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from reporting_governance.contracts.record import Record

SCHEMA_BASE = "https://cowbay.org/schemas/reporting-governance/"  #: what every schema's `$id` starts with
_PACKAGE = "reporting_governance.contracts"

#: kind -> module and class; the schema of a kind is `<kind>.schema.json`
KINDS: Mapping[str, tuple[str, str]] = {
    "act": ("act", "Act"),
    "attempt": ("attempt", "Attempt"),
    "blocked-note": ("blocked_note", "BlockedNote"),
    "capability-descriptor": ("capability_descriptor", "CapabilityDescriptor"),
    "check-in": ("check_in", "CheckIn"),
    "checkpoint-request": ("checkpoint_request", "CheckpointRequest"),
    "decision": ("decision", "Decision"),
    "decision-record-artifact": ("decision_record_artifact", "DecisionRecord"),
    "deployment-profile": ("deployment_profile", "DeploymentProfile"),
    "effective-capabilities": ("capability", "EffectiveCapabilities"),
    "event-envelope": ("event_envelope", "Event"),
    "evidence": ("evidence", "Evidence"),
    "external-receipt": ("external_receipt", "ExternalReceipt"),
    "finding": ("finding", "Finding"),
    "hold": ("hold", "Hold"),
    "item-return": ("item_return", "ItemReturn"),
    "job": ("job", "Job"),
    "notice": ("notice", "Notice"),
    "probe-observations": ("probe_observation", "ProbeObservations"),
    "receipt": ("receipt", "Receipt"),
    "report-attempt": ("report_attempt", "ReportAttempt"),
    "review": ("review", "Review"),
    "roles": ("roles_file", "RolesFile"),
    "silence": ("silence", "Silence"),
    "silence-close": ("silence", "SilenceClose"),
    "source-mark": ("source_mark", "SourceMark"),
    "spool-item": ("spool_item", "SpoolItem"),
    "task-due": ("task_due", "TaskDue"),
    "task-state": ("task_state", "TaskState"),
    "thread-close": ("thread_close", "ThreadClose"),
    "waivers": ("waiver", "Waivers"),
}

#: schemas that no single type stands behind: another name of a kind, or a form in which kinds come together
FORMS: tuple[str, ...] = (
    "adapter-capabilities",
    "event-catalog",
    "journal-line",
    "policy-pack",
    "task-state-file",
    "verification",
)


def record_type(kind: str) -> type[Record]:
    """Return the type that reads a kind.  Raises LookupError for a kind that is not in `KINDS`."""
    module, name = KINDS[kind]
    found = getattr(import_module(f"{_PACKAGE}.{module}"), name)
    if not (isinstance(found, type) and issubclass(found, Record)):
        raise LookupError(f"{module}.{name} is no record")
    return found


def schema_name(kind: str) -> str:
    """Return the file name of a kind's schema, below `schemas/reporting-governance/`."""
    if kind not in KINDS and kind not in FORMS:
        raise LookupError(f"no such kind: {kind}")
    return f"{kind}.schema.json"


def kind_of_schema(identity: str) -> str | None:
    """Return the kind a schema's `$id` (or file name) stands for, None for a schema that is not ours."""
    kind = identity.removeprefix(SCHEMA_BASE).removesuffix(".schema.json")
    return kind if kind in KINDS or kind in FORMS else None
