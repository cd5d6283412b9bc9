"""review and enqueue --rejudge as processes: a claim that a person answers, by name and from another user's hands."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from reporting_governance.commands._identity import account_name, actor_uid
from tests.acceptance.verbs import ROOT, Verbs
from tests.stages.enforcing_world import REVIEW
from tests.storage.back_ends import current
from tests.unit.policy_documents import pack


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with a claim of completion that waits for a person; it is only copied."""
    tmp_path = tmp_path_factory.mktemp("asked")
    (tmp_path / "policy-packs").mkdir()
    (tmp_path / "policy-packs/own.yaml").write_text(yaml.safe_dump(pack(REVIEW)))
    profile = yaml.safe_load((ROOT / "profiles/minimal-solo-mode.yaml").read_text())
    profile["policy_packs"] = ["own"]
    (tmp_path / "profile.yaml").write_text(yaml.safe_dump(profile))
    verbs = at(tmp_path)
    verbs.ok("report", "start", "job", "--agent", "coder")
    verbs.ok("report", "complete", "job", "all rows are in")
    verbs.ok("run")
    return tmp_path


def at(folder: Path) -> Verbs:
    return Verbs(folder / "state", options=("--profile", str(folder / "profile.yaml")))


@pytest.fixture
def verbs(asked: Path, tmp_path: Path) -> Verbs:
    """A claim of completion that waits for a person."""
    shutil.copytree(asked, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("state"))
    current().copy(str(asked / "state"), str(tmp_path / "state"))
    return at(tmp_path)


def listed(verbs: Verbs) -> list[dict[str, Any]]:
    return list(verbs.ok("review", "list", "--format", "json").document()["reviews"])


def test_a_review_from_its_question_to_its_answer(verbs: Verbs) -> None:
    (review,) = listed(verbs)
    assert (review["task_id"], review["claimed_status"], review["original"]) == ("job", "completed", "all rows are in")
    shown = verbs.ok("review", "list").out
    assert review["review_id"] in shown
    assert review["review_id"] in verbs.ok("status").out
    (in_status,) = verbs.ok("status", "--format", "json").document()["reviews"]
    assert in_status["review_id"] == review["review_id"]
    answer = verbs.ok("review", "approve", review["review_id"], "--comment", "whole", "--format", "json").document()
    assert (answer["closed"], answer["status"], answer["request_id"]) == (review["review_id"], "completed", None)
    verbs.ok("run")
    assert listed(verbs) == []
    assert [each["actor"] for each in verbs.records("act")] == [account_name(actor_uid())]
    assert "approved" in verbs.ok("explain", review["review_id"]).out
    again = verbs.call("review", "approve", review["review_id"])
    assert (again.code, "closed this review at" in again.err) == (2, True)


def test_a_rejected_agent_reads_why(verbs: Verbs) -> None:
    verbs.ok("review", "reject", "job", "--comment", "the row counts differ")
    owed = verbs.ok("report", "heartbeat", "job", "--format", "json").document()["results"][0]["owed"]
    assert owed["asked_because"] == "the row counts differ"
    assert ": the row counts differ" in verbs.ok("report", "heartbeat", "job").out


def test_an_answer_that_was_handed_in(verbs: Verbs) -> None:
    (review,) = listed(verbs)
    inbox = verbs.state / "inbox"
    (inbox / "a.json").write_text(json.dumps({"what": "reject", "subject": review["review_id"], "comment": "no"}))
    verbs.ok("run")
    assert listed(verbs) == []
    (act,) = verbs.records("act")
    owner = account_name(verbs.state.stat().st_uid)
    assert (act["what"], act["comment"], act["actor"]) == ("reject", "no", owner)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("approve",), "the id of one review"),
        (("list", "rvw_1"), "no more words"),
        (("approve", "rvw_1"), "no open review"),
        (("open", "rvw_1"), "list"),
    ],
)
def test_wrong_words(verbs: Verbs, words: tuple[str, ...], said: str) -> None:
    ended = verbs.call("review", *words)
    assert ended.code == 2
    assert said in ended.err


def test_nothing_is_judged_again_while_the_profile_is_refused(verbs: Verbs, tmp_path: Path) -> None:
    (review,) = listed(verbs)
    (tmp_path / "profile.yaml").write_text("policy_packs: [nowhere]\n")
    before = len(verbs.journal())
    ended = verbs.call("enqueue", "--rejudge", review["event_id"])
    assert (ended.code, ended.out) == (1, "")
    assert "nothing is judged while the profile is refused" in ended.err
    assert not [each for each in verbs.journal()[before:] if "record" in each]


def test_judging_again_says_what_changed(verbs: Verbs, tmp_path: Path) -> None:
    found = [each["metadata"] for each in verbs.records("decision-record-artifact")]
    identity = next(each["record_id"] for each in found if each["policy_id"] == "own.review")
    same = verbs.ok("enqueue", "--rejudge", identity, "--format", "json").document()["rejudged"]
    assert (same["before"], same["decision_id"], same["changes"]) == (identity, None, [])
    other = {**REVIEW, "id": "own.other"}
    (tmp_path / "policy-packs/own.yaml").write_text(yaml.safe_dump(pack(other)))
    new = verbs.ok("enqueue", "--rejudge", identity, "--format", "json").document()
    assert new["rejudged"]["changes"][0] == "policy_id: own.review -> own.other"
    assert new["notices"] == 0
    unknown = verbs.call("enqueue", "--rejudge", "dec_0")
    assert (unknown.code, "no decision" in unknown.err) == (2, True)
