"""inbox: files that agents drop are their owner's check-ins; all else is put aside, with the place of its fault."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.errors import Busy
from reporting_governance.stages.inbox import Handlers, InboxReport, run_inbox
from reporting_governance.stages.report import run_report
from reporting_governance.storage.files.inbox import FilesInbox
from tests.stages.watch_world import World


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "corrupt").mkdir()
    return tmp_path


def drop(root: Path, name: str, document: Any) -> Path:
    path = root / "inbox" / name
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


def take(root: Path, world: World, **more: Any) -> InboxReport:
    return run_inbox(world.store, FilesInbox(str(root)), profile=world.profile, clock=world.clock, **more)


def findings_in_corrupt(root: Path) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted((root / "corrupt").glob("*.finding.json"))]


def test_a_dropped_check_in_is_its_owners(root: Path) -> None:
    world = World()
    drop(root, "a.json", {"verb": "start", "task": "t1", "agent": "worker"})
    report = take(root, world)
    assert (report.read, report.recorded, report.refused) == (1, 1, 0)
    (view,) = world.bodies(Folder.TASKS)
    assert view["uid"] == os.getuid()
    assert view["task"]["agent_id"] == "worker"
    assert list((root / "inbox").iterdir()) == []


def test_a_file_that_was_recorded_but_not_removed_is_known_when_it_is_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    drop(root, "a.json", {"verb": "start", "task": "t1", "agent": "worker"})
    with monkeypatch.context() as patch:
        patch.setattr(FilesInbox, "done", lambda self, dropped: None)  # killed before the file was removed
        take(root, world)
    before = len(world.events())
    report = take(root, world)
    assert (report.recorded, report.already) == (0, 1)
    assert len(world.events()) == before
    assert list((root / "inbox").iterdir()) == []


def test_a_file_that_was_set_aside_but_not_removed_is_known_when_it_is_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    drop(root, "a.json", {"verb": "start", "task": "t1", "agent": "worker"})

    def killed(path: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("reporting_governance.storage.files.inbox.os.unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            take(root, world)
    assert [path.name[:6] for path in (root / "inbox").iterdir()] == [".done-"]
    report = take(root, world)
    assert (report.recorded, report.already) == (0, 1)
    assert list((root / "inbox").iterdir()) == []


def test_a_name_that_is_used_again_while_it_is_read_loses_nothing(root: Path) -> None:
    world = World()
    drop(root, "a.json", {"verb": "start", "task": "t1", "agent": "worker"})
    inbox = FilesInbox(str(root))
    (first,) = inbox.take().dropped
    (root / "inbox" / "a.tmp").write_text(json.dumps({"verb": "checkpoint", "task": "t1"}))
    os.rename(root / "inbox" / "a.tmp", root / "inbox" / "a.json")
    inbox.done(first)
    (again,) = inbox.take().dropped
    assert json.loads(again.data)["verb"] == "checkpoint"
    assert world.events() == []


def test_a_check_in_for_another_users_task_is_put_aside(root: Path) -> None:
    world = World()
    start = CheckIn.parse({"verb": "start", "task": "t1", "agent": "worker"})
    run_report(world.store, [start], uid=os.getuid() + 1, profile=world.profile, clock=world.clock)
    drop(root, "a.json", {"verb": "complete", "task": "t1"})
    report = take(root, world)
    assert (report.recorded, report.refused) == (0, 1)
    assert report.findings[0].rule == "GOV802"
    (kept,) = findings_in_corrupt(root)
    assert kept["uid"] == os.getuid()
    drop(root, "b.json", {"verb": "complete", "task": "t1"})
    assert take(root, world, operators=frozenset({os.getuid()})).recorded == 1


def test_a_fault_names_its_line_and_column(root: Path) -> None:
    world = World()
    drop(root, "a.json", b'{\n  "verb": "start",\n  "task": "t1",\n  "at": "yesterday"\n}')
    report = take(root, world)
    assert [(each.rule, each.line, each.column) for each in report.findings] == [("GOV801", 4, 9)]
    (kept,) = findings_in_corrupt(root)
    assert (kept["findings"][0]["line"], kept["findings"][0]["column"]) == (4, 9)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b'{"verb": "start", "verb": "fail", "task": "t1"}', "GOV005"),
        (b"\xff\xfe{}", "GOV001"),
        (b"{", "GOV004"),
        (b"", "GOV012"),
        (b"[1]", "GOV801"),
        (b'"start"', "GOV801"),
        (b"{}", "GOV801"),
        (b'{"verb": "start"}', "GOV801"),
        (b'{"verb": "dance", "task": "t1"}', "GOV801"),
        (b'{"verb": "start", "task": 1}', "GOV801"),
        (b'{"verb": "start", "task": ""}', "GOV801"),
        (b'{"verb": "start", "task": "t1", "hacked": true}', "GOV801"),
        (b'{"verb": "checkpoint", "task": "t1", "status": "ongoing"}', "GOV802"),
        (b'{"verb": "start", "task": "t1", "labels": ' + b"[" * 100 + b"]" * 100 + b"}", "GOV011"),
        (b'{"verb": "start", "task": "t1", "message": "' + b"a" * 1024 * 1024 + b'"}', "GOV803"),
        (b'{"what": "ack", "subject": "ntc_1"}', "GOV802"),
        (b'{"outcome": "acked"}', "GOV802"),
    ],
)
def test_bad_input_is_put_aside_with_a_finding_and_nothing_is_recorded(root: Path, data: bytes, rule: str) -> None:
    world = World()
    drop(root, "bad.json", data)
    drop(root, "good.json", {"verb": "start", "task": "good", "agent": "worker"})
    report = take(root, world)
    assert rule in {each.rule for each in report.findings}
    assert (report.recorded, report.refused) == (1, 1)
    assert [view["task"]["task_id"] for view in world.bodies(Folder.TASKS)] == ["good"]
    assert len(findings_in_corrupt(root)) == 1
    assert list((root / "inbox").iterdir()) == []


def test_links_pipes_folders_and_second_names_are_never_read(root: Path, tmp_path: Path) -> None:
    world = World()
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"verb": "start", "task": "stolen", "agent": "x"}))
    (root / "inbox" / "link.json").symlink_to(secret)
    os.link(secret, root / "inbox" / "second.json")
    os.mkfifo(root / "inbox" / "pipe.json")
    (root / "inbox" / "folder.json").mkdir()
    report = take(root, world)
    assert report.recorded == 0
    assert sorted(each.message for each in report.findings) == [
        "it has more than one name",
        "it is a link",
        "it is no regular file",
        "it is no regular file",
    ]
    assert world.bodies(Folder.TASKS) == []
    assert list((root / "inbox").iterdir()) == []
    assert secret.exists()


def test_names_that_look_like_paths_stay_names(root: Path) -> None:
    world = World()
    drop(root, "a..%2f..%2fetc$(id).json", b"{")
    take(root, world)
    names = [path.name for path in (root / "corrupt").iterdir()]
    assert len(names) == 2
    assert all(".." not in name and "$" not in name for name in names)


def test_files_that_are_still_written_wait(root: Path) -> None:
    world = World()
    drop(root, "a.tmp", {"verb": "start", "task": "t1", "agent": "worker"})
    assert FilesInbox(str(root)).is_empty()
    assert take(root, world).read == 0
    assert (root / "inbox" / "a.tmp").exists()


def test_a_flood_is_taken_in_over_several_runs(root: Path) -> None:
    world = World()
    for number in range(5):
        path = drop(root, f"{number}.json", {"verb": "checkpoint", "task": "t1", "message": str(number)})
        os.utime(path, ns=(number, number))
    inbox = FilesInbox(str(root), most_of_one_user=2)
    reports = [run_inbox(world.store, inbox, profile=world.profile, clock=world.clock) for _ in range(3)]
    assert [(each.recorded, each.left) for each in reports] == [(2, 3), (2, 1), (1, 0)]
    assert reports[0].findings[0].rule == "GOV804"
    messages = [each["payload"]["message"] for each in world.events() if "message" in each["payload"]]
    assert messages == ["0", "1", "2", "3", "4"]


def test_a_flood_of_large_files_is_taken_in_over_several_runs(root: Path) -> None:
    world = World()
    for number in range(20):
        text = "a" * 1_000_000
        path = drop(root, f"{number}.json", {"verb": "checkpoint", "task": "t1", "message": text})
        os.utime(path, ns=(number, number))
    first = take(root, world)
    assert 0 < first.recorded < 20
    assert first.left == 20 - first.recorded
    assert take(root, world).recorded == first.left


def test_a_heartbeat_is_noted_and_not_recorded(root: Path) -> None:
    world = World()
    world.report("start", agent="worker", uid=os.getuid())
    before = world.store.head().seq
    drop(root, "beat.json", {"verb": "heartbeat", "task": "t1"})
    assert take(root, world).recorded == 1
    assert world.store.head().seq == before
    (name,) = world.store.listing(Folder.TASKS).names
    assert world.store.heartbeats([name])[name] == world.clock.now()


def test_acts_go_to_their_handler_with_their_owners_uid(root: Path) -> None:
    world = World()
    seen: list[tuple[Any, int]] = []
    drop(root, "ack.json", {"what": "ack", "subject": "epi_1", "comment": "on it"})
    report = take(root, world, handlers=Handlers(act=lambda document, uid: seen.append((dict(document), uid)) or seen))
    assert seen == [({"what": "ack", "subject": "epi_1", "comment": "on it"}, os.getuid())]
    assert report.recorded == 1
    drop(root, "dance.json", {"what": "dance", "subject": "epi_1"})
    report = take(root, world, handlers=Handlers(act=lambda document, uid: None))
    assert [(each.rule, each.pointer, each.line) for each in report.findings] == [("GOV801", "/what", 1)]


def test_what_a_handler_knows_already_is_dropped(root: Path) -> None:
    path = drop(root, "dsn.json", {"attempt_id": "att_1", "refused": "550", "id": "dsn-1"})
    report = take(root, World(), handlers=Handlers(receipt=lambda document, uid: None))
    assert (report.recorded, report.already, report.refused) == (0, 1, 0)
    assert not path.exists()


def test_a_busy_handler_leaves_the_file(root: Path) -> None:
    world = World()

    def busy(document: Any, uid: int) -> None:
        raise Busy(path="journal/lock", seconds=5)

    path = drop(root, "ack.json", {"what": "ack", "subject": "epi_1"})
    report = take(root, world, handlers=Handlers(act=busy))
    assert (report.left, report.refused) == (1, 0)
    assert path.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")
def test_the_owner_of_the_file_is_who_checks_in(root: Path) -> None:
    world = World()
    drop(root, "a.json", {"verb": "start", "task": "t1", "agent": "worker"})
    os.chown(root / "inbox" / "a.json", 1234, 1234)
    take(root, world)
    drop(root, "b.json", {"verb": "complete", "task": "t1"})
    os.chown(root / "inbox" / "b.json", 1235, 1235)
    report = take(root, world)
    assert (report.recorded, report.refused) == (0, 1)
    assert world.bodies(Folder.TASKS)[0]["uid"] == 1234
