"""Which lines a filter selects, and that lines about the log itself are never withheld."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.verifier.selection import Selection


def added(
    kind: str = "event-envelope", about: tuple[str, ...] = (), ts: str = "2026-03-01T12:00:00.000Z"
) -> dict[str, Any]:
    return {"type": "record.added", "ts": ts, "record": {"kind": kind, "about": list(about)}}


def test_an_empty_filter_selects_every_line() -> None:
    whole = Selection.of({})
    assert whole.selects_all
    assert all(whole.selects({"type": each.value, "ts": "2026-03-01T12:00:00.000Z"}) for each in LineType)


@pytest.mark.parametrize(
    ("wanted", "line", "selected"),
    [
        ({"tasks": ["tsk_1"]}, added(about=("tsk_1", "agent")), True),
        ({"tasks": ["tsk_1"]}, added(about=("tsk_2", "agent")), False),
        ({"tasks": ["tsk_1"]}, added(), False),
        ({"tasks": ["tsk_1", "tsk_2"]}, added(about=("tsk_2",)), True),
        ({"tasks": ["tsk_1"], "agents": ["b"]}, added(about=("tsk_1", "a")), False),
        ({"tasks": ["tsk_1"], "agents": ["a", "b"]}, added(about=("tsk_1", "a")), True),
        ({"notices": ["ntc_1"]}, added("receipt", about=("tsk_1", "a", "ntc_1")), True),
        ({"types": ["receipt"]}, added("receipt"), True),
        ({"types": ["receipt"]}, added("attempt"), False),
        ({"types": ["record.added"]}, added("attempt"), True),
        ({"types": ["policy.blocked"]}, {"type": "policy.blocked", "ts": "2026-03-01T12:00:00.000Z"}, True),
        ({"types": ["receipt"]}, {"type": "policy.blocked", "ts": "2026-03-01T12:00:00.000Z"}, False),
        ({"tasks": ["tsk_1"]}, {"type": "policy.blocked", "ts": "2026-03-01T12:00:00.000Z"}, False),
        ({"since": "2026-03-01T12:00:00.000Z"}, added(), True),
        ({"since": "2026-03-01T12:00:00.001Z"}, added(), False),
        ({"until": "2026-03-01T12:00:00.000Z"}, added(), False),
        ({"until": "2026-03-01T12:00:00.001Z"}, added(), True),
    ],
)
def test_a_line_is_selected(wanted: dict[str, Any], line: dict[str, Any], selected: bool) -> None:
    assert Selection.of(wanted).selects(line) is selected


ABOUT_THE_LOG = [
    each.value
    for each in LineType
    if each.value.startswith(("log.", "audit.")) or each.value in ("config.changed", "record.erased", "role.denied")
]


@pytest.mark.parametrize("kind", ABOUT_THE_LOG)
def test_no_filter_withholds_what_is_said_about_the_log(kind: str) -> None:
    narrow = Selection.of({"tasks": ["none"], "types": ["none"], "since": "9999-01-01T00:00:00.000Z"})
    assert narrow.selects({"type": kind, "ts": "2026-03-01T12:00:00.000Z"})


@pytest.mark.parametrize(
    "wanted",
    [
        {"task": ["tsk_1"]},
        {"tasks": "tsk_1"},
        {"tasks": [""]},
        {"tasks": [1]},
        {"since": "2026-03-01"},
        {"since": "2026-03-01T12:00:00Z"},
        {"until": 5},
        {"until": "2026-03-01T12:00:00.000+01:00"},
        [],
    ],
)
def test_what_is_no_filter_is_refused(wanted: Any) -> None:
    with pytest.raises(ValueError):
        Selection.of(wanted)


TEXTS = st.lists(st.text(min_size=1, max_size=5), max_size=4)


@given(lists=st.fixed_dictionaries({}, optional=dict.fromkeys(("tasks", "agents", "notices", "types"), TEXTS)))
def test_a_filter_survives_its_own_document(lists: dict[str, Any]) -> None:
    document = Selection.of({**lists, "since": "2026-03-01T12:00:00.000Z"}).document()
    assert Selection.of(document).document() == document
    assert sorted(document) == ["agents", "notices", "since", "tasks", "types", "until"]
