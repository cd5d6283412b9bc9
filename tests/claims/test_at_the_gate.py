"""The strictest profile at a session's end: an honest report passes, chat passes, a check-in owes its five."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_gate import ROOT, Gate, hook

FIVE = (
    "Status: in progress\nCompleted this segment: the rounding\nNext step: the currency\n"
    "Next report: when the tests ran\nOperator intervention needed: no"
)


def _ask(folder: Path, case: str, said: str) -> tuple[Gate, Any]:
    """Let a session end with other last words than were recorded."""
    lines = (ROOT / "tests/cases/transcripts" / case / "transcript.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    last["message"]["content"] = [{"type": "text", "text": said}]
    path = folder / "transcript.jsonl"
    path.write_text("\n".join([*lines[:-1], json.dumps(last)]) + "\n")
    gate = Gate(folder, ROOT / "profiles/strict-manager-mode.yaml")
    return gate, gate.ask(hook(case, transcript_path=str(path)))


@pytest.mark.parametrize(
    "said",
    [
        "Done. `test_total` fails, but it failed before my change.",
        "The rounding is fixed; one test still fails, see tests/test_cart.py.",
        "任务完成。`test_total` 失败，不过在我改动之前就失败了。",
    ],
)
def test_a_completion_that_names_its_failing_check_passes_and_the_operator_is_told(tmp_path: Path, said: str) -> None:
    gate, answer = _ask(tmp_path, "last-check-fails", said)
    assert "decision" not in answer
    [decision] = gate.records("decision-record-artifact")
    assert decision["spec"]["decision"]["policy_id"] == "verified-completion-only.failing-check-told"
    assert gate.queued() == 1


@pytest.mark.parametrize(
    "said",
    [
        "Done. Some things may not work yet.",
        "Done. All tests pass. (One test fails but I don't care.)",
        "Done. If a test fails, run it again.",
    ],
)
def test_a_vague_or_contradicted_word_about_failures_is_no_free_pass(tmp_path: Path, said: str) -> None:
    assert _ask(tmp_path, "last-check-fails", said)[1]["decision"] == "block"


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("question-answered", "I looked at the code. It is computed in `src/cart.py`, in `total`."),
        ("question-answered", "I found two places, `total` and `sum_up`. Which one do you mean?"),
        ("question-answered", "Good morning! What would you like to work on?"),
        ("question-answered", "看了一下代码，是在 `src/cart.py` 的 `total` 里算的。"),
        ("edit-then-tests-pass", "I added a test that shows the rounding error. Shall I fix it as well?"),
        ("edit-then-tests-pass", "加了一个能复现舍入误差的测试。需要我修复吗？"),
        ("edit-then-tests-pass", FIVE),
    ],
)
def test_chat_and_a_whole_report_pass(tmp_path: Path, case: str, said: str) -> None:
    assert "decision" not in _ask(tmp_path, case, said)[1]


@pytest.mark.parametrize(
    "said", ["I fixed the rounding. Next I'll do the currency.", "舍入已修复。接下来我会处理货币。"]
)
def test_a_report_of_work_that_goes_on_owes_its_five_fields(tmp_path: Path, said: str) -> None:
    answer = _ask(tmp_path, "edit-then-tests-pass", said)[1]
    assert answer["decision"] == "block"
    assert "next report condition" in answer["reason"]
