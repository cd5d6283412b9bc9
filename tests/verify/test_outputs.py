"""Where a report goes: several forms at once, and files that stand in the way."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reporting_governance.commands._verify_options import FORMS, _is_stream
from tests.verify.checking import ROOT, verify

_BAD = {
    "apiVersion": "reporting-governance/v1alpha1",
    "kind": "AdapterCapabilities",
    "metadata": {"id": "own", "title": "Own", "version": "1"},
    "runtime": {"name": "own", "mode": "hok"},
    "compatibility": {},
    "capabilities": {"storage": {"events": {"supported": False, "level": "none"}}},
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text(json.dumps(_BAD))


def formats(*given: str) -> list[str]:
    return [word for each in given for word in ("--format", each)]


def test_several_forms_at_once() -> None:
    answer = verify("verify-descriptor", *formats("text", *(f"{each}=report.{each}" for each in FORMS)), "bad.json")
    assert answer.code == 1
    assert answer.out.endswith("1 checked, 1 failed, 0 skipped\n")
    assert answer.out == Path("report.text").read_text()
    for form in ("json", "sarif", "gitlab"):
        json.loads(Path(f"report.{form}").read_text())
    ElementTree.parse("report.junit")
    assert Path("report.github").read_text().startswith("::error file=bad.json,line=1,")


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"text"}))
def test_a_form_for_programs_has_standard_output_to_itself(form: str) -> None:
    answer = verify("verify-descriptor", *formats(form, f"{form}=report"), "bad.json")
    assert answer.err == ""
    assert answer.out == Path("report").read_text()


def test_the_place_where_it_runs_changes_no_form(monkeypatch: pytest.MonkeyPatch) -> None:
    before = verify("verify-descriptor", "bad.json").out
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.setenv(name, "true")
    assert verify("verify-descriptor", "bad.json").out == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["sarf"], "did you mean sarif?"),
        (["sarif="], "the name of the file is missing"),
        (["json", "sarif"], "json and sarif cannot both go to standard output"),
        (["text", "text"], "cannot both go to standard output"),
        (["json=out", "sarif=out"], "json and sarif cannot both go to out"),
        (["json=out", "sarif=./folder/../out"], "json and sarif cannot both go to ./folder/../out"),
    ],
)
def test_a_form_that_cannot_be_is_a_mistake_of_the_call(given: list[str], said: str) -> None:
    answer = verify("verify-descriptor", *formats(*given), "bad.json")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_what_ships_is_called_alike_on_every_machine() -> None:
    """Where this package happens to lie is no business of a report about somebody's repository."""
    profile = "profiles/own.yaml"
    Path("profiles").mkdir()
    text = (ROOT / "profiles/strict-manager-mode.yaml").read_text()
    Path(profile).write_text(text.replace("inline_dispatch_blocking: preferred", "inline_dispatch_blocking: required"))
    forms = [form for form in FORMS if form != "text"]
    answer = verify("verify-profile", *formats("text", *(f"{form}=report.{form}" for form in forms)), profile)
    assert answer.code == 1
    assert "\n  shipped:capabilities/local-host.json:" in answer.out
    assert "\nprofiles/own.yaml on shipped:capabilities/local-host.json:\n" in answer.out
    for written in (answer.out, *(Path(f"report.{form}").read_text() for form in forms)):
        assert "shipped:capabilities/local-host.json" in written
        assert str(ROOT) not in written


def profile_with(name: str, old: str = "", new: str = "") -> str:
    text = (ROOT / "profiles/minimal-solo-mode.yaml").read_text()
    Path(name).write_text(text.replace(old, new) if old else text)
    return name


def test_what_may_be_counted_on_is_written_of_one_profile() -> None:
    good = profile_with("good.yaml")
    assert verify("verify-profile", "--write-effective", "powers.json", good).code == 0
    assert json.loads(Path("powers.json").read_text())["profile"] == "minimal-solo-mode"


def test_a_profile_with_faults_is_told_and_nothing_is_written_of_it() -> None:
    """The findings are what its author needs; that there is no file must not be found out later."""
    bad = profile_with("bad.yaml", "  create_queue_items: required", "  create_queue_items: requird")
    answer = verify("verify-profile", "--write-effective", "powers.json", bad)
    assert answer.code == 1
    assert "GOV104: create_queue_items: " in answer.out
    assert "powers.json was not written" in answer.err
    assert not Path("powers.json").exists()


def test_of_two_profiles_nothing_is_written_even_when_only_one_is_right() -> None:
    good = profile_with("good.yaml")
    bad = profile_with("bad.yaml", "  create_queue_items: required", "  create_queue_items: requird")
    answer = verify("verify-profile", "--write-effective", "powers.json", good, bad)
    assert answer.code == 2
    assert "here are 2" in answer.err
    assert not Path("powers.json").exists()


