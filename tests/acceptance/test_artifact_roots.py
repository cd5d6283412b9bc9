"""Files that are named as evidence: opened below the deployment's own folder only, and never through a link."""

import json
import os
import socket
import threading
import time
from hashlib import sha256
from pathlib import Path

import pytest

from reporting_governance.commands._artifacts import AllowedRoots, deployment_folder
from tests.acceptance.verbs import Verbs

INSIDE, SECRET = b"what the agent shows\n", b"what nobody may see\n"
OUTSIDE = "outside the folders in which evidence may lie"
LINKED = "a part of its path is a link, or no folder"


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    """A deployment's folder with a root `work` in it, and a secret beside it."""
    folder = tmp_path / "deployment"
    (folder / "work/deep").mkdir(parents=True)
    (folder / "work/deep/report.xml").write_bytes(INSIDE)
    (folder / "own.txt").write_bytes(SECRET)
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    (tmp_path / "elsewhere/deep/report.xml").write_bytes(SECRET)
    return folder


def found(deployment: Path, reference: object, root: str = "work") -> tuple[str | None, str]:
    opened = AllowedRoots({"root": root}, folder=str(deployment)).open_file(str(reference))
    return opened.sha256, opened.problem.removeprefix(f"{reference}: ")


class TestWhereRootsLie:
    def test_beside_the_state_folder(self) -> None:
        assert deployment_folder("/srv/team/state") == "/srv/team"
        assert deployment_folder("/srv/team/state/") == "/srv/team"
        assert deployment_folder("state") == os.getcwd()

    def test_not_where_the_caller_is(self, deployment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(deployment.parent / "elsewhere")
        assert found(deployment, "deep/report.xml", ".") == (None, "No such file or directory")
        assert found(deployment, "work/deep/report.xml") == (digest(INSIDE), "")
        monkeypatch.chdir("/")
        assert found(deployment, "work/deep/report.xml") == (digest(INSIDE), "")

    def test_a_file_may_be_named_by_its_whole_path(self, deployment: Path) -> None:
        assert found(deployment, deployment / "work/deep/report.xml") == (digest(INSIDE), "")
        assert found(deployment, f"{deployment}/work/./deep//report.xml") == (digest(INSIDE), "")

    def test_links_above_the_deployment_are_the_operators(self, deployment: Path) -> None:
        link = deployment.parent / "link"
        link.symlink_to(deployment)
        for reference in ("work/deep/report.xml", link / "work/deep/report.xml", deployment / "work/deep/report.xml"):
            assert found(link, reference) == (digest(INSIDE), "")

    def test_any_root_that_holds_the_file_will_do(self, deployment: Path) -> None:
        roots = AllowedRoots({"a": "other", "b": "work/deep", "c": "work"}, folder=str(deployment))
        assert roots.open_file("work/deep/report.xml").sha256 == digest(INSIDE)
        assert roots.open_file("own.txt").sha256 is None

    def test_the_whole_machine_is_no_root(self) -> None:
        opened = AllowedRoots({"workspace": "."}, folder="/").open_file("/etc/hostname")
        assert opened.sha256 is None
        assert "top of the file system" in opened.problem


@pytest.mark.parametrize(
    "reference",
    [
        "/etc/hostname",
        "own.txt",
        "work/../own.txt",
        "work/deep/../../own.txt",
        "../elsewhere/deep/report.xml",
        "work/../../elsewhere/deep/report.xml",
        "workshop/report.xml",
        "",
        ".",
        "~/x",
    ],
)
def test_outside_is_outside(deployment: Path, reference: str) -> None:
    (deployment / "workshop").mkdir()
    (deployment / "workshop/report.xml").write_bytes(SECRET)
    assert found(deployment, reference) == (None, OUTSIDE)


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("work/missing", "No such file or directory"),
        ("work/deep", "not a regular file"),
        ("work", "not a regular file"),
        ("work/deep/report.xml/more", LINKED),
        ("work/\0", "no path"),
        ("work/\udcff\ud800", "no path"),
        ("work/" + "x" * 5000, "File name too long"),
    ],
)
def test_what_cannot_be_opened_says_why(deployment: Path, reference: str, problem: str) -> None:
    assert found(deployment, reference) == (None, problem)


class TestLinks:
    def test_a_root_that_is_a_link(self, deployment: Path) -> None:
        (deployment / "logs").symlink_to(deployment.parent / "elsewhere")
        assert found(deployment, "logs/deep/report.xml", "logs") == (None, LINKED)
        (deployment / "own").symlink_to("work")  # also one that stays inside
        assert found(deployment, "own/deep/report.xml", "own") == (None, LINKED)

    def test_a_root_with_a_link_on_its_way(self, deployment: Path) -> None:
        (deployment / "var").symlink_to(deployment.parent / "elsewhere")
        assert found(deployment, "var/deep/report.xml", "var/deep") == (None, LINKED)

    def test_a_folder_below_a_root(self, deployment: Path) -> None:
        (deployment / "work/up").symlink_to(deployment.parent / "elsewhere/deep")
        assert found(deployment, "work/up/report.xml") == (None, LINKED)

    def test_the_file_itself(self, deployment: Path) -> None:
        (deployment / "work/link").symlink_to(deployment / "own.txt")
        assert found(deployment, "work/link") == (None, LINKED)

    def test_what_was_a_folder_when_the_roots_were_made(self, deployment: Path) -> None:
        roots = AllowedRoots({"root": "work"}, folder=str(deployment))
        (deployment / "work").rename(deployment / "was")
        (deployment / "work").symlink_to(deployment.parent / "elsewhere")
        opened = roots.open_file("work/deep/report.xml")
        assert (opened.sha256, opened.problem) == (None, f"work/deep/report.xml: {LINKED}")

    def test_a_deployment_that_is_swapped_for_a_link(self, deployment: Path) -> None:
        roots = AllowedRoots({"root": "deep"}, folder=str(deployment))
        deployment.rename(deployment.parent / "was")
        deployment.symlink_to(deployment.parent / "elsewhere")
        assert roots.open_file("deep/report.xml").sha256 is None

    def test_a_hard_link_is_the_file_itself(self, deployment: Path) -> None:
        """The kernel keeps people from linking what they may not write (fs.protected_hardlinks), so nothing leaks."""
        os.link(deployment / "work/deep/report.xml", deployment / "work/again")
        assert found(deployment, "work/again") == (digest(INSIDE), "")


