"""Every folder of tests/cases/export-audit: a log, what is asked for, and what the bundle says of itself.

`given/log`: segments as they lie on a disk.  `given/options.json`: `chosen` (a filter), `last`, `withhold_blobs`.
`expect`: the manifest and the coverage in full, the redactions, and every line by its number, shown or withheld.
REPORTGOV_WRITE_CASES=1 writes what is expected anew; look at the difference.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.stages.export_world import exported, opened

FOLDERS = sorted((Path(__file__).parent.parent / "cases/export-audit").iterdir())


def said_of(case: Path, out: Path) -> dict[str, Any]:
    """Return what the bundle of a case says."""
    options = json.loads((case / "given/options.json").read_text())
    options.pop("why")
    report = exported(str(case / "given/log"), f"{out}/", recorded=False, reproducible=True, **options)
    bundle = opened(report.file.path)
    lines = {**dict.fromkeys(bundle.lines(), "shown"), **{seq: leaf.hex() for seq, leaf in bundle.withheld().items()}}
    return {
        "manifest": bundle.manifest,
        "coverage": bundle.coverage,
        "redactions": bundle.redactions,
        "lines": {str(seq): said for seq, said in sorted(lines.items())},
    }


@pytest.mark.parametrize("case", FOLDERS, ids=lambda each: each.name)
def test_case(case: Path, tmp_path: Path) -> None:
    said = said_of(case, tmp_path)
    if os.environ.get("REPORTGOV_WRITE_CASES"):
        (case / "expect").mkdir(exist_ok=True)
        for name, document in said.items():
            (case / f"expect/{name}.json").write_text(json.dumps(document, indent=2) + "\n")
    for name, document in said.items():
        assert document == json.loads((case / f"expect/{name}.json").read_text()), name
