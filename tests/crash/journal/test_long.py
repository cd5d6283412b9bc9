"""The long forms of the storage tests: every byte, every step with a reboot, many writers, a disk really full."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reporting_governance.errors import StorageError
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added, Group
from tests.storage.building import NOW, SPOOL, birth
from tests.storage.killing import Report, killed_everywhere
from tests.storage.oracle import check, record_ids
from tests.storage.scenarios import (
    after_the_kill,
    caring,
    first_use,
    rebuilding,
    rotating,
    telling,
    with_a_closed_segment,
    with_a_torn_tail,
    with_lost_views,
    worked_on,
    working,
)
from tests.storage.test_healing import (
    OTHER_BOOT,
    cut_at,
    heals,
    log_path,
    nul_from,
    open_store,
    size,
    write_is_cut,
)
from tests.storage.test_writers import race

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("prepare", "scenario"),
    [
        pytest.param(None, first_use, id="first-use"),
        pytest.param(worked_on, working, id="commit"),
        pytest.param(with_a_closed_segment, rotating, id="rotation"),
        pytest.param(with_lost_views, rebuilding, id="rebuild"),
        pytest.param(with_a_torn_tail, working, id="healing"),
        pytest.param(with_a_closed_segment, caring, id="care"),
        pytest.param(worked_on, telling, id="blobs"),
    ],
)
def test_killed_at_every_step_and_rebooted(
    tmp_path: Path, prepare: Callable[[str], None] | None, scenario: Callable[[str, Report], None]
) -> None:
    template = str(tmp_path / "template")
    if prepare is not None:
        prepare(template)
    for _, root, outcome in killed_everywhere(template, str(tmp_path / "killed"), scenario):
        after_the_kill(root, outcome.reports, scenario, also_reboot=True)


@pytest.fixture
def groups() -> list[Group]:
    return [birth(2), Group(additions=(*birth(3).additions, *birth(4).additions))]


@pytest.mark.parametrize("boot", [pytest.param(None, id="same-boot"), pytest.param(OTHER_BOOT, id="other-boot")])
@pytest.mark.parametrize("kind", ["cut", "nul", "short-write"])
def test_every_byte(tmp_path: Path, groups: list[Group], kind: str, boot: str | None) -> None:
    root = str(tmp_path / "state")
    open_store(root).commit([birth(1)], now=NOW)
    before = f"{tmp_path}/before"
    shutil.copytree(root, before)
    start = size(log_path(root))
    open_store(root).commit(groups, now=NOW)
    end = size(log_path(root))
    for offset in range(start, end):
        here = f"{tmp_path}/{offset}"
        if kind == "short-write":
            shutil.copytree(before, here)
            assert write_is_cut(here, groups, offset)
        else:
            shutil.copytree(before, here)
            shutil.copy(log_path(root), log_path(here))
            damaged_in_place = cut_at(offset) if kind == "cut" else nul_from(offset, end)
            with open(log_path(here), "r+b") as log:
                damaged_in_place(log)
        heals(here, boot)
        shutil.rmtree(here)


@pytest.mark.parametrize("seed", range(5))
def test_eight_writers_killed_at_random(tmp_path: Path, seed: int) -> None:
    race(str(tmp_path / "state"), writers=8, kills=150, seed=seed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here: NO disk was really full")
    yield str(folder)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("ballast", range(0, 8000, 517))
def test_a_disk_that_is_really_full(small_disk: str, ballast: int) -> None:
    """Fill it to the last page by commits, then make room: nothing acknowledged is lost, nothing stands twice."""
    root = f"{small_disk}/state"
    store = FilesStore(root, actor="uid:0", now=lambda: NOW)
    store.initialise(NOW)
    with open(f"{small_disk}/ballast", "wb") as file:
        file.write(b"x" * (60_000 + ballast))
    acknowledged: list[int] = []
    reasons: set[int | None] = set()
    failed = number = 0
    while failed < 5:
        number += 1
        try:
            [answer] = store.commit([birth(number, body={"text": "t" * 900})], now=NOW)
        except StorageError as error:
            reasons.add(getattr(error.__cause__, "errno", None))
            failed += 1
        else:
            assert isinstance(answer, Added)
            acknowledged.extend(answer.seqs)
    assert acknowledged
    assert reasons == {errno.ENOSPC}
    os.unlink(f"{small_disk}/ballast")
    again = FilesStore(root, actor="uid:0", now=lambda: NOW)
    again.ready()
    again.listing(SPOOL)
    documents = check(root)
    assert set(acknowledged) <= {document["seq"] for document in documents}
    ids = record_ids(documents)
    assert len(ids) == len(set(ids))
    assert isinstance(again.commit([birth(99_999)], now=NOW)[0], Added)
    check(root)