def test_a_pipe_a_socket_and_a_device_are_refused_and_do_not_hold_us(deployment: Path) -> None:
    os.mkfifo(deployment / "work/pipe")
    here = os.getcwd()
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(deployment / "work")  # the path of a socket is short
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
        started = time.monotonic()
        assert found(deployment, "work/pipe") == (None, "not a regular file")
        assert found(deployment, "work/socket")[0] is None
        assert time.monotonic() - started < 5
    assert AllowedRoots({"devices": "dev"}, folder="/").open_file("/dev/zero").problem.endswith("not a regular file")


def test_what_is_too_large_is_refused(deployment: Path) -> None:
    with open(deployment / "work/large", "wb") as file:
        file.truncate(256 * 1024 * 1024 + 1)
    assert found(deployment, "work/large") == (None, "larger than 268435456 bytes")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("theirs", [".", "work"])
def test_a_root_of_another_user_is_refused(deployment: Path, theirs: str) -> None:
    os.chown(deployment / theirs, 65534, 65534)
    assert found(deployment, "work/deep/report.xml")[1].endswith("belongs to another user")
    os.chown(deployment / theirs, 0, 0)
    os.chown(deployment / "work/deep", 65534, 65534)  # below a root agents of other users may work
    assert found(deployment, "work/deep/report.xml") == (digest(INSIDE), "")


@pytest.mark.parametrize("swapped", ["work", "work/deep", "work/deep/report.xml"])
def test_who_swaps_a_folder_for_a_link_again_and_again_gets_nothing(deployment: Path, swapped: str) -> None:
    """Two names change places all the time: what we want, and a link to the secret."""
    real, link, spare = deployment / swapped, deployment / "link", deployment / "spare"
    link.symlink_to(deployment.parent / "elsewhere" / Path(swapped).relative_to("work"))
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(real, spare)
            os.rename(link, real)
            os.rename(real, link)
            os.rename(spare, real)

    roots = AllowedRoots({"root": "work"}, folder=str(deployment))
    thread = threading.Thread(target=swap)
    thread.start()
    seen = []
    ends_at = time.monotonic() + 2
    try:
        while time.monotonic() < ends_at:
            seen.append(roots.open_file("work/deep/report.xml").sha256)
    finally:
        stop.set()
        thread.join()
    assert set(seen) <= {digest(INSIDE), None}
    assert digest(INSIDE) in seen
    assert None in seen  # else nothing was ever swapped while we looked


class TestByTheVerbs:
    def test_a_file_option_is_the_callers_and_a_line_the_deployments(self, tmp_path: Path) -> None:
        verbs = Verbs(tmp_path / "team/state")
        (tmp_path / "team/work").mkdir(parents=True)
        (tmp_path / "team/work/out.txt").write_bytes(INSIDE)
        verbs.ok("report", "start", "t1", "--agent", "a")
        given = ("report", "evidence", "t1", "--class", "tool_output", "--file", "out.txt")
        verbs.ok(*given, cwd=tmp_path / "team/work")
        verbs.ok(*given, cwd=tmp_path)  # there is no such file there, and it would lie outside
        line = {"verb": "evidence", "task": "t1"}
        line["evidence"] = [{"class": "file_change", "summary": "x", "refs": [{"kind": "file", "ref": "work/out.txt"}]}]  # type: ignore[assignment]
        verbs.ok("report", "-", given=json.dumps(line), cwd="/")
        items = [each for each in verbs.records("evidence") if each["class"] in ("tool_output", "file_change")]
        assert [(each["quality"], each["refs"][0].get("sha256")) for each in items] == [
            ("moderate", digest(INSIDE)),
            ("none", None),
            ("moderate", digest(INSIDE)),
        ]
        assert items[0]["refs"][0]["ref"] == str(tmp_path / "team/work/out.txt")


def test_an_output_that_is_older_than_the_change_shows_no_check_after_it(tmp_path: Path) -> None:
    """Told after the change; the files' own times say that the check ran before it."""
    verbs = Verbs(tmp_path / "state")
    (tmp_path / "cart.py").write_text("total = 3\n")
    output = tmp_path / "pytest.txt"
    output.write_text("14 passed in 0.52s\n")
    offered = ("--class", "verification_output", "--file", output, "--command", "pytest", "--exit-status", "0")

    def quality() -> str:
        said = verbs.ok("report", "evidence", "t", *offered, "--format", "json").document()
        return str(said["results"][0]["qualities"][0])

    verbs.ok("report", "start", "t", "--agent", "a")
    verbs.ok("report", "evidence", "t", "--class", "file_change", "--file", tmp_path / "cart.py")
    os.utime(output, (1_700_000_000, 1_700_000_000))
    assert quality() == "moderate"
    os.utime(output)
    assert quality() == "strong"
