"""Which files are looked at, and how a verb ends: nothing that could not be checked is taken for good."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.verify.checking import ROOT, Answer, verify

_GOOD: Any = json.loads((ROOT / "capabilities/generic-gate.json").read_text())
_BAD = {**_GOOD, "kind": "AdapterCapability"}
#: a warning, and nothing worse
_DOUBTFUL = {
    **_GOOD,
    "capabilities": {"storage": {"events": {"supported": True, "level": "full"}}},
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, document: object = _GOOD) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return name


def descriptors(*words: str) -> Answer:
    return verify("verify-descriptor", "--format", "json", *words)


def summary(answer: Answer) -> dict[str, int]:
    return {key: count for key, count in answer.report["summary"].items() if count}


def test_a_folder_stands_for_its_files_and_those_below() -> None:
    put("all/one.json")
    put("all/deep/er/two.yaml", "{}")
    put("all/deep/three.yml", "{}")
    put("all/notes.txt", "no document")
    put("all/.hidden/four.json", "no document")
    put("all/.five.json", "no document")
    put("all/node_modules/six.json", "no document")
    answer = descriptors("all")
    assert sorted({each["file"] for each in answer.report["findings"]}) == [
        "all/deep/er/two.yaml",
        "all/deep/three.yml",
    ]
    assert summary(answer)["checked"] == 3


def test_a_file_named_twice_is_checked_once() -> None:
    put("all/one.json", _BAD)
    answer = descriptors("all", "all/one.json", "./all/../all/one.json", "all/*.json", os.path.abspath("all/one.json"))
    assert summary(answer) == {"checked": 1, "failed": 1}
    assert len(answer.report["findings"]) == 1
    assert answer.report["findings"][0]["file"] == "all/one.json"


def test_a_glob_stands_for_what_it_matches() -> None:
    put("one/a.json")
    put("one/two/b.json")
    assert summary(descriptors("**/*.json")) == {"checked": 2}
    assert summary(descriptors("*/a.jso[mn]")) == {"checked": 1}


def test_a_name_with_letters_of_a_glob_is_a_name_where_it_is_there() -> None:
    put("a[1].json", _BAD)
    assert descriptors("a[1].json").code == 1


def test_other_kinds_in_a_folder_are_skipped_and_counted() -> None:
    put("all/one.json")
    put("all/profile.json", {"kind": "DeploymentProfile"})
    answer = descriptors("all")
    assert (answer.code, summary(answer)) == (0, {"checked": 1, "skipped": 1})
    assert answer.report["skipped"] == ["all/profile.json"]


def test_what_says_of_no_kind_is_checked_and_not_skipped() -> None:
    put("all/one.json")
    put("all/other.json", {"kind": "Deployment"})
    put("all/none.json", {})
    assert summary(descriptors("all")) == {"checked": 3, "failed": 2}


def test_another_kind_that_is_named_by_itself_is_no_descriptor() -> None:
    put("profile.json", {"kind": "DeploymentProfile"})
    assert descriptors("profile.json").code == 1


@pytest.mark.parametrize("words", [("empty",), ("*.json",), ("nothing/*/*.yaml", "empty")])
def test_zero_files_are_a_mistake_of_the_call(words: tuple[str, ...]) -> None:
    Path("empty").mkdir()
    answer = descriptors(*words)
    assert (answer.code, answer.out) == (2, "")
    assert "nothing to check" in answer.err
    assert descriptors("--allow-empty", *words).code == 0


@pytest.mark.parametrize("word", ["capabilites/*.json", "empty", "one/*/*.yaml", ""])
def test_a_word_that_stands_for_nothing_is_not_hidden_by_others(word: str) -> None:
    """A misspelt glob beside a right one would else be green for ever."""
    Path("empty").mkdir()
    put("one/a.json")
    answer = descriptors("one", word)
    assert (answer.code, summary(answer)) == (3, {"checked": 1, "not_read": 1})
    assert answer.report["not_read"] == [{"file": word or "''", "reason": "it stands for no file"}]
    answer = descriptors("--allow-empty", "one", word)
    assert (answer.code, summary(answer)) == (0, {"checked": 1})


def test_an_empty_word_alone_is_a_mistake_of_the_call() -> None:
    answer = descriptors("")
    assert (answer.code, answer.out) == (2, "")
    assert "nothing to check: '' matched no capability descriptor" in answer.err


def test_a_folder_in_place_of_a_file_is_not_read() -> None:
    put("one.json")
    Path("folder").mkdir()
    answer = verify(
        "verify-profile", "--format", "json", "--descriptor", "folder", str(ROOT / "profiles/probing/profile.yaml")
    )
    assert answer.code == 3
    assert answer.report["not_read"] == [{"file": "folder", "reason": "it is a folder"}]


def observed(name: str) -> str:
    """Observations that say nothing of anybody."""
    return put(name, {"apiVersion": _GOOD["apiVersion"], "kind": "ProbeObservations", "descriptors": []})


def test_what_is_seen_of_one_descriptor_counts_for_no_other_of_its_id() -> None:
    """Observations are kept by id: of two that differ, one would else pass with a warning for being stale."""
    put("one.json")
    put("same.json")
    put("two.json", {**_GOOD, "metadata": {**_GOOD["metadata"], "title": "Another"}})
    answer = descriptors("--observations", observed("seen.json"), "one.json", "same.json", "two.json")
    (found,) = (each for each in answer.report["findings"] if each["severity"] == "error")
    assert (found["file"], found["rule"], found["pointer"]) == ("two.json", "GOV201", "/metadata/id")
    assert [each["file"] for each in found["related"]] == ["one.json"]
    assert answer.code == 1


def test_waivers_that_cannot_be_read_do_not_hide_what_was_found() -> None:
    put("bad.json", _BAD)
    Path("folder").mkdir()
    for waivers, reason in (("gone.yaml", "No such file or directory"), ("folder", "it is a folder")):
        answer = descriptors("--observations", observed("seen.json"), "--waivers", waivers, "bad.json")
        assert (answer.code, summary(answer)["failed"]) == (3, 1)
        assert answer.report["not_read"] == [{"file": waivers, "reason": reason}]


def test_a_waiver_of_a_descriptor_that_was_not_checked_is_remarked() -> None:
    waiver = {
        "rule": "GOV403",
        "descriptor": "generic-gat",
        "power": "storage.events",
        "owner": "ops",
        "reason": "not yet",
        "until": "2020-01-01",
    }
    put("one.json")
    waivers = put("waivers.json", {"apiVersion": _GOOD["apiVersion"], "kind": "Waivers", "waivers": [waiver]})
    answer = descriptors("--observations", observed("seen.json"), "--waivers", waivers, "one.json")
    (note,) = (each for each in answer.report["findings"] if each["file"] == waivers)
    assert (note["rule"], note["severity"], note["pointer"]) == ("GOV408", "note", "/waivers/0/descriptor")
    assert note["suggestion"] == 'did you mean "generic-gate"?'
    assert answer.code == 0


def test_only_skipped_files_are_as_good_as_none() -> None:
    put("all/profile.json", {"kind": "DeploymentProfile"})
    assert descriptors("all").code == 2
    answer = descriptors("--allow-empty", "all")
    assert (answer.code, summary(answer)) == (0, {"skipped": 1})


def test_a_file_that_is_gone_is_not_read() -> None:
    answer = descriptors("gone.json")
    assert answer.code == 3
    assert answer.report["not_read"] == [{"file": "gone.json", "reason": "No such file or directory"}]


def test_a_named_pipe_is_not_waited_for() -> None:
    os.mkfifo("pipe.json")
    answer = descriptors("pipe.json")
    assert answer.code == 3
    assert answer.report["not_read"] == [{"file": "pipe.json", "reason": "it is no regular file"}]


def test_a_link_to_nothing_in_a_folder_is_not_read() -> None:
    put("all/one.json")
    os.symlink("nowhere", "all/two.json")
    answer = descriptors("all")
    assert (answer.code, summary(answer)) == (3, {"checked": 1, "not_read": 1})


def test_a_name_with_a_null_is_not_read() -> None:
    assert descriptors("a\0b.json").code == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_not_read() -> None:
    put("all/one.json")
    put("all/two.json")
    put("all/secret/three.json")
    os.chmod("all/two.json", 0)
    os.chmod("all/secret", 0)
    answer = descriptors("all")
    os.chmod("all/secret", 0o700)
    assert answer.code == 3
    assert answer.report["not_read"] == [
        {"file": "all/two.json", "reason": "Permission denied"},
        {"file": "all/secret", "reason": "Permission denied"},
    ]


def test_a_folder_that_cannot_be_listed_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What root sees of it: a folder that is removed while it is walked."""
    put("all/one.json")
    put("all/two/three.json")
    scan = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("two"):
            os.unlink("all/two/three.json")
            os.rmdir("all/two")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    answer = descriptors("all")
    assert (answer.code, summary(answer)) == (3, {"checked": 1, "not_read": 1})
    assert answer.report["not_read"][0]["file"] == "all/two"


