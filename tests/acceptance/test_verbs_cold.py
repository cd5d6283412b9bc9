"""A tick with nothing due is what cron starts every minute: it imports nothing it does not need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs, profile

#: What costs more than a whole tick, or stands for something that a tick with nothing due does not do.
HEAVY = """
    yaml jsonschema jsonschema_rs referencing tabulate filelock cryptography sqlite3 urllib subprocess logging asyncio
    concurrent multiprocessing email http socket ssl select selectors typing_extensions pathlib tempfile shutil difflib
    importlib.metadata importlib.resources uuid platform zipfile random secrets traceback decimal csv
    cronsim oncalendar zoneinfo
""".split()
#: Ours, which belong to what a tick with something due does.
ONLY_WHEN_DUE = """
    contracts.record contracts.deployment_profile contracts.watch_settings contracts.finding contracts.shape
    contracts.reading core.policy_evaluator core.projection core.scrub core.delivery stages.scan_work stages.enqueue
    stages.dispatch stages.bridge stages.inbox storage.encoding storage.files.writer storage.files.rebuild
    storage.files.commit storage.files.maintenance storage.files.reading adapters.senders adapters.interface
    adapters.tasks.openclaw.source commands._tables commands._checking commands._bug_log
    contracts.role core.role_gates core.role_uses storage.files.roles commands._roles commands._role_gate
""".split()
PROGRAM = """
import sys
from reporting_governance.__main__ import main
code = main(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    import json
    # Not getrusage: it starts from what the process had that started this one.
    kilobytes = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
    json.dump({"modules": sorted(sys.modules), "kilobytes": kilobytes}, file)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def verbs(tmp_path_factory: pytest.TempPathFactory) -> Verbs:
    """Return verbs on a state with 1,000 tasks of which none is due, after the first runs."""
    folder = tmp_path_factory.mktemp("cold")
    quiet = profile(folder, ("silence_seconds: 1800", "silence_seconds: 864000"))
    verbs = Verbs(folder / "state", options=("--profile", str(quiet)))
    starts = [
        {
            "verb": "start",
            "task": f"t-{number}",
            "agent": "x",
            "id": f"id-{number}",
            "checkpoint": {"every_seconds": 9**6},
        }
        for number in range(1000)
    ]
    verbs.ok("report", "-", given="\n".join(json.dumps(each) for each in starts))
    for _ in range(2):
        assert verbs.ok("run").out == ""
    return verbs


def started(verbs: Verbs, target: Path, verb: str) -> dict:
    """Run a verb to its end, and return which modules it had imported and how much memory it had."""
    words = [sys.executable, "-P", "-c", PROGRAM, str(target), verb, "--state", str(verbs.state), *verbs.options]
    done = subprocess.run(words, env=verbs.variables(), capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    return json.loads(target.read_text())


@pytest.fixture(scope="module")
def given() -> set[str]:
    """Return what click imports by itself."""
    words = [sys.executable, "-c", "import sys, click; print(*sys.modules)"]
    return set(subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.split())


@pytest.mark.parametrize("verb", ["scan", "run"])
def test_a_tick_with_nothing_due_imports_nothing_heavy(
    verbs: Verbs, tmp_path: Path, given: set[str], verb: str
) -> None:
    found = started(verbs, tmp_path / "found", verb)
    modules = set(found["modules"]) - given - {"json"}
    heavy = {each for each in modules if any(each == name or each.startswith(f"{name}.") for name in HEAVY)}
    assert heavy == set()
    ours = {each.removeprefix("reporting_governance.") for each in modules}
    too_early = {each for each in ours if any(each == name or each.startswith(f"{name}.") for name in ONLY_WHEN_DUE)}
    allowed = {"stages.inbox"} if verb == "run" else set()
    assert too_early - allowed == set()
    assert "storage.files.store" in ours, "or nothing was looked at"
    assert found["kilobytes"] < 40 * 1024


def test_what_is_due_does_import_them(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue()
    words = [sys.executable, "-P", "-c", PROGRAM, str(tmp_path / "found"), "run", "--state", str(verbs.state)]
    subprocess.run(words, env=verbs.variables(), capture_output=True, timeout=120, check=True)
    ours = {
        each.removeprefix("reporting_governance.") for each in json.loads((tmp_path / "found").read_text())["modules"]
    }
    assert {"stages.scan_work", "stages.enqueue", "storage.encoding", "commands._tables"} <= ours