def test_the_line_is_shown_of_files_that_others_name_too() -> None:
    Path("profiles/policy-packs").mkdir(parents=True)
    text = (ROOT / "profiles/minimal-solo-mode.yaml").read_text()
    Path("profiles/own.yaml").write_text(text.replace("[no-silence, ", "[own, "))
    Path("profiles/policy-packs/own.yaml").write_text("metadata: {id: own}\nspecc: {}\n")
    out = verify("verify-profile", "--descriptor", "bad.json", "profiles/own.yaml").out
    assert "profiles/policy-packs/own.yaml:2:1: error GOV102" in out
    assert "\n  2 | specc: {}\n    | ^^^^^\n" in out
    assert "bad.json:1:" in out
    assert '"mode": "hok"' in out


def test_what_was_named_by_hand_is_called_as_it_was_named() -> None:
    shipped = str(ROOT / "capabilities/local-host.json")
    answer = verify("verify-profile", "--format", "json", shipped)
    assert {each["file"] for each in answer.report["findings"]} == {shipped}


@pytest.mark.parametrize("root", ["gone", "", "bad.json"])
def test_a_root_that_is_no_folder_is_a_mistake_of_the_call(root: str) -> None:
    answer = verify("verify-descriptor", "--root", root, "bad.json")
    assert (answer.code, answer.out) == (2, "")
    assert "there is no such folder" in answer.err


@pytest.mark.parametrize(
    ("option", "needed"),
    [
        ("--probe-seconds=5", "--probe"),
        ("--openclaw=openclaw", "--probe"),
        ("--write-observations=seen.json", "--probe"),
        ("--waivers=waivers.yaml", "--probe, or --observations FILE"),
    ],
)
def test_an_option_that_would_do_nothing_is_a_mistake_of_the_call(option: str, needed: str) -> None:
    answer = verify("verify-descriptor", option, "bad.json")
    assert (answer.code, answer.out) == (2, "")
    assert f"{option.partition('=')[0]} needs" in answer.err
    assert answer.err.endswith(f"Add {needed}.\n")


def test_a_file_is_replaced_as_a_whole() -> None:
    Path("report").write_text("x" * 1_000_000)
    before = os.stat("report").st_ino
    verify("verify-descriptor", *formats("json=report"), "bad.json")
    json.loads(Path("report").read_text())
    about = os.stat("report")
    assert about.st_ino != before
    assert stat.S_IMODE(about.st_mode) == 0o644
    assert sorted(os.listdir()) == ["bad.json", "report"]


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone() -> None:
    Path("mine").write_text("mine")
    os.symlink("mine", "report")
    assert verify("verify-descriptor", *formats("json=report"), "bad.json").code == 1
    assert Path("mine").read_text() == "mine"
    assert not os.path.islink("report")


@pytest.mark.parametrize("name", ["folder", "gone/report", "bad.json/report"])
def test_what_cannot_be_written_ends_with_three(name: str) -> None:
    Path("folder").mkdir()
    Path("folder/inside").touch()
    answer = verify("verify-descriptor", *formats(f"json={name}"), "bad.json")
    assert (answer.code, answer.out) == (3, "")
    assert f"{name}: the report could not be written" in answer.err
    assert sorted(os.listdir()) == ["bad.json", "folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written_to_ends_with_three() -> None:
    Path("folder").mkdir(mode=0o500)
    assert verify("verify-descriptor", *formats("json=folder/report"), "bad.json").code == 3


def test_a_pipe_is_written_into_and_stays_a_pipe() -> None:
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()), daemon=True)
    reader.start()
    while True:
        answer = verify("verify-descriptor", *formats("json=pipe"), "bad.json")
        if answer.code != 3:  # the reader has opened it
            break
    reader.join(timeout=10)
    assert json.loads(read[0])["summary"]["failed"] == 1
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)


def test_a_pipe_that_nobody_reads_is_not_waited_for() -> None:
    os.mkfifo("pipe")
    assert verify("verify-descriptor", *formats("json=pipe"), "bad.json").code == 3


@pytest.mark.skipif(not os.path.islink("/proc/self/fd/1"), reason="only Linux names open files so")
def test_standard_output_by_its_name_is_written_into_and_not_replaced() -> None:
    """A process of its own, since a file stands behind its standard output.

    The name in /proc stands for /dev/stdout, which root would lose here if a link to a file were replaced.
    """
    words = [*formats("sarif=/proc/self/fd/1"), "bad.json"]
    with open("out", "w") as file:
        done = subprocess.run(
            [sys.executable, "-m", "reporting_governance", "verify-descriptor", *words],
            stdout=file,
            env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert json.loads(Path("out").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/stderr", "/dev/null"])
def test_no_device_is_ever_replaced(name: str) -> None:
    assert _is_stream(name)


def test_a_name_that_is_no_utf_8_is_told_in_every_form() -> None:
    name = os.fsdecode(b"b\xe4d.json")
    Path(name).write_text(json.dumps(_BAD))
    for form in FORMS:
        assert verify("verify-descriptor", *formats(f"{form}=report.{form}"), name).code == 1, form
        assert Path(f"report.{form}").read_bytes().decode("utf-8")
