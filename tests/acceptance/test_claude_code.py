"""Real transcripts, real processes, real verbs: a session that hangs is told, and a healthy one is not."""

import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.verbs import ROOT, Verbs, profile, tree
from tests.adapters.claude_code.installation import START, Installation, asked, called, came_back, launched, said

OURS = "  - source: openclaw\n    when_present: true"


@pytest.fixture
def host(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def verbs(host: Installation, tmp_path: Path) -> Verbs:
    source = f"  - source: claude-code\n    parameters: {{config: {host.config}}}"
    return Verbs(tmp_path / "ours", options=("--profile", str(profile(tmp_path, (OURS, source)))))


def ago(minutes: float) -> float:
    """Return a moment so many minutes before now, as `Installation` counts."""
    return (datetime.now(UTC) - START).total_seconds() / 60 - minutes


def told(verbs: Verbs) -> set[tuple[str, str, str]]:
    """Return (task, condition, phase) of every notice that was made."""
    notices = verbs.records("notice")
    return {(each["facts"]["task_id"], each["facts"]["condition"], each["phase"]) for each in notices}


def test_a_session_that_hangs_is_told_and_healthy_ones_are_not(host: Installation, verbs: Verbs) -> None:
    host.write(asked(ago(90)), called(ago(40), "c1", "WebFetch"), name="hangs")
    host.write(asked(ago(90)), called(ago(20), "c1"), name="long-command")
    host.write(asked(ago(90)), called(ago(40), "c1", timeout=3_600_000), name="command-with-an-hour")
    host.write(asked(ago(90)), said(ago(80)), name="waits")
    host.write(asked(ago(90)), said(ago(80), "Which one?"), name="asks")
    host.write(asked(ago(600)), said(ago(500)), *leaves(ago(499)), name="left")
    host.write(asked(ago(90_000)), called(ago(89_999), "c1"), name="killed-long-ago")
    host.write(asked(ago(90)), called(ago(60), "c1", "Agent"), name="waits-for-a-sub-agent")
    host.write_child("a1", asked(ago(59.9)), called(ago(5), "d1"), session="waits-for-a-sub-agent")
    host.write(asked(ago(90)), *launched(ago(80), "c1", "b1"), called(ago(1), "c2"), name="goes-on")
    host.write_child("b1", asked(ago(79.9)), called(ago(70), "d1"), session="goes-on")
    verbs.ok("run")
    silent = {("claude-code:hangs", "silence_timeout"), ("claude-code:goes-on:b1", "silence_timeout")}
    assert told(verbs) == {(*each, "firing") for each in silent}
    before = len(verbs.journal())
    verbs.ok("run")
    assert len(verbs.journal()) == before, "nothing has changed, so nothing is said"
    host.write(asked(ago(90)), called(ago(40), "c1", "WebFetch"), came_back(ago(0.1), "c1"), name="hangs")
    host.write(asked(ago(90)), called(ago(35), "c1"), name="long-command")
    verbs.ok("run")
    assert told(verbs) - {(*each, "firing") for each in silent} == {
        ("claude-code:hangs", "silence_timeout", "resolved"),
        ("claude-code:long-command", "silence_timeout", "firing"),
    }


def leaves(at: float) -> list[dict[str, Any]]:
    return [
        asked(at, "<command-name>/exit</command-name>\n<command-message>exit</command-message>"),
        asked(at, "<local-command-stdout>Goodbye!</local-command-stdout>"),
    ]


def test_a_session_whose_process_is_killed_is_told_at_once(host: Installation, verbs: Verbs) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        start = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        host.write(asked(ago(9)), called(ago(2), "c1"), name="killed")
        host.write(asked(ago(9)), said(ago(2)), name="waits")
        host.process(process.pid, session="killed", procStart=start)
        verbs.ok("run")
        assert told(verbs) == set()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        verbs.ok("run")
    assert told(verbs) == {("claude-code:killed", "owner_dead", "firing")}


def test_who_is_asked_and_does_not_answer_is_told_after_the_limit_for_waiting(
    host: Installation, tmp_path: Path
) -> None:
    source = f"  - source: claude-code\n    parameters: {{config: {host.config}}}"
    own = profile(tmp_path, (OURS, source), ("waiting_user: 86400", "waiting_user: 3600"))
    verbs = Verbs(tmp_path / "ours", options=("--profile", str(own)))
    for name, minutes in (("asks-long", 70), ("asks-shortly", 50)):
        host.write(asked(ago(200)), called(ago(minutes), "q", "AskUserQuestion"), name=name)
    host.write(asked(ago(200)), said(ago(190)), name="over")
    verbs.ok("run")
    assert told(verbs) == {("claude-code:asks-long", "checkpoint_overdue", "firing")}


def test_status_says_what_cannot_be_seen(host: Installation, verbs: Verbs) -> None:
    host.write(asked(ago(9)), called(ago(2), "c1"), name="one")
    verbs.ok("scan")
    (found,) = verbs.ok("status", "--format", "json").document()["sources"]
    assert found["source"] == "claude-code"
    assert set(found["cannot_see"]) == {"owner_dead", "delivery_failed", "spawn_failed"}


def test_a_session_that_is_removed_is_no_longer_visible_and_one_in_an_unreadable_folder_is_unknown(
    host: Installation, verbs: Verbs
) -> None:
    host.write(asked(ago(90)), called(ago(40), "c1"), name="removed").touch()
    host.write(asked(ago(90)), called(ago(40), "c1"), name="hidden")
    verbs.ok("run")
    (host.project / "removed.jsonl").unlink()
    (host.project / "hidden.jsonl").rename(host.project / "elsewhere.txt")
    (host.project / "hidden.jsonl").symlink_to(host.project / "elsewhere.txt")
    verbs.call("run")
    ends = [each for each in told(verbs) if each[2] == "resolved"]
    assert ends == [("claude-code:removed", "silence_timeout", "resolved")]


def test_a_dry_run_keeps_nothing_and_a_run_reads_only_what_changed(host: Installation, verbs: Verbs) -> None:
    for number in range(50):
        host.write(asked(ago(9)), called(ago(2), "c1"), name=f"s{number}")
    verbs.ok("init")
    before = tree(verbs.state)
    verbs.ok("scan", "--dry-run")
    assert tree(verbs.state) == before
    verbs.ok("scan")
    assert [each for each in tree(verbs.state) if "claude-code" in str(each)]


def test_the_profile_on_the_page_is_one(host: Installation, tmp_path: Path) -> None:
    page = (ROOT / "docs/sources.md").read_text("utf-8").partition("## `claude-code`")[2]
    shown = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    document = yaml.safe_load((ROOT / "profiles/minimal-solo-mode.yaml").read_text("utf-8"))
    document["sources"] = shown["sources"]
    document["watchdog"] |= shown["watchdog"]
    (tmp_path / "mine.json").write_text(json.dumps(document))
    environment = {"CLAUDE_CONFIG_DIR": str(host.config)}
    verbs = Verbs(tmp_path / "ours", environment=environment, options=("--profile", str(tmp_path / "mine.json")))
    host.write(asked(ago(90)), called(ago(40), "c1"), name="silent-for-less")
    host.write(asked(ago(90)), called(ago(50), "c1"), name="silent-for-longer")
    verbs.ok("run")
    assert told(verbs) == {("claude-code:silent-for-longer", "silence_timeout", "firing")}


def test_a_thousand_sessions_cost_little(host: Installation, verbs: Verbs) -> None:
    for number in range(1_000):
        host.write(asked(ago(90)), said(ago(80)), name=f"s{number}")
    verbs.ok("scan")
    began = time.monotonic()
    verbs.ok("scan")
    assert time.monotonic() - began < 20  # about 0.5 s alone on a machine
