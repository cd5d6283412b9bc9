"""Every folder of tests/cases/scan and tests/cases/report: what agents and hosts do, and all that follows from it.

`given.json`: `settings` of the watchdog and `steps`: `wait` so many seconds, `set_clock` by so many, `report` a
check-in (as `uid`), `scan`, or let the source `json` show `tasks` from now on (`complete`, `unreadable` and `facts`).
`expect.json`: what each scan said, how each check-in was answered, and every event in full.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Known, Observation, ObservedTask, SourceReading
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.task_state import TaskState
from reporting_governance.contracts.times import parse_time
from reporting_governance.stages.report import run_report
from tests.stages.watch_world import UID, StandInSource, World, said

CASES = Path(__file__).parent.parent / "cases"
FOLDERS = sorted([*(CASES / "scan").iterdir(), *(CASES / "report").iterdir()])


def run_case(given: Any) -> dict[str, Any]:
    """Return all that follows from a case."""
    world = World()
    world.settings(**given.get("settings", {}))
    sources: list[StandInSource] = []
    scans: list[Any] = []
    answers: list[Any] = []
    for step in given["steps"]:
        if "wait" in step:
            world.clock.forward(step["wait"])
        elif "set_clock" in step:
            world.clock.time += timedelta(seconds=step["set_clock"])
        elif "report" in step:
            answers.append(_report(world, step["report"], step.get("uid", UID)))
        elif "tasks" in step:
            sources = [StandInSource(_reading(step))]
        else:
            scans.append([list(each) for each in said(world.scan(*sources))])
    return {"scans": scans, "answers": answers, "events": world.events()}


def _report(world: World, document: Any, uid: int) -> Any:
    check_in = CheckIn.parse(document)
    report = run_report(world.store, [check_in], uid=uid, profile=world.profile, clock=world.clock)
    return report.dump()["results"][0]


def _reading(step: Any) -> SourceReading:
    tasks = [
        ObservedTask(
            task=TaskState.parse(document),
            instance="here",
            facts={name: _fact(fact) for name, fact in step.get("facts", {}).items()},
            unknown=step.get("unknown", {}),
        )
        for document in step["tasks"]
    ]
    unreadable = step.get("unreadable")
    complete = step.get("complete", unreadable is None)
    return SourceReading(source="json", instance="here", tasks=tasks, complete=complete, unreadable=unreadable)


def _fact(document: Any) -> Observation:
    since = document.get("since")
    known = Known(document["known"])
    return Observation(known=known, since=None if since is None else parse_time(since), reason=document["reason"])


@pytest.mark.parametrize("folder", FOLDERS, ids=[f"{each.parent.name}/{each.name}" for each in FOLDERS])
def test_case(folder: Path) -> None:
    given = json.loads((folder / "given.json").read_text())
    assert run_case(given) == json.loads((folder / "expect.json").read_text())


def test_there_are_cases() -> None:
    assert len(FOLDERS) >= 12
