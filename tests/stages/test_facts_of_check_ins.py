"""What rules see of real check-ins: recorded by report, judged by enqueue, read from the decision's own record."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.evidence_builder import Opened
from reporting_governance.core.fact_catalogue import CATALOGUE
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.task_fold import REMEMBERED
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.report import run_report
from tests.crash.chain.world import policy
from tests.stages.watch_world import UID, World
from tests.unit.policy_documents import pack, rule

DIGEST = "c" * 64
#: what this file asks about; a rule holds at most so many conditions as its record may list
ASKED = sorted(
    path for path in CATALOGUE if path.startswith(("claim.", "evidence.", "children.", "checkpoint.", "task."))
)
MORE = {"triggers": {"event_types": sorted(CATALOGUE["event.event_type"].choices)}}
LOOKS = rule("own.looks", **MORE, conditions={"any": [{"fact": path, "exists": True} for path in ASKED]})
UNKNOWN = "unknown: "


class Files:
    """Every file is there, and is the same."""

    def open_file(self, reference: str) -> Opened:
        return Opened(DIGEST)


class Desk(World):
    """Agents check in with files, and what they say is judged by a rule that looks at everything."""

    def says(self, *check_ins: Mapping[str, Any]) -> None:
        """Check in, all with one call; a task nobody names is `t1`."""
        parsed = [CheckIn.parse({"task": "t1", **each}) for each in check_ins]
        report = run_report(self.store, parsed, uid=UID, profile=self.profile, clock=self.clock, artifacts=Files())
        assert report.refused == 0, report.results

    def judge(self) -> Sequence[Mapping[str, Any]]:
        """Decide about everything undecided, and return what was seen of each event, oldest decision first."""
        before = len(self.records("decision-record-artifact"))
        rules = Policy(
            packs=[compile_pack(pack(LOOKS))], powers=policy().powers, profile_digest="p", descriptor_digest="d"
        )
        run_enqueue(self.store, rules, self.profile, clock=self.clock)
        return [_seen(each["body"]) for each in self.records("decision-record-artifact")[before:]]

    def last(self, **check_in: Any) -> Mapping[str, Any]:
        """Check in once more, and return what is seen of it."""
        self.says(check_in)
        return self.judge()[-1]


def _seen(decision: Mapping[str, Any]) -> Mapping[str, Any]:
    (evaluation,) = decision["spec"]["evaluations"]
    values = {
        each["fact"]: each["value"] if each["truth"] != "unknown" else f"{UNKNOWN}{each['reason']}"
        for each in evaluation["leaves"]
    }
    return {"event_id": decision["metadata"]["event_id"], **values}


def item(kind: str = "tool_output", *claims: str, ref: str = "report.xml", **more: Any) -> Mapping[str, Any]:
    """Return a piece of evidence that refers to a file."""
    return {"class": kind, "summary": f"{kind} {ref}", "claims": claims, "refs": [{"kind": "file", "ref": ref}], **more}


def check(status: int = 0, *claims: str, **more: Any) -> Mapping[str, Any]:
    return item("verification_output", *claims, exit_status=status, **more)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.says({"verb": "start", "agent": "coder", "checkpoint": {"every_seconds": 600}})
    desk.judge()
    desk.clock.forward(60)
    return desk


NEW = "evidence.new_items_since_last_checkpoint"


class TestItsOwnMoment:
    def test_what_is_new_is_known_for_a_check_in(self, desk: Desk) -> None:
        assert desk.last(verb="checkpoint", message="on it")[NEW] == 0
        desk.clock.forward(60)
        assert desk.last(verb="checkpoint", message="on it", evidence=[item()])[NEW] == 1
        desk.clock.forward(60)
        assert desk.last(verb="checkpoint", message="on it")[NEW] == 0

    def test_what_was_attached_before_the_check_in_is_new_for_it(self, desk: Desk) -> None:
        desk.says({"verb": "evidence", "evidence": [item()]})
        desk.clock.forward(60)
        assert desk.last(verb="checkpoint")[NEW] == 1
        desk.clock.forward(60)
        assert desk.last(verb="checkpoint")[NEW] == 0

    def test_several_check_ins_that_nobody_has_judged_yet(self, desk: Desk) -> None:
        desk.says({"verb": "evidence", "evidence": [item()]})
        for _ in range(2):
            desk.clock.forward(60)
            desk.says({"verb": "checkpoint"})
        desk.clock.forward(60)
        desk.says({"verb": "evidence", "evidence": [item(ref="later")]})
        assert [seen[NEW] for seen in desk.judge()] == [1, 1, 0, 1]

    def test_check_ins_of_one_call(self, desk: Desk) -> None:
        """They have one time, so what the second brings may have been there for the first: none is accused wrongly."""
        line = {"verb": "checkpoint", "evidence": [item()]}
        desk.says(line, {**line, "evidence": [item(ref="other")]}, {"verb": "checkpoint"})
        assert [seen[NEW] for seen in desk.judge()] == [2, 1, 0]

    def test_the_first_word_of_an_unknown_task_with_its_evidence(self) -> None:
        desk = Desk()
        desk.says({"verb": "checkpoint", "evidence": [item()]})
        assert [seen[NEW] for seen in desk.judge()] == [0, 1]

    def test_the_task_is_the_one_that_the_check_in_found(self, desk: Desk) -> None:
        seen = desk.last(verb="wait")
        assert seen["task.status"] == "active"
        assert desk.last(verb="resume")["task.status"] == "waiting_user"

    def test_a_check_in_was_in_time_however_late_it_is_judged(self, desk: Desk) -> None:
        desk.says({"verb": "evidence", "evidence": [item()]})
        desk.clock.forward(3600)
        (seen,) = desk.judge()
        assert seen["checkpoint.is_overdue"] is False
        assert desk.last(verb="checkpoint")["checkpoint.is_overdue"] is True

    def test_a_claim_that_ends_the_task_is_judged_with_its_children(self, desk: Desk) -> None:
        desk.says({"verb": "child", "child": "sub-1", "step": "spawned"})
        seen = desk.last(verb="complete", evidence=[item("tool_output", "completion")])
        assert (seen["task.status"], seen["children.open"]) == ("active", 1)
        assert seen["evidence.completion_min_quality"] == "moderate"

    def test_a_claim_that_ends_the_task_is_judged_with_earlier_evidence(self, desk: Desk) -> None:
        desk.says({"verb": "evidence", "evidence": [item("file_change", "progress", ref="main.py")]})
        desk.says({"verb": "evidence", "evidence": [item("tool_output", "completion")]})
        seen = desk.last(verb="complete")
        assert len(seen["evidence.items"]) == 2

    def test_a_finished_task_that_starts_again_has_proven_nothing_yet(self, desk: Desk) -> None:
        desk.says({"verb": "complete", "evidence": [item("tool_output", "completion")]})
        desk.clock.forward(60)
        desk.says({"verb": "start", "agent": "coder"})
        assert desk.last(verb="complete")["evidence.completion_min_quality"] == "none"
        (view,) = desk.bodies(Folder.TASKS)
        assert view["task"]["status"] == "pending_verification"


def test_an_item_counts_once(desk: Desk) -> None:
    seen = desk.last(verb="evidence", evidence=[item("tool_output"), check()])
    assert len(seen["evidence.items"]) == 2
    assert (seen[NEW], seen["evidence.checks_run"]) == (2, 1)


def test_of_equal_times_the_first_recorded_is_decided_first() -> None:
    for number in range(8):  # ids are digests: with one task their order could be right by chance
        desk = Desk()
        task = f"task-{number}"
        desk.says(
            {"verb": "start", "agent": "coder", "task": task},
            {"verb": "checkpoint", "task": task},
            {"verb": "complete", "task": task},
        )
        assert [seen["event_id"] for seen in desk.judge()] == [each["event_id"] for each in desk.events()]


class TestSegment:
    """What was done since the task started stays known across check-ins."""

    def test_a_change_and_no_check_after_it(self, desk: Desk) -> None:
        desk.says({"verb": "evidence", "evidence": [check()]})
        desk.clock.forward(60)
        desk.says({"verb": "checkpoint", "evidence": [item("file_change", "progress", ref="src/main.py")]})
        desk.clock.forward(60)
        desk.says({"verb": "checkpoint", "message": "nearly there"})
        desk.clock.forward(60)
        seen = desk.last(verb="complete", message="done")
        assert (seen["evidence.code_changed"], seen["evidence.check_after_last_change"]) == (True, False)
        assert seen["evidence.best_check_after_last_change"] == "none"
        desk.clock.forward(60)
        seen = desk.last(verb="complete", evidence=[check(0, "completion", command="pytest -q")])
        assert seen["evidence.check_after_last_change"] is True
        assert seen["evidence.best_check_after_last_change"] == seen["evidence.completion_min_quality"] == "strong"

    def test_documents_only(self, desk: Desk) -> None:
        seen = desk.last(verb="complete", evidence=[item("file_change", "completion", ref="docs/guide.md")])
        assert (seen["evidence.documents_only"], seen["evidence.code_changed"]) == (True, False)

    def test_what_was_not_said_is_unknown(self, desk: Desk) -> None:
        seen = desk.last(verb="complete", message="done")
        assert seen["evidence.code_changed"] == f"{UNKNOWN}nobody said what was changed"

    def test_a_failed_check_until_it_passes(self, desk: Desk) -> None:
        seen = desk.last(verb="complete", evidence=[check(1, "completion", command="pytest")])
        assert (seen["evidence.failing_checks"], seen["evidence.completion_min_quality"]) == (1, "none")
        desk.clock.forward(60)
        assert desk.last(verb="checkpoint")["evidence.failing_checks"] == 1
        desk.clock.forward(60)
        seen = desk.last(verb="evidence", evidence=[check(0, "completion", command="pytest")])
        assert (seen["evidence.failing_checks"], seen["evidence.checks_run"]) == (0, 2)

    def test_a_check_that_proves_nothing(self, desk: Desk) -> None:
        seen = desk.last(verb="complete", evidence=[check(0, "completion", command="pytest || true")])
        assert (seen["evidence.checks_proving_nothing"], seen["evidence.completion_min_quality"]) == (1, "none")
        assert desk.bodies(Folder.TASKS)[0]["task"]["status"] == "pending_verification"

    def test_the_change_is_known_however_much_comes_after_it(self, desk: Desk) -> None:
        desk.says({"verb": "evidence", "evidence": [item("file_change", ref="main.py"), check(1)]})
        for number in range(8):
            desk.says({"verb": "evidence", "evidence": [item(ref=f"log-{number}-{each}") for each in range(16)]})
        desk.judge()
        (view,) = desk.bodies(Folder.TASKS)
        assert len(view["evidence"]) == REMEMBERED
        seen = desk.last(verb="complete")
        assert (seen["evidence.code_changed"], seen["evidence.failing_checks"]) == (True, 1)
        for number in range(8):
            desk.says({"verb": "evidence", "evidence": [check(ref=f"{number}-{each}") for each in range(16)]})
        desk.judge()
        assert desk.last(verb="complete")["evidence.code_changed"] is True


class TestWords:
    ALIKE = "claim.text_similarity_to_last"

    def test_a_report_that_repeats_the_last_one(self, desk: Desk) -> None:
        text = "Working on the parser, step 4 of 9 is nearly there."
        assert desk.last(verb="checkpoint", message=text)[self.ALIKE].startswith(UNKNOWN)
        assert desk.last(verb="checkpoint", message=text.replace("4", "5"))[self.ALIKE] == 100
        assert desk.last(verb="checkpoint", message="Found the fault in the lexer.")[self.ALIKE] < 30
        assert desk.last(verb="checkpoint")[self.ALIKE].startswith(UNKNOWN)
        assert desk.last(verb="checkpoint", message="Found the fault in the lexer!")[self.ALIKE] == 100

    def test_a_long_one_that_is_stored_apart(self, desk: Desk) -> None:
        text = " ".join(f"word{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(200))
        desk.says({"verb": "checkpoint", "message": text})
        (view,) = desk.bodies(Folder.TASKS)
        assert all("$blob" in each for each in view["last_report"])
        assert desk.last(verb="checkpoint", message=text)[self.ALIKE] == 100

    def test_fields_are_compared_too(self, desk: Desk) -> None:
        report = {"current_status": "still on the parser", "next_step": "go on with the parser"}
        desk.says({"verb": "checkpoint", "report": report})
        assert desk.last(verb="checkpoint", report=report)[self.ALIKE] == 100

    def test_what_it_claims_is_read(self, desk: Desk) -> None:
        seen = desk.last(verb="checkpoint", message="The parser is finished. All tests pass.")
        assert (seen["claim.kind"], seen["claim.checks_passed_asserted"]) == ("completion", True)

    def test_what_it_claims_may_be_said(self, desk: Desk) -> None:
        seen = desk.last(verb="checkpoint", message="The parser is finished.", claim="progress")
        assert (seen["claim.kind"], seen["claim.completion_asserted"]) == ("progress", False)
