"""A profile with a fault decides nothing; the last good one goes on, and tells that the other was refused."""

from pathlib import Path

import pytest

from tests.acceptance.verbs import Verbs, profile

#: text that is replaced, what it becomes, and what the finding must say
FAULTS = [
    ("repeat_seconds: 14400", "repeat_secnds: 14400", "repeat_secnds"),
    ("silence_seconds: 1800", "silence_seconds: -1", "-1"),
    ("silence_seconds: 1800", "silence_seconds: 1800\n  silence_seconds: 60", "silence_seconds"),
    ("sender: file", "sender: [file", ""),
    ("policy_packs: [no-silence,", "policy_packs: [no-such-pack,", "no-such-pack"),
    ("receivers: [operator]", "receivers: [opreator]", "no receiver is named opreator"),
]


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    """Return verbs whose profile lies where it can be spoiled and mended."""
    return Verbs(tmp_path / "state", options=("--profile", str(profile(tmp_path))))


@pytest.mark.parametrize(("old", "new", "said"), FAULTS)
def test_a_fault_is_a_finding_with_its_place(verbs: Verbs, tmp_path: Path, old: str, new: str, said: str) -> None:
    verbs.ok("scan")
    path = profile(tmp_path, (old, new))
    ended = verbs.call("scan", "--format", "json")
    document = ended.document()
    assert (ended.code, ended.err) == (1, "")
    (first, *_) = document["profile_findings"]
    assert said in " ".join(each["message"] for each in document["profile_findings"])
    assert (first["file"], first["line"] > 1, first["column"] > 0) == (str(path), True, True)
    text = verbs.call("scan").out
    assert f"{path}:{first['line']}:{first['column']}: error {first['rule']}: " in text


def test_the_last_good_profile_goes_on_and_tells(verbs: Verbs, tmp_path: Path) -> None:
    path = profile(tmp_path, ("operator:", "anna:"), ("[operator]", "[anna]"))
    verbs.overdue("before")
    verbs.ok("run")
    assert [each["subject"] for each in verbs.outbox()] != []
    told = len(verbs.outbox())
    good = path.read_text()
    path.write_text(good.replace("grace_seconds: 300", "grace_seconds: soon"))
    verbs.overdue("after")
    for _ in range(2):
        ended = verbs.call("run", "--format", "json")
        assert ended.code == 1
        assert ended.document()["enqueue"] is None or ended.document()["enqueue"]["waiting"] >= 1
        (new,) = verbs.outbox()[told:]
        assert "profile was refused" in new["subject"], "told once, however often it is scanned"
        assert f"{path}:" in new["body"]
    assert [each["receiver"] for each in verbs.records("notice")][-1] == "anna", "by the last good profile"
    assert [each["task_id"] for each in verbs.ok("status", "--format", "json").document()["episodes"]].count(
        "self:profile"
    ) == 1
    path.write_text(good)
    verbs.ok("run")
    news = [(each["phase"], each["facts"]["task_id"]) for each in verbs.outbox()[told + 1 :]]
    assert sorted(news) == [("firing", "after"), ("resolved", "self:profile")]
    assert verbs.ok("run").out == ""


def test_without_a_good_one_before_the_shipped_one_is_in_force(verbs: Verbs, tmp_path: Path) -> None:
    profile(tmp_path, ("grace_seconds: 300", "grace_seconds: soon"))
    verbs.overdue()
    ended = verbs.call("run", "--format", "json")
    assert (ended.code, ended.document()["bridge"]["acked"]) == (1, 1)
    assert "profile was refused" in verbs.outbox()[0]["subject"]
    assert [each["verdict"] for each in verbs.call("doctor", "--format", "json").document()["checks"]].count("bad") == 1


def test_a_kept_pack_with_a_fault_is_refused_too(verbs: Verbs, tmp_path: Path) -> None:
    verbs.ok("scan")
    packs = tmp_path / "policy-packs"
    packs.mkdir()
    (packs / "no-silence.yaml").write_text("kind: PolicyPack\n")
    ended = verbs.call("scan")
    assert ended.code == 1
    assert f"{packs}/no-silence.yaml:1:1: error" in ended.out
