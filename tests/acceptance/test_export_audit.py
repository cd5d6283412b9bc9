"""`export-audit` as people call it, and what `verify-audit` says of what it wrote."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.commands._progress import ProgressBar
from tests.acceptance.verbs import Verbs, tree
from tests.stages.export_world import opened
from tests.storage.back_ends import current

WORDS = "and the rows were counted twice, " * 20


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state in which an agent reported, and somebody was told."""
    folder = tmp_path_factory.mktemp("worked") / "state"
    verbs = Verbs(folder)
    verbs.ok("init")
    at = "2026-01-01T00:00:00Z"
    verbs.ok("report", "start", "nightly", "--agent", "coder", "--every", "1m", "--at", at, "--id", "a")
    verbs.ok("report", "checkpoint", "nightly", WORDS, "--at", at, "--id", "b")
    verbs.ok("report", "start", "weekly", "--agent", "tester", "--every", "1m", "--at", at, "--id", "c")
    verbs.ok("run")
    return folder


@pytest.fixture
def verbs(worked: Path, tmp_path: Path) -> Verbs:
    current().copy(str(worked), str(tmp_path / "state"))
    (tmp_path / "out").mkdir()
    return Verbs(tmp_path / "state")


def out_of(verbs: Verbs) -> Path:
    return verbs.state.parent / "out"


def key_of(verbs: Verbs) -> str:
    (line,) = [each for each in verbs.lines() if each["type"] == "log.key"]
    return str(line["meta"]["vkey"])


def verdicts(verbs: Verbs, path: object, *, code: int = 0) -> dict[str, Any]:
    """Verify something with the log's key and return the reply; nothing may be found that failed."""
    ended = verbs.call("verify-audit", path, "--key", key_of(verbs), "--require", "authenticity", "--format", "json")
    document: dict[str, Any] = ended.document()
    failed = [each for each in document["findings"] if each["verdict"] == "failed"]
    assert (ended.code, failed) == (code, []), document
    return document


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--task", "nightly"),
        ("--agent", "tester", "--type", "event-envelope"),
        ("--since", "1m"),
        ("--until", "2020-01-01"),
        ("--withhold-blobs",),
        ("--to", "3"),
        ("--type", "receipt", "--organization", "We"),
    ],
    ids=" ".join,
)
def test_a_bundle_is_verified(verbs: Verbs, options: tuple[str, ...]) -> None:
    reply = verbs.ok("export-audit", "--output", out_of(verbs), *options, "--format", "json").document()
    assert reply["signed_to"] == reply["size"]
    bundle = opened(reply["path"])
    assert bundle.manifest["root"] == reply["root"]
    assert reply["selected"] + reply["withheld"] + reply["void"] == reply["size"]
    verdicts(verbs, reply["path"])
    last = verbs.lines()[-1]
    assert (last["type"], last["meta"]["sha256"]) == ("audit.exported", reply["sha256"])


def test_only_what_is_asked_for_is_shown(verbs: Verbs) -> None:
    reply = verbs.ok("export-audit", "--task", "nightly", "--output", out_of(verbs), "--format", "json").document()
    (key,) = reply["filter"]["tasks"]
    about = [json.loads(raw).get("record", {}).get("about") for raw in opened(reply["path"]).lines().values()]
    assert all(key in each for each in about if each is not None)
    assert sum(each is not None for each in about) >= 4


def test_withheld_texts_are_in_no_part_of_the_bundle(verbs: Verbs) -> None:
    shown = verbs.ok("export-audit", "--output", f"{out_of(verbs)}/shown.zip", "--format", "json").document()
    assert WORDS[:300].encode() in opened(shown["path"]).files["data/report.html"]
    reply = verbs.ok("export-audit", "--withhold-blobs", "--output", out_of(verbs), "--format", "json").document()
    bundle = opened(reply["path"])
    assert not any(WORDS.encode() in data or WORDS[:300].encode() in data for data in bundle.files.values())
    page = bundle.files["data/report.html"]
    assert b"is not part of what was exported" in page
    assert b"this text was erased" not in page


def test_custody_says_who_where_and_how(verbs: Verbs) -> None:
    reply = verbs.ok("export-audit", "--task", "nightly", "--output", out_of(verbs), "--format", "json").document()
    said = json.loads(opened(reply["path"]).files["data/custody.jsonl"])
    assert (said["uid"], said["host"]) == (os.getuid(), os.uname().nodename)
    assert said["options"] == {"output": str(out_of(verbs)), "tasks": ["nightly"]}


