"""Run by the Python of another toolkit: write records through its file sink, verify them, print seconds a record."""

import json
import sys
import time

from agentmesh.governance.audit import AuditEntry
from agentmesh.governance.audit_backends import FileAuditSink


def main(path: str, count: int) -> None:
    """Print {"write": seconds a record, "verify": seconds a record}; records are made before the clock starts."""
    sink = FileAuditSink(path, b"a key that every verifier must hold")
    entries = [
        AuditEntry(
            event_type="tool_output",
            agent_did="did:mesh:importer",
            action="import",
            resource=f"tsk_{number // 1000:032x}",
            data={"summary": f"Step {number} of the import ended with exit code 0."},
        )
        for number in range(count)
    ]
    start = time.perf_counter()
    for first in range(0, count, 200):
        sink.write_batch(entries[first : first + 200])
    written = time.perf_counter()
    assert sink.verify_integrity() == (True, None)
    done = time.perf_counter()
    print(json.dumps({"write": (written - start) / count, "verify": (done - written) / count}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
