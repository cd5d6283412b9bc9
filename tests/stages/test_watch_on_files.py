"""report, inbox and scan on a real state folder: long texts apart, killed views, and the same ending as in memory."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.check_in_rules import native_task_key
from reporting_governance.stages.inbox import run_inbox
from reporting_governance.storage.files.inbox import FilesInbox
from reporting_governance.storage.files.store import FilesStore
from tests.stages.watch_world import World, said

LONG = "a title of many words " * 30


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "state"


def open_world(root: Path, like: World | None = None) -> World:
    store = FilesStore(str(root), actor="tester")
    return World(store=store) if like is None else World(store=store, clock=like.clock, profile=like.profile)


def tell_a_story(world: World) -> list[Any]:
    """Do everything once; return what was said."""
    world.report("start", agent="worker", title=LONG, checkpoint={"every_seconds": 600}, id="1", message=LONG)
    told = [said(world.scan())]
    world.clock.forward(1000)
    told.append(said(world.scan()))
    world.report("checkpoint", message=LONG, id="2", evidence=[{"class": "tool_output", "summary": LONG}])
    told.append(said(world.scan()))
    world.clock.forward(2000)
    told.append(said(world.scan()))
    world.report("heartbeat")
    told.append(said(world.scan()))
    world.report("fail", id="3")
    told.append(said(world.scan()))
    return told


def test_a_state_folder_ends_like_memory(root: Path) -> None:
    here, memory = open_world(root), World()
    assert tell_a_story(here) == tell_a_story(memory)
    for folder in (Folder.TASKS, Folder.WATCH, Folder.EPISODES):
        assert set(here.store.listing(folder).names) == set(memory.store.listing(folder).names)
    key = native_task_key("t1")
    past, same = here.store.past(key), memory.store.past(key)
    assert past is not None
    assert same is not None
    assert past.body["conditions"] == same.body["conditions"]
    assert past.body["task"]["status"] == "failed"


def test_long_texts_of_agents_lie_apart_and_a_task_without_its_title_is_still_watched(root: Path) -> None:
    world = open_world(root)
    world.report("start", agent="worker", title=LONG)
    journal = b"".join(path.read_bytes() for path in (root / "journal" / "log").iterdir())
    assert LONG.encode() not in journal
    (body,) = world.bodies(Folder.TASKS)
    world.store.erase_blob(body["task"]["title"]["$blob"], reason="asked for", now=world.clock.now())
    world.clock.forward(1800)
    assert said(world.scan()) == [("t1", "silence_timeout", "firing")]
    world.report("checkpoint")
    assert said(world.scan()) == [("t1", "silence_timeout", "resolved")]


def test_views_that_are_lost_are_made_again_and_nothing_is_said_twice(root: Path) -> None:
    world = open_world(root)
    world.report("start", agent="worker", checkpoint={"every_seconds": 600}, id="1")
    world.scan()
    world.clock.forward(1000)
    assert len(said(world.scan())) == 2
    for folder in (Folder.TASKS, Folder.EPISODES, Folder.WATCH, Folder.EVENTS):
        shutil.rmtree(root / folder.value)
        os.mkdir(root / folder.value, 0o700)
    again = open_world(root, world)
    assert said(again.scan()) == []
    assert again.report("start", agent="worker", id="1").already == 1
    again.report("checkpoint")
    assert said(again.scan()) == [("t1", "checkpoint_overdue", "resolved")]


def test_a_dropped_file_travels_all_the_way(root: Path) -> None:
    world = open_world(root)
    world.report("start", "other", agent="worker", uid=os.getuid())
    dropped = root / "inbox" / "x.tmp"
    dropped.write_text(json.dumps({"verb": "start", "task": "t1", "agent": "w", "checkpoint": {"every_seconds": 60}}))
    os.rename(dropped, root / "inbox" / "x.json")
    report = run_inbox(world.store, FilesInbox(str(root)), profile=world.profile, clock=world.clock)
    assert (report.recorded, report.refused) == (1, 0)
    world.clock.forward(400)
    assert said(world.scan()) == [("t1", "checkpoint_overdue", "due"), ("t1", "checkpoint_overdue", "firing")]
    (root / "inbox" / "bad.json").write_text("{")
    assert run_inbox(world.store, FilesInbox(str(root)), profile=world.profile, clock=world.clock).refused == 1
    kept = sorted(path.name for path in (root / "corrupt").iterdir())
    assert len(kept) == 2
    assert kept[1].endswith("bad.json.finding.json")
    assert (root / "corrupt" / kept[1]).stat().st_mode & 0o777 == 0o600


def test_what_a_killed_run_left_unsaid_is_said_by_the_next(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at every rename of a scan that fires and resolves: the next scan finishes, and nothing is doubled."""
    rename = os.rename
    for place in range(1, 200):
        folder = root.with_name(f"state{place}")
        world = open_world(folder)
        world.report("start", agent="worker", checkpoint={"every_seconds": 600}, id="1")
        world.scan()
        world.clock.forward(1000)
        left = [place]

        def killed(*arguments: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            rename(*arguments)

        finished = False
        with monkeypatch.context() as patch:
            patch.setattr(os, "rename", killed)
            try:
                world.scan()
                finished = True
            except KeyboardInterrupt:
                pass
        after = open_world(folder, world)
        after.scan()
        phases = [event["payload"]["phase"] for event in after.events() if "phase" in event["payload"]]
        assert phases == ["due", "firing"], place
        assert len(after.bodies(Folder.EPISODES)) == 1
        if finished:
            assert place > 3
            return
    pytest.fail("no scan ended by itself")


def test_a_tick_with_nothing_due_imports_none_of_the_judging(root: Path) -> None:
    world = open_world(root)
    world.report("start", agent="worker")
    world.scan()
    code = f"""
import sys
from datetime import UTC, datetime
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.stages.scan import run_scan
class Clock:
    def now(self): return datetime(2026, 3, 1, 8, 5, tzinfo=UTC)
    def monotonic(self): return 86700.0
run_scan(FilesStore({str(root)!r}, actor="tester"), ProfileSpec(), (), clock=Clock())
print(sorted(name for name in sys.modules if name in {{
    "reporting_governance.stages.scan_work",
    "reporting_governance.core.conditions",
    "reporting_governance.core.episodes",
    "reporting_governance.adapters.interface",
    "reporting_governance.contracts.task_state",
    "reporting_governance.contracts.finding",
}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


_SCAN = """
import sys
from datetime import UTC, datetime
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.stages.scan import run_scan
class Clock:
    def now(self): return datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    def monotonic(self): return 86400.0 + 1800
sys.stdin.readline()
print(run_scan(FilesStore(sys.argv[1], actor="tester"), ProfileSpec(), (), clock=Clock()).fired)
"""


def test_four_processes_that_scan_at_once_say_each_thing_once(root: Path) -> None:
    world = open_world(root)
    for number in range(40):
        world.report("start", f"t{number}", agent="worker", checkpoint={"every_seconds": 600})
    world.scan()
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _SCAN, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    fired = [int(run.communicate(timeout=120)[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0, 0]
    assert sum(fired) == 40 * 2
    events = [event["event_id"] for event in world.events()]
    assert len(events) == len(set(events)) == 40 + 40 * 3


def test_an_intake_that_is_killed_anywhere_records_each_file_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at every rename and unlink, of views and of the inbox: the next run takes in the rest, nothing twice."""
    names = ("rename", "unlink")
    real = {name: getattr(os, name) for name in names}
    for place in range(1, 200):
        folder = root.with_name(f"state{place}")
        world = open_world(folder)
        world.report("start", "other", agent="worker")
        for number in range(3):
            check_in = {"verb": "checkpoint", "task": f"t{number % 2}", "message": str(number)}
            (folder / "inbox" / f"{number}.json").write_text(json.dumps(check_in))
        (folder / "inbox" / "bad.json").write_text("{")
        left = [place]

        def killed(name: str, *arguments: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            real[name](*arguments)

        finished = False
        with monkeypatch.context() as patch:
            for name in names:
                patch.setattr(os, name, partial(killed, name))
            try:
                run_inbox(world.store, FilesInbox(str(folder)), profile=world.profile, clock=world.clock)
                finished = True
            except KeyboardInterrupt:
                pass
        after = open_world(folder, world)
        after.store.ready()
        run_inbox(after.store, FilesInbox(str(folder)), profile=after.profile, clock=after.clock)
        messages = [event["payload"]["message"] for event in after.events() if "message" in event["payload"]]
        assert sorted(messages) == ["0", "1", "2"], place
        assert list((folder / "inbox").iterdir()) == []
        kept = [path.name for path in (folder / "corrupt").iterdir()]
        assert sorted(name.rpartition("-")[2] for name in kept) == ["bad.json", "bad.json.finding.json"], place
        if finished:
            assert place > 6
            return
    pytest.fail("no intake ended by itself")
