"""What OpenClaw's records say about where a result went; each case is a change of a captured database."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.interface import Known, Observation, ObservedTask
from reporting_governance.core.conditions import Condition
from tests.adapters.openclaw.states import Machine, State, by_title, moment


@pytest.fixture
def ended(tmp_path: Path) -> State:
    return State(tmp_path, "ended")


@pytest.fixture
def running(tmp_path: Path) -> State:
    return State(tmp_path, "running")


def shown(state: State, title: str) -> ObservedTask:
    """Return a task whether or not anything is the matter with it."""
    ids = frozenset(str(each) for (each,) in state.ask("SELECT task_id FROM task_runs"))
    return by_title(state.read(now=state.renewed_at + timedelta(minutes=1), known=ids))[title]


def delivery(state: State, **detail: Any) -> Observation | None:
    """Return the fact about the run `delivered` with another detail."""
    text = json.dumps({"kind": "cron-run", **detail})
    state.change(f"UPDATE task_runs SET detail_json = '{text}' WHERE label = 'delivered'")
    return shown(state, "delivered").facts.get(Condition.DELIVERY_FAILED)


@pytest.mark.parametrize(
    ("detail", "expected", "words"),
    [
        ({"status": "ok", "deliveryStatus": "delivered"}, Known.FALSE, "delivered"),
        ({"status": "ok", "deliveryStatus": "not-requested"}, None, ""),
        ({"status": "ok", "deliveryStatus": "not-delivered", "deliveryError": "no"}, Known.TRUE, "no"),
        ({"status": "ok", "deliveryStatus": "not-delivered"}, Known.TRUE, "not delivered"),
        (
            {"status": "ok", "deliveryStatus": "not-delivered", "deliverySuppressionReason": "silent"},
            Known.FALSE,
            "silent",
        ),
        (
            {"status": "error", "deliveryStatus": "not-delivered", "deliverySuppressionReason": "empty"},
            Known.TRUE,
            "the run ended as error",
        ),
        (
            {
                "status": "error",
                "deliveryStatus": "not-delivered",
                "failureNotificationDelivery": {"delivered": True, "status": "delivered"},
            },
            Known.FALSE,
            "the failure of the run was delivered",
        ),
        ({"status": "error", "deliveryStatus": "unknown", "deliveryError": "interrupted"}, Known.TRUE, "cannot say"),
        ({"status": "ok", "deliveryStatus": "unknown"}, Known.UNKNOWN, "unknown"),
        ({"status": "ok", "deliveryStatus": "teleported"}, Known.UNKNOWN, "teleported"),
        ({"status": "ok", "deliveryStatus": 7}, Known.UNKNOWN, "no text"),
        ({"status": "ok"}, Known.UNKNOWN, "does not say"),
    ],
)
def test_of_an_automation(ended: State, detail: dict[str, Any], expected: Known | None, words: str) -> None:
    found = delivery(ended, **detail)
    assert (found.known if found else None) is expected
    assert words in (found.reason if found else "")


@pytest.mark.parametrize("mode", ["none", "announce"])
def test_an_unknown_delivery_counts_only_where_one_was_wanted(ended: State, mode: str) -> None:
    ended.change(
        f"UPDATE cron_jobs SET job_json = json_set(job_json, '$.delivery.mode', '{mode}') WHERE name = 'delivered'"
    )
    found = delivery(ended, status="error", deliveryStatus="unknown", deliveryError="interrupted")
    assert (found.known if found else None) is (Known.TRUE if mode == "announce" else None)


def test_of_a_job_that_is_gone(ended: State) -> None:
    ended.change("DELETE FROM cron_jobs")
    assert shown(ended, "refused").facts[Condition.DELIVERY_FAILED].known is Known.TRUE
    found = delivery(ended, status="error", deliveryStatus="unknown", deliveryError="interrupted")
    assert found is not None
    assert found.known is Known.UNKNOWN


@pytest.mark.parametrize(
    ("status", "expected"), [("completed", Known.FALSE), ("failed", Known.TRUE), ("pending", Known.UNKNOWN)]
)
def test_the_delivery_queue_may_know_better(ended: State, status: str, expected: Known) -> None:
    ((job,),) = ended.ask("SELECT job_id FROM cron_jobs WHERE name = 'delivered'")
    assert ended.ask(f"SELECT count(*) FROM delivery_queue_entries WHERE id LIKE '%{job}%'") == [(1,)]
    ended.change(
        f"UPDATE delivery_queue_entries SET status = '{status}', last_error = 'gave up' WHERE id LIKE '%{job}%'"
    )
    found = shown(ended, "delivered").facts[Condition.DELIVERY_FAILED]
    assert found.known is expected
    assert ("gave up" in found.reason) is (expected is not Known.FALSE)


def test_the_queue_entry_of_another_run_of_the_job_is_not_its_own(ended: State) -> None:
    ended.change(
        "UPDATE delivery_queue_entries SET status = 'failed' WHERE status = 'completed'",
        "UPDATE task_runs SET started_at = started_at - 86400000, ended_at = ended_at - 80000000 "
        "WHERE label = 'delivered'",
    )
    assert shown(ended, "delivered").facts[Condition.DELIVERY_FAILED].known is Known.FALSE


def forwarded(state: State, change: str) -> ObservedTask:
    """Return the sub-agent `announced` with another record of its run."""
    state.change(f"UPDATE subagent_runs SET payload_json = {change} WHERE payload_json LIKE '%announced%'")
    return shown(state, "announced")


@pytest.mark.parametrize("status", ["pending", "in_progress", "session_queued"])
def test_queued_is_not_told(running: State, status: str) -> None:
    observed = forwarded(running, f"json_set(payload_json, '$.delivery', json('{{\"status\":\"{status}\"}}'))")
    (child,) = observed.task.children
    assert observed.task.expects_forwarding
    assert child.forwarded_at is None
    assert child.finished_at == observed.task.finished_at
    assert Condition.RESULT_NOT_FORWARDED not in observed.facts  # it is judged by the time that passes


@pytest.mark.parametrize("status", ["failed", "suspended", "discarded"])
def test_what_openclaw_gave_up_is_said_at_once(running: State, status: str) -> None:
    observed = forwarded(
        running, f'json_set(payload_json, \'$.delivery\', json(\'{{"status":"{status}","lastError":"no route"}}\'))'
    )
    found = observed.facts[Condition.RESULT_NOT_FORWARDED]
    assert (found.known, found.since) == (Known.TRUE, observed.task.finished_at)
    assert status in found.reason
    assert "no route" in found.reason


def test_a_blocked_outcome_is_given_up_too(running: State) -> None:
    running.change(
        "UPDATE task_runs SET terminal_outcome = 'blocked', delivery_status = 'failed' WHERE label = 'announced'"
    )
    observed = forwarded(running, "json_set(payload_json, '$.delivery.status', 'in_progress')")
    assert observed.facts[Condition.RESULT_NOT_FORWARDED].known is Known.TRUE


@pytest.mark.parametrize(
    ("status", "policy", "waits"),
    [
        ("pending", "done_only", True),
        ("session_queued", "state_changes", True),
        ("delivered", "done_only", False),
        ("not_applicable", "done_only", False),
        ("dismissed", "done_only", False),
        ("pending", "silent", False),
    ],
)
def test_of_another_task_by_its_own_row(running: State, status: str, policy: str, waits: bool) -> None:
    running.change(
        f"UPDATE task_runs SET runtime = 'acp', delivery_status = '{status}', notify_policy = '{policy}' "
        "WHERE label = 'announced'"
    )
    children = shown(running, "announced").task.children
    assert any(child.forwarded_at is None for child in children) is waits


def test_nobody_waits_for_the_result_of_what_was_cancelled(running: State) -> None:
    running.change("UPDATE task_runs SET status = 'cancelled' WHERE label = 'HANG-announce'")
    assert not shown(running, "HANG-announce").task.expects_forwarding


def test_without_any_record_it_is_unknown(running: State) -> None:
    running.change("DELETE FROM subagent_runs", "UPDATE task_runs SET delivery_status = ''")
    assert Condition.RESULT_NOT_FORWARDED in shown(running, "HANG-announce").unknown


@pytest.mark.parametrize("case", ["ended", "running", "restarted", "stopped"])
def test_what_the_query_leaves_out_is_settled_by_judgement_too(tmp_path: Path, case: str) -> None:
    """Rows are left out by SQL before they are judged; asked for by id, the same rows must be found well."""
    state = State(tmp_path, case)
    ids = frozenset(str(each) for (each,) in state.ask("SELECT task_id FROM task_runs"))
    ((last,),) = state.ask("SELECT max(last_event_at) FROM task_runs")
    now = moment(last) + timedelta(minutes=5)
    shown_by_itself = {each.task.task_id for each in state.read(now=now, machine=Machine({})).tasks}
    for observed in state.read(now=now, machine=Machine({}), known=ids).tasks:
        if observed.task.task_id not in shown_by_itself:
            assert observed.task.finished_at is not None
            assert {fact.known for fact in observed.facts.values()} <= {Known.FALSE}
            assert not observed.unknown
            assert all(child.forwarded_at is not None for child in observed.task.children)


class TestNothingIsLeftOutTooEarly:
    """The query leaves out what is settled; here are rows that only look so."""

    def shown(self, state: State) -> set[str]:
        return set(by_title(state.read(now=state.renewed_at + timedelta(minutes=1))))

    def test_a_sub_agent_whose_row_says_delivered_and_whose_run_does_not(self, running: State) -> None:
        assert running.ask("SELECT delivery_status FROM task_runs WHERE label = 'announced'") == [("delivered",)]
        assert "announced" not in self.shown(running)
        running.change(
            "UPDATE subagent_runs SET payload_json = json_set(payload_json, '$.delivery.status', 'pending') "
            "WHERE payload_json LIKE '%announced%'"
        )
        assert "announced" in self.shown(running)

    def test_an_automation_that_says_delivered_and_whose_message_failed(self, ended: State) -> None:
        assert "delivered" not in self.shown(ended)
        ended.change("UPDATE delivery_queue_entries SET status = 'failed' WHERE status = 'completed'")
        assert "delivered" in self.shown(ended)

    @pytest.mark.parametrize(("status", "expected"), [("delivered", True), ("dismissed", False)])
    def test_a_blocked_outcome_unless_it_was_dismissed(self, running: State, status: str, expected: bool) -> None:
        running.change(
            f"UPDATE task_runs SET runtime = 'acp', terminal_outcome = 'blocked', delivery_status = '{status}' "
            "WHERE label = 'announced'"
        )
        assert ("announced" in self.shown(running)) is expected
        found = shown(running, "announced").facts.get(Condition.RESULT_NOT_FORWARDED)
        assert (found is not None) is expected

    def test_a_sub_agent_whose_result_was_dismissed(self, running: State) -> None:
        running.change("UPDATE task_runs SET delivery_status = 'dismissed' WHERE label = 'HANG-announce'")
        assert not shown(running, "HANG-announce").task.expects_forwarding
