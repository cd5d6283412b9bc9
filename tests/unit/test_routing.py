"""Who is told."""

import pytest

from reporting_governance.contracts.notification_settings import Route
from reporting_governance.core.routing import matches, route

FACTS = {
    "task_id": "nightly-build",
    "agent_id": "coder-1",
    "condition": "silence_timeout",
    "late_by_seconds": 90,
    "labels": {"team": "core"},
}


def receivers(*routes: Route) -> list[str]:
    return [each.receiver for each in route(FACTS, routes)]


def test_the_first_match_ends_the_search() -> None:
    assert receivers(
        Route(match={"agent_id": "writer-*"}, receivers=("writers",)),
        Route(match={"agent_id": "coder-*"}, receivers=("coders", "lead")),
        Route(receivers=("everybody",)),
    ) == ["coders", "lead"]


def test_a_route_that_goes_on_adds_and_nobody_is_named_twice() -> None:
    assert receivers(
        Route(match={"labels.team": "core"}, receivers=("core", "lead"), goes_on=True),
        Route(receivers=("lead", "everybody")),
    ) == ["core", "lead", "everybody"]


@pytest.mark.parametrize(
    ("wanted", "is_match"),
    [
        ({}, True),
        ({"task_id": "nightly-build"}, True),
        ({"task_id": "nightly"}, False),
        ({"task_id": ["other", "nightly-*"]}, True),
        ({"task_id": "nightly-*", "condition": "deadline_missed"}, False),
        ({"labels.team": "core"}, True),
        ({"labels.shift": "*"}, False),
        ({"severity": "*"}, False),
        ({"late_by_seconds": "90"}, True),
        ({"task_id": "NIGHTLY-BUILD"}, False),
    ],
)
def test_matching(wanted: dict[str, object], is_match: bool) -> None:
    assert matches(FACTS, wanted) is is_match


def test_without_routes_nobody_is_told() -> None:
    assert receivers() == []
