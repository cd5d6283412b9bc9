"""For programs: schemas/reporting-governance/reports/verify.schema.json."""

from __future__ import annotations

import json
from typing import Any

from reporting_governance import __version__
from reporting_governance.commands._verify import HeldTogether, Verified

#: what was verified -> the verb that did
VERBS = {
    "capability-descriptor": "verify-descriptor",
    "deployment-profile": "verify-profile",
    "policy-pack": "verify-policy",
}


def document(done: Verified) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "schema": f"{VERBS[done.kind]}-report.v1",
        "schema_version": 1,
        "program": {"name": "reporting-governance", "version": __version__},
        "kind": done.kind,
        "summary": {
            "checked": done.count,
            "failed": done.failed,
            "skipped": len(done.skipped),
            "not_read": len(done.unread),
            "waived": len(done.waived),
            "not_probed": done.probed.get("not_probed", 0),
        },
        "probed": dict(done.probed),
        "findings": [each.dump() for each in done.findings],
        "waived": [{"finding": finding.dump(), "waiver": waiver.dump()} for finding, waiver in done.waived],
        "not_read": [{"file": each.file, "reason": each.reason} for each in done.unread],
        "skipped": list(done.skipped),
        **({"effective": [_together(each) for each in done.together]} if done.kind == "deployment-profile" else {}),
    }


def _together(each: HeldTogether) -> dict[str, Any]:
    return {"profile": each.profile, "descriptor": each.descriptor, "powers": each.powers.dump()["powers"]}


def write(done: Verified) -> str:
    """Return the report as JSON text."""
    return json.dumps(document(done), indent=2, ensure_ascii=False)
