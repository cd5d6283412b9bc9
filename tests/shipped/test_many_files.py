"""Thousands of files are looked at in no more memory than a few."""

import json
import tracemalloc
from pathlib import Path

from reporting_governance.commands._verify import Wanted, verify
from reporting_governance.commands._verify_descriptors import DescriptorMeaning
from tests.shipped.repositories import good


def peak(folder: Path) -> int:
    """Return the most memory that is taken meanwhile, in bytes."""
    tracemalloc.start()
    done = verify("capability-descriptor", Wanted((str(folder),), None, False, False), DescriptorMeaning(None))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done.findings == []
    return most


def test_what_was_looked_at_is_let_go(tmp_path: Path) -> None:
    folder = good(tmp_path) / "capabilities"
    document = json.loads((folder / "agent.json").read_text())
    peak(folder)  # what is made once stays
    few = peak(folder)
    for number in range(100):
        document["metadata"]["id"] = f"agent-{number}"
        (folder / f"agent-{number}.json").write_text(json.dumps(document))
    # A hundred that stay would take 3 MB; their names take little.
    assert peak(folder) - few < 500_000
