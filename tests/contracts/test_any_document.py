"""Whatever a schema allows, its type reads, and writes back as something that reads the same."""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reporting_governance.contracts.capability import EXPECTATIONS
from reporting_governance.contracts.deployment_profile import DeploymentProfileArtifact
from reporting_governance.contracts.record import Record
from reporting_governance.contracts.registry import KINDS, record_type
from reporting_governance.contracts.role import Action, Role, least_role
from reporting_governance.core.policy_pack import PolicyPack
from reporting_governance.errors import ContractError
from tests.contracts.documents import documents
from tests.contracts.schemas_read import SCHEMAS, Judges
from tests.contracts.test_cases import VALID, name_of

READERS: dict[str, tuple[str, str, type[Record]]] = {
    **{kind: (kind, "", record_type(kind)) for kind in KINDS if kind != "deployment-profile"},
    "policy-pack": ("policy-pack", "", PolicyPack),
    "profile": ("deployment-profile", "/$defs/profile", record_type("deployment-profile")),
    "artifact": ("deployment-profile", "/$defs/artifact", DeploymentProfileArtifact),
}
JUDGES = {kind: Judges(kind) for kind in SCHEMAS}
READ = [each for each in VALID if each.parent.parent.name in {*KINDS, "policy-pack"}]
#: where a type keeps plain data as it is: the schema alone says what may stand there
LEFT_TO_THE_SCHEMA = {
    "attempt": r"^rate_limit\b",
    "check-in": r"^(report|evidence/\d+/refs)\b",
    "decision-record-artifact": r"^spec\b|^(kind|apiVersion): taken away|^metadata/decision: ",
    "deployment-profile": r"\bmatch\b|^(kind|apiVersion): taken away|^spec/\w+: taken away",
    "event-envelope": r"^(payload|evidence_refs)\b",
    "evidence": r"^(refs|supports)\b",
    "notice": r"^facts\b",
    "probe-observations": r"_sha256\b",
    "policy-pack": r"/conditions\b|/id: |^(kind|apiVersion)\b|/claim_types/|/deadline: ",
}


_ANCHORS = {
    "file": {"kind": "file", "path": "/mnt/witness/heads.notes"},
    "git": {"kind": "git", "repository": "/srv/heads.git", "push": "origin", "limit_seconds": 30},
    "syslog": {"kind": "syslog"},
    "command": {"kind": "command", "command": ["hand-to-witness"]},
}


def _receipt(document: dict[str, Any], choose: Callable[[int], int]) -> None:
    """Leave one parent, and say `retry_at` exactly when it is deferred."""
    names = ("attempt_id", "spool_id", "notice_id")
    kept = names[choose(3)]
    for name in names:
        document.pop(name, None)
    document[kept] = "x"
    if document["outcome"] == "acked" and document["proof"] in ("none", "accepted"):
        document["proof"] = "stored"
    if document["outcome"] == "deferred":
        document["retry_at"] = document["settled_at"]
    else:
        document.pop("retry_at", None)
    document.setdefault("reason", "in_doubt")


def _check_in(document: dict[str, Any], choose: Callable[[int], int]) -> None:
    """Keep child and step for the verb child, evidence for evidence, a status for the verbs that may name one."""
    if document["verb"] == "child":
        document.update(child="c", step=("spawned", "failed", "finished", "forwarded")[choose(4)])
    else:
        document.pop("child", None)
    if document["verb"] not in ("start", "checkpoint", "fail"):
        document.pop("status", None)
    if document["verb"] == "evidence" and not document.get("evidence"):
        document["evidence"] = [{"class": "tool_output", "summary": "s"}]
    document["checkpoint"] = _promise(document.get("checkpoint"))


