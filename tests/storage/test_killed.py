"""Killed at every step of a commit, a rotation, a rebuild, a first use: acknowledged means present, in order, once."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import Folder
from tests.storage.building import NOW, item_id
from tests.storage.killing import Report, killed_everywhere
from tests.storage.oracle import check
from tests.storage.scenarios import (
    after_the_kill,
    caring,
    first_use,
    open_store,
    rebuilding,
    rotating,
    telling,
    with_a_closed_segment,
    with_a_torn_tail,
    with_lost_folders,
    with_lost_views,
    worked_on,
    working,
)


@pytest.mark.parametrize("stride", [3, pytest.param(1, marks=pytest.mark.long)], ids=["now and then", "at every step"])
@pytest.mark.parametrize(
    ("prepare", "scenario", "at_least"),
    [
        pytest.param(None, first_use, 60, id="first-use"),
        pytest.param(worked_on, working, 25, id="commit"),
        pytest.param(with_a_closed_segment, rotating, 30, id="rotation"),
        pytest.param(with_lost_views, rebuilding, 10, id="rebuild"),
        pytest.param(with_lost_folders, rebuilding, 20, id="lost-folders"),
        pytest.param(with_a_torn_tail, working, 35, id="healing"),
        pytest.param(with_a_closed_segment, caring, 20, id="care"),
        pytest.param(worked_on, telling, 30, id="blobs"),
    ],
)
def test_killed(
    tmp_path: Path,
    prepare: Callable[[str], None] | None,
    scenario: Callable[[str, Report], None],
    at_least: int,
    stride: int,
) -> None:
    template = str(tmp_path / "template")
    if prepare is not None:
        prepare(template)
    for number, root, outcome in killed_everywhere(template, str(tmp_path / "killed"), scenario, stride=stride):
        after_the_kill(root, outcome.reports, scenario, also_reboot=number % 5 == 0)
    assert number > at_least, f"only {number} steps were seen"


def test_a_killed_commit_is_continued_without_reading_the_log_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All puts come before all removes, and what replaces a file comes last: so whatever is missing can be made."""
    template = str(tmp_path / "template")
    worked_on(template)

    def must_not(*_: object) -> None:
        raise AssertionError("rebuilt")

    monkeypatch.setattr("reporting_governance.storage.files.rebuild.state_at", must_not)
    for _, root, _ in killed_everywhere(template, str(tmp_path / "killed"), working):
        open_store(root).initialise(NOW)
        check(root)


def test_a_snapshot_by_its_name_is_always_one_that_a_line_names(tmp_path: Path) -> None:
    """A stranger who checks the log may rely on the snapshot, so its name waits for the line."""
    template = str(tmp_path / "template")
    with_a_closed_segment(template)
    for _, root, _ in killed_everywhere(template, str(tmp_path / "killed"), caring):
        open_store(root).initialise(NOW)
        named = {each["meta"]["sha256"] for each in check(root) if each["type"] == "log.snapshot"}
        for snapshot in Path(f"{root}/journal/snapshots").glob("*.jsonl"):
            assert sha256(snapshot.read_bytes()).hexdigest() in named


def test_what_is_over_was_forgotten_by_that_rotation(tmp_path: Path) -> None:
    template = str(tmp_path / "template")
    with_a_closed_segment(template)
    assert open_store(template).past(item_id(4)) is not None
    rotating(template, lambda said: None)
    assert open_store(template).past(item_id(4)) is None


@pytest.mark.parametrize("folder", [each for each in Folder if each is not Folder.PAST])
def test_the_oracle_sees_a_lost_view(tmp_path: Path, folder: Folder) -> None:
    """The oracle itself must not be blind."""
    root = str(tmp_path / "state")
    worked_on(root)
    check(root)
    with open(f"{root}/{folder.value}/20260301T040506.789Z-spl_x-000000000001.json", "w") as file:
        file.write('{"name":"x","body":{}}')
    with pytest.raises(AssertionError):
        check(root)
