"""Evidence made of deeds: what counts, how it is graded, what is left out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.contracts.evidence import Evidence, EvidenceClass, Quality
from reporting_governance.core.deeds import MOST_ITEMS, MOST_PATHS, evidence_of, segment_of
from reporting_governance.core.evidence_builder import Origin

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORIGIN = Origin(
    event_id="evt_1", task_id="t", agent_id="a", correlation_id="c", from_other=False, last_change_at=None
)  # fmt: skip
OK = "5 passed in 0.12s"


def deed(kind: DeedKind, number: int = 0, **more: Any) -> Deed:
    return Deed(kind=kind, at=NOW - timedelta(minutes=60 - number), id=more.pop("id", f"d{number}"), **more)


def ask(number: int = 0) -> Deed:
    return deed(DeedKind.REQUEST, number, text="do it")


def edit(number: int, *paths: str, **more: Any) -> Deed:
    return deed(DeedKind.EDIT, number, paths=paths or ("/p/src/a.py",), **more)


def run(number: int, command: str, status: int | None = 0, output: str = "", **more: Any) -> Deed:
    more.setdefault("folder", "/p")
    return deed(DeedKind.RUN, number, command=command, exit_status=status, failed=bool(status), output=output, **more)


def made(*deeds: Deed, origin: Origin = ORIGIN) -> tuple[Evidence, ...]:
    return evidence_of(deeds, origin, NOW)


def check(evidence: Sequence[Evidence]) -> Any:
    found = [each.supports["check"] for each in evidence if "check" in each.supports]
    assert len(found) == 1
    return found[0]


def test_a_check_after_the_last_change_is_strong() -> None:
    change, checked = made(ask(), edit(1), run(2, "pytest", 0, OK))
    assert (change.evidence_class, change.quality) == (EvidenceClass.FILE_CHANGE, Quality.MODERATE)
    assert change.supports == {
        "claims": ["progress"], "change": {"paths": ["/p/src/a.py"], "code": True}, "segment": "d0",
    }  # fmt: skip
    assert (checked.evidence_class, checked.quality) == (EvidenceClass.VERIFICATION_OUTPUT, Quality.STRONG)
    assert checked.supports == {
        "claims": ["progress", "completion"], "segment": "d0", "exit_status": 0,
        "check": {
            "runner": "pytest", "kind": "test", "exit_status": 0, "outcome": "passed", "proves_nothing": None,
            "folder": "/p", "scope": [], "part": None, "after_last_change": True, "ran": 5,
        },
    }  # fmt: skip


def test_a_check_before_the_last_change_proves_no_completion() -> None:
    checked, _ = made(ask(), run(1, "pytest", 0, OK), edit(2))
    assert checked.quality is Quality.MODERATE
    assert checked.supports["claims"] == ["progress"]


def test_order_counts_and_not_time() -> None:
    same = [replace(each, at=NOW) for each in (ask(), run(1, "pytest"), edit(2))]
    assert not check(made(*same))["after_last_change"]
    assert check(made(same[0], same[2], same[1]))["after_last_change"]


def test_a_failing_check_proves_no_completion() -> None:
    _, checked = made(ask(), edit(1), run(2, "pytest", 1, "1 failed in 0.1s"))
    assert (checked.quality, checked.supports["claims"]) == (Quality.MODERATE, ["progress"])
    assert checked.supports["check"]["outcome"] == "failed"


def test_a_check_that_proves_nothing_supports_nothing() -> None:
    _, checked = made(ask(), edit(1), run(2, "pytest || true", 0))
    assert (checked.quality, checked.supports["claims"]) == (Quality.WEAK, [])
    assert "proves nothing" in checked.summary


def test_somebody_elses_check_is_decisive() -> None:
    other = replace(ORIGIN, from_other=True)
    assert made(ask(), edit(1), run(2, "pytest"), origin=other)[1].quality is Quality.DECISIVE


def test_a_newer_change_that_the_task_reported_counts() -> None:
    later = replace(ORIGIN, last_change_at=NOW)
    assert not check(made(ask(), run(2, "pytest"), origin=later))["after_last_change"]
    earlier = replace(ORIGIN, last_change_at=NOW - timedelta(hours=2))
    assert check(made(ask(), run(2, "pytest"), origin=earlier))["after_last_change"]


def test_documents_do_not_make_a_check_old() -> None:
    evidence = made(ask(), edit(1), run(2, "pytest"), edit(3, "/p/README.md"))
    assert check(evidence)["after_last_change"]


def test_a_change_is_dated_by_the_last_code() -> None:
    change = next(each for each in made(ask(), edit(1), edit(3, "/p/README.md")) if "change" in each.supports)
    assert change.captured_at == NOW - timedelta(minutes=59)


@pytest.mark.parametrize(
    ("command", "scope"),
    [("pytest", []), ("pytest b a", ["a", "b"]), ("pytest a -k x", ["-k x a"]), ("cargo test -p core", ["-p core"])],
)
def test_what_a_check_was_narrowed_to(command: str, scope: list[str]) -> None:
    assert check(made(ask(), run(1, command)))["scope"] == scope


def test_work_that_was_handed_on() -> None:
    children = [deed(DeedKind.SPAWN, number, child=f"c{number}", failed=failed) for number, failed in
                ((1, False), (2, False), (3, True), (4, None))]  # fmt: skip
    (item,) = made(ask(), *children)
    assert item.supports == {"claims": ["progress"], "dispatch": {"kind": "child", "to": "c2"}, "segment": "d0"}


def test_documents_alone_prove_that_they_are_done() -> None:
    (change,) = made(ask(), edit(1, "/p/README.md", "/p/docs/a.rst"))
    assert change.supports["change"]["code"] is False
    assert change.supports["claims"] == ["progress", "completion"]


def test_an_edit_that_failed_is_no_change() -> None:
    assert made(ask(), edit(1, failed=True)) == ()


def test_earlier_requests_count_for_nothing() -> None:
    earlier = (ask(), edit(1), run(2, "pytest"))
    assert made(*earlier, ask(3)) == ()
    assert len(segment_of([*earlier, ask(3)])) == 1
    assert made(*earlier, ask(3), edit(4))[0].supports["segment"] == "d3"


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("pytest", "pytest", ["passed"]),
        ("pytest tests/a.py", "pytest", ["passed"]),
        ("pytest tests/a.py", "pytest tests", ["passed"]),
        ("pytest tests/a.py::test_x", "pytest tests/a.py", ["passed"]),
        ("pytest tests/ab.py", "pytest tests/a", ["failed", "passed"]),
        ("pytest", "pytest tests/a.py", ["failed", "passed"]),
        ("pytest -k one", "pytest", ["passed"]),
        ("pytest", "pytest -k one", ["failed", "passed"]),
        ("pytest tests/a.py", "pytest tests/b.py", ["failed", "passed"]),
        ("pytest", "mypy .", ["failed", "passed"]),
        ("pytest", "cd sub && pytest", ["failed", "passed"]),
        ("pytest", "python -m pytest -q", ["passed"]),
        ("pytest", "pytest --collect-only", ["failed", "unknown"]),
    ],
)
def test_a_check_counts_by_its_last_outcome(first: str, second: str, left: list[str]) -> None:
    evidence = made(ask(), run(1, first, 1, "1 failed in 0.1s"), run(2, second, 0))
    assert [each.supports["check"]["outcome"] for each in evidence] == left


@pytest.mark.parametrize(
    ("command", "path", "proves"),
    [
        ("cd web && npm test", "/p/api/a.py", False),
        ("cd api && pytest", "/p/api/a.py", True),
        ("cd api/tests && pytest", "/p/api/a.py", True),
        ("pytest", "/p/api/a.py", True),
        ("pytest", "/elsewhere/a.py", False),
        ("cd web && pytest ../api", "/p/api/a.py", True),
        ("npm --prefix web test", "/p/api/a.py", False),
        ("cd $DIR && pytest", "/p/api/a.py", True),
        ("cd web && pytest", "api/a.py", True),
        ("cd web && pytest", "/p/README.md", True),
    ],
)
def test_a_check_in_another_folder_proves_nothing(command: str, path: str, proves: bool) -> None:
    evidence = made(ask(), edit(1, path), run(2, command))
    assert (check(evidence)["proves_nothing"] is None) is proves


def test_a_command_that_changes_and_checks() -> None:
    assert check(made(ask(), run(1, "sed -i s/a/b/ a.py && pytest")))["after_last_change"]
    assert not check(made(ask(), run(1, "pytest && sed -i s/a/b/ a.py")))["after_last_change"]
    assert check(made(ask(), run(1, "ruff check --fix ."))) ["after_last_change"]  # fmt: skip


def test_a_check_that_was_interrupted_has_no_outcome() -> None:
    assert check(made(ask(), run(1, "pytest", None, interrupted=True)))["outcome"] == "unknown"


def test_the_most_telling_items_are_kept() -> None:
    fails = [run(number, f"pytest tests/f{number}.py", 1) for number in range(1, 21)]
    passes = [run(number, f"pytest tests/p{number}.py", 0) for number in range(21, 51)]
    evidence = made(ask(), edit(0, *(f"/p/src/{n}.py" for n in range(80))), *fails, *passes)
    assert len(evidence) == MOST_ITEMS
    outcomes = [each.supports["check"]["outcome"] for each in evidence if "check" in each.supports]
    assert outcomes.count("failed") == 20
    assert [each.refs[0]["ref"] for each in evidence if "check" in each.supports][-11:] == [
        f"d{number}" for number in range(40, 51)
    ]
    assert len(evidence[0].supports["change"]["paths"]) == MOST_PATHS


def test_ids_differ_and_stay() -> None:
    deeds = (ask(), edit(1), run(2, "pytest && pytest e2e && mypy ."), run(3, "pytest tests/c"))
    ids = [each.evidence_id for each in made(*deeds)]
    assert len(set(ids)) == len(ids) == 5
    assert ids == [each.evidence_id for each in made(*deeds)]


def test_times() -> None:
    late = replace(run(1, "pytest"), at=NOW + timedelta(days=1))
    without = replace(run(2, "mypy ."), at=None)
    assert [each.captured_at for each in made(ask(), late, without)] == [NOW, NOW]


COMMANDS = st.sampled_from(
    [
        "pytest",
        "pytest a",
        "npm test || true",
        "sed -i s/a/b/ a.py",
        "git stash pop",
        "ls",
        "mypy . | tail",
        "make test",
    ]
)
DEEDS = st.lists(
    st.one_of(
        st.builds(ask, st.integers(0, 59)),
        st.builds(edit, st.integers(0, 59), st.sampled_from(["/p/a.py", "/p/README.md", "b.ts", ""])),
        st.builds(
            run,
            st.integers(0, 59),
            st.one_of(COMMANDS, st.text(max_size=40)),
            st.sampled_from([None, 0, 1, 5]),
            st.sampled_from(["", OK, "1 failed in 0.1s", "no tests ran in 0.1s"]),
        ),
        st.builds(deed, st.sampled_from(list(DeedKind)), st.integers(0, 59)),
    ),
    max_size=14,
)


@given(before=DEEDS, deeds=DEEDS)
def test_what_lies_before_the_newest_request_changes_nothing(before: list[Deed], deeds: list[Deed]) -> None:
    segment = [ask(), *deeds]
    assert made(*before, *segment) == made(*segment)


@given(deeds=DEEDS)
def test_evidence_is_total_bounded_and_valid(deeds: list[Deed]) -> None:
    evidence = made(*deeds)
    assert len(evidence) <= MOST_ITEMS
    assert len({each.evidence_id for each in evidence}) == len(evidence) or len({d.id for d in deeds}) < len(deeds)
    for each in evidence:
        assert Evidence.parse(each.dump(), source="test") == each
        if each.quality.rank >= Quality.STRONG.rank:
            assert each.supports["check"]["proves_nothing"] is None
            assert each.supports["check"]["after_last_change"]


@given(deeds=DEEDS)
def test_a_change_at_the_end_leaves_no_proof(deeds: list[Deed]) -> None:
    for each in made(ask(), *deeds, edit(59)):
        assert "completion" not in each.supports["claims"]


@given(
    deeds=DEEDS, words=st.lists(st.builds(deed, st.just(DeedKind.SAID), st.just(1)), max_size=3), at=st.integers(0, 14)
)
def test_words_prove_nothing(deeds: list[Deed], words: list[Deed], at: int) -> None:
    assert made(*deeds[:at], *words, *deeds[at:]) == made(*deeds)
