"""A claim of completion is watched until evidence of enough quality supports it, whatever else is said."""

from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.stages.report import run_report
from tests.stages.test_report import Artifacts
from tests.stages.watch_world import UID, World, said

FIRING = ("t1", "claim_unverified", "firing")
RESOLVED = ("t1", "claim_unverified", "resolved")


def show(world: World, name: str, **more: object) -> None:
    """Attach a file as evidence of completion."""
    item = {"class": "file_change", "summary": "x", "claims": ["completion"], "refs": [{"kind": "file", "ref": name}]}
    check_in = CheckIn.parse({"verb": "evidence", "task": "t1", "evidence": [{**item, **more}]})
    run_report(world.store, [check_in], uid=UID, profile=world.profile, clock=world.clock, artifacts=Artifacts())


def claimed() -> World:
    world = World()
    world.settings(silence_seconds=1_000_000)
    world.report("start", agent="worker")
    world.report("complete")
    world.clock.forward(3600)
    assert said(world.scan()) == [FIRING]
    return world


def test_a_file_that_is_there_ends_it() -> None:
    world = claimed()
    show(world, "report.xml")
    assert said(world.scan()) == [RESOLVED]


def test_a_file_that_is_not_there_does_not() -> None:
    world = claimed()
    show(world, "gone.xml")
    assert said(world.scan()) == []


def test_a_check_that_failed_does_not() -> None:
    world = claimed()
    show(world, "report.xml", **{"class": "verification_output", "exit_status": 1})
    assert said(world.scan()) == []


def test_evidence_of_progress_does_not() -> None:
    world = claimed()
    show(world, "report.xml", claims=["progress"])
    assert said(world.scan()) == []
