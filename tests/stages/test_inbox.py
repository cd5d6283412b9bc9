"""inbox: files that agents drop are their owner's check-ins; all else is put aside, with the place of its fault."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.role import Action
from reporting_governance.errors import Busy, PolicyBlockedError
from reporting_governance.stages.denials import Nobody
from reporting_governance.stages.inbox import Handlers, run_inbox
from reporting_governance.stages.inbox_report import InboxReport
from reporting_governance.stages.report import run_report
from reporting_governance.storage.files.inbox import FilesInbox
from tests.stages.rights import Everything
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
    assert take(root, world, rights=Everything()).recorded == 1


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
    report = take(
        root,
        world,
        rights=Everything(),
        handlers=Handlers(act=lambda document, uid: seen.append((dict(document), uid)) or seen),
    )
    assert seen == [({"what": "ack", "subject": "epi_1", "comment": "on it"}, os.getuid())]
    assert report.recorded == 1
    drop(root, "dance.json", {"what": "dance", "subject": "epi_1"})
    report = take(root, world, rights=Everything(), handlers=Handlers(act=lambda document, uid: None))
    assert [(each.rule, each.pointer, each.line) for each in report.findings] == [("GOV801", "/what", 1)]


def test_what_a_handler_knows_already_is_dropped(root: Path) -> None:
    path = drop(root, "dsn.json", {"attempt_id": "att_1", "refused": "550", "id": "dsn-1"})
    report = take(root, World(), rights=Everything(), handlers=Handlers(receipt=lambda document, uid: None))
    assert (report.recorded, report.already, report.refused) == (0, 1, 0)
    assert not path.exists()


def test_a_busy_handler_leaves_the_file(root: Path) -> None:
    world = World()

    def busy(document: Any, uid: int) -> None:
        raise Busy(path="journal/lock", seconds=5)

    path = drop(root, "ack.json", {"what": "ack", "subject": "epi_1"})
    report = take(root, world, rights=Everything(), handlers=Handlers(act=busy))
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


class Mapped(Everything):
    """Nobody may do anything, but for what is given to each."""

    def __init__(self, *allowed: Action, sender: bool = False) -> None:
        self._allowed = allowed
        self._sender = sender

    def blocked(self, action: Action, uid: int) -> PolicyBlockedError | None:
        return None if action in self._allowed else Nobody().blocked(action, uid)

    def is_sender(self, uid: int) -> bool:
        return self._sender


def denials(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the journal says of people who were refused something."""
    kinds = ("policy.blocked", "role.denied")
    found = [each.document for each in world.store.replay() if each.document["type"] in kinds]
    return [(each["type"], each["action"], each["meta"]) for each in found]


@pytest.mark.parametrize("what", ["ack", "unack", "retry", "approve", "reject", "silence_end"])
def test_an_act_of_somebody_without_the_role_is_put_aside_and_recorded(root: Path, what: str) -> None:
    world = World()
    drop(root, "a.json", {"what": what, "subject": "x", "comment": ""})
    report = take(root, world, handlers=Handlers(act=lambda document, uid: pytest.fail("it was done")))
    assert (report.recorded, report.refused) == (0, 1)
    action = {"unack": "ack", "approve": "review", "reject": "review", "silence_end": "silence"}.get(what, what)
    ((kind, done, meta),) = denials(world)
    assert (kind, done) == ("policy.blocked", action)
    assert {key: meta[key] for key in ("required", "actual", "actor", "uid", "by", "count")} == {
        "required": "operator",
        "actual": "viewer",
        "actor": f"uid:{os.getuid()}",
        "uid": os.getuid(),
        "by": "inbox",
        "count": 1,
    }
    (kept,) = findings_in_corrupt(root)
    assert kept["findings"][0]["message"].startswith("POLICY_BLOCKED: ")


def test_a_silence_needs_its_own_role(root: Path) -> None:
    world = World()
    drop(root, "a.json", {"matcher": {"task": "t1"}})
    done: list[object] = []
    handlers = Handlers(silence=lambda document, uid: done.append(document) or done)
    take(root, world, rights=Mapped(Action.ACK), handlers=handlers)
    assert (done, [each[:2] for each in denials(world)]) == ([], [("policy.blocked", "silence")])
    drop(root, "b.json", {"matcher": {"task": "t1"}})
    assert take(root, world, rights=Mapped(Action.SILENCE), handlers=handlers).recorded == 1


@pytest.mark.parametrize("name", ["a.json", "a.eml"])
def test_a_receipt_of_no_sender_is_put_aside_whatever_the_role(root: Path, name: str) -> None:
    world = World()
    drop(root, name, {"attempt_id": "att_1", "proof": "delivered"})

    def never(*_: object) -> object:
        pytest.fail("it was taken")

    report = take(root, world, rights=Mapped(*Action), handlers=Handlers(receipt=never, mail=never))
    assert report.refused == 1
    assert [each[:2] for each in denials(world)] == [("role.denied", "receipt")]
    drop(root, name, {"attempt_id": "att_1", "proof": "delivered"})
    handlers = Handlers(receipt=lambda document, uid: document, mail=lambda data, uid: data)
    assert take(root, world, rights=Mapped(sender=True), handlers=handlers).recorded == 1


def test_a_flood_of_refusals_is_one_line_of_the_journal(root: Path) -> None:
    world = World()
    for number in range(30):
        drop(root, f"{number:02}.json", {"what": "ack", "subject": "x"})
        drop(root, f"n{number:02}.json", {"blocked": "ack"})
    assert take(root, world).refused == 30
    found = {(action, meta["by"]): meta for _, action, meta in denials(world)}
    assert {key: meta["count"] for key, meta in found.items()} == {("ack", "inbox"): 30, ("ack", "note"): 30}
    assert len(found["ack", "inbox"]["files"]) == 5
    assert len(denials(world)) == 2


def test_of_a_note_only_its_owner_is_believed(root: Path) -> None:
    world = World()
    drop(root, "a.json", {"blocked": "key.rotate"})
    assert take(root, world).recorded == 1
    ((kind, action, meta),) = denials(world)
    assert (kind, action, meta["uid"], meta["by"]) == ("policy.blocked", "key.rotate", os.getuid(), "note")
    assert list((root / "inbox").iterdir()) == []
    for name, document in {
        "forged": {"blocked": "key.rotate", "actor": "root"},
        "unknown": {"blocked": "format.disk"},
    }.items():
        drop(root, f"{name}.json", document)
        assert take(root, world).refused == 1, name
    drop(root, "allowed.json", {"blocked": "read"})
    assert take(root, world).recorded == 1
    assert len(denials(world)) == 1, "what he may do was not refused to him"


def test_a_check_in_for_the_task_of_another_is_recorded_as_refused(root: Path) -> None:
    world = World()
    start = CheckIn.parse({"verb": "start", "task": "t1", "agent": "worker"})
    run_report(world.store, [start], uid=os.getuid() + 1, profile=world.profile, clock=world.clock)
    drop(root, "a.json", {"verb": "complete", "task": "t1"})
    drop(root, "b.json", {"verb": "heartbeat", "task": "t1"})
    assert take(root, world).refused == 2
    ((kind, action, meta),) = denials(world)
    assert (kind, action, meta["count"]) == ("policy.blocked", "report.others", 2)


def test_what_is_refused_goes_only_after_its_line_is_there(root: Path) -> None:
    world = World()
    drop(root, "a.json", {"what": "ack", "subject": "x"})

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.store, name)

        def commit(self, groups: object, *, now: object) -> object:
            raise Busy(path="journal/lock", seconds=5)

    with pytest.raises(Busy):
        run_inbox(Full(), FilesInbox(str(root)), profile=world.profile, clock=world.clock)  # type: ignore[arg-type]
    assert [each.name for each in (root / "inbox").iterdir()] == ["a.json"]
    assert take(root, world).refused == 1


@pytest.mark.parametrize("key", ["what", "verb", "matcher", "attempt_id", "outcome", "session_id", "blocked"])
def test_no_value_of_a_key_can_break_the_run_of_another_user(root: Path, key: str) -> None:
    world = World()
    values: list[Any] = [None, [], {}, [[]], {"a": []}, 1, 1.5, True, "", "x", "ack", ["ack"], "\ud800", "a\x00b"]
    for number, value in enumerate(values):
        drop(root, f"{number:02}.json", {key: value})
    handlers = Handlers(act=lambda document, uid: None)
    report = take(root, world, rights=Everything(), handlers=handlers)
    assert report.read == len(values)
    assert report.left == 0
    assert list((root / "inbox").iterdir()) == []


LONG = "x" * 300_000


@pytest.mark.parametrize(
    "document",
    [
        {"blocked": LONG},
        {"blocked": "prune", LONG: 1},
        {"what": LONG, "subject": "t1"},
        {"verb": LONG, "task": "t1"},
        {"verb": "start", "task": "t1", "agent": "a", LONG: 1},
        {"verb": "start", "task": "t1", "agent": "a", "status": LONG},
    ],
    ids=lambda document: next(iter(document)),
)
def test_what_somebody_wrote_into_a_file_does_not_fill_the_owners_report(root: Path, document: Any) -> None:
    world = World()
    drop(root, "a.json", document)
    report = take(root, world)
    assert report.refused == 1
    assert len(json.dumps(report.dump())) < 10_000
    assert len(json.dumps(findings_in_corrupt(root))) < 10_000


def test_of_one_who_floods_the_inbox_only_some_files_are_named(root: Path) -> None:
    world = World()
    for number in range(120):
        drop(root, f"{number}.json", {"verb": "nothing"})
    report = take(root, world)
    assert (report.refused, len(findings_in_corrupt(root))) == (120, 120)
    assert len(report.findings) == 51
    assert report.findings[-1].message == f"70 more files of uid {os.getuid()} were put aside; corrupt/ says why"