def _task_state(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    document["checkpoint"] = _promise(document.get("checkpoint"))


def _promise(promise: dict[str, Any] | None) -> dict[str, Any] | None:
    if promise is None:
        return None
    if promise.get("schedule"):
        return {key: value for key, value in promise.items() if key != "every_seconds"}
    return {**promise, "every_seconds": promise.get("every_seconds") or 60}


def _record_of_a_decision(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    receipt = document["spec"]["receipt"]
    allowed = {"planned": "queued", "acked": "acked", "blocked": "blocked", "degraded": "partial", "failed": "failed"}
    receipt["delivery_state"] = allowed[receipt["status"]]
    if receipt["delivery_state"] == "partial":
        for key in ("enforcement_intent", "blocked_actions"):
            receipt[key] = [{"action": "set_status", "mandatory": True}]


def _descriptor(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    groups = document["capabilities"]
    for name, group in list(groups.items()):
        for leaf in group.values():
            if "level" in leaf:
                leaf["supported"] = leaf["level"] != "none"
        if not group:
            del groups[name]
    if not groups:
        groups["watchdog"] = {"watchdog_evaluation": {"supported": True, "level": "full"}}


def _pack(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    for rule in document["spec"]["rules"]:
        rule["conditions"] = {"fact": "checkpoint.is_overdue", "equals": True}


def _profile(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    """Let every name that is used be defined, what has an order or a name of its own have one, no role be too low."""
    spec = document.get("spec", document)
    for action, role in spec.get("roles", {}).items():
        spec["roles"][action] = max(Role(role), least_role(Action(action))).value
    spec.setdefault("notification", {})
    notification = spec["notification"]
    notification["receivers"] = {
        **notification.get("receivers", {}),
        "operator": {"targets": {"o": {"sender": "file"}}},
    }
    for each in (*notification.get("routes", ()), *notification.get("escalation", ())):
        each["receivers"] = ["operator"]
    notification["routes"] = [*notification.get("routes", ()), {"match": {}, "receivers": ["operator"]}]
    notification["fallback"] = ["operator"]
    for place, each in enumerate(notification.get("escalation", ()), start=1):
        each["after_seconds"] = 600 * place
    for place, each in enumerate(notification.get("mute_times", ())):
        each["name"] = f"mute-{place}"
    retry = notification.setdefault("retry", {})
    retry.update(first_seconds=30, ceiling_seconds=max(30, retry.get("ceiling_seconds", 30)))
    watchdog = spec.get("watchdog", {})
    for each in (watchdog, *watchdog.get("selectors", ())):
        if each.get("every_seconds"):
            each["calendar"] = None
    if "expectations" in spec:
        spec["expectations"] = {key: value for key, value in spec["expectations"].items() if key in EXPECTATIONS}
    if "artifact_roots" in spec:
        spec["artifact_roots"] = {"workspace": "."}
    own = spec.get("self", {})
    for key, value in (("metrics_path", "m.prom"), ("heartbeat_networks", ["10.0.0.0/8"])):
        if own.get(key):
            own[key] = value
    if "canary_within_seconds" in own:
        own["canary_within_seconds"] = None
    audit = spec.get("audit", {})
    if audit.get("signer") is not None:
        audit["signer"] = {"key": "/etc/reportgov/log.key"}
    if "anchors" in audit:
        kinds = {each["kind"] for each in audit["anchors"]}
        audit["anchors"] = [_ANCHORS[each] for each in sorted(kinds)]


def _silence(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    document["starts_at"], document["ends_at"] = sorted((document["starts_at"], document["ends_at"]))
    assume(document["starts_at"] < document["ends_at"])


def _observations(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    """Let each descriptor and power stand once, and what was seen have its evidence."""
    document["descriptors"] = document["descriptors"][:1]
    for each in document["descriptors"]:
        each.update(probed_at="2026-01-01T00:00:00.000Z", expires_at="2026-02-01T00:00:00.000Z")
        each["observations"] = each["observations"][:1]
        for seen in each["observations"]:
            conclusive = seen["outcome"] in ("confirmed", "contradicted")
            seen["found"] = (seen.get("found") or "none") if conclusive else None
            if conclusive:
                seen["evidence_sha256"] = "0" * 64
                seen["started_at"] = seen["ended_at"] = each["probed_at"]
            elif seen.get("started_at") and seen.get("ended_at"):
                seen["started_at"], seen["ended_at"] = sorted((seen["started_at"], seen["ended_at"]))


def _job(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    """Give a lease to what runs and to nothing else, and a time to what waits alone."""
    document["attempts"] = min(document["attempts"], document["max_attempts"])
    if document["state"] != "queued":
        document.pop("due_at", None)
    if document["state"] == "running":
        document["lease"] = {"host": "box", "pid": 1, "boot_id": "b", "until": document["changed_at"]}
    else:
        document.pop("lease", None)


def _waivers(document: dict[str, Any], _choose: Callable[[int], int]) -> None:
    document["waivers"] = document["waivers"][:1]


MENDED: Mapping[str, Callable[[dict[str, Any], Callable[[int], int]], None]] = {
    "job": _job,
    "probe-observations": _observations,
    "receipt": _receipt,
    "waivers": _waivers,
    "silence": _silence,
    "check-in": _check_in,
    "task-state": _task_state,
    "decision-record-artifact": _record_of_a_decision,
    "capability-descriptor": _descriptor,
    "policy-pack": _pack,
    "profile": _profile,
    "artifact": _profile,
}


@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_schema_allows_is_read_and_written_back(name: str, data: st.DataObject) -> None:
    reads_and_writes_back(name, data)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_much_of_what_the_schema_allows_is_read_and_written_back(name: str, data: st.DataObject) -> None:
    reads_and_writes_back(name, data)


def reads_and_writes_back(name: str, data: st.DataObject) -> None:
    kind, pointer, reader = READERS[name]
    document = copy.deepcopy(data.draw(documents(kind, pointer)))
    mend = MENDED.get(name)
    if mend is not None:
        mend(document, lambda bound: data.draw(st.integers(0, bound - 1)))
    assume(JUDGES[kind].accepts(document))
    record = reader.parse(document)
    written = record.dump()
    assert reader.parse(json.loads(json.dumps(written))) == record
    assert JUDGES[kind].faults(written) == []


@pytest.mark.parametrize("path", READ, ids=name_of)
def test_schema_and_type_refuse_the_same_damage(path: Any) -> None:
    kind = path.parent.parent.name
    document = json.loads(path.read_text())
    reader: type[Record] = READERS[kind][2] if kind in READERS else READERS["profile"][2]
    if document.get("kind") == "DeploymentProfileArtifact":
        reader = DeploymentProfileArtifact
    left_to_the_schema = re.compile(LEFT_TO_THE_SCHEMA.get(kind, r"(?!)"))
    disagreed = []
    for what, damaged in _damages(document):
        allowed = JUDGES[kind].accepts(damaged)
        try:
            reader.parse(damaged)
            read = True
        except ContractError:
            read = False
        if read and not allowed and not left_to_the_schema.search(what):
            disagreed.append(what)
        if allowed and not read and kind != "deployment-profile":  # whose names have to be defined as well
            disagreed.append(f"{what} (only the type refuses)")
    assert disagreed == []


def _damages(document: Any) -> Iterator[tuple[str, Any]]:
    """Give a document with each key taken away, each value of another JSON type, and a key too many everywhere."""
    for path, value in _places(document, ()):
        name = "/".join(map(str, path))
        if isinstance(value, dict):
            yield f"{name}: a key too many", _with(document, (*path, "no such key"), 1)
        if path and isinstance(path[-1], str):
            yield f"{name}: taken away", _with(document, path, None, remove=True)
        if path:
            for other in (1.5, [[]], {"no such key": 1}, "no such choice", True):
                if type(other) is not type(value):
                    yield f"{name}: {other!r}", _with(document, path, other)


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _places(each, (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _places(each, (*path, place))


def _with(document: Any, path: tuple[Any, ...], value: Any, *, remove: bool = False) -> Any:
    changed = copy.deepcopy(document)
    at = changed
    for part in path[:-1]:
        at = at[part]
    if remove:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed
