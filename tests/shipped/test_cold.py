"""A cold check of a right file imports what it needs, and nothing that only faults, probes or other forms need."""

import sys
from pathlib import Path

from tests.shipped.repositories import ROOT, good, run

HEAVY = {"yaml", "jsonschema", "tabulate", "filelock", "cryptography", "sqlite3", "subprocess", "logging", "tempfile"}
#: of ours, below reporting_governance
NOT_NOW = {
    "adapters",
    "commands._verify_probes",
    "commands._formats.github",
    "commands._formats.gitlab",
    "commands._formats.json_report",
    "commands._formats.junit",
    "commands._formats.sarif",
    "contracts.check_in",
    "core.decision_runner",
    "core.policy_evaluator",
    "core.probing",
    "stages",
    "storage",
}


def test_one_right_file(tmp_path: Path) -> None:
    descriptor = good(tmp_path) / "capabilities/agent.json"
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'lib')!r})\n"
        "from reporting_governance.__main__ import main\n"
        f"code = main(['verify-descriptor', {str(descriptor)!r}])\n"
        "print(*sys.modules, file=sys.stderr)\n"
        "raise SystemExit(code)\n"
    )
    ended = run([sys.executable, "-I", "-c", program], tmp_path)
    assert ended.returncode == 0
    modules = set(ended.stderr.split())
    assert "jsonschema_rs" in modules, "or nothing was looked at"
    assert modules & HEAVY == set()
    ours = {each.removeprefix("reporting_governance.") for each in modules}
    assert {each for each in ours if any(each == name or each.startswith(f"{name}.") for name in NOT_NOW)} == set()
