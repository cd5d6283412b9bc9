"""A journal that lost its end: the operator is told once, and `doctor` and `status` show it until a person acts."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.verbs import Verbs


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    verbs = Verbs(tmp_path / "state")
    verbs.overdue()
    verbs.ok("run")
    return verbs


def newest_segment(verbs: Verbs) -> Path:
    return max((verbs.state / "journal/log").glob("*.jsonl"))


def cut(verbs: Verbs, *, lines: int, and_bytes: int = 0) -> int:
    """Take the last lines away, and some bytes of the one before them; return how many lines still count."""
    path = newest_segment(verbs)
    kept = b"".join(path.read_bytes().splitlines(keepends=True)[:-lines])
    path.write_bytes(kept[: len(kept) - and_bytes])
    whole = [json.loads(line)["g"] for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    while whole and whole[-1][0] < whole[-1][1]:  # a group counts whole or not at all
        whole.pop()
    return len(whole)


def told(verbs: Verbs) -> list[dict[str, Any]]:
    """Return what the file sender wrote about the journal."""
    return [each for each in verbs.outbox() if "journal" in each["subject"]]


def check(verbs: Verbs, code: int) -> dict[str, Any]:
    ended = verbs.call("doctor", "--format", "json")
    assert ended.code == code, ended
    (found,) = [each for each in ended.document()["checks"] if each["rule"] == "GOV907"]
    return dict(found)


def losses(verbs: Verbs) -> list[dict[str, Any]]:
    return [line for line in verbs.journal() if line["type"] == "log.loss"]


@pytest.mark.parametrize("torn", [0, 40], ids=["between two lines", "within a line"])
@pytest.mark.parametrize("healer", ["run", "report"])
def test_the_operator_is_told_once_which_lines_are_lost(verbs: Verbs, torn: int, healer: str) -> None:
    whole = newest_segment(verbs).read_bytes().count(b"\n")
    kept = cut(verbs, lines=3, and_bytes=torn)
    if healer == "report":
        verbs.ok("report", "checkpoint", "nightly-build", "still here")
    for _ in range(3):
        verbs.ok("run")
    (notice,) = told(verbs)
    assert f"lines {kept + 1} to {whole}" in notice["body"]
    assert "reportgov ack" in notice["body"]
    assert notice["phase"] == "firing"


def test_doctor_and_status_show_it_until_a_person_acknowledges(verbs: Verbs) -> None:
    cut(verbs, lines=2)
    first = check(verbs, 1)
    assert first["verdict"] == "bad"
    assert "reportgov run" in first["advice"]
    verbs.ok("run")
    (notice,) = told(verbs)
    found = check(verbs, 1)
    assert (found["verdict"], "reportgov ack self:journal" in found["advice"]) == ("bad", True)
    status = verbs.ok("status").out
    assert "log_loss" in status
    assert "reportgov ack self:journal" in status
    assert verbs.ok("status", "--format", "json").document()["log_loss"]["what"] in notice["body"]

    verbs.ok("ack", "self:journal")
    assert check(verbs, 0)["verdict"] == "ok"
    for _ in range(2):
        verbs.ok("run")
    assert len(told(verbs)) == 1  # the end is known to whoever acknowledged it
    status = verbs.ok("status", "--format", "json").document()
    assert (status["log_loss"], [each for each in status["episodes"] if each["condition"] == "log_loss"]) == (None, [])
    assert "lost" in check(verbs, 0)["seen"]


def test_a_second_loss_is_told_too_and_speaks_of_the_first(verbs: Verbs) -> None:
    cut(verbs, lines=2)
    verbs.ok("run")
    (first,) = told(verbs)
    verbs.ok("report", "checkpoint", "nightly-build", "back")
    verbs.ok("run")
    cut(verbs, lines=1)
    verbs.ok("run")
    assert len(losses(verbs)) == 2
    second = told(verbs)[1:]
    assert len(second) == 1
    assert "not acknowledged" not in first["body"]
    assert "not acknowledged" in second[0]["body"]
    verbs.ok("ack", "self:journal")
    verbs.ok("run")
    assert check(verbs, 0)["verdict"] == "ok"
    verbs.ok("report", "checkpoint", "nightly-build", "back again")
    cut(verbs, lines=1)
    verbs.ok("run")
    assert len(told(verbs)) == 3
    assert "not acknowledged" not in told(verbs)[-1]["body"]


def test_a_log_that_is_gone_is_told_too(verbs: Verbs) -> None:
    shutil.rmtree(verbs.state / "journal/log")
    verbs.ok("run")
    (notice,) = told(verbs)
    assert "all lines" in notice["body"]


def test_an_acknowledged_loss_is_not_told_again_by_a_rebuild(verbs: Verbs) -> None:
    cut(verbs, lines=2)
    verbs.ok("run")
    verbs.ok("ack", "self:journal")
    verbs.ok("run")
    verbs.call("doctor", "--rebuild")
    for folder in ("watch", "past"):
        shutil.rmtree(verbs.state / folder)
    verbs.ok("run")
    assert len(told(verbs)) == 1


def test_a_torn_line_that_nobody_was_promised_is_a_fact_and_no_alarm(verbs: Verbs) -> None:
    with newest_segment(verbs).open("ab") as log:
        log.write(b'{"half a line')
    verbs.ok("run")
    assert told(verbs) == []
    found = check(verbs, 0)
    assert (found["verdict"], "1 void" in found["seen"]) == ("ok", True)
