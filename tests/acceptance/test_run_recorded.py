"""`run` in the journal: one that succeeds is told by its records, one that fails by a line of its own, once."""

from pathlib import Path
from typing import Any

import pytest

from reporting_governance.stages.run_record import is_news
from tests.acceptance.verbs import Verbs, profile


def jobs(verbs: Verbs) -> list[dict[str, Any]]:
    return [line for line in verbs.journal() if line["type"].startswith("orchestration.")]


@pytest.mark.parametrize(
    ("code", "recorded", "has_added", "wanted"),
    [(0, 0, True, False), (0, 0, False, False), (3, 0, False, True), (3, 3, True, False), (1, 3, False, True),
     (0, 3, False, False), (0, 3, True, True)],
)  # fmt: skip
def test_what_is_news(code: int, recorded: int, has_added: bool, wanted: bool) -> None:
    assert is_news(code, recorded, has_added=has_added) is wanted


def test_a_run_that_succeeds_adds_no_line_of_its_own(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue()
    verbs.ok("run")
    assert jobs(verbs) == []


def test_runs_that_fail_alike_are_one_line_and_so_is_the_end_of_it(tmp_path: Path) -> None:
    listed = tmp_path / "tasks.json"
    first = "sources:                              # task sources beside our own task files, which are always read\n"
    mine = profile(tmp_path, (first, f"{first}  - source: json\n    parameters: {{path: {listed}}}\n"))
    verbs = Verbs(tmp_path / "state", options=("--profile", str(mine)))
    for _ in range(3):
        assert verbs.call("run").code == 3
    (failed,) = jobs(verbs)
    assert failed["type"] == "orchestration.job_failed"
    assert failed["jobId"].startswith("run_")
    assert failed["reason"] == "cannot be read: json"
    assert (failed["meta"]["kind"], failed["meta"]["exit_status"], failed["meta"]["state"]) == ("run", 3, "failed")
    lines = len(verbs.journal())
    assert verbs.call("run").code == 3
    assert len(verbs.journal()) == lines, "its own line is no reason for another"
    listed.write_text("[]")
    verbs.ok("run")  # says that the source can be read again
    _, completed = jobs(verbs)
    assert (completed["type"], completed["reason"]) == ("orchestration.job_completed", "runs succeed again")
    assert completed["meta"]["exit_status"] == 0
    assert verbs.ok("run").out == ""
    assert len(jobs(verbs)) == 2