def test_one_line_is_proven(verbs: Verbs) -> None:
    reply = verbs.ok("export-audit", "--proof", 4, "--output", out_of(verbs), "--format", "json").document()
    assert (reply["what"], reply["line"]) == ("proof", 4)
    text = Path(reply["path"]).read_bytes()
    assert text.startswith(b"c2sp.org/tlog-proof@v1\nextra ")
    ended = verbs.call("verify-audit", "--proof", reply["path"], "--key", key_of(verbs), "--require", "authenticity")
    assert ended.code == 0, ended.out
    Path(reply["path"]).write_bytes(text.replace(b"\nindex 3\n", b"\nindex 2\n"))
    ended = verbs.call("verify-audit", "--proof", reply["path"], "--key", key_of(verbs), "--require", "authenticity")
    assert ended.code == 1, ended.out


def test_the_log_of_another_host_is_only_read(verbs: Verbs, tmp_path: Path) -> None:
    verbs.ok("export-audit", "--output", out_of(verbs))
    before = tree(verbs.state)
    elsewhere = Verbs(tmp_path / "none")
    options = ("--journal", verbs.state, "--output", f"{out_of(verbs)}/there.zip", "--format", "json")
    reply = elsewhere.ok("export-audit", *options).document()
    assert (reply["recorded"], reply["gaps"]["unsigned_tail"]) == (False, 1)
    assert tree(verbs.state) == before
    assert not (tmp_path / "none").exists()
    assert verdicts(verbs, reply["path"], code=3)["result"] == "limited"
    assert reply["signed_to"] == reply["size"] - 1


def test_the_same_journal_gives_the_same_bytes(verbs: Verbs) -> None:
    first = f"{out_of(verbs)}/first.zip"
    copy = verbs.state.parent / "copy"
    current().copy(str(verbs.state), str(copy))
    verbs.ok("export-audit", "--reproducible", "--output", first)
    Verbs(copy).ok("export-audit", "--reproducible", "--output", f"{out_of(verbs)}/second.zip")
    assert Path(first).read_bytes() == (out_of(verbs) / "second.zip").read_bytes()
    assert "bundle.note" not in opened(first).files


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("--task", "nobody"), "no line of the log is about a task 'nobody'"),
    (("--task", ""), "is empty"),
    (("--type", "recept"), "did you mean receipt?"),
    (("--since", "yesterday"), "is no time"),
    (("--to", "9999"), "9999 are asked for"),
    (("--proof", "9999"), "no signed head covers line 9999"),
    (("--proof", "2", "--task", "nightly"), "--proof is about one line"),
    (("--reproducible", "--signer", "sign"), "--signer does nothing"),
    (("--reproducible", "--ssh-key", "key"), "--ssh-key does nothing"),
    (("--signer-key", "abc"), "there is no --signer"),
    (("--output", ""), "a path is empty"),
]


@pytest.mark.parametrize(
    ("options", "words"), WRONG, ids=lambda each: " ".join(each) if isinstance(each, tuple) else ""
)
def test_a_call_that_is_wrong_is_told_why(verbs: Verbs, options: tuple[str, ...], words: str) -> None:
    given = options if "--output" in options else (*options, "--output", str(out_of(verbs)))
    ended = verbs.call("export-audit", *given)
    assert (ended.code, ended.out) == (2, "")
    assert words in " ".join(ended.err.split())
    assert os.listdir(out_of(verbs)) == []


def test_a_source_that_cannot_be_read_gives_no_bundle(verbs: Verbs) -> None:
    place = current().lose_blob(str(verbs.state), WORDS.encode())
    ended = verbs.call("export-audit", "--output", out_of(verbs))
    assert (ended.code, ended.out) == (3, "")
    assert "no line up to" in ended.err
    assert place in ended.err
    assert os.listdir(out_of(verbs)) == []


def test_a_signer_that_fails_gives_no_bundle_and_says_what_to_do(verbs: Verbs) -> None:
    ended = verbs.call("export-audit", "--signer", "false", "--output", out_of(verbs))
    assert ended.code == 3
    assert "did not sign" in ended.err
    assert "--reproducible" in ended.err
    assert os.listdir(out_of(verbs)) == []


