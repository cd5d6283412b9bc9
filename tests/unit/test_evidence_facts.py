"""What checks and changes come to: what is known, and what nobody said."""

import pytest

from reporting_governance.core.facts import build_facts
from reporting_governance.core.policy_operators import Unknown
from tests.unit.policy_documents import TASK, event
from tests.unit.policy_strategies import NOW
from tests.unit.test_policy_facts import evidence


def check(at="09:30:00", **stated):
    """Return the evidence of a check that passed."""
    whole = {"runner": "pytest", "outcome": "passed", "exit_status": 0, "proves_nothing": None, **stated}
    return evidence(captured_at=f"2026-03-01T{at}.000Z", quality="strong", supports={"check": whole}, **CHECKS)


def change(at="09:20:00", **stated):
    return evidence(captured_at=f"2026-03-01T{at}.000Z", supports={"change": stated}, **{"class": "file_change"})


CHECKS = {"class": "verification_output"}
BARE_CHANGE = evidence(captured_at="2026-03-01T09:20:00.000Z", supports={}, **{"class": "file_change"})
NAMES = ("code_changed", "documents_only", "check_after_last_change", "best_check_after_last_change")
READ = {"segment": {"reaches_back": True}}
CUT = {"segment": {"reaches_back": False}}


class TestChecksAndChanges:
    def of(self, *items, **payload):
        return build_facts(event("task_claimed_complete", **payload), TASK, items, NOW)

    def seen(self, *items, **payload):
        values = self.of(*items, **payload).values
        found = [values[f"evidence.{name}"] for name in NAMES]
        return tuple("?" if isinstance(each, Unknown) else each for each in found)

    @pytest.mark.parametrize(
        ("items", "expected"),
        [
            ([], ("?", "?", False, "none")),
            ([check()], ("?", "?", "?", "?")),
            ([check(outcome="unknown")], ("?", "?", "?", "none")),
            ([check(proves_nothing="|| true")], ("?", "?", False, "none")),
            ([change(code=True)], (True, False, False, "none")),
            ([change(code=True), check()], (True, False, True, "strong")),
            ([change(code=True), check(outcome="failed", exit_status=1)], (True, False, True, "none")),
            ([change(code=True), check("09:19:59")], (True, False, False, "none")),
            ([change(code=True), check("09:20:00")], (True, False, True, "strong")),
            ([change(code=True), check(after_last_change=False)], (True, False, False, "none")),
            ([check("09:10:00", after_last_change=True), change(code=True)], (True, False, False, "none")),
            ([check(after_last_change=True)], ("?", "?", True, "strong")),
            ([change("09:10:00", code=True), check(), change("09:40:00", code=False)], (True, False, True, "strong")),
            ([check("09:10:00"), change(code=False)], (False, True, True, "strong")),
            ([check("09:10:00"), BARE_CHANGE], ("?", "?", False, "none")),
            ([change(code=False)], (False, True, False, "none")),
            ([change(code=False), change(code=True)], (True, False, False, "none")),
            ([BARE_CHANGE], ("?", "?", False, "none")),
            ([BARE_CHANGE, change(code=True)], (True, False, False, "none")),
            ([evidence(supports={"exit_status": 0}, **CHECKS), change(code=True)], (True, False, True, "moderate")),
            ([evidence(supports={"exit_status": 3}, **CHECKS), change(code=True)], (True, False, True, "none")),
        ],
    )
    def test_as_far_as_an_agent_says(self, items, expected):
        assert self.seen(*items) == expected

    @pytest.mark.parametrize(
        ("items", "expected"),
        [
            ([], (False, False, False, "none")),
            ([check()], (False, False, True, "strong")),
            ([change(code=False)], (False, True, False, "none")),
        ],
    )
    def test_what_was_read_whole_and_shows_no_change_has_none(self, items, expected):
        assert self.seen(*items, **READ) == expected
        assert self.of(**READ).values["evidence.reaches_back"] is True

    def test_what_was_said_of_a_check_holds_for_the_changes_that_came_with_it(self):
        """Several changes may be one item with one time, that of a document after the check."""
        with_it = {**change("09:40:00", code=True), "source_event_id": "evt_1"}
        graded = {**check("09:30:00", after_last_change=True), "source_event_id": "evt_1"}
        assert self.seen(with_it, graded) == (True, False, True, "strong")
        later = {**change("09:35:00", code=True), "source_event_id": "evt_2"}
        assert self.seen(with_it, graded, later) == (True, False, False, "none")

    def test_what_was_not_read_whole_may_hold_another_change(self):
        assert self.seen(change(code=False), **CUT)[:2] == ("?", "?")
        assert self.seen(change(code=True), **CUT)[:2] == (True, False)
        assert self.seen(check(), **CUT)[2:] == ("?", "?")
        assert isinstance(self.of().values["evidence.reaches_back"], Unknown)

    @pytest.mark.parametrize(
        ("later", "failing"),
        [
            ([], 1),
            ([check("09:40:00")], 0),
            ([check("09:20:00")], 1),  # before it
            ([check("09:40:00", runner="mypy")], 1),
            ([check("09:40:00", folder="/elsewhere")], 1),
            ([check("09:40:00", ran=1)], 1),  # one of its tests
            ([check("09:40:00", ran=12)], 0),
            ([check("09:40:00", scope=["tests/a"])], 1),
            ([check("09:40:00", outcome="unknown")], 1),
            ([check("09:40:00", proves_nothing="it only lists tests")], 1),
            ([check("09:40:00", outcome="failed")], 2),
            ([check("09:40:00"), check("09:50:00", outcome="failed")], 1),
        ],
    )
    def test_a_check_that_failed_is_made_up_for_by_the_same_one(self, later, failing):
        failed = check("09:30:00", outcome="failed", exit_status=1, ran=12)
        facts = self.of(*later, failed)
        assert facts.values["evidence.failing_checks"] == failing
        assert facts.values["evidence.checks_run"] == 1 + len(later)

    def test_a_plain_exit_status_is_a_check_too(self):
        items = [evidence(supports={"exit_status": status}, **CHECKS) for status in (1, 0, 2)]
        assert self.of(*items).values["evidence.failing_checks"] == 1

    def test_checks_that_prove_nothing_are_counted_and_complete_nothing(self):
        item = check(proves_nothing="its exit status is thrown away")
        item["supports"]["claims"] = ["completion"]
        facts = self.of(item, check())
        assert facts.values["evidence.checks_proving_nothing"] == 1
        assert facts.values["evidence.completion_min_quality"] == "none"

    def test_only_what_was_made_for_the_newest_request_counts(self):
        def made(item, segment):
            return {**item, "supports": {**item["supports"], "segment": segment}}

        earlier = [made(change("09:10:00", code=True), "r1"), made(check("09:15:00"), "r1")]
        now = made(change("09:40:00", code=False), "r2")
        facts = self.of(*earlier, now)
        assert facts.values["evidence.checks_run"] == 0
        assert facts.values["evidence.code_changed"] is False
        assert facts.values["evidence.max_quality"] == "moderate"
        named = self.of(*earlier, segment={"id": "r2", "reaches_back": True})
        assert named.values["evidence.items"] == ()
        beside = self.of(*earlier, now, check("09:30:00"), check("09:50:00"))
        assert beside.values["evidence.checks_run"] == 1  # one that names no request counts from its beginning
        began = {"id": "r2", "began_at": "2026-03-01T09:25:00Z"}
        assert self.of(*earlier, check("09:30:00"), segment=began).values["evidence.checks_run"] == 1
        assert self.of(*earlier, check("09:20:00"), segment=began).values["evidence.checks_run"] == 0

    def test_what_was_read_whole_is_not_counted_twice(self):
        def made():
            item = check()
            return {**item, "supports": {**item["supports"], "segment": "r1"}}

        earlier, own = made(), made()
        on = event("task_claimed_complete", segment={"id": "r1", "reaches_back": True})
        on["evidence_refs"] = [{"kind": "evidence", "ref": own["evidence_id"]}]
        assert build_facts(on, TASK, [own, earlier], NOW).values["evidence.checks_run"] == 1

    def test_an_item_counts_once(self):
        item = check(outcome="failed")
        assert self.of(item, {**item}).values["evidence.failing_checks"] == 1


class TestHandedOn:
    def of(self, *items, task=TASK, **payload):
        facts = build_facts(event("task_checkpoint_sent", **payload), task, items, NOW)
        return facts.values["claim.dispatch_receipt_present"]

    def test_nothing_that_could_show_it_is_not_that_it_was_not(self):
        assert isinstance(self.of(), Unknown)
        assert self.of(**READ) is False
        assert self.of(evidence()) is False

    def test_evidence_of_it(self):
        assert self.of(evidence(), evidence(supports={"dispatch": {"kind": "child", "to": "sub-7"}})) is True

    @pytest.mark.parametrize(("spawned", "expected"), [("09:30", True), ("08:30", False)])
    def test_a_child_that_was_started_since_the_last_check_in(self, spawned, expected):
        child = {"task_id": "sub-7", "status": "active", "spawned_at": f"2026-03-01T{spawned}:00.000Z"}
        assert self.of(evidence(), task={**TASK, "children": [child]}) is expected
        failed = {**child, "spawn_failed_at": child["spawned_at"]}
        assert self.of(evidence(), task={**TASK, "children": [failed]}) is False