def test_what_was_not_read_weighs_more_than_what_was_found() -> None:
    put("bad.json", _BAD)
    answer = descriptors("bad.json", "gone.json")
    assert (answer.code, summary(answer)) == (3, {"checked": 1, "failed": 1, "not_read": 1})


def test_a_text_that_cannot_be_read_is_a_finding_and_no_trouble() -> None:
    put("torn.json", '{"kind": ')
    answer = descriptors("torn.json")
    assert (answer.code, summary(answer)) == (1, {"checked": 1, "failed": 1})
    assert [(each["rule"], each["line"], each["column"]) for each in answer.report["findings"]] == [("GOV004", 1, 10)]


def test_a_file_above_the_limit_is_a_finding() -> None:
    put("large.json", " " * (10 * 1024 * 1024) + "{}")
    answer = descriptors("large.json")
    assert [each["rule"] for each in answer.report["findings"]] == ["GOV002"]
    assert answer.code == 1


@pytest.mark.parametrize(
    ("level", "codes"),
    [(None, (1, 0, 0)), ("error", (1, 0, 0)), ("warning", (1, 1, 0)), ("note", (1, 1, 0))],
)
def test_from_which_severity_on_a_verb_ends_with_no(level: str | None, codes: tuple[int, ...]) -> None:
    options = [] if level is None else ["--fail-on", level]
    found = tuple(descriptors(*options, put("one.json", each)).code for each in (_BAD, _DOUBTFUL, _GOOD))
    assert found == codes


def test_strictness_makes_errors_of_what_is_advised() -> None:
    put("one.json", _DOUBTFUL)
    assert descriptors("one.json").code == 0
    answer = descriptors("--strict", "one.json")
    assert answer.code == 1
    assert [each["severity"] for each in answer.report["findings"]] == ["error"]


def test_without_a_word_nothing_is_guessed() -> None:
    assert descriptors().code == 2


def test_our_own_documents_are_right_strictly() -> None:
    os.chdir(ROOT)
    for verb, folder in (
        ("verify-descriptor", "capabilities"),
        ("verify-profile", "profiles"),
        ("verify-policy", "profiles/policy-packs"),
    ):
        answer = verify(verb, "--strict", "--fail-on", "warning", "--format", "json", folder)
        assert (answer.code, [each for each in answer.report["findings"] if each["severity"] != "note"]) == (0, [])