def test_nothing_to_export_is_said(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "state")
    assert verbs.place  # what the state stands for is there
    before = set(os.listdir(tmp_path))
    ended = verbs.call("export-audit", "--output", tmp_path)
    assert ended.code == 3
    assert "no log is there" in ended.err
    assert set(os.listdir(tmp_path)) - {"home"} == before
    assert current().raw_lines(str(verbs.state)) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    times = iter([0.0, 0.5, 2.0, 2.0, 2.1, 5.0, 5.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    with ProgressBar("export", 200) as bar:
        bar.advance(50)
        assert screen.getvalue() == ""
        bar.advance(50)
        assert "50%" in screen.getvalue()
        bar.advance(50)
        assert "75%" not in screen.getvalue()
        bar.advance(60)
    assert "100%" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_progress_is_not_drawn_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    monkeypatch.setattr("time.monotonic", iter(range(0, 100, 10)).__next__)
    with ProgressBar("export", 2) as bar:
        bar.advance(1)
        bar.advance(1)
    assert file.getvalue() == ""


def test_what_an_agent_makes_look_like_a_text_apart_cannot_keep_an_export_back(verbs: Verbs) -> None:
    """One check-in would have ended every later export: the text it names was never there."""
    look_alike = {"$blob": "a" * 64, "size": 5}
    check_in = {
        "verb": "checkpoint",
        "task": "nightly",
        "message": "m",
        "report": {"current_status": "well", "more": [look_alike]},
        "evidence": [
            {"class": "tool_output", "summary": "s", "refs": [{"kind": "url", "ref": "u", "more": look_alike}]}
        ],
    }
    ended = verbs.call("report", "-", given=json.dumps(check_in))
    assert ended.code == 0, ended.err
    assert "a" * 64 in json.dumps(verbs.lines())
    reply = verbs.ok("export-audit", "--output", out_of(verbs), "--format", "json").document()
    verdicts(verbs, reply["path"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--output", "{out}/none/"), 3, ("no such folder", "Nothing was exported", "--output")),
        (("--output", "{out}/none/x.zip"), 3, ("no such folder", "Nothing was exported", "--output")),
        (("--ssh-key", "{out}/none"), 3, ("ssh-keygen", "Nothing was exported", "--ssh-key")),
        (("--journal", "{out}/none"), 2, ("{out}/none", "no such folder")),
        (("--journal", "{out}/a-file"), 2, ("{out}/a-file", "is no folder")),
        (("--journal", "{out}/segments"), 3, ("this text", "--withhold-blobs")),
        (("--since", "2026-02-01", "--until", "2026-01-01"), 2, ("--since", "--until", "no line")),
        (("--since", "2026-02-01", "--until", "2026-02-01"), 2, ("no line",)),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else str(each),
)
def test_what_cannot_be_done_says_what_to_do(
    verbs: Verbs, words: tuple[str, ...], code: int, said: tuple[str, ...]
) -> None:
    """And never to look at a disk and a journal in which nothing is wrong."""
    out = out_of(verbs)
    (out / "a-file").touch()
    before = current().raw_lines(str(verbs.state))
    (out / "segments").mkdir()
    (out / "segments/000000000001.jsonl").write_bytes(b"".join(line + b"\n" for line in before))
    given = [each.format(out=out) for each in words]
    if "--output" not in given:
        given += ["--output", str(out / "x.zip")]
    ended = verbs.call("export-audit", *given)
    assert ended.code == code, ended
    for each in said:
        assert each.format(out=out) in ended.err
    assert "doctor" not in ended.err
    assert current().raw_lines(str(verbs.state)) == before
    assert not (out / "x.zip").exists()


def test_what_is_exported_is_for_its_owner_alone(verbs: Verbs) -> None:
    """Whatever the umask: names of tasks and people stand in all of them."""
    out = out_of(verbs)
    before = os.umask(0o022)
    try:
        verbs.ok("export-audit", "--output", out / "b.zip")
        verbs.ok("export-audit", "--proof", "2", "--output", out / "p")
        verbs.ok("export-audit", "--as", "cloudevents", "--output", out / "e.jsonl")
    finally:
        os.umask(before)
    assert {each.stat().st_mode & 0o777 for each in out.iterdir()} == {0o600}


def test_the_gaps_are_counted_in_words(verbs: Verbs) -> None:
    (segment,) = (verbs.state / "journal/log").glob("*.jsonl")
    with segment.open("ab") as log:
        log.write(b'{"actor":"u')
    elsewhere = verbs.ok("export-audit", "--journal", verbs.state, "--output", out_of(verbs) / "a.zip").out
    assert "1 torn line at the end was never acknowledged" in elsewhere
    said = verbs.ok("export-audit", "--output", out_of(verbs) / "b.zip").out
    assert "1 torn stretch, 1 unclean stop" in said
    assert "things that cannot be recorded" in said
